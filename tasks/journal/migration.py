"""Bringing a journal into another database, line by line as it was written: SQLite to PostgreSQL, or back.

The lines keep their hashes, so the copy is the same record. Copying again goes on where it ended, or was killed.
"""

from __future__ import annotations

from dataclasses import dataclass

from states.lines import Line
from tasks.errors import InvalidInput, NotYet
from tasks.journal.store import Journal, fold_on


@dataclass(frozen=True)
class Migrated:
    """What a migration did: runs and lines that are now in both, and how many of the lines it brought."""

    runs: int
    lines: int
    brought: int


def migrate(source: Journal, target: Journal) -> Migrated:
    """Copy every run of *source* into *target*, one commit a run, and check every chain on both sides.

    Nothing is written unless *source* is whole and *target* holds nothing but beginnings of the same runs. Raises
    BrokenChain, JournalDamaged, InvalidInput for a target that holds anything else, and NotYet when somebody wrote to
    *source* meanwhile: call it again then.
    """
    counts = _checked(source)
    _refuse_another_journal(source, target)
    due = {row.run_id: row.due for row in source.rows()}
    brought = 0
    for run_id in counts:
        lines, there = source.lines(run_id), target.lines(run_id)
        target.add(fold_on(None, there) if there else None, lines[len(there) :])
        target.remember(run_id, source.looked(run_id), due.get(run_id))
        brought += len(lines) - len(there)
    copied = _checked(target)
    if _checked(source) != copied or source.heads() != target.heads():
        raise NotYet(
            "somebody wrote to the journal while it was copied",
            next="stop its hub, then repeat the same command: it goes on where it ended",
        )
    return Migrated(len(copied), sum(copied.values()), brought)


def _checked(journal: Journal) -> dict[str, int]:
    """Return the number of lines of every run. Raises BrokenChain, JournalDamaged."""
    return {run_id: journal.check(run_id) for run_id in journal.known_ids()}


def _refuse_another_journal(source: Journal, target: Journal) -> None:
    """Refuse a target that holds a run, or a line, that the source does not."""
    for run_id in target.known_ids():
        if _ahead_or_other(source.lines(run_id), target.lines(run_id)):
            raise InvalidInput(
                f"the target holds another journal: its run {run_id} is not the one that would be copied",
                next="name an empty database",
            )


def _ahead_or_other(lines: list[Line], there: list[Line]) -> bool:
    return not there or lines[: len(there)] != there
