"""The guards of the lifecycle. Each is a sentence that must be true of a run before an edge may be taken.

A guard returns the reason it refuses, or None. It looks at evidence alone: never at a status word of ours, never at
the clock. A reason names the thing, the fact and what helps.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from states.conditions import blocking
from states.facts import (
    AgentSeen,
    CloseApproved,
    Copied,
    CopyLogRead,
    Delivered,
    DeviceChecked,
    DevicesNamed,
    HandedOver,
    JobSeen,
    Prepared,
    Reconciled,
    Released,
    Run,
    Sealed,
    VaultSeen,
    Verified,
)

Guard = Callable[[Run], str | None]

# The order in which Azure walks an import job of its own devices; a stage that is not here is never "later" than one.
STAGE_ORDER = (
    "DeviceOrdered",
    "DevicePrepared",
    "ReadyToDispatchFromAzureDC",
    "Dispatched",
    "Delivered",
    "PickedUp",
    "ReadyToReceiveAtAzureDC",
    "AtAzureDC",
    "DataCopy",
    "Completed",
)
ENDED_BADLY = (
    "CompletedWithErrors",
    "CompletedWithWarnings",
    "Cancelled",
    "Aborted",
    "Failed_IssueReportedAtCustomer",
    "Failed_IssueDetectedAtAzureDC",
)


def nothing_blocks(run: Run) -> str | None:
    """No blocking condition stands that nobody has waived."""
    codes = blocking(run)
    return f"blocked by {', '.join(codes)}; run `seeding explain {run.run_id}`" if codes else None


def the_order_exists(run: Run) -> str | None:
    """Azure shows a job of this attempt's name."""
    job = run.get(JobSeen)
    if job is None or job.job_name != run.job_name:
        return f"Azure shows no order {run.job_name} yet"
    return None


def the_carrier_delivered(run: Run) -> str | None:
    """Azure's own record says Delivered, or a later stage."""
    return None if _has_come_to(run, "Delivered") else f"order {run.job_name} is at {_stage(run)}, not yet Delivered"


def the_office_confirmed_the_planned_device(run: Run) -> str | None:
    """Somebody at the office named the serial number, and it is one Azure sent."""
    delivered, named = run.get(Delivered), run.get(DevicesNamed)
    if delivered is None:
        return f"nobody confirmed the delivery; run `seeding record {run.run_id} delivered --serial SERIAL`"
    if named is None:
        return "Azure has not named the device's serial number yet"
    if delivered.serial not in named.serials:
        return (
            f"device {delivered.serial} is not the planned one ({', '.join(named.serials)}); "
            f"read the label again and run `seeding record {run.run_id} delivered --serial SERIAL`"
        )
    return None if delivered.intact else f"device {delivered.serial} was reported damaged; do not use it"


def the_device_is_empty_and_writable(run: Run) -> str | None:
    """The office's server can write to the place, it has room for the seed, and nothing foreign lies there."""
    seen, delivered = run.get(DeviceChecked), run.get(Delivered)
    if seen is None:
        return "the office has not looked at the device yet"
    if delivered is not None and seen.serial != delivered.serial:
        return f"the server sees device {seen.serial} at {seen.path}, the office confirmed {delivered.serial}"
    if not seen.writable:
        return f"{seen.path} cannot be written; mount the device for the account the backup service runs as"
    if seen.foreign_files:
        return f"{seen.path} holds files that are not ours: {', '.join(seen.foreign_files)}; move them away"
    if seen.free_bytes < run.plan.bytes:
        return f"{seen.path} has {seen.free_bytes:,} bytes free and the seed needs {run.plan.bytes:,}"
    return None


def every_item_is_on_the_device(run: Run) -> str | None:
    """The copy ended for each item of the plan."""
    copied = run.get(Copied)
    there = {item.name for item in copied.items} if copied else set()
    missing = [item.name for item in run.plan.items if item.name not in there]
    return f"not on the device yet: {', '.join(missing)}" if missing else None


def the_manifest_is_sealed(run: Run) -> str | None:
    """A manifest of this device is closed, and it lists every byte that was copied."""
    sealed, copied = run.get(Sealed), run.get(Copied)
    if sealed is None or copied is None:
        return "the manifest is not sealed yet"
    if sealed.serial != copied.serial:
        return f"the manifest is of device {sealed.serial}, the copy went to {copied.serial}"
    expected = sum(item.bytes for item in copied.items)
    if sealed.bytes != expected:
        return f"{abs(expected - sealed.bytes):,} bytes differ between the copy ({expected:,}) and the manifest"
    return None


def every_byte_was_read_again(run: Run) -> str | None:
    """The device was re-read and equals the sealed manifest."""
    sealed, verified = run.get(Sealed), run.get(Verified)
    if sealed is None or verified is None or verified.digest != sealed.digest:
        return "the sealed device has not been read again yet"
    if verified.faults:
        return f"the device differs from its manifest: {'; '.join(verified.faults[:3])}"
    if verified.bytes != sealed.bytes or verified.files != sealed.files:
        return f"{sealed.bytes - verified.bytes:,} sealed bytes were not read again"
    return None


