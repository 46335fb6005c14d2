"""Read the sealed device again. What a second reading does not confirm never leaves the office."""

from __future__ import annotations

from states.facts import Sealed
from states.settle import Outcome
from tasks.errors import NotYet
from tasks.journal import Logbook
from tasks.on_site import work_for
from tasks.ports import Site


def verify(book: Logbook, site: Site) -> Outcome:
    """Return what a second reading of the device found. A difference blocks the run."""
    run, sealed = book.run, book.run.get(Sealed)
    if sealed is None:
        raise NotYet(f"{run.run_id} has nothing to read again: the manifest is not sealed")
    verified = site.office.verify(work_for(run, book.now()), sealed)
    if verified is None:
        return Outcome("verify", pending=True)
    raised = (("device-differs", "; ".join(verified.faults[:5])),) if verified.faults else ()
    return Outcome("verify", evidence=(verified,), raised=raised)
