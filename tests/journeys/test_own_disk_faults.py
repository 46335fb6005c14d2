"""Every fault of the own-disk mode that the trade's catalogue lists: its row, what goes wrong, and what the run does.

The rows are numbered as in the product's facts of the trade (faults 48 to 57, 62 to 65, 70, 72, 79 to 83). A row AtPlan
is found before anything happens; a row AtWork is played on the rehearsal Azure from the state in which it strikes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from own_bench import PERSON, Bench
from own_harm import (
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
from own_stories import OWN_PLAN
from rehearsal_host import Rehearsal as Azure

from deploy.data import limits
from deploy.rehearse import set_the_wizard
from states.conditions import row_of
from states.facts import Copied, DrivesPrepared, DrivesReserved, FormatAllowed, JobSeen, Sealed, Verified
from states.own_disk import has_come_to
from states.plan import Drive
from states.planning import problems
from states.playbook import Do, next_step
from tasks import answers
from tasks.perform import perform

ROWS = {*range(48, 58), *range(62, 66), 70, 72, *range(79, 84)}


@dataclass(frozen=True)
class AtPlan:
    """A fault the plan shows: changes to a good plan, the problem's code, and words of what helps."""

    row: int
    what: str
    changes: dict
    code: str
    helps: str


@dataclass(frozen=True)
class AtWork:
    """A fault that strikes in a state: who misbehaves how, the condition, where the run stands, and how it ends.

    *helps* are words of what the run tells people to do or type; *happens* is what time brings before it can be seen.
    """

    row: int
    what: str
    start: Callable[[Bench], object]
    harm: Callable[[Bench], object]
    code: str
    state: str
    helps: str
    ends: Callable[[Bench], object]
    detail: str = ""
    happens: str = ""
    office_answers: bool = True


# ---- How it ends -----------------------------------------------------------------------------------------------


def the_seed_is_copied_again(bench: Bench) -> None:
    """`resume` forgets the seal: the backup is written anew."""
    answers.resume(bench.world.book(bench.now_run.run_id))
    run = bench.now_run

    assert run.get(Copied) is None and run.get(FormatAllowed) and next_step(run, run.since, {}) == Do("copy")


def a_good_wizard_lets_it_go_on(bench: Bench) -> None:
    set_the_wizard(bench.rehearsal, bench.now_run, own_disk=bench.own)
    resumed(bench, "copied")


def resumed(bench: Bench, state: str) -> None:
    """The cause is mended; `resume` goes on to that state."""
    answers.resume(bench.world.book(bench.now_run.run_id))
    bench.passed(state)
    assert not blocking(bench)


def emptied(bench: Bench) -> None:
    """Nobody wrote to the drive; once a person has emptied it, it is used."""
    (left,) = (bench.folder() / "volume").iterdir()
    assert left.read_text() == "the only copy"
    left.unlink()
    resumed(bench, "copied")


def swapped(bench: Bench) -> None:
    """With a proper drive in its place the run goes on."""
    bench.describe(sector_bytes=512)
    resumed(bench, "copied")


def another_session(bench: Bench) -> None:
    """A new attempt has a job of another name, and with it a session of its own."""
    before = bench.now_run.job_name
    run = answers.reorder(bench.world.book(bench.now_run.run_id), "the drives hold an older seed")

    assert (run.state, run.attempt) == ("planned", 2) and run.job_name != before


def shorter_name(bench: Bench) -> None:
    """The name is mended at its source: the seal no longer fits, and the backup is written anew."""
    bench.staged(0).rename(bench.staged(0).with_name("short.AIBBlob"))
    answers.resume(bench.world.book(bench.now_run.run_id))
    bench.until_condition("device-differs")
    the_seed_is_copied_again(bench)


def keys_found(bench: Bench) -> None:
    bench.put_back_keys()
    resumed(bench, "copied")


def the_job_is_made_again(bench: Bench) -> None:
    """The drives are not touched: the same manifests, a job of the same name, and the parcel may go."""
    before, orders = bench.prepared(), bench.control.orders()
    answers.reopen(bench.world.book(bench.now_run.run_id), "Azure deleted the job")
    run = bench.passed("copied")

    assert orders == [] and [order["job"] for order in bench.control.orders()] == [run.job_name]
    assert run.get(DrivesPrepared) == before and not blocking(bench)


