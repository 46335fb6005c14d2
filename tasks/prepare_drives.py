"""Own disks: format, encrypt, write and re-read the drives. What may be formatted was allowed by name, on record."""

from __future__ import annotations

from dataclasses import replace

from states.facts import DrivesReserved, FormatAllowed, Sealed
from states.lines import Draft
from states.run import Run
from states.settle import Outcome
from tasks.errors import NotYet
from tasks.journal import Logbook
from tasks.on_site import work_for
from tasks.ports import DriveWork, Site


def prepare_drives(book: Logbook, site: Site) -> Outcome:
    """Return the drives as they are ready to ship. An intent is on record before the first one is formatted.

    The staging place is read again first: what is not as sealed never goes on a drive.
    """
    run, key = book.run, f"format/{book.run.attempt}"
    reserved, allowed, sealed = run.get(DrivesReserved), run.get(FormatAllowed), run.get(Sealed)
    if reserved is None or allowed is None or sealed is None or site.disks is None:
        raise NotYet(f"{run.run_id} is not ready to write drives")
    wanted = DriveWork(
        serials=reserved.serials,
        landed=tuple(sorted(run.landed_drives)),
        allowed=allowed.serials,
        allowed_by=allowed.by,
        sealed=sealed,
    )
    work = work_for(run, book.now())
    verified = site.office.verify(replace(work, job_name=_sealed_for(run, sealed)), sealed)
    if verified is None:
        return Outcome("prepare-drives", pending=True)
    if verified.faults:
        text = f"the staging place: {'; '.join(verified.faults[:5])}"
        return Outcome("prepare-drives", evidence=(verified,), raised=(("device-differs", text),))
    book.intend(key, "prepare-drives", {"serials": ",".join(reserved.serials)})

    def about_to_read(serial: str) -> None:
        book.write(Draft("secret-read", {"what": f"BitLocker key of {serial}, to encrypt the drive"}))

    prepared = site.disks.prepare_drives(work, wanted, about_to_read)
    if prepared is None:
        return Outcome("prepare-drives", pending=True)
    done = ((key, f"{len(prepared.drives)} drives hold {sum(d.bytes for d in prepared.drives):,} bytes"),)
    return Outcome("prepare-drives", evidence=(prepared, verified), done=done)


def _sealed_for(run: Run, sealed: Sealed) -> str:
    """Return the job name of the attempt that sealed: a later attempt brings drives of the same seal."""
    return next((name for name in reversed(run.job_names) if sealed.manifest.startswith(f"{name}-")), run.job_name)
