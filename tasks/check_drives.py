"""Own disks: look at the allocated drives before anything is written to them."""

from __future__ import annotations

from states.facts import DrivesReserved
from states.settle import Outcome
from tasks.errors import NotYet
from tasks.journal import Logbook
from tasks.on_site import work_for
from tasks.ports import Site


def check_drives(book: Logbook, site: Site) -> Outcome:
    """Return what the copy computer sees, every objection with it."""
    reserved = book.run.get(DrivesReserved)
    if reserved is None or site.disks is None:
        raise NotYet(f"{book.run.run_id} has no drives allocated")
    seen = site.disks.check_drives(work_for(book.run, book.now()), reserved.serials)
    if seen is None:
        return Outcome("check-drives", pending=True)
    raised = (("drive-not-usable", "; ".join(seen.objections[:5])),) if seen.objections else ()
    return Outcome("check-drives", evidence=(seen,), raised=raised)
