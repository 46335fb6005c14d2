"""Look at the place where the device should be, before anything is written to it."""

from __future__ import annotations

from states.fold import with_evidence
from states.guards import the_device_is_empty_and_writable
from states.settle import Outcome
from tasks.journal import Logbook
from tasks.on_site import work_for
from tasks.ports import Site


def check_device(book: Logbook, site: Site) -> Outcome:
    """Return what the office's server sees where the device should be."""
    seen = site.office.check_device(work_for(book.run, book.now()))
    if seen is None:
        return Outcome("check-device", pending=True)
    reason = the_device_is_empty_and_writable(with_evidence(book.run, seen))
    return Outcome("check-device", evidence=(seen,), raised=(("device-not-usable", reason),) if reason else ())
