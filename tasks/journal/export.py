"""A run's custody record as one signed file: written once, checked anywhere, with no database and no trust in us.

Every line of the file is JSON. The first says what the file is, the last holds the signature, those between are the
journal's lines with the payload as the stored text. The signature is Ed25519 over all bytes before the last line, so
openssl checks it, too: docs/custody-export.md shows how.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from states.lines import BrokenChain, Line, check_chain
from states.run import Run
from tasks.errors import ExportAltered, ExportOtherKey, ExportUnreadable, JournalDamaged
from tasks.journal.keys import fingerprint
from tasks.journal.rows import read_line, row_of_line, run_of

FORMAT = "seeding-custody/1"
LARGEST_BYTES = 256 * 1024 * 1024  # an export is read whole; a run has a few hundred lines
_FIELDS: dict[str, type] = {"seq": int} | dict.fromkeys(
    ("run_id", "at_utc", "actor", "kind", "payload", "prev_hash", "hash"), str
)
_FIRST: dict[str, type] = {"format": str, "run_id": str, "lines": int, "head": str, "key": str}
_LAST: dict[str, type] = {"ed25519": str}


@dataclass(frozen=True)
class Proven:
    """What a good export proves: the run as its lines tell it, and the fingerprint of the key that signed them."""

    run: Run
    key: str


def signed(lines: Sequence[Line], key: Ed25519PrivateKey) -> bytes:
    """Return the export of one run's lines. Raises JournalDamaged for lines whose chain is not whole."""
    run = run_of(lines[0].run_id, list(lines))
    first = {
        "format": FORMAT,
        "run_id": run.run_id,
        "lines": run.seq,
        "head": run.head,
        "key": fingerprint(key.public_key()),
    }
    body = b"".join(_json_line(record) for record in (first, *map(row_of_line, lines)))
    return body + _json_line({"ed25519": base64.b64encode(key.sign(body)).decode("ascii")})


def verified(content: bytes, key: Ed25519PublicKey) -> Proven:
    """Return what the export proves.

    Raises ExportUnreadable, ExportOtherKey, ExportAltered with the journal line that shows it where one does, and
    JournalDamaged for a chain that was signed broken.
    """
    body, records = _parts(content)
    first, rows, last = records[0], records[1:-1], records[-1]
    if first["format"] != FORMAT:
        raise ExportUnreadable(f"the file is of the format {first['format']!r}, not {FORMAT}")
    if first["key"] != fingerprint(key):
        raise ExportOtherKey(
            f"the file says it was signed by the key {first['key']}; yours is {fingerprint(key)}",
            next="ask for the public key of that fingerprint on a way you trust",
        )
    harm = _harm(first, rows)
    try:
        key.verify(_signature(last), body)
    except InvalidSignature:
        shown = harm or "the lines fit each other, so the first or the last line was changed, or all hashes made anew"
        raise ExportAltered(f"the signature is not of this key over these bytes: {shown}") from None
    if harm:
        raise JournalDamaged(f"signed as it is, and still no whole record: {harm}")
    return Proven(run_of(first["run_id"], [read_line(row) for row in rows]), first["key"])


def _parts(content: bytes) -> tuple[bytes, list[dict[str, Any]]]:
    """Return the signed bytes, and every line as a record of the shape it must have."""
    if len(content) > LARGEST_BYTES:
        raise ExportUnreadable(f"the file has {len(content):,} bytes; an export has at most {LARGEST_BYTES:,}")
    texts = content.split(b"\n")
    if len(texts) < 4 or texts.pop() != b"":
        raise ExportUnreadable("the file does not end as an export does: it is cut short, or is none")
    shapes = [_FIRST, *[_FIELDS] * (len(texts) - 2), _LAST]
    records = [_read(number, text, shapes[number - 1]) for number, text in enumerate(texts, start=1)]
    return content[: len(content) - len(texts[-1]) - 1], records


def _read(number: int, text: bytes, shape: dict[str, type]) -> dict[str, Any]:
    try:
        record = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ExportUnreadable(f"line {number} of the file is no JSON in UTF-8") from None
    if not isinstance(record, dict) or {name: type(value) for name, value in record.items()} != shape:
        raise ExportUnreadable(f"line {number} of the file does not have the fields {', '.join(shape)}, and these only")
    return record


def _harm(first: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """Return what the chain of hashes shows, or ""."""
    try:
        lines = [read_line(row) for row in rows]
        check_chain(first["run_id"], lines, head=(first["lines"], first["head"]))
    except (BrokenChain, JournalDamaged) as wrong:
        return str(wrong)
    other = next((row for row, line in zip(rows, lines, strict=True) if row != row_of_line(line)), None)
    return f"line {other['seq']} was written anew in other words" if other else ""


def _signature(last: dict[str, Any]) -> bytes:
    """Return the signature; its text must be the only one that spells these bytes."""
    try:
        signature = base64.b64decode(last["ed25519"], validate=True)
    except ValueError:
        signature = b""
    if not signature or base64.b64encode(signature).decode("ascii") != last["ed25519"]:
        raise ExportUnreadable("the last line of the file holds no signature")
    return signature


def _json_line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"
