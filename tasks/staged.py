"""Own disks: the seed's files in the staging place, as the sealed manifest lists them."""

from __future__ import annotations

from states.facts import Sealed
from states.run import Run
from tasks import media
from tasks.media_errors import on_media
from tasks.ports import Site, Staged


def staged_files(site: Site, run: Run) -> tuple[Staged, ...]:
    """Return path (below the folder that holds the staging place) and bytes of each sealed file; none before a seal."""
    sealed = run.get(Sealed)
    if sealed is None:
        return ()
    with on_media():
        return tuple(Staged(e.native, e.size) for e in media.entries(site.archive.open(run.run_id, sealed.manifest)))
