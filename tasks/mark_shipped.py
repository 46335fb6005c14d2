"""Own disks: tell Azure which parcel brings the drives. One parcel, one number, one job."""

from __future__ import annotations

from states.facts import HandedOver
from states.fold import with_evidence
from states.own_disk import has_come_to
from states.settle import Outcome
from tasks.errors import NotYet
from tasks.job import THE_JOB, look_at_job
from tasks.journal import Logbook
from tasks.parcels import holders, taken
from tasks.ports import Site

TAKEN = "parcel-number-taken"


def mark_shipped(book: Logbook, site: Site) -> Outcome:
    """Return the import job with the parcel on it. Safe to call twice: the job is looked at first.

    The number is compared with all others once more: of two runs that were told it at the same moment, one sees it.
    """
    run, key = book.run, f"shipped/{book.run.attempt}"
    handed = run.get(HandedOver)
    if handed is None:
        raise NotYet(f"{run.run_id} has no tracking number")
    if TAKEN not in run.waivers and (whose := holders(book, handed)):
        return Outcome("mark-shipped", raised=((TAKEN, taken(handed, whose)),), source="record")
    look = look_at_job(run, site, book.now())
    if look.job and not has_come_to(with_evidence(run, look.job), "ShippedToAzureDC"):
        book.intend(key, "mark-shipped", {"carrier": handed.carrier, "tracking": handed.tracking})
        site.orders.mark_shipped(run.plan, run.job_name, handed.carrier, handed.tracking)
        look = look_at_job(run, site, book.now())
    done = ((key, f"{handed.carrier} {handed.tracking}"),) if key in book.run.intents else ()
    return Outcome("mark-shipped", evidence=look.evidence, raised=look.found, done=done, source=THE_JOB)
