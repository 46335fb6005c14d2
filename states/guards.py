"""The guards of the lifecycle. Each is a sentence that must be true of a run before an edge may be taken.

A guard returns the reason it refuses, or None. It looks at evidence alone: never at a status word of ours, never at
the clock. A reason names the thing, the fact and what helps.
"""

from __future__ import annotations

from collections.abc import Callable

from states.conditions import blocking
from states.facts import (
    Copied,
    CopyLogRead,
    Delivered,
    DeviceChecked,
    DevicesNamed,
    HandedOver,
    JobSeen,
    Prepared,
    Reconciled,
    Sealed,
    Verified,
)
from states.run import Run
from states.stages import ENDED_BADLY, has_come_to

Guard = Callable[[Run], str | None]


def nothing_blocks(run: Run) -> str | None:
    """No blocking condition stands that nobody has waived."""
    codes = blocking(run)
    return f"blocked by {', '.join(codes)}; run `seeding explain {run.run_id}`" if codes else None


def the_order_exists(run: Run) -> str | None:
    """Azure shows a job of this attempt's name."""
    job = run.get(JobSeen)
    if job is None or job.job_name != run.job_name:
        return f"Azure shows no order {run.job_name} yet; run `seeding advance {run.run_id}`"
    return None


def the_carrier_delivered(run: Run) -> str | None:
    """Azure's own record says Delivered, or a later stage."""
    if _has_come_to(run, "Delivered"):
        return None
    return f"order {run.job_name} is at {_stage(run)}, not yet Delivered; wait for the carrier"


def the_office_confirmed_the_planned_device(run: Run) -> str | None:
    """Somebody at the office named the serial number, and it is one Azure sent."""
    delivered, named = run.get(Delivered), run.get(DevicesNamed)
    if delivered is None:
        return f"nobody confirmed the delivery; run `seeding record {run.run_id} delivered --serial SERIAL`"
    if named is None:
        return f"Azure has not named the devices of order {run.job_name} yet; wait, it does so soon after the delivery"
    if delivered.serial not in named.serials:
        return (
            f"device {delivered.serial} is not the planned one ({', '.join(named.serials)}); "
            f"read the label again and run `seeding record {run.run_id} delivered --serial SERIAL`; "
            f"if it is read right, `seeding advance {run.run_id} --now` asks Azure again"
        )
    if delivered.intact:
        return None
    return f"device {delivered.serial} was reported damaged; do not use it, run `seeding reorder {run.run_id}`"


def the_device_is_empty_and_writable(run: Run) -> str | None:
    """The office's server can write to the place, it has room for the seed, and nothing foreign lies there."""
    seen, delivered = run.get(DeviceChecked), run.get(Delivered)
    if seen is None:
        return f"the office's server has not looked at the device yet; run `seeding advance {run.run_id}`"
    if delivered is not None and seen.serial != delivered.serial:
        return f"{seen.path} is device {seen.serial}, the office confirmed {delivered.serial}; mount that one there"
    if not seen.writable:
        return f"{seen.path} cannot be written; mount the device for the account the backup service runs as"
    if seen.foreign_files:
        return f"{seen.path} holds files that are not ours: {', '.join(seen.foreign_files)}; move them away"
    if seen.free_bytes < run.plan.bytes:
        return f"{seen.path} has {seen.free_bytes:,} bytes free and the seed needs {run.plan.bytes:,}; make room on it"
    return None


def every_item_is_on_the_device(run: Run) -> str | None:
    """The copy ended for each item of the plan, on the device the office confirmed, and none of them is empty."""
    copied, delivered = run.get(Copied), run.get(Delivered)
    there = {item.name: item.bytes for item in copied.items} if copied else {}
    if missing := [i.name for i in run.plan.items if i.name not in there or (i.bytes and not there[i.name])]:
        return f"{', '.join(missing)}: nothing of it is on the device yet; run `seeding advance {run.run_id}`"
    if copied and delivered and copied.serial != delivered.serial:
        return f"the copy went to device {copied.serial}, the office confirmed {delivered.serial}; mount that one"
    return None