def the_parcel_turns_up(bench: Bench) -> None:
    bench.control.add_faults({"world": "parcel-found", "job": bench.now_run.job_name})
    bench.let_happen(": Completed")
    bench.until_state("ingested")
    assert not blocking(bench)


def another_number(bench: Bench) -> None:
    """The number of the other run is refused once more, a number of its own is taken."""
    from states.refused import Refused

    with pytest.raises(Refused, match="leeds-2026-11"):
        answers.handed_over(bench.world.book(bench.now_run.run_id), PERSON, "DHL Express", "JD 0001")
    answers.handed_over(bench.world.book(bench.now_run.run_id), PERSON, "DHL", "JD0002")
    bench.passed("shipped")
    assert not blocking(bench) and bench.now_run.get(JobSeen).tracking_back == "JD0002"


def all_drives_again(bench: Bench) -> None:
    """The source still has everything; the next attempt takes the spare drives."""
    run = answers.reorder(bench.world.book(bench.now_run.run_id), "the carrier lost the parcel")
    assert (run.landed_drives, run.lost_drives) == ({}, bench.serials)
    run = bench.passed("ordered")

    assert set(run.get(DrivesReserved).serials).isdisjoint(bench.serials)


def its_share_again(bench: Bench) -> None:
    """Once the job is done with the others, a reorder brings this drive's share alone, on another drive."""
    if not has_come_to(bench.now_run, "PreparingToShipFromAzureDC"):
        bench.let_happen(PACKED)
        bench.sweep()
    run = answers.reorder(bench.world.book(bench.now_run.run_id), "a drive failed")

    assert (run.state, run.attempt, run.lost_drives) == ("planned", 2, (bench.serials[0],))
    assert run.landed_drives == {bench.serials[1]: 768 * 1024}


def the_way_back_is_corrected(bench: Bench) -> None:
    """In the portal; the data is there all the same, and the run goes on."""
    back = {"returnToCustomerPackageDetails": {"carrierName": "FedEx", "carrierAccountNumber": "GOOD-1"}}
    job, azure = bench.now_run.job_name, bench.azure
    azure.databox.jobs.begin_update(azure.group, job, {"properties": {"details": back}}).result()
    bench.let_happen(": Completed")
    bench.until_state("ingested")
    assert bench.now_run.conditions.keys() <= {"schedule-paused"}


def azure_resumes(bench: Bench) -> None:
    """A person chose Resume in the portal; we never choose for them."""
    azure = bench.azure
    azure.databox.mitigate(bench.now_run.job_name, azure.group, {"customerResolutionCode": "Resume"})
    bench.let_happen(": Completed")
    bench.until_state("ingested")
    assert not blocking(bench)


def blocking(bench: Bench) -> list[str]:
    """The conditions that block the run, but for the agent's schedule, which this bench never sets."""
    return [c for c in bench.now_run.conditions if row_of(c).severity == "blocks" and c != "schedule-paused"]


