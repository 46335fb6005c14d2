"""Reading the Azure job: one GET, and what it says about the run. The watching verbs share this."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from states import deadlines
from states.drive_words import troubles_of
from states.facts import Evidence, JobFiled, JobSeen
from states.import_clocks import ringing
from states.run import Run
from states.stages import ENDED_BADLY, copy_is_over, is_known
from tasks.ports import Site

Found = tuple[str, str]  # a condition's code and its detail
CLOCKS_APART = timedelta(minutes=15)  # Azure itself allows this much in signatures
THE_JOB = "the Azure job"  # the source of what these verbs find: each may clear what another raised


@dataclass(frozen=True)
class Look:
    """What one look at the job brought: the job (None when it is gone), the evidence, and every condition it shows."""

    job: JobSeen | None
    evidence: tuple[Evidence, ...]
    found: tuple[Found, ...]


def look_at_job(run: Run, site: Site, now: datetime) -> Look:
    """Look at the run's job at *now* (UTC). The record of a job that is over goes to the archive."""
    job = site.orders.find(run.plan, run.job_name, run.get(JobSeen))
    if job is None:
        gone = "import-job-gone" if run.plan.mode == "own-disk" and run.state == "copied" else "order-gone"
        found = (gone, f"{run.job_name} is not in {run.plan.resource_group} any more")
        return Look(None, (), (found, *clocks_apart(site)))
    clocks = (*ringing(job, now), *deadlines.ringing(run, site.clocks, job, now), *clocks_apart(site))
    return Look(job, (job, *filed(run, site, job)), merged((*conditions_of(job), *clocks)))


def clocks_apart(site: Site) -> tuple[Found, ...]:
    """Return the condition of clocks too far apart: what came after what, and all the journal's dates, hang on it."""
    gap = site.orders.clock_gap()
    if gap is None or abs(gap) <= CLOCKS_APART:
        return ()
    hours = round(abs(gap) / timedelta(hours=1))
    about = f"about {hours} hours" if hours > 1 else "about an hour" if hours else "more than a quarter of an hour"
    side = "ahead of" if gap > timedelta(0) else "behind"
    return (("clock-differs", f"Azure's clock is {about} {side} this machine's"),)


def filed(run: Run, site: Site, job: JobSeen) -> tuple[JobFiled, ...]:
    """Keep the whole record of a job that is over; nothing for one that goes on. A record that changed is kept too.

    Azure deletes an import job's record 90 days after its end.
    """
    if not copy_is_over(job) and job.stage not in ENDED_BADLY:
        return ()
    record = site.orders.record(run.plan, job.job_name)
    if record is None:
        return ()
    digest = hashlib.sha256(record).hexdigest()
    name = f"{job.job_name}-job-{digest[:12]}.json"
    site.archive.put(run.run_id, name, record)
    return (JobFiled(job.job_name, name, digest),)


def conditions_of(job: JobSeen) -> tuple[Found, ...]:
    """Return every condition the job shows, worst first; one may come twice, with different details."""
    found: list[Found] = []
    name = job.job_name
    found += troubles_of(job)
    if job.all_devices_lost:
        found.append(("device-lost", f"order {name}"))
    if job.stage in ("Cancelled",):
        found.append(("order-cancelled", f"order {name}"))
    elif job.stage in ("CompletedWithErrors", "CompletedWithWarnings"):
        found.append(("ingestion-incomplete", f"order {name} ended as {job.stage}"))
    elif job.stage in ENDED_BADLY:
        found.append(("order-failed", f"order {name} ended as {job.stage}"))
    elif not is_known(job.stage):
        found.append(("order-stage-unknown", f"order {name} is at {job.stage}"))
    halted = job.status_of("DataCopy")
    if halted.startswith("WaitingForCustomerAction"):
        choices = f"; Azure offers {', '.join(job.actions)}" if job.actions else ""
        found.append(("copy-halted", f"order {name}: {job.error_code or halted}{choices}"))
    if job.delays:
        found.append(("order-delayed", f"order {name}: {', '.join(job.delays)}"))
    return tuple(found)


def merged(problems: Iterable[Found]) -> tuple[Found, ...]:
    """Return each condition once, its details joined."""
    once: dict[str, str] = {}
    for code, detail in problems:
        once[code] = f"{once[code]}; {detail}" if code in once else detail
    return tuple(once.items())
