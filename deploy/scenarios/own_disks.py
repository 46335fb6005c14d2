"""Scenarios of the own-disk mode: the trade's faults 48 to 57, 62 to 64, 70, 72 and 79 to 83."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from deploy.rehearse import set_the_wizard
from deploy.scenarios.endings import (
    GIVEN_UP,
    REORDER,
    RESUME,
    chosen_in_the_portal,
    landed,
    nothing_blocks,
    person,
    waived,
)
from deploy.scenarios.harms import somebody_does, way_back_corrected
from deploy.scenarios.own_disk_harms import (
    OTHER_RUN,
    before_the_parcel_leaves,
    damaged_range,
    drive_says,
    edited_manifest,
    formatted,
    keys_lost,
    left_on_the_desk,
    mishap,
    not_encrypted,
    nothing,
    on_the_drive,
    policy_names_another_staging,
    prepared_and_forgotten,
    same_number_recorded_at_the_same_moment,
    staged_byte_flipped,
    staging_deleted,
)
from deploy.scenarios.own_disk_stage import IMAGE_BYTES, PERSON, Bench
from deploy.scenarios.scenario import Ending, Scenario
from deploy.scenarios.stage import must
from states.facts import Copied, DrivesReserved, FormatAllowed, JobSeen
from states.own_disk import has_come_to
from states.playbook import Do, next_step
from states.refused import Refused
from tasks import answers

OFFICE = "nairobi"


# ---- How it ends -----------------------------------------------------------------------------------------------


def copied_again(bench: Bench) -> None:
    """`resume` forgets the seal: the backup is written anew."""
    answers.resume(bench.book)
    run = bench.now_run
    anew = run.get(Copied) is None and run.get(FormatAllowed) and next_step(run, run.since, {}) == Do("copy")
    must(anew, f"resume does not copy again: {next_step(run, run.since, {})}")


def wizard_corrected(bench: Bench) -> None:
    """The policy names the staging place again, and the run goes on."""
    set_the_wizard(bench.rehearsal, bench.now_run, own_disk=bench.own)
    resumed(bench)


def resumed(bench: Bench) -> None:
    """The cause is mended; `resume` goes on."""
    answers.resume(bench.book)
    bench.passed("copied")
    nothing_blocks(bench)


def emptied(bench: Bench) -> None:
    """Nobody wrote to the drive; once a person has emptied it, it is used."""
    (left,) = (bench.folder() / "volume").iterdir()
    must(left.read_text() == "the only copy", f"{left.name} was written to")
    left.unlink()
    resumed(bench)


def swapped(bench: Bench) -> None:
    """With a proper drive in its place the run goes on."""
    bench.describe(sector_bytes=512)
    resumed(bench)


def another_session(bench: Bench) -> None:
    """A new attempt has a job of another name, and with it a session of its own."""
    before = bench.now_run.job_name
    run = answers.reorder(bench.book, "the drives hold an older seed")
    must(run.job_name != before, f"{before} is used again")


def shorter_name(bench: Bench) -> None:
    """The name is mended at its source: the seal no longer fits, and the backup is written anew."""
    bench.staged(0).rename(bench.staged(0).with_name("short.AIBBlob"))
    answers.resume(bench.book)
    bench.until_condition("device-differs")
    copied_again(bench)


def keys_found(bench: Bench) -> None:
    """The keys are put back."""
    bench.put_back_keys()
    resumed(bench)


def job_made_again(bench: Bench) -> None:
    """The drives are not touched: the same manifests, a job of the same name, and the parcel may go."""
    before, orders = bench.prepared(), bench.control.orders()
    answers.reopen(bench.book, "Azure deleted the job")
    run = bench.passed("copied")
    must(orders == [] and [order["job"] for order in bench.control.orders()] == [run.job_name], "no job of that name")
    must(bench.prepared() == before, "the drives were prepared anew")
    nothing_blocks(bench)


def parcel_found(bench: Bench) -> None:
    """The parcel turns up at the datacenter: nobody types anything."""
    bench.control.add_faults({"world": "parcel-found", "job": bench.now_run.job_name})
    landed(bench)


def another_number(bench: Bench) -> None:
    """The number of the other run is refused once more, a number of its own is taken."""
    try:
        answers.handed_over(bench.book, PERSON, "DHL Express", "JD 0001")
    except Refused as refused:
        must(OTHER_RUN in str(refused), f"the refusal does not name {OTHER_RUN}: {refused}")
    else:
        must(False, "the number of the other run was taken")
    answers.handed_over(bench.book, PERSON, "DHL", "JD0002")
    run = bench.passed("shipped")
    job = run.get(JobSeen)
    must(job and job.tracking_back == "JD0002", "Azure does not know the number")
    nothing_blocks(bench)


def all_drives_again(bench: Bench) -> None:
    """The source still has everything; the next attempt takes the spare drives."""
    run = answers.reorder(bench.book, "the carrier lost the parcel")
    must((run.landed_drives, run.lost_drives) == ({}, bench.serials), f"lost: {run.lost_drives}")
    reserved = bench.passed("ordered").get(DrivesReserved)
    must(reserved and set(reserved.serials).isdisjoint(bench.serials), "a lost drive is planned again")


def its_share_again(bench: Bench) -> None:
    """Once the job is done with the others, a reorder brings this drive's share alone, on another drive."""
    if not has_come_to(bench.now_run, "PreparingToShipFromAzureDC"):
        bench.let_happen(PACKED)
        bench.sweep()
    run = answers.reorder(bench.book, "a drive failed")
    must(run.lost_drives == (bench.serials[0],), f"lost: {run.lost_drives}")
    must(run.landed_drives == {bench.serials[1]: IMAGE_BYTES}, f"landed: {run.landed_drives}")


