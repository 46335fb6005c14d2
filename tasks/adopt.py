"""Take over an order that somebody made by hand: tag it as the run's, and let evidence say where the run stands.

Nothing is ordered and nothing on a device is touched. An order whose device has left the office needs the manifest that
was sealed there: without one, nobody could say later whether what arrived is what left.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from states.facts import Copied, ItemOnDevice, JobSeen, Sealed
from states.guards import the_carrier_has_it
from states.lines import Draft
from states.refused import Refused
from states.run import Run
from states.settle import Outcome, moved
from tasks.errors import InvalidInput, NotFound, Rejected
from tasks.journal import Logbook
from tasks.media import Manifest, entries, read_manifest
from tasks.media.manifest import item_of
from tasks.order import TAG_ATTEMPT, TAG_RUN
from tasks.ports import Site

KEY = "adopt/1"


@dataclass(frozen=True)
class Found:
    """An order in Azure that no run owns, and the manifest of what its device holds, where the device has left."""

    job: JobSeen
    manifest: Manifest | None


def adoptable(run: Run, site: Site, manifest: Path | None) -> Found:
    """Return what there is to adopt for *run*, which need not be in the journal yet. Writes nothing.

    Raises NotFound without such an order, Rejected for one that another run owns or of another kind of device, Refused
    when its device has left the office and no manifest is given, InvalidInput for a manifest of something else.
    """
    name = run.plan.job_name
    job = site.orders.find(run.plan, name)
    if job is None:
        raise NotFound(f"there is no order {name} in {run.plan.resource_group}", next="read its name in the portal")
    owner = site.orders.tags(run.plan, name).get(TAG_RUN, run.run_id)
    if owner != run.run_id:
        raise Rejected(f"order {name} belongs to run {owner} already", next=f"seeding explain {owner}")
    if job.sku != run.plan.sku:
        raise Rejected(
            f"order {name} is for {job.sku}, the inventory plans {run.plan.sku} for {run.plan.office}",
            next="correct the office's device in the inventory, then adopt again",
        )
    sealed = _sealed(run, manifest) if manifest else None
    seen = Run(run.run_id, run.plan, run.opened_at, "ordered", evidence={"job-seen": job})
    if sealed is None and the_carrier_has_it(seen) is None:
        reason = (
            f"the device of order {name} has left the office ({job.stage}) and no manifest is given: nobody could say "
            f"whether what arrives is what left; find the manifest that was sealed there and add --manifest FILE"
        )
        raise Refused(run.run_id, "ordered", "adopt", (reason,))
    return Found(job, sealed)


def adopt(book: Logbook, site: Site, found: Found) -> Run:
    """Tag the order as the run's and record what was found. Safe to repeat. Raises Transient, Rejected, Refused."""
    run = book.run
    if KEY not in run.outcomes:
        book.intend(KEY, "adopt", {"job": run.job_name})
        site.orders.tag(run.plan, run.job_name, {TAG_RUN: run.run_id, TAG_ATTEMPT: str(run.attempt)})
        book.write(Draft("outcome", {"key": KEY, "result": f"order {run.job_name} is tagged"}))
    run = book.settle(Outcome("adopt", evidence=(found.job, *_of_manifest(book, site, found.manifest))))
    if run.state == "ordered" and found.manifest:
        run = book.commit(moved(run, "adopt", "its device had left the office", book.now(), book.actor))
    return run


def _sealed(run: Run, manifest: Path) -> Manifest:
    sealed = read_manifest(manifest)
    wanted = {item.name for item in run.plan.items}
    if set(sealed.header.items) != wanted:
        raise InvalidInput(
            f"{manifest} is a manifest of {', '.join(sorted(sealed.header.items))}, "
            f"and {run.plan.office} is to seed {', '.join(sorted(wanted))}",
            next="name the manifest of this order's device, or correct the office's items in the inventory",
        )
    return sealed


def _of_manifest(book: Logbook, site: Site, manifest: Manifest | None) -> tuple[Copied | Sealed, ...]:
    """Keep the manifest, and return what it says was copied and sealed."""
    if manifest is None:
        return ()
    items, name = manifest.header.items, f"{book.run.job_name}-{manifest.header.serial}.manifest"
    files, sizes = Counter[str](), Counter[str]()
    for entry in entries(manifest.path):
        item = item_of(entry.path, items)
        files[item] += 1
        sizes[item] += entry.size
    site.archive.put(book.run.run_id, name, manifest.path.read_bytes())
    serial = manifest.header.serial
    there = tuple(ItemOnDevice(one, items[one], files[one], sizes[one], sizes[one]) for one in sorted(items))
    return Copied(serial, there), Sealed(serial, manifest.digest, manifest.files, manifest.bytes, name)
