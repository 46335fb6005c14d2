"""From what people type to a run: its id, or the id of its office."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.errors import InvalidInput, NotFound
from tasks.journal.rows import RunRow


def run_named(rows: Sequence[RunRow], given: str) -> str:
    """Return the run's id: as given, or the newest open run of that office. Raises NotFound, InvalidInput."""
    if any(row.run_id == given for row in rows):
        return given
    mine = [row.run_id for row in rows if row.office == given and not row.over] or [
        row.run_id for row in rows if row.office == given
    ]
    if len(mine) == 1:
        return mine[0]
    if mine:
        raise InvalidInput(f"{given} has several runs: {', '.join(mine)}", next="name one of them")
    raise NotFound(f"the journal has no run or office {given}", next="seeding status --all")
