"""The own-disk mode: its guards and its rows of the playbook, where they differ from the Data Box mode.

The agent writes to a staging place, we spread that over the customer's drives, and only then the Azure job exists:
it needs each drive's serial number, key and manifest hash. The customer's carrier brings the parcel.
"""

from __future__ import annotations

from states import clean_up as c
from states import guards as g
from states import stages
from states.drive_words import may_still_land
from states.facts import DrivesPrepared, DrivesReserved, DrivesSeen, FormatAllowed, HandedOver, JobSeen, Sealed
from states.run import Run
from states.steps import Row, hours, minutes


def the_drives_are_reserved(run: Run) -> str | None:
    """Drives are allocated by serial, the staging place has room, the import job's name is reserved."""
    reserved = run.get(DrivesReserved)
    if reserved is None or reserved.job_name != run.job_name:
        return f"no drives are allocated to {run.run_id} yet; run `seeding advance {run.run_id}`"
    if reserved.staging_free_bytes < reserved.needed_bytes:
        return (
            f"the staging place has {reserved.staging_free_bytes:,} bytes free and the seed needs "
            f"{reserved.needed_bytes:,}; make room, then run `seeding resume {run.run_id}`"
        )
    return None


def somebody_allowed_formatting(run: Run) -> str | None:
    """A person allowed every allocated drive to be formatted, by its serial number."""
    reserved, allowed = run.get(DrivesReserved), run.get(FormatAllowed)
    serials = set(reserved.serials) if reserved else set()
    missing = sorted(serials - set(allowed.serials if allowed else ()))
    if not missing and serials:
        return None
    named = ", ".join(missing) or "the drives"
    return f"nobody allowed {named} to be formatted; run `seeding record {run.run_id} attached --serials ...`"


def the_drives_are_fit(run: Run) -> str | None:
    """The copy computer sees every allocated drive, and finds nothing against it."""
    reserved, seen = run.get(DrivesReserved), run.get(DrivesSeen)
    if seen is None:
        return f"the copy computer has not looked at the drives yet; run `seeding advance {run.run_id}`"
    if seen.objections:
        return f"{'; '.join(seen.objections[:3])}; mend it, then run `seeding resume {run.run_id}`"
    missing = sorted(set(reserved.serials if reserved else ()) - set(seen.serials))
    return f"the copy computer does not see {', '.join(missing)}; attach them" if missing else None


def every_sealed_byte_is_on_a_drive(run: Run) -> str | None:
    """Every drive of this attempt is written with its share of what was sealed."""
    sealed, prepared = run.get(Sealed), run.get(DrivesPrepared)
    if sealed is None or prepared is None or prepared.digest != sealed.digest:
        return f"the drives do not hold what was sealed yet; run `seeding advance {run.run_id}`"
    there = sum(drive.bytes for drive in prepared.drives) + sum(run.landed_drives.values())
    if there != sealed.bytes:
        return f"{abs(sealed.bytes - there):,} sealed bytes are on no drive; run `seeding resume {run.run_id}`"
    return None


def the_drives_hold_the_seed(run: Run) -> str | None:
    """The drives are written and were read again."""
    return every_sealed_byte_is_on_a_drive(run) or g.every_byte_was_read_again(run)


def the_import_job_exists(run: Run) -> str | None:
    """Azure shows an import job of this attempt's name."""
    job = run.get(JobSeen)
    if job is None or job.job_name != run.job_name:
        return f"Azure shows no import job {run.job_name} yet; run `seeding advance {run.run_id}`"
    return None


def the_parcel_has_a_number(run: Run) -> str | None:
    """Somebody handed the parcel over, named its carrier and tracking number, and what its gate wants on it."""
    handed, own = run.get(HandedOver), run.plan.own_disk
    if handed is None or not (handed.carrier and handed.tracking):
        command = f"seeding record {run.run_id} handed-over --carrier C --tracking N"
        return f"the parcel has no tracking number; run `{command}`"
    return the_gate_lets_in(run, handed.gate_code) if own else None


def the_gate_lets_in(run: Run, code: str) -> str | None:
    """The parcel bears what the datacenter's gate wants, or it wants nothing."""
    own = run.plan.own_disk
    if own is None or not own.gate or code:
        return None
    return (
        f"the datacenter of {run.plan.location} turns away a parcel without {own.gate}; put it on the parcel, and run "
        f"`seeding record {run.run_id} handed-over --carrier C --tracking N --reference CODE`"
    )


def on_the_parcel(run: Run) -> str:
    """Return the sentence that says what must be on the parcel, "" where nothing must."""
    own = run.plan.own_disk
    wanted = [*([own.gate] if own.gate else []), *own.papers] if own else []
    return f" On it must be: {'; '.join(wanted)}." if wanted else ""