def way_back_taken(bench: Bench) -> None:
    """Corrected in the portal; the data is there all the same, and the run goes on."""
    way_back_corrected(bench)
    landed(bench)


def parcel_astray(bench: Bench) -> None:
    """Nothing is heard of the parcel for twelve days."""
    mishap("parcel-lost")(bench)
    bench.let_pass(timedelta(days=12))


def watched(bench: Bench) -> None:
    """The parcel is on its way, and everything was looked at once, a day before the fault."""
    bench.shipped()
    bench.sweep()
    bench.let_pass(timedelta(days=1))


B = Bench
sent = before_the_parcel_leaves
READ, PACKED, HALTED = "bytes uploaded", "PreparingToShip", "the copy has halted"
LATE, DELETED = "not received within 14 days", "no tracking number came"
COPIED_AGAIN = person(copied_again, "delivered")
SHARE = person(its_share_again, "planned", 2)
ALL = person(all_drives_again, "ordered", 2)
EMPTIED = person(emptied, "copied")
S = partial(Scenario, office=OFFICE)


def drive_fails(row: int, what: str, status: str, code: str = "drive-failed") -> Scenario:
    """Return the scenario of a drive that the datacenter reports with that word."""
    harm = mishap("drive-fails", of_a_drive=True, status=status)
    return S((row,), code, what, B.shipped, harm, "shipped", REORDER, SHARE, says=status, happens=READ)


