"""Journal lines: their kinds, their canonical text and the hash that chains them.

docs/journal-format.md describes the same for somebody without this code; tests read that page's example.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from states.codec import to_json, utc_text

KINDS = (
    "opened",
    "planned",
    "intent",
    "outcome",
    "evidence",
    "transition",
    "condition-raised",
    "condition-cleared",
    "waiver",
    "secret-read",
    "note",
)
GENESIS = "0" * 64
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character: how Python spells file names that are no UTF-8
_NOT_IN_A_NAME = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class BrokenChain(ValueError):
    """A line that is not what was written: edited, dropped, swapped or added. `seq` is the line that shows it."""

    def __init__(self, run_id: str, seq: int, fact: str) -> None:
        super().__init__(f"journal of {run_id}, line {seq}: {fact}")
        self.run_id, self.seq, self.fact = run_id, seq, fact


@dataclass(frozen=True)
class Draft:
    """A line before it has a place in a journal."""

    kind: str
    payload: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no kind of journal line")


@dataclass(frozen=True)
class Line:
    """One line of one run's journal. `hash` covers every other field."""

    run_id: str
    seq: int
    at: datetime
    actor: str
    kind: str
    payload: dict[str, Any]
    prev_hash: str
    hash: str


def canonical(payload: Any) -> str:
    """Return JSON text that is the same for the same value: sorted keys, no spaces, UTF-8 as it is.

    What UTF-8 cannot hold is written as JSON escapes (`\\udcff`). Raises TypeError on floats.
    """
    text = json.dumps(to_json(payload), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if _SURROGATE.search(text):
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")  # two halves that fit: one
        text = _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", whole)
    return text


def hash_of(run_id: str, seq: int, at: datetime, actor: str, kind: str, payload_text: str, prev_hash: str) -> str:
    """Return the SHA-256 (lower-case hex) of a line: its fields but the hash, one a line, the payload last."""
    text = "\n".join((run_id, str(seq), utc_text(at), actor, kind, prev_hash, payload_text))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def chained(run_id: str, seq: int, prev_hash: str, at: datetime, actor: str, drafts: Iterable[Draft]) -> list[Line]:
    """Return *drafts* as lines that follow line *seq* (0 for a new journal)."""
    if _NOT_IN_A_NAME.search(run_id + actor):
        raise ValueError("a run id or an actor has no line breaks or other control characters")
    lines = []
    for number, draft in enumerate(drafts, start=seq + 1):
        digest = hash_of(run_id, number, at, actor, draft.kind, canonical(draft.payload), prev_hash)
        lines.append(Line(run_id, number, at, actor, draft.kind, draft.payload, prev_hash, digest))
        prev_hash = digest
    return lines


def check_chain(
    run_id: str,
    lines: Iterable[Line],
    *,
    after: tuple[int, str] = (0, GENESIS),
    head: tuple[int, str] | None = None,
) -> int:
    """Return the last line's number if each line is as it was written. Raises BrokenChain at the first that is not.

    *after* is the (seq, hash) the lines follow. *head* is the one the journal keeps beside the lines: it shows lines
    dropped from the end.
    """
    seq, last = after
    for line in lines:
        seq += 1
        if line.run_id != run_id:
            raise BrokenChain(run_id, seq, f"belongs to {line.run_id}")
        if line.seq != seq:
            raise BrokenChain(run_id, seq, f"is missing; line {line.seq} stands in its place")
        if line.prev_hash != last:
            raise BrokenChain(run_id, seq, "does not follow the line before it")
        text = canonical(line.payload)
        if line.hash != hash_of(line.run_id, line.seq, line.at, line.actor, line.kind, text, line.prev_hash):
            raise BrokenChain(run_id, seq, "was changed after it was written")
        last = line.hash
    if head is not None and head != (seq, last):
        raise BrokenChain(run_id, min(seq, head[0]) + 1, f"the journal ended at line {head[0]}, {seq} lines are there")
    return seq