def the_manifest_is_sealed(run: Run) -> str | None:
    """A manifest of this device is closed, and it lists every byte that was copied."""
    sealed, copied = run.get(Sealed), run.get(Copied)
    if sealed is None or copied is None:
        return f"the manifest of {run.run_id} is not sealed yet; run `seeding advance {run.run_id}`"
    if sealed.serial != copied.serial:
        return f"the manifest is of device {sealed.serial}, the copy went to {copied.serial}; seal that one"
    expected = sum(item.bytes for item in copied.items)
    if sealed.bytes != expected:
        return (
            f"the manifest of device {sealed.serial} lists {sealed.bytes:,} bytes, the copy wrote {expected:,}; "
            f"find out who else writes to it, then run `seeding advance {run.run_id}`"
        )
    return None


def every_byte_was_read_again(run: Run) -> str | None:
    """The device was re-read and equals the sealed manifest."""
    sealed, verified = run.get(Sealed), run.get(Verified)
    if sealed is None or verified is None or verified.digest != sealed.digest:
        return f"the sealed device has not been read again yet; run `seeding advance {run.run_id}`"
    if verified.faults:
        return (
            f"device {sealed.serial} differs from its manifest: {', '.join(verified.faults[:3])}; "
            f"find out who wrote to it, then run `seeding resume {run.run_id}`"
        )
    if (verified.files, verified.bytes) != (sealed.files, sealed.bytes):
        return (
            f"{verified.files:,} files of {verified.bytes:,} bytes were read again, {sealed.files:,} of "
            f"{sealed.bytes:,} are sealed; run `seeding advance {run.run_id}`"
        )
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
    return f"order {run.job_name} is at {_stage(run)}; wait until the carrier has scanned the device, or call it"


def the_job_completed_cleanly(run: Run) -> str | None:
    """The job is Completed, and its data copy stage itself says so too: the two can differ."""
    job = run.get(JobSeen)
    if job is None or job.job_name != run.job_name or not has_come_to(job, "Completed"):
        helps = f"run `seeding reorder {run.run_id}`" if _stage(run) in ENDED_BADLY else "wait for the datacenter"
        return f"order {run.job_name} is at {_stage(run)}, not Completed; {helps}"
    status = job.status_of("DataCopy")
    if status == "Succeeded":
        return None
    return f"the data copy stage of {run.job_name} says {status or 'nothing'}; wait, or look at it in the portal"


def the_copy_log_is_clean(run: Run) -> str | None:
    """The datacenter's log reports success, no errors and no renames."""
    log = run.get(CopyLogRead)
    if log is None:
        return f"the copy log of {run.job_name} has not been read yet; wait until the datacenter has written it"
    if log.status != "Succeeded" or log.errored or log.renamed:
        return (
            f"the copy log of {run.job_name} says {log.status}: {log.errored} errors, {log.renamed} renames; "
            f"read it, then run `seeding reorder {run.run_id}`"
        )
    return None


def the_account_equals_the_manifest(run: Run) -> str | None:
    """Every sealed file is a blob of the same size and content; nothing is missing or changed."""
    sealed, seen = run.get(Sealed), run.get(Reconciled)
    if sealed is None or seen is None or seen.digest != sealed.digest:
        return (
            f"account {run.plan.storage_account} has not been compared with the manifest yet; "
            f"run `seeding advance {run.run_id}`"
        )
    if seen.faulty or seen.faults:
        count, named = max(seen.faulty, len(seen.faults)), ", ".join(seen.faults[:3])
        return f"{count} of {sealed.files} files differ in the account: {named}; run `seeding reorder {run.run_id}`"
    if seen.same == sealed.files:
        return None
    return f"{seen.same} of {sealed.files} files are in the account; run `seeding reorder {run.run_id}`"


def the_order_can_be_cancelled(run: Run) -> str | None:
    """Nothing was ordered, or Azure still calls the job cancellable, or it is cancelled already."""
    job = run.get(JobSeen)
    if job is None or job.job_name != run.job_name or job.cancellable or job.stage == "Cancelled":
        return None
    return (
        f"Azure no longer lets order {run.job_name} be cancelled (stage {job.stage}); "
        f"return the device, or run `seeding cancel {run.run_id} --abandon`"
    )


def _has_come_to(run: Run, stage: str) -> bool:
    job = run.get(JobSeen)
    return job is not None and job.job_name == run.job_name and has_come_to(job, stage)


def _stage(run: Run) -> str:
    job = run.get(JobSeen)
    return job.stage if job else "no stage"