# fmt: off
OWN_DISKS = (
    S((48,), "device-differs", "staging was changed before the drives were written", B.sealed, staged_byte_flipped,
      "delivered", RESUME, COPIED_AGAIN, says="staging place"),
    S((48,), "device-differs", "staging was deleted before the drives were written", B.sealed, staging_deleted,
      "delivered", RESUME, COPIED_AGAIN, says="staging place"),
    S((49,), "agent-refuses", "the policy names another staging place", B.attached, policy_names_another_staging,
      "delivered", RESUME, person(wizard_corrected, "copied"), says="elsewhere"),
    S((51,), "drive-not-usable", "the drive holds something", B.sealed, on_the_drive("holiday.jpg"),
      "delivered", RESUME, EMPTIED, says="holiday.jpg"),
    S((52,), "drive-not-usable", "the drive on the desk is 4Kn", B.ordered, drive_says(sector_bytes=4096),
      "ordered", RESUME, person(swapped, "copied"), says="4,096"),
    S((53,), "drive-not-usable", "the drive carries another session's manifest", B.sealed,
      on_the_drive("DriveManifest.xml"), "delivered", RESUME, EMPTIED, says="DriveManifest.xml"),
    S((54,), "drive-not-usable", "the session stands for an older seed", B.sealed, prepared_and_forgotten,
      "delivered", "seeding explain", person(another_session, "planned", 2), says="session"),
    S((55,), "source-not-readable", "a path is longer than 256 characters", partial(B.sealed, stem="x" * 232), nothing,
      "delivered", RESUME, person(shorter_name, "delivered"), says="characters"),
    S((57,), "key-missing", "the keys are lost after the drives were written", B.sealed, keys_lost,
      "delivered", RESUME, person(keys_found, "copied"), says="WD-WCC7K0001"),
    S((62,), "import-job-gone", "no tracking number came within fourteen days", B.copied, nothing,
      "copied", "seeding reopen", person(job_made_again, "copied"), happens=DELETED, answering=False),
    S((63,), "drive-not-received", "the parcel does not arrive, and turns up", B.shipped, mishap("parcel-lost"),
      "shipped", "ask the carrier", Ending("goes on by itself", parcel_found, "ingested"), happens=LATE),
    S((63,), "drive-not-received", "the parcel does not arrive at all", B.shipped, mishap("parcel-lost"),
      "shipped", REORDER, ALL, happens=LATE),
    S((63,), "drive-not-received", "one drive is not in the parcel", B.shipped, left_on_the_desk,
      "shipped", REORDER, SHARE, happens=READ),
    S((68,), "parcel-overdue", "the parcel goes to another datacenter and is sent on", B.shipped, parcel_astray,
      "shipped", "ask the carrier", Ending("goes on by itself", parcel_found, "ingested")),
    S((64,), "parcel-number-taken", "two parcels have one number", B.copied, same_number_recorded_at_the_same_moment,
      "copied", "seeding record", person(another_number, "shipped"), says=OTHER_RUN),
    S((70,), "device-lost", "the carrier lost every drive", B.shipped, mishap("device-lost"),
      "shipped", REORDER, ALL),
    S((70,), "device-lost", "the carrier lost every drive, and the run is given up", B.shipped, mishap("device-lost"),
      "shipped", REORDER, GIVEN_UP),
    S((72,), "drives-not-returned", "the return account is not valid", B.shipped, mishap("return-refused"),
      "shipped", "correct the return carrier", person(way_back_taken, "ingested"), happens=PACKED),
    drive_fails(79, "the drive is corrupted", "DriveCorrupted"),
    drive_fails(79, "the drive itself fails", "HardwareError"),
    drive_fails(79, "the drive is not detected", "DriveNotDetected"),
    S((79,), "drive-failed", "a range of the drive is damaged", B.copied, sent(damaged_range),
      "shipped", REORDER, SHARE, says="Failed", happens=PACKED),
    S((80,), "drive-locked", "the job names another key", B.copied, sent(B.with_other_key),
      "shipped", "the right key", SHARE, says="BitLockerKeyInvalid", happens=READ),
    S((80,), "drive-locked", "the drive is not encrypted", B.copied, sent(not_encrypted),
      "shipped", "the right key", SHARE, says="BitLockerVolumeNotFound", happens=READ),
    S((81,), "drive-changed", "the drive's manifest was edited", B.copied, sent(edited_manifest),
      "shipped", REORDER, SHARE, says="MetadataFilesModifiedOrRemoved", happens=READ),
    S((81,), "drive-changed", "the drive was formatted", B.copied, sent(formatted),
      "shipped", REORDER, SHARE, says="DeviceFormatted", happens=READ),
    drive_fails(81, "the drive's metadata was changed", "DeviceMetadataModified", "drive-changed"),
    S((82,), "drive-failed", "the drive's file system is not NTFS", B.copied, sent(drive_says(filesystem="exFAT")),
      "shipped", REORDER, SHARE, says="UnsupportedDrive", happens=READ),
    drive_fails(82, "the drive's data is not supported", "UnsupportedData"),
    S((83,), "account-key-changed", "an account key is changed while the drives travel", watched,
      somebody_does("keys-rotated"), "shipped", "seeding waive", waived("account-key-changed", "ingested")),
    S((48,), "staging-lost", "staging is deleted while the drives travel", watched, staging_deleted,
      "shipped", "put it back", Ending("goes on by itself", landed, "ingested")),
    S((83,), "copy-halted", "the storage account cannot be reached", B.shipped, mishap("account-not-accessible"),
      "shipped", "choose Resume", person(chosen_in_the_portal, "ingested"), happens=HALTED),
)
# fmt: on
