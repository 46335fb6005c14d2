"""Close the manifest of what is on the device, and keep a copy of it."""

from __future__ import annotations

from dataclasses import replace

from states.facts import Copied, Sealed
from states.settle import Outcome
from tasks.errors import NotYet, Rejected
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
    return Outcome("seal", evidence=(_kept(book, site, sealed, manifest),))


def _kept(book: Logbook, site: Site, sealed: Sealed, manifest: bytes) -> Sealed:
    """Archive the manifest; one that was sealed anew is kept beside the first, under a name with its own digest."""
    try:
        site.archive.put(book.run.run_id, sealed.manifest, manifest)
        return sealed
    except Rejected:
        name = f"{sealed.digest.rpartition(':')[2][:12]}-{sealed.manifest}"
        site.archive.put(book.run.run_id, name, manifest)
        return replace(sealed, kept=name)
