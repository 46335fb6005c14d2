"""Online jobs of an office that take their time: their bytes grow with the world's clock, and they can be stopped."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from deploy.rehearsal.records import BackupJob, Office
from deploy.rehearsal.wire import iso
from deploy.rehearsal.world import World

AT_WORK = "Transferring data"
STOPPED = "The job was cancelled by the user."


def begin(world: World, office: Office, goal_bytes: int, hours: float, then: Literal["copied", "incremented"]) -> None:
    """Begin a job that will have sent *goal_bytes* in so many hours; its end stands on the agenda."""
    due = world.now + timedelta(hours=hours)
    office.jobs.append(
        BackupJob(
            id=world.new_id("job-"), status="running", text=AT_WORK, started=world.now, ended=None,
            goal_bytes=goal_bytes, due=due, then=then,
        )
    )  # fmt: skip
    world.plan(due, "backup-ends", office.name.casefold())


def running(office: Office) -> BackupJob | None:
    """Return the job that is at work, or None. There is never more than one."""
    return next((job for job in office.jobs if job.status == "running"), None)


def end(world: World, office: Office) -> BackupJob:
    """Bring the running job to its good end and return it."""
    job = running(office)
    assert job is not None
    job.status, job.text, job.ended, job.bytes = "completed", "Job Completed", world.now, job.goal_bytes
    return job


def stop(world: World, office: Office) -> None:
    """Stop the running job, if there is one; what it sent so far it has sent."""
    job = running(office)
    if job is not None:
        job.bytes = sent(job, world.now)
        job.status, job.text, job.ended = "failed", STOPPED, world.now
        world.unplan(office.name.casefold(), "backup-ends")


def sent(job: BackupJob, now: datetime) -> int:
    """Return the bytes that *job* has sent by *now*."""
    if job.status != "running" or job.due is None:
        return job.bytes
    return int(job.goal_bytes * min(1.0, (now - job.started) / (job.due - job.started)))


def told(job: BackupJob, now: datetime) -> dict[str, Any]:
    """Return a job as the agent's document lists it."""
    return {
        "id": job.id, "type": "online-backup", "item": None, "status": job.status, "text": job.text,
        "started": iso(job.started), "ended": iso(job.ended) if job.ended else None, "bytes": sent(job, now),
    }  # fmt: skip
