"""Own disks: allocate drives by serial, measure the staging place, reserve the import job's name.

Azure is asked at once whether it would take such a job: address, inputs and the carrier of the way back are known, and
weeks of copying shall not be spent on a job it refuses.
"""

from __future__ import annotations

from states.facts import DrivesReserved
from states.plan import Drive, Plan
from states.settle import Outcome
from tasks.disk_site import disk_office
from tasks.journal import Logbook
from tasks.office.disks import MOST_DRIVES, room_bytes
from tasks.on_site import work_for
from tasks.order import request_for
from tasks.ports import Site


def reserve_drives(book: Logbook, site: Site) -> Outcome:
    """Return the drives of this attempt: the fewest that carry what has not landed yet, landed ones left out."""
    run, own, office = book.run, disk_office(book.run.plan), site.disks
    free = office.staging_free(work_for(run, book.now())) if office else None
    if free is None or office is None:
        return Outcome("reserve-drives", pending=True)
    against = site.orders.objections(request_for(run, site))
    if against:
        text = "; ".join(f"{one.code}: {one.message}" for one in against)
        return Outcome("reserve-drives", raised=(("order-refused", text),))
    usable = [d for d in office.known_drives() if d.serial not in run.landed_drives and d.serial not in run.lost_drives]
    missing = max(1, run.plan.bytes - sum(run.landed_drives.values()))
    chosen = fewest(usable, missing)
    if chosen is None:
        return Outcome("reserve-drives", raised=(("drives-too-few", too_few(run.plan, usable)),))
    seen = DrivesReserved(tuple(drive.serial for drive in chosen), run.job_name, free, run.plan.bytes)
    raised: tuple[tuple[str, str], ...] = ()
    if free < run.plan.bytes:
        raised = (("staging-too-small", f"{own.staging}: {free:,} bytes free, {run.plan.bytes:,} needed"),)
    return Outcome("reserve-drives", evidence=(seen,), raised=raised)


def fewest(drives: list[Drive], size: int) -> list[Drive] | None:
    """Return the fewest drives that together carry *size* bytes, biggest first; None when they cannot."""
    chosen: list[Drive] = []
    for drive in sorted(drives, key=lambda drive: (-room(drive), drive.serial))[:MOST_DRIVES]:
        if sum(map(room, chosen)) >= size:
            break
        chosen.append(drive)
    return chosen if sum(map(room, chosen)) >= size else None


def room(drive: Drive) -> int:
    """Return the bytes that may be planned on a drive."""
    return room_bytes(drive.capacity_bytes)


def too_few(plan: Plan, drives: list[Drive]) -> str:
    """Say with numbers what does not fit."""
    carried = sum(map(room, sorted(drives, key=room, reverse=True)[:MOST_DRIVES]))
    return f"{len(drives)} drives carry {carried:,} bytes (at most {MOST_DRIVES} a job), the seed has {plan.bytes:,}"
