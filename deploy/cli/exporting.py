"""`seeding custody --export` and `--verify`: a run's record as a signed file, and the auditor's look at one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deploy.cli.envelope import Answer
from deploy.cli.opening import Opened
from states.explain import stamp
from tasks.errors import InvalidInput, JournalDamaged
from tasks.files import write_aside
from tasks.journal import export
from tasks.journal.keys import checking_key, fingerprint, signing_key

_USAGE = "seeding custody RUN --export FILE --sign KEY, or seeding custody --verify FILE --key PUB"


@dataclass(frozen=True)
class Wanted:
    """The options as typed: they make sense in two pairs only, and not together with --check."""

    run_id: str
    export: Path | None
    sign: Path | None
    verify: Path | None
    key: Path | None


def answer(home: Path | None, wanted: Wanted, *, check: bool) -> Answer:
    """Export or verify, whichever pair of options was given. Raises InvalidInput for any other mixture."""
    match wanted:
        case Wanted(run_id, Path() as file, Path() as key, None, None) if run_id and not check:
            return export_run(home, run_id, file, key)
        case Wanted("", None, None, Path() as file, Path() as key) if not check:
            return verify(file, key)
    raise InvalidInput("these options of `seeding custody` do not go together", next=_USAGE)


def export_run(home: Path | None, given: str, file: Path, key_file: Path) -> Answer:
    """Write a run's custody record to *file*, signed. Raises InvalidInput when the file exists, JournalDamaged."""
    if file.exists():
        raise InvalidInput(f"{file} exists and is not written over", next="name another file")
    key = signing_key(key_file)
    opened = Opened(home)
    run_id = opened.run_id(given)
    count = opened.journal.check(run_id)
    write_aside(file, export.signed(opened.journal.lines(run_id), key))
    print_of_key = fingerprint(key.public_key())
    human = f"{run_id}: {count} lines in {file}, signed by the key {print_of_key}"
    return Answer({"run_id": run_id, "lines": count, "file": str(file), "key": print_of_key}, human)


def verify(file: Path, key_file: Path) -> Answer:
    """Check an export with a public key alone. Raises InvalidInput, and the errors of `export.verified`."""
    key = checking_key(key_file)
    try:
        with file.open("rb") as opened:
            content = opened.read(export.LARGEST_BYTES + 1)
    except OSError as wrong:
        raise InvalidInput(f"cannot read {file}: {wrong.strerror}", next="name the export's file") from None
    try:
        proven = export.verified(content, key)
    except JournalDamaged as damaged:
        raise JournalDamaged(damaged.message, next="ask whoever exported it for the journal itself") from None
    run = proven.run
    human = (
        f"{run.run_id}: {run.seq} lines, whole, signed by the key {proven.key}; {run.state} since {stamp(run.since)}"
    )
    data = {"run_id": run.run_id, "lines": run.seq, "head": run.head, "state": run.state, "key": proven.key}
    return Answer(data, human)