def azure_knows_the_parcel(run: Run) -> str | None:
    """The import job is marked as shipped: carrier and tracking number are on it."""
    if has_come_to(run, "ShippedToAzureDC"):
        return None
    return f"import job {run.job_name} is not marked as shipped yet; run `seeding advance {run.run_id}`"


def every_drive_was_copied(run: Run) -> str | None:
    """The datacenter copied each drive of this attempt to its end."""
    job, prepared = run.get(JobSeen), run.get(DrivesPrepared)
    states = {drive.serial: drive.status for drive in job.drives} if job else {}
    ours = [drive.serial for drive in prepared.drives] if prepared else []
    bad = [f"{serial} is {states.get(serial, 'not listed')}" for serial in ours if states.get(serial) != "Completed"]
    if ours and not bad:
        return None
    return f"not copied to the end: {', '.join(bad) or 'no drive'}; wait, or run `seeding reorder {run.run_id}`"


def the_datacenter_is_done_with_the_drives(run: Run) -> str | None:
    """The job is over or gone, its drives are on their way back, or none arrived: what will land has landed."""
    job = run.get(JobSeen)
    if job is None or not may_still_land(job) or "order-gone" in run.conditions:
        return None
    if job.stage in stages.ENDED_BADLY or has_come_to(run, "PreparingToShipFromAzureDC"):
        return None
    return (
        f"the datacenter still works on {run.job_name} (stage {job.stage}); wait until it is done: "
        f"then `seeding reorder {run.run_id}` brings only the drives that failed"
    )


def no_import_job_is_adopted(run: Run) -> str | None:
    """Never: which byte lies on which drive is known to the run that prepared them, and to nobody else."""
    return f"{run.job_name} is a job of own drives, which only the run that prepared them can follow; use the portal"


def the_import_job_is_gone(run: Run) -> str | None:
    """Azure deleted the import job, so one of the drives as they are may be created again."""
    if "import-job-gone" in run.conditions:
        return None
    return (
        f"import job {run.job_name} stands and describes the drives as they are; give the parcel to the carrier, "
        f"or run `seeding reorder {run.run_id}` for other drives"
    )


def has_come_to(run: Run, stage: str) -> bool:
    """Say whether this attempt's import job is at *stage* or one that comes later."""
    job = run.get(JobSeen)
    return job is not None and job.job_name == run.job_name and stages.has_come_to(job, stage, stages.DRIVE_STAGE_ORDER)


# fmt: off
OWN_DISK_PLAYBOOK: dict[str, tuple[Row, ...]] = {
    "planned": (
        Row("act",  "reserve-drives",  the_drives_are_reserved,        minutes(15), "the office's server"),
    ),
    "ordered": (
        Row("ask",  "reserve-drives",  somebody_allowed_formatting,    hours(24),   "the office",
            "Attach the allocated drives to the copy computer. They will be formatted: is nothing on them needed?",
            "seeding record {run} attached --serials SERIAL,SERIAL --yes"),
        Row("act",  "check-drives",    the_drives_are_fit,             minutes(15), "the copy computer"),
    ),
    "delivered": (
        Row("act",  "draw-sample",     c.a_sample_is_drawn,            minutes(15), "the office's server"),
        Row("act",  "copy",            g.every_item_is_on_the_device,  minutes(5),  "the agent's copy to staging"),
        Row("act",  "seal",            g.the_manifest_is_sealed,       minutes(5),  "the seal"),
        Row("act",  "prepare-drives",  the_drives_hold_the_seed,       minutes(5),  "the copy to the drives"),
        Row("act",  "create-import-job", the_import_job_exists,        minutes(5),  "Azure"),
    ),
    "copied": (
        Row("ask",  "watch-return",    the_parcel_has_a_number,        hours(24),   "the office",
            "Pack all drives of this run, and nothing else, in one parcel with a tracking number of its own."
            "{on_the_parcel} Give it to the carrier. What is its tracking number?",
            "seeding record {run} handed-over --carrier NAME --tracking NUMBER"),
        Row("act",  "mark-shipped",    azure_knows_the_parcel,         minutes(15), "Azure"),
    ),
    "shipped": (
        Row("look", "watch-ingestion", g.the_job_completed_cleanly,    hours(12),   "the carrier and the datacenter"),
        Row("look", "watch-ingestion", every_drive_was_copied,         hours(12),   "the datacenter"),
        Row("look", "watch-ingestion", g.the_copy_log_is_clean,        hours(2),    "the datacenter"),
        Row("act",  "reconcile",       g.the_account_equals_the_manifest, hours(2), "the comparison"),
    ),
}
# fmt: on
