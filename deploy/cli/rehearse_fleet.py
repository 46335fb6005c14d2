"""`seeding rehearse --offices N`: hub and offices as processes, some offline at first, over sixty simulated days."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from deploy.cli.envelope import Answer, Exit, Trouble
from deploy.cli.rehearse import Say, is_stuck, sample_bytes, troubles_of
from deploy.prefect_env import prepare
from deploy.rehearse import begin, fresh_home
from states.explain import stamp
from tasks.errors import InvalidInput

if TYPE_CHECKING:
    from deploy.fleet_report import Report, Row

FEWEST = 3  # a station each


def rehearse_fleet(home: Path | None, offices: int, size: str, *, quiet: bool) -> Answer:
    """Rehearse a fleet. Exit code 4 when a run is stuck, 1 when an office was served twice."""
    if offices < FEWEST:
        raise InvalidInput(f"{offices} offices are no fleet", next=f"seeding rehearse --offices {FEWEST}, or more")
    begun, say = time.monotonic(), Say(quiet)
    say.line(f"starting the rehearsal Azure, a Prefect server, a hub and three workers for {offices} offices ...")
    where = fresh_home(home)
    prepare(where)
    rehearsal = begin(where, None, sample_bytes(size), many=offices)
    from deploy.fleet_report import report  # Prefect reads its address when it is imported
    from deploy.rehearse_fleet import begin_fleet, play_fleet

    try:
        fleet = begin_fleet(rehearsal)
    except BaseException:
        rehearsal.stop()
        raise
    try:
        with say.progress():
            runs = play_fleet(fleet, lambda runs: say.runs(rehearsal, runs))
        found = report(fleet)
        stuck = [run for run in runs if is_stuck(run)]
        troubles = (*troubles_of(rehearsal, stuck), *twice(found))
        days = (fleet.now - fleet.begun).days
    finally:
        fleet.stop()
    data = {**asdict(found), "home": str(where.home), "simulated_now": stamp(fleet.now), "days": days}
    told = (
        f"{len(runs) - len(stuck)} of {len(runs)} offices are done after {days} simulated days, in "
        f"{time.monotonic() - begun:.0f} s: {found.passes} passes of the hub, {found.collapsed} more were collapsed."
    )
    code = Exit.FAILED if twice(found) else Exit.NEEDS_PERSON if stuck else Exit.DONE
    return Answer(data, lambda: _show(found, told), troubles, code)


def twice(found: Report) -> tuple[Trouble, ...]:
    """Return what was ordered or done other than once."""
    orders = ((row.office, f"{row.orders} orders instead of one") for row in found.rows if row.orders != 1)
    done = ((row.office, f"not done once: {', '.join(row.twice)}") for row in found.rows if row.twice)
    return tuple(Trouble("not-once", f"{office}: {fact}") for office, fact in (*orders, *done))


def _show(found: Report, told: str) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("office", "mode", "worker", "offline", "state", "orders", "answers", "dropped", "done twice"):
        table.add_column(column)
    for row in found.rows:
        table.add_row(*_cells(row))
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 160)
    console.print(table)
    console.print(f"\n{told}", highlight=False, soft_wrap=True)


def _cells(row: Row) -> tuple[str, ...]:
    offline = f"{row.late_days} days" if row.late_days else "-"
    counts = (str(row.orders), str(row.answers), str(row.dropped), ", ".join(row.twice) or "-")
    return (row.office, row.mode, row.station, offline, row.state, *counts)
