"""Reading the Azure job: one GET, and what it says about the run. The three watching verbs share this."""

from __future__ import annotations

from datetime import datetime, timedelta

from states.facts import JobSeen
from states.guards import ENDED_BADLY, STAGE_ORDER
from states.own_disk import DRIVE_STAGE_ORDER
from states.run import Run
from tasks.ports import Site

Found = tuple[str, str]  # a condition's code and its detail


THE_JOB = "the Azure job"  # the source of what these verbs find: each may clear what another raised
NO_TRACKING = timedelta(days=14)  # then the service deletes an import job that has no tracking number
OVERDUE = timedelta(days=14)  # then the service gives up drives that did not arrive
SLOW_RETURN = timedelta(days=7)  # our own patience with drives that are packed and do not leave


def look_at_job(run: Run, site: Site, now: datetime) -> tuple[tuple[JobSeen, ...], tuple[Found, ...]]:
    """Return the job as evidence (nothing when it is gone) and every condition it shows at *now* (UTC)."""
    job = site.orders.find(run.plan, run.job_name)
    if job is None:
        return (), (("order-gone", f"{run.job_name} is not in {run.plan.resource_group} any more"),)
    return (job,), (*conditions_of(job), *clocks_of(job, now))


def clocks_of(job: JobSeen, now: datetime) -> tuple[Found, ...]:
    """Return what the clocks of an import job of own drives say at *now*; nothing for Azure's own devices."""
    entered = next((s.at for s in job.stages if s.name == job.stage and s.at), None)
    began = min((s.at for s in job.stages if s.at), default=None)
    if job.stage in ("Created", "AwaitingShipmentDetails") and began:
        return (("parcel-not-announced", f"{job.job_name} is deleted on {began + NO_TRACKING:%Y-%m-%d %H:%M} UTC"),)
    if job.stage == "ShippedToAzureDC" and entered and now - entered > OVERDUE:
        return (("parcel-overdue", f"{job.job_name} since {entered:%Y-%m-%d}"),)
    if job.stage == "PreparingToShipFromAzureDC" and entered and now - entered > SLOW_RETURN:
        return (("drives-not-returned", f"{job.job_name} since {entered:%Y-%m-%d}"),)
    return ()


# What a drive's copy status means for the run; a status that is not here is a state of affairs, not a fault.
DRIVE_FAULTS = frozenset(
    {
        "CompletedWithErrors",
        "Failed",
        "NotReturned",
        "HardwareError",
        "DeviceFormatted",
        "DeviceMetadataModified",
        "StorageAccountNotAccessible",
        "UnsupportedData",
        "DriveNotReceived",
        "UnsupportedDrive",
        "OtherServiceError",
        "OtherUserError",
        "DriveNotDetected",
        "DriveCorrupted",
        "MetadataFilesModifiedOrRemoved",
    }
)


def conditions_of(job: JobSeen) -> tuple[Found, ...]:
    """Return every condition the job shows, worst first."""
    found: list[Found] = []
    name = job.job_name
    failed = [f"{drive.serial}: {drive.status}" for drive in job.drives if drive.status in DRIVE_FAULTS]
    if failed:
        found.append(("drive-failed", f"import job {name}: {', '.join(failed)}"))
    if job.all_devices_lost:
        found.append(("device-lost", f"order {name}"))
    if job.stage in ("Cancelled",):
        found.append(("order-cancelled", f"order {name}"))
    elif job.stage in ("CompletedWithErrors", "CompletedWithWarnings"):
        found.append(("ingestion-incomplete", f"order {name} ended as {job.stage}"))
    elif job.stage in ENDED_BADLY:
        found.append(("order-failed", f"order {name} ended as {job.stage}"))
    elif job.stage not in STAGE_ORDER and job.stage not in DRIVE_STAGE_ORDER:
        found.append(("order-stage-unknown", f"order {name} is at {job.stage}"))
    halted = job.status_of("DataCopy")
    if halted.startswith("WaitingForCustomerAction"):
        choices = f"; Azure offers {', '.join(job.actions)}" if job.actions else ""
        found.append(("copy-halted", f"order {name}: {job.error_code or halted}{choices}"))
    if job.delays:
        found.append(("order-delayed", f"order {name}: {', '.join(job.delays)}"))
    return tuple(found)
