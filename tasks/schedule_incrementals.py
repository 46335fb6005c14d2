"""See the hand-over to incrementals: the schedule is on, and the first job after the seed is a small one."""

from __future__ import annotations

from states.settle import Outcome
from tasks.journal import Logbook
from tasks.ports import Site
from tasks.watch_vault import listen


def schedule_incrementals(book: Logbook, site: Site) -> Outcome:
    """Return what both witnesses say while the first incremental is due, and while it runs."""
    return listen(book, site).outcome("schedule-incrementals")
