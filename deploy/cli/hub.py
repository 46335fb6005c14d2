"""What the hub noticed of its own silence, disk, journal and clock, as commands tell it."""

from __future__ import annotations

from deploy.cli.envelope import Trouble
from deploy.settings import Settings
from states.conditions import row_of
from tasks.pulse import Pulse


def troubles(where: Settings, open_runs: int) -> tuple[Trouble, ...]:
    """Return what is wrong with the hub of this home. A rehearsal's time is not the machine's: it has no pulse."""
    if where.clock_file.exists() or not where.home.is_dir():
        return ()
    return tuple(
        Trouble(code, f"{row_of(code).means}: {detail}", row_of(code).remedy)
        for code, detail in Pulse(where.home).look(open_runs)
    )