B = Bench
REORDER, RESUME = "seeding reorder", "seeding resume"
READ, PACKED, HALTED = "bytes uploaded", "PreparingToShip", "the copy has halted"
LATE, DELETED = "not received within 14 days", "no tracking number came"
TB = 10**12
own = partial(replace, OWN_PLAN.own_disk)
# fmt: off
FAULTS = (
    AtWork(48, "staging was changed before the drives were written", B.sealed, staged_byte_flipped,
           "device-differs", "delivered", RESUME, the_seed_is_copied_again, detail="staging place"),
    AtWork(48, "staging was deleted before the drives were written", B.sealed, staging_deleted,
           "device-differs", "delivered", RESUME, the_seed_is_copied_again, detail="staging place"),
    AtWork(49, "the policy names another staging place", B.attached, policy_names_another_staging,
           "agent-refuses", "delivered", RESUME, a_good_wizard_lets_it_go_on, detail="elsewhere"),
    AtPlan(50, "the copy computer is the virtual backup server", dict(own_disk=own(copy_computer="")),
           "copy-computer-virtual", "name a physical machine"),
    AtWork(51, "the drive holds something", B.sealed, on_the_drive("holiday.jpg"),
           "drive-not-usable", "delivered", RESUME, emptied, detail="holiday.jpg"),
    AtPlan(52, "a 4Kn drive is planned", dict(own_disk=own(drives=(Drive("A", 8 * TB, 4096),))),
           "drive-4kn", "512-byte logical sectors"),
    AtPlan(52, "a drive in a USB casing is planned", dict(own_disk=own(drives=(Drive("A", 8 * TB, bus="USB"),))),
           "drive-bus", "bare SATA drive"),
    AtWork(52, "the drive on the desk is 4Kn", B.ordered, drive_says(sector_bytes=4096),
           "drive-not-usable", "ordered", RESUME, swapped, detail="4,096"),
    AtWork(53, "the drive carries another session's manifest", B.sealed, on_the_drive("DriveManifest.xml"),
           "drive-not-usable", "delivered", RESUME, emptied, detail="DriveManifest.xml"),
    AtWork(54, "the session stands for an older seed", B.sealed, prepared_and_forgotten,
           "drive-not-usable", "delivered", "seeding explain", another_session, detail="session"),
    AtWork(55, "a path is longer than 256 characters", partial(B.sealed, stem="x" * 232), nothing,
           "source-not-readable", "delivered", RESUME, shorter_name, detail="characters"),
    AtWork(57, "the keys are lost after the drives were written", B.sealed, keys_lost,
           "key-missing", "delivered", RESUME, keys_found, detail="WD-WCC7K0001"),
    AtWork(62, "no tracking number within fourteen days", B.copied, nothing,
           "import-job-gone", "copied", "seeding reopen", the_job_is_made_again, office_answers=False, happens=DELETED),
    AtWork(63, "the parcel does not arrive, and turns up", B.shipped, mishap("parcel-lost"),
           "drive-not-received", "shipped", "ask the carrier", the_parcel_turns_up, happens=LATE),
    AtWork(63, "the parcel does not arrive at all", B.shipped, mishap("parcel-lost"),
           "drive-not-received", "shipped", REORDER, all_drives_again, happens=LATE),
    AtWork(63, "one drive is not in the parcel", B.shipped, left_on_the_desk,
           "drive-not-received", "shipped", REORDER, its_share_again, happens=READ),
    AtWork(64, "two parcels have one number", B.copied, same_number_recorded_at_the_same_moment,
           "parcel-number-taken", "copied", "seeding record", another_number, detail="leeds-2026-11"),
    AtPlan(65, "the gate of Germany wants an Inbound ID", dict(country="DE", location="germanywestcentral"),
           "gate-code", "adbops@microsoft.com"),
    AtPlan(65, "the gate of Australia does", dict(country="AU", location="australiaeast"), "gate-code", "adbops"),
    AtPlan(65, "the gate of India wants the driver's papers", dict(country="IN", location="centralindia"),
           "gate-code", "the carrier"),
    AtWork(70, "the carrier lost every drive", B.shipped, mishap("device-lost"),
           "device-lost", "shipped", REORDER, all_drives_again),
    AtWork(72, "the return account is not valid", B.shipped, mishap("return-refused"),
           "drives-not-returned", "shipped", "correct the return carrier", the_way_back_is_corrected, happens=PACKED),
    AtWork(79, "the drive is corrupted", B.shipped, mishap("drive-fails", True, status="DriveCorrupted"),
           "drive-failed", "shipped", REORDER, its_share_again, detail="DriveCorrupted", happens=READ),
    AtWork(79, "the drive fails", B.shipped, mishap("drive-fails", True, status="HardwareError"),
           "drive-failed", "shipped", REORDER, its_share_again, detail="HardwareError", happens=READ),
    AtWork(79, "the drive is not detected", B.shipped, mishap("drive-fails", True, status="DriveNotDetected"),
           "drive-failed", "shipped", REORDER, its_share_again, detail="DriveNotDetected", happens=READ),
    AtWork(79, "a range of it is damaged", B.copied, damaged_range,
           "drive-failed", "shipped", REORDER, its_share_again, detail="Failed", happens=PACKED),
    AtWork(80, "the job names another key", B.copied, B.with_other_key,
           "drive-locked", "shipped", "the right key", its_share_again, detail="BitLockerKeyInvalid", happens=READ),
    AtWork(80, "the drive is not encrypted", B.copied, not_encrypted,
           "drive-locked", "shipped", "the right key", its_share_again, detail="BitLockerVolumeNotFound", happens=READ),
    AtWork(81, "its manifest was edited", B.copied, edited_manifest,
           "drive-changed", "shipped", REORDER, its_share_again, detail="MetadataFilesModifiedOrRemoved", happens=READ),
    AtWork(81, "it was formatted", B.copied, formatted,
           "drive-changed", "shipped", REORDER, its_share_again, detail="DeviceFormatted", happens=READ),
    AtWork(81, "its metadata was changed", B.shipped, mishap("drive-fails", True, status="DeviceMetadataModified"),
           "drive-changed", "shipped", REORDER, its_share_again, happens=READ),
    AtWork(82, "its file system is not NTFS", B.copied, drive_says(filesystem="exFAT"),
           "drive-failed", "shipped", REORDER, its_share_again, detail="UnsupportedDrive", happens=READ),
    AtWork(82, "its data is not supported", B.shipped, mishap("drive-fails", True, status="UnsupportedData"),
           "drive-failed", "shipped", REORDER, its_share_again, detail="UnsupportedData", happens=READ),
    AtWork(83, "the storage account cannot be reached", B.shipped, mishap("account-not-accessible"),
           "copy-halted", "shipped", "choose Resume", azure_resumes, happens=HALTED),
)
# fmt: on
PLAYED_ELSEWHERE = {56: "test_a_drive_with_more_than_2_mb_of_manifest_needs_no_other_way"}


