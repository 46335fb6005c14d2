"""An auditor with a file and a public key finds every change, with our command and with openssl alone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import example, given
from hypothesis import strategies as st
from stories import RUN_ID, lines_to
from typer.testing import CliRunner, Result

from deploy.cli.app import app
from states.lines import Draft, Line, canonical, hash_of
from tasks.errors import ExportAltered, ExportUnreadable, JournalDamaged, SeedingError
from tasks.journal import Journal
from tasks.journal.export import signed, verified
from tasks.journal.keys import checking_key, signing_key

PAGE = Path(__file__).parents[2] / "docs" / "custody-export.md"
KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))
LINES = lines_to("closed")
EXPORT = signed(LINES, KEY)
TEXTS = EXPORT.decode("utf-8").splitlines()


def edited(number: int, **fields: object) -> str:
    """A line of the file with some fields written over."""
    return json.dumps(json.loads(TEXTS[number]) | fields, ensure_ascii=False, separators=(",", ":"))


def made_anew(payload: dict[str, str]) -> list[str]:
    """The whole file with line 5's payload replaced and every later hash made anew: a forger without the key."""
    rows, before = [json.loads(text) for text in TEXTS[1:-1]], "0" * 64
    for row, line in zip(rows, LINES, strict=True):
        text = canonical(payload) if line.seq == 5 else row["payload"]
        digest = hash_of(line.run_id, line.seq, line.at, line.actor, line.kind, text, before)
        row.update(payload=text, prev_hash=before, hash=digest)
        before = digest
    return [edited(0, head=before), *map(json.dumps, rows), TEXTS[-1]]


ALTERED: dict[str, tuple[Callable[[], list[str]], str]] = {
    "edited": (lambda: [*TEXTS[:5], edited(5, actor="nobody@nowhere"), *TEXTS[6:]], "line 5: was changed"),
    "dropped": (lambda: [*TEXTS[:5], *TEXTS[6:]], "line 5: is missing"),
    "dropped at the end": (lambda: [*TEXTS[:-2], TEXTS[-1]], "the journal ended at line"),
    "swapped": (lambda: [*TEXTS[:5], TEXTS[6], TEXTS[5], *TEXTS[7:]], "line 5: is missing; line 6"),
    "twice": (lambda: [*TEXTS[:6], *TEXTS[5:]], "line 6: is missing; line 5"),
    "other words": (lambda: [*TEXTS[:5], edited(5, payload=json.loads(TEXTS[5])["payload"] + " "), *TEXTS[6:]], "anew"),
    "hashes made anew": (lambda: made_anew({"text": "nothing happened"}), "the lines fit each other"),
}


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with two pairs of keys, as openssl would have written them."""
    for name, key in (("mine", KEY), ("other", OTHER)):
        private = tmp_path / f"{name}.key"
        private.touch(mode=0o600)
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (tmp_path / f"{name}.pub").write_bytes(public)
    return tmp_path


def seeding(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def codes(result: Result) -> list[str]:
    return [problem["code"] for problem in json.loads(result.stdout)["problems"]]


def test_an_auditor_needs_the_file_and_the_public_key_and_no_database(keys: Path) -> None:
    """The file says where the run stands; the one who checks has no home at all."""
    home, file = keys / "home", keys / "run.jsonl"
    home.mkdir()
    journal = Journal(f"sqlite:///{home / 'journal.db'}")
    journal.add(None, LINES)
    journal.close()
    written = seeding("custody", RUN_ID, "--export", file, "--sign", keys / "mine.key", "--home", home)
    shutil.rmtree(home)
    checked = seeding("custody", "--verify", file, "--key", keys / "mine.pub", "--home", home, "--json")

    assert written.exit_code == 0, written.stderr
    data = json.loads(checked.stdout)["data"]
    assert (data["run_id"], data["lines"], data["state"]) == (RUN_ID, len(LINES), "closed")
    assert data["key"] in written.stdout and not home.exists()
    assert file.read_bytes() == EXPORT and file.stat().st_mode & 0o077 == 0


def test_the_key_is_in_nothing_that_is_written_or_said(keys: Path) -> None:
    """Neither its PEM text nor its bytes."""
    pem = (keys / "mine.key").read_text().splitlines()[1]
    said = [repr(signing_key(keys / "mine.key")), EXPORT.decode("utf-8")]
    said.append(seeding("custody", "--verify", keys / "mine.key", "--key", keys / "mine.key").stderr)
    said.append(seeding("custody", RUN_ID, "--export", keys / "x", "--sign", keys / "mine.pub").stderr)

    assert [text for text in said if pem in text or KEY.private_bytes_raw().hex() in text] == []


@pytest.mark.parametrize("harm", ALTERED)
def test_an_altered_export_is_refused_and_the_line_named(keys: Path, harm: str) -> None:
    """Exit code 1 and a code, whoever made the change, and the journal's line where the chain shows it."""
    alter, fact = ALTERED[harm]
    file = keys / "altered.jsonl"
    file.write_text("".join(f"{text}\n" for text in alter()), "utf-8")
    result = seeding("custody", "--verify", file, "--key", keys / "mine.pub", "--json")

    assert (result.exit_code, codes(result)) == (1, ["export-altered"])
    assert fact in json.loads(result.stdout)["problems"][0]["message"]