def the_device_is_prepared_to_ship(run: Run) -> str | None:
    """Prepare to ship ended well, or the disks were removed safely."""
    if run.get(Prepared):
        return None
    return f"nobody confirmed the device is ready to ship; run `seeding record {run.run_id} prepared`"


def the_office_handed_it_over(run: Run) -> str | None:
    """Somebody at the office gave the device to the carrier."""
    if run.get(HandedOver):
        return None
    return f"nobody confirmed the hand-over; run `seeding record {run.run_id} handed-over --carrier NAME`"


def the_carrier_has_it(run: Run) -> str | None:
    """Azure shows the device on its way back: the stage Picked up, or one that comes later."""
    if _has_come_to(run, "PickedUp"):
        return None
    return f"order {run.job_name} is at {_stage(run)}; the carrier has not scanned the device"


def the_job_completed_cleanly(run: Run) -> str | None:
    """The job is Completed, and its data copy stage itself says so too: the two can differ."""
    job = run.get(JobSeen)
    if job is None or job.stage != "Completed":
        return f"order {run.job_name} is at {_stage(run)}, not Completed"
    status = job.status_of("DataCopy")
    return None if status == "Succeeded" else f"the data copy stage of {run.job_name} says {status or 'nothing'}"


def the_copy_log_is_clean(run: Run) -> str | None:
    """The datacenter's log reports success, no errors and no renames."""
    log = run.get(CopyLogRead)
    if log is None:
        return "the copy log has not been read yet"
    if log.status != "Succeeded" or log.errored or log.renamed:
        return f"the copy log says {log.status}: {log.errored} errors, {log.renamed} renames"
    return None


def the_account_equals_the_manifest(run: Run) -> str | None:
    """Every sealed file is a blob of the same size and content; nothing is missing or changed."""
    sealed, seen = run.get(Sealed), run.get(Reconciled)
    if sealed is None or seen is None or seen.digest != sealed.digest:
        return "the storage account has not been compared with the manifest yet"
    if seen.faulty or seen.faults:
        return f"{max(seen.faulty, len(seen.faults))} of {sealed.files} files differ: {'; '.join(seen.faults[:3])}"
    return None if seen.same == sealed.files else f"only {seen.same} of {sealed.files} files are in the account"


def every_item_has_a_recovery_point(run: Run) -> str | None:
    """Each item has an online recovery point dated after ingestion, in the vault or as the agent reports it."""
    missing = items_without_a_point(run)
    return f"no recovery point after ingestion for {', '.join(missing)}" if missing else None


def the_schedule_runs_ahead(run: Run) -> str | None:
    """The online schedule is enabled and its next run is known."""
    agent = run.get(AgentSeen)
    if agent is None:
        return "the backup agent has not been asked yet"
    if not agent.schedule_enabled:
        return f"the online schedule of {run.plan.server} is paused; enable it in the backup console"
    return None if agent.next_run else f"the backup agent of {run.plan.server} names no next run"


def a_first_incremental_succeeded(run: Run) -> str | None:
    """A scheduled job ended well after the seed had landed, and it was a small one."""
    agent = run.get(AgentSeen)
    if agent is None or agent.incremental_at is None:
        return "no incremental backup has run yet"
    if agent.incremental_bytes * 2 > run.plan.bytes:
        return f"the first incremental sent {agent.incremental_bytes:,} bytes: that looks like a full upload"
    return None


def somebody_approved_the_close(run: Run) -> str | None:
    """A person agreed that the left-overs may be released."""
    return None if run.get(CloseApproved) else f"nobody approved the clean-up; run `seeding close {run.run_id}`"


def the_left_overs_are_released(run: Run) -> str | None:
    """The clean-up ran to its end."""
    return None if run.get(Released) else "the clean-up has not run yet"


def the_order_can_be_cancelled(run: Run) -> str | None:
    """Nothing was ordered, or Azure still calls the job cancellable, or it is cancelled already."""
    job = run.get(JobSeen)
    if job is None or job.job_name != run.job_name or job.cancellable or job.stage == "Cancelled":
        return None
    return (
        f"Azure no longer lets order {run.job_name} be cancelled (stage {job.stage}); "
        f"return the device, or run `seeding cancel {run.run_id} --abandon`"
    )


def items_without_a_point(run: Run) -> list[str]:
    """Return the names of items for which no witness shows a recovery point dated after ingestion."""
    landed = run.reached("ingested")
    best: dict[str, datetime] = {}
    for seen in (run.get(VaultSeen), run.get(AgentSeen)):
        for item in seen.items if seen else ():
            if item.points and item.latest and (item.name not in best or best[item.name] < item.latest):
                best[item.name] = item.latest
    return [i.name for i in run.plan.items if landed is None or i.name not in best or best[i.name] <= landed]


def _has_come_to(run: Run, stage: str) -> bool:
    job = run.get(JobSeen)
    if job is None or job.job_name != run.job_name or job.stage not in STAGE_ORDER:
        return False
    return STAGE_ORDER.index(job.stage) >= STAGE_ORDER.index(stage)


def _stage(run: Run) -> str:
    job = run.get(JobSeen)
    return job.stage if job else "no stage"