@pytest.fixture
def bench(rehearsal: Azure, tmp_path: Path) -> Iterator[Bench]:
    """An office with own drives, planned, on a rehearsal Azure as on its first day."""
    made = Bench(rehearsal, tmp_path / "home")
    yield made
    made.close()


def test_every_row_of_the_catalogue_that_concerns_own_disks_is_played():
    """A row that is dropped from the table is missed."""
    assert {fault.row for fault in FAULTS} | set(PLAYED_ELSEWHERE) == ROWS
    assert all(name in globals() for name in PLAYED_ELSEWHERE.values())


@pytest.mark.parametrize(
    "fault", [f for f in FAULTS if isinstance(f, AtPlan)], ids=lambda fault: f"{fault.row}: {fault.what}"
)
def test_a_fault_of_the_plan_is_found_before_anything_happens(fault: AtPlan):
    """With what to do about it."""
    found = {problem.code: problem for problem in problems(replace(OWN_PLAN, **fault.changes), limits())}

    assert fault.code in found and fault.helps in found[fault.code].next


@pytest.mark.parametrize(
    "fault", [f for f in FAULTS if isinstance(f, AtWork)], ids=lambda fault: f"{fault.row}: {fault.what}"
)
def test_a_fault_at_work_stops_or_warns_with_what_helps_and_ends_well(bench: Bench, fault: AtWork):
    """The condition stands where the run is, names what happened and what to type; then that is done."""
    fault.start(bench)
    fault.harm(bench)
    if fault.state == "shipped":
        bench.handed_over()
    if fault.happens:
        bench.let_happen(fault.happens)

    run = bench.until_condition(fault.code, answering=fault.office_answers)

    remedy = row_of(fault.code).remedy.format(run=run.run_id)
    assert run.state == fault.state and fault.helps in remedy
    assert fault.detail in run.conditions[fault.code].detail
    fault.ends(bench)
    assert bench.rehearsal.journal.check(run.run_id) == bench.now_run.seq


def test_a_drive_with_more_than_2_mb_of_manifest_needs_no_other_way(bench: Bench):
    """Row 56: the portal refuses journals above 2 MB; the job we make is told path and hash of the manifest alone."""
    bench.sealed()
    book = bench.world.book(bench.now_run.run_id)
    prepared = next(f for f in perform("prepare-drives", book, bench.world.site_of(book.run.plan)).evidence)
    manifest = bench.folder() / "volume" / "DriveManifest.xml"
    manifest.write_bytes(manifest.read_bytes() + b"\n" * 2_200_000)
    longer = hashlib.md5(manifest.read_bytes()).hexdigest().upper()
    drives = (replace(prepared.drives[0], manifest_hash=longer), *prepared.drives[1:])
    sealed = bench.now_run.get(Sealed)
    bench.told("prepare-drives", replace(prepared, drives=drives), Verified(sealed.digest, sealed.files, sealed.bytes))
    bench.passed("copied")
    answers.handed_over(bench.world.book(bench.now_run.run_id), PERSON, "DHL", "JD0001")

    run = bench.until_state("ingested")

    assert not blocking(bench) and run.get(JobSeen).stage == "Completed"