def test_a_file_of_another_key_is_refused(keys: Path) -> None:
    """Both when the file says so, and when it was made to say otherwise."""
    file, liar = keys / "other.jsonl", keys / "liar.jsonl"
    file.write_bytes(signed(LINES, OTHER))
    theirs = file.read_text("utf-8").splitlines()
    liar.write_text("\n".join([TEXTS[0], *theirs[1:], ""]), "utf-8")
    results = [seeding("custody", "--verify", f, "--key", keys / "mine.pub", "--json") for f in (file, liar)]

    assert [codes(result) for result in results] == [["export-other-key"], ["export-altered"]]


def test_whoever_signs_a_broken_chain_is_found_out() -> None:
    """A good signature over lines that do not fit each other is still no custody record."""
    from tasks.journal import export

    broken = [*LINES[:4], *LINES[5:]]
    with pytest.raises(JournalDamaged):
        signed(broken, KEY)
    body = "".join(f"{text}\n" for text in (*TEXTS[:5], *TEXTS[6:-1])).encode()
    resigned = body + export._json_line({"ed25519": _base64(KEY.sign(body))})

    with pytest.raises(JournalDamaged, match="line 5: is missing"):
        verified(resigned, KEY.public_key())


def _base64(signature: bytes) -> str:
    import base64

    return base64.b64encode(signature).decode()


@given(st.integers(0, len(EXPORT) - 1), st.integers(0, 7))
@example(EXPORT.rindex(b"==") - 1, 0)  # bits that Base64 does not use
def test_no_bit_can_be_flipped(place: int, bit: int) -> None:
    """Whatever is hit, header, line, signature or line break: refused, and with a code."""
    flipped = bytearray(EXPORT)
    flipped[place] ^= 1 << bit

    with pytest.raises(SeedingError) as refused:
        verified(bytes(flipped), KEY.public_key())
    assert refused.value.code.startswith("export-")


