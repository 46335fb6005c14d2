"""Close the manifest of what is on the device, and keep a copy of it."""

from __future__ import annotations

from states.facts import Copied
from states.settle import Outcome
from tasks.errors import NotYet
from tasks.journal import Logbook
from tasks.on_site import work_for
from tasks.ports import Site


def seal(book: Logbook, site: Site) -> Outcome:
    """Return the sealed manifest's digest, once the manifest itself is in our archive."""
    run, copied = book.run, book.run.get(Copied)
    if copied is None:
        raise NotYet(f"{run.run_id} has nothing to seal: the copy has not ended")
    work = work_for(run, book.now())
    sealed = site.office.seal(work, copied)
    if sealed is None:
        return Outcome("seal", pending=True)
    manifest = site.office.manifest(work, sealed)
    if manifest is None:
        return Outcome("seal", pending=True)
    site.archive.put(run.run_id, sealed.manifest, manifest)
    return Outcome("seal", evidence=(sealed,))
