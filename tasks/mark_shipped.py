"""Own disks: tell Azure which parcel brings the drives. One parcel, one number, one job."""

from __future__ import annotations

from states.facts import HandedOver
from states.fold import with_evidence
from states.own_disk import has_come_to
from states.settle import Outcome
from tasks.errors import NotYet
from tasks.job import THE_JOB, look_at_job
from tasks.journal import Logbook
from tasks.ports import Site


def mark_shipped(book: Logbook, site: Site) -> Outcome:
    """Return the import job with the parcel on it. Safe to call twice: the job is looked at first."""
    run, key = book.run, f"shipped/{book.run.attempt}"
    handed = run.get(HandedOver)
    if handed is None:
        raise NotYet(f"{run.run_id} has no tracking number")
    jobs, found = look_at_job(run, site, book.now())
    if jobs and not has_come_to(with_evidence(run, jobs[0]), "ShippedToAzureDC"):
        book.intend(key, "mark-shipped", {"carrier": handed.carrier, "tracking": handed.tracking})
        site.orders.mark_shipped(run.plan, run.job_name, handed.carrier, handed.tracking)
        jobs, found = look_at_job(run, site, book.now())
    done = ((key, f"{handed.carrier} {handed.tracking}"),) if key in book.run.intents else ()
    return Outcome("mark-shipped", evidence=jobs, raised=found, done=done, source=THE_JOB)