@given(st.one_of(st.binary(max_size=400), st.integers(0, len(EXPORT) - 1).map(lambda end: EXPORT[:end])))
def test_a_file_that_is_none_or_is_cut_is_refused(content: bytes) -> None:
    """Nothing but an error of ours, whatever the file holds."""
    with pytest.raises((ExportUnreadable, ExportAltered)):
        verified(content, KEY.public_key())


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "null", "[1]", '{"run_id": 5}', TEXTS[1].replace('"seq":1', '"seq":true')]
)
def test_a_line_of_another_shape_is_refused(text: str) -> None:
    """Deep nesting, other types and other fields are no export."""
    content = "\n".join([TEXTS[0], text, *TEXTS[2:], ""]).encode()

    with pytest.raises(ExportUnreadable, match="line 2 of the file"):
        verified(content, KEY.public_key())


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        (("--export", "x"), "do not go together"),
        (("--verify", "x"), "do not go together"),
        ((RUN_ID, "--verify", "x", "--key", "mine.pub"), "do not go together"),
        ((RUN_ID, "--check", "--export", "x", "--sign", "mine.key"), "do not go together"),
        ((RUN_ID, "--export", "mine.pub", "--sign", "mine.key"), "exists"),
        ((RUN_ID, "--export", "x", "--sign", "none.key"), "cannot read the key"),
        ((RUN_ID, "--export", "x", "--sign", "mine.pub"), "holds no private key"),
        ((RUN_ID, "--export", "x", "--sign", "open.key"), "others may read the key"),
        (("--verify", "none", "--key", "mine.pub"), "cannot read none"),
        (("--verify", "mine.pub", "--key", "mine.key"), "private key"),
    ],
)
def test_wrong_usage_is_told_and_writes_nothing(keys: Path, monkeypatch, options: tuple[str, ...], fact: str) -> None:
    """Exit code 2, in words."""
    monkeypatch.chdir(keys)
    Path("mine.pub").chmod(0o600)
    shutil.copy("mine.key", "open.key")
    Path("open.key").chmod(0o640)
    result = seeding("custody", *options, "--home", "home")

    assert (result.exit_code, Path("x").exists()) == (2, False)
    assert fact in result.stderr


def test_only_ed25519_keys_count(tmp_path: Path) -> None:
    """A key of another kind, or one that a password locks, is told as such."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption

    other = ec.generate_private_key(ec.SECP256R1())
    texts = {
        "curve": other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "locked": KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")),
        "public": other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    }
    for name, text in texts.items():
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_bytes(text)

    for load, name, fact in (
        (signing_key, "curve", "not an Ed25519 key"),
        (signing_key, "locked", "locked by a password"),
        (checking_key, "public", "not an Ed25519 key"),
    ):
        with pytest.raises(SeedingError, match=fact):
            load(tmp_path / name)


def test_the_pages_own_commands_check_an_export(keys: Path) -> None:
    """openssl finds the signature good or not, and the page's Python the chain whole or not, with nothing of ours."""
    shell = next(block for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.S) if "pkeyutl" in block)
    reader = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)[0]
    shutil.copy(keys / "mine.pub", keys / "custody.pub")

    def both(texts: list[str]) -> tuple[int, int]:
        (keys / "export.jsonl").write_text("".join(f"{text}\n" for text in texts), "utf-8")
        signature = subprocess.run(["sh", "-ec", shell], cwd=keys, capture_output=True).returncode
        chain = subprocess.run([sys.executable, "-I", "-c", reader, "export.jsonl"], cwd=keys, capture_output=True)
        return min(signature, 1), chain.returncode

    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    assert both(TEXTS) == (0, 0)
    assert both(TEXTS_OF_ANY_TEXT) == (0, 0)
    assert [both(alter()) for alter, _ in ALTERED.values()] == [*[(1, 1)] * 6, (1, 0)]


def _any_text() -> list[str]:
    """An export with every kind of text in it: quotes, line breaks, other scripts, half a surrogate pair."""
    from states.lines import chained

    last = LINES[-1]
    note = Draft("note", {"text": "naïve “quoted”\n\u2028\udcff \\ 日本"})
    more: list[Line] = chained(RUN_ID, last.seq, last.hash, last.at, "jo@hub", [note])
    return signed([*LINES, *more], KEY).decode("utf-8").split("\n")[:-1]


TEXTS_OF_ANY_TEXT = _any_text()
