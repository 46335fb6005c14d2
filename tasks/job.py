"""Reading the Azure job: one GET, and what it says about the run. The three watching verbs share this."""

from __future__ import annotations

from states.facts import JobSeen, Run
from states.guards import ENDED_BADLY, STAGE_ORDER
from states.own_disk import DRIVE_STAGE_ORDER
from tasks.ports import Site

Found = tuple[str, str]  # a condition's code and its detail


def look_at_job(run: Run, site: Site) -> tuple[tuple[JobSeen, ...], tuple[Found, ...]]:
    """Return the job as evidence (nothing when it is gone) and every condition it shows."""
    job = site.orders.find(run.plan, run.job_name)
    if job is None:
        return (), (("order-gone", f"{run.job_name} is not in {run.plan.resource_group} any more"),)
    return (job,), conditions_of(job)


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
