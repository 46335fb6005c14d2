"""Watch the device until the carrier has it."""

from __future__ import annotations

from states.settle import Outcome
from tasks.job import THE_JOB, look_at_job
from tasks.journal import Logbook
from tasks.ports import Site


def watch_return(book: Logbook, site: Site) -> Outcome:
    """Return the job as it is now. Safe to call at any time."""
    look = look_at_job(book.run, site, book.now())
    return Outcome("watch-return", evidence=look.evidence, raised=look.found, source=THE_JOB)
