"""The own-disk mode, from staging over drives and parcel to incrementals, and every way it must stop instead."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from journey_host import Journey, begun, flip_one_byte
from rehearsal_host import Rehearsal as Azure

from deploy.rehearse import answer, jump
from states.conditions import row_of
from states.facts import DrivesPrepared, DrivesReserved, JobSeen
from states.lifecycle import MILESTONES
from states.playbook import Ask
from states.refused import Refused
from states.run import Run
from tasks import answers

NAIROBI_BYTES = 20 * 1024 * 1024  # big enough for three of its drives
GOAL = "incremental-scheduled"


@pytest.fixture
def nairobi(rehearsal: Azure, tmp_path: Path) -> Iterator[Journey]:
    """The office with own drives alone: three carry its seed, one is spare."""
    started = begun(rehearsal, tmp_path / "home", ("nairobi",), NAIROBI_BYTES)
    yield Journey(started, rehearsal)
    started.journal.close()


def test_own_drives_take_the_seed_all_the_way(nairobi: Journey) -> None:
    """Three drives, one parcel, one job; every byte of the staging place is in the account."""
    (run,) = nairobi.play()

    prepared = run.get(DrivesPrepared)
    staging = Path(run.plan.own_disk.staging) if run.plan.own_disk else Path()
    assert [passage.state for passage in run.history] == list(MILESTONES[:-1]) and run.conditions == {}
    assert prepared and len(prepared.drives) == 3
    assert landed(nairobi, run) == {p.relative_to(staging).as_posix(): digest(p.read_bytes()) for p in files(staging)}
    stats = nairobi.rehearsal.control.stats()
    assert stats["orders"] == stats["shipment_marks"] == {run.job_name: 1}


def test_the_import_job_comes_after_the_copy_and_names_its_deadline(nairobi: Journey) -> None:
    """The job needs each drive's serial and manifest hash; from then on fourteen days run for the tracking number."""
    nairobi.until("nairobi", "ordered")
    before = nairobi.rehearsal.control.orders()
    run = nairobi.until("nairobi", "copied")
    nairobi.sweep()

    run = nairobi.run("nairobi")
    assert before == [] and [order["job"] for order in nairobi.rehearsal.control.orders()] == [run.job_name]
    assert "is deleted on 2026-11-16" in run.conditions["parcel-not-announced"].detail


def test_a_job_without_a_tracking_number_is_gone_after_fourteen_days_and_the_run_says_so(nairobi: Journey) -> None:
    """Row 62 of the trade's faults: the drives are not processed."""
    nairobi.until("nairobi", "copied")
    for _ in range(60):
        jump(nairobi.rehearsal)
        nairobi.sweep()
        if "order-gone" in nairobi.run("nairobi").conditions:
            break

    assert stopped(nairobi.run("nairobi"), "copied", "order-gone")


def test_a_lost_drive_is_ordered_again_with_its_share_alone(nairobi: Journey) -> None:
    """Row 70: the other drives' bytes have landed; the spare takes over what is missing, and the run ends well."""
    first = nairobi.until("nairobi", "copied").get(DrivesPrepared)
    assert first is not None
    lost = first.drives[1]
    job = nairobi.run("nairobi").job_name
    nairobi.rehearsal.control.add_faults({"world": "drive-missing", "job": job, "serial": lost.serial})
    run = play_on(nairobi)
    assert stopped(run, "shipped", "drive-failed")
    with pytest.raises(Refused, match="still works on"):
        answers.reorder(nairobi.world.book(run.run_id), "too early: the other drives have not landed yet")
    let_the_job_end(nairobi)
    answers.reorder(nairobi.world.book(run.run_id), "the carrier lost a drive")

    run = play_on(nairobi)

    second = run.get(DrivesPrepared)
    assert (run.state, run.attempt, run.conditions) == (GOAL, 2, {}) and second is not None
    assert [drive.bytes for drive in second.drives] == [lost.bytes]
    assert {drive.serial for drive in second.drives}.isdisjoint(drive.serial for drive in first.drives)
    assert landed(nairobi, run) == {
        path.relative_to(staging_of(run)).as_posix(): digest(path.read_bytes()) for path in files(staging_of(run))
    }


@pytest.mark.parametrize("harm", ["wrong-key", "damaged-range", "edited-manifest", "formatted", "not-in-the-parcel"])
def test_what_happens_to_a_drive_after_it_was_prepared_stops_the_run(nairobi: Journey, harm: str) -> None:
    """Rows 79 to 82: the datacenter's word for it becomes a condition with a remedy."""
    run = nairobi.until("nairobi", "copied")
    prepared = run.get(DrivesPrepared)
    assert prepared is not None
    hurt(drive_folder(nairobi, prepared.drives[0].serial), harm)

    run = play_on(nairobi)

    assert stopped(run, "shipped", "drive-failed")
    assert prepared.drives[0].serial in run.conditions["drive-failed"].detail


def test_an_extra_drive_in_the_parcel_changes_nothing(nairobi: Journey) -> None:
    """It comes back with the job it came with."""
    run = nairobi.until("nairobi", "copied")
    nairobi.rehearsal.control.add_drives([{"serial": "FOREIGN-1", "capacity_bytes": 1_000_000}])
    nairobi.rehearsal.control.add_faults({"world": "drive-extra", "job": run.job_name, "serial": "FOREIGN-1"})

    assert play_on(nairobi).state == GOAL


@pytest.mark.parametrize(
    ("mishap", "code"), [("account-not-accessible", "copy-halted"), ("parcel-lost", "drive-failed")]
)
def test_what_goes_wrong_on_the_way_is_a_condition(nairobi: Journey, mishap: str, code: str) -> None:
    """Rows 63 and 83: the run stays where it is and says what helps."""
    run = nairobi.until("nairobi", "shipped")
    nairobi.rehearsal.control.add_faults({"world": mishap, "job": run.job_name})

    assert stopped(play_on(nairobi), "shipped", code)


def test_a_refused_return_is_told_after_a_week(nairobi: Journey) -> None:
    """Row 72: the drives stay in the datacenter; the data is there all the same."""
    run = nairobi.until("nairobi", "shipped")
    nairobi.rehearsal.control.add_faults({"world": "return-refused", "job": run.job_name})
    for _ in range(40):
        nairobi.sweep()
        if "drives-not-returned" in nairobi.run("nairobi").conditions or not jump(nairobi.rehearsal):
            break

    assert "drives-not-returned" in nairobi.run("nairobi").conditions


@pytest.mark.parametrize("facts", [{"sector_bytes": 4096}, {"bus": "USB"}])
def test_a_drive_the_datacenter_cannot_read_is_refused_before_a_byte_is_written(nairobi: Journey, facts: dict) -> None:
    """Row 52: 4Kn sectors and casings."""
    run = nairobi.until("nairobi", "ordered")
    reserved = run.get(DrivesReserved)
    assert reserved is not None
    nairobi.rehearsal.control.add_drives([{"serial": reserved.serials[0], "capacity_bytes": 12_000_000, **facts}])

    run = play_on(nairobi)

    assert (
        stopped(run, "ordered", "drive-not-usable") and reserved.serials[0] in run.conditions["drive-not-usable"].detail
    )


def test_a_drive_that_holds_anything_is_never_formatted(nairobi: Journey) -> None:
    """Row 51: whatever the person said, what is on a drive is for a person to remove."""
    run = nairobi.until("nairobi", "ordered")
    reserved = run.get(DrivesReserved)
    assert reserved is not None
    row = {"serial": reserved.serials[0], "capacity_bytes": 12_000_000, "formatted": True, "volumes": 1}
    nairobi.rehearsal.control.add_drives([row])
    precious = drive_folder(nairobi, reserved.serials[0]) / "volume" / "holiday.jpg"
    precious.write_bytes(b"the only copy")

    run = play_on(nairobi)

    assert stopped(run, "delivered", "drive-not-usable") and precious.read_bytes() == b"the only copy"


def test_a_missing_key_stops_before_the_drive_is_encrypted(nairobi: Journey) -> None:
    """Row 57 from the other side: without a key that is kept, a drive could never be read again."""
    for name in [name for name in os.environ if name.startswith("SEEDING_KEY_")]:
        del os.environ[name]

    assert stopped(play_on(nairobi), "delivered", "key-missing")


def test_no_key_and_no_account_number_is_anywhere_in_what_the_product_wrote(nairobi: Journey) -> None:
    """BitLocker keys and the return carrier's account number: not in the journal, the archive, or beside the drives."""
    nairobi.play()
    secrets = [v for k, v in os.environ.items() if k.startswith(("SEEDING_KEY_", "SEEDING_RETURN_ACCOUNT"))]
    places = [nairobi.rehearsal.where.home, Path(nairobi.rehearsal.azure["drives"])]
    written = {path: path.read_bytes() for place in places for path in files(place)}

    assert len(secrets) == 5 and len(written) > 10
    assert [(path, secret[:2]) for path, text in written.items() for secret in secrets if secret.encode() in text] == []


def hurt(place: Path, harm: str) -> None:
    volume = place / "volume"
    match harm:
        case "wrong-key":
            facts = json.loads((place / "bitlocker.json").read_text())
            (place / "bitlocker.json").write_text(json.dumps({**facts, "hash": "0" * 64}))
        case "damaged-range":
            flip_one_byte(max((p for p in files(volume) if p.suffix != ".xml"), key=first_data))
        case "edited-manifest":
            manifest = volume / "DriveManifest.xml"
            manifest.write_text(manifest.read_text("utf-8") + " ")
        case "formatted":
            for path in files(volume):
                path.unlink()
        case "not-in-the-parcel":
            place.rename(place.with_name("left-on-the-desk"))
            (place.with_name("left-on-the-desk") / "drive.json").unlink()


def first_data(path: Path) -> int:
    """Bytes really on the drive: a blob's file is as long as the blob, and holds only this drive's ranges."""
    return path.stat().st_blocks


def play_on(nairobi: Journey) -> Run:
    """Play until the run stands at the goal or asks for something its people cannot answer; return it."""
    run_id = nairobi.run("nairobi").run_id
    for _ in range(80):
        step = nairobi.sweep([run_id])[0].step
        run = nairobi.run("nairobi")
        if run.state == GOAL or (isinstance(step, Ask) and step.code):
            return run
        if not (isinstance(step, Ask) and answer(nairobi.rehearsal, run)):
            jump(nairobi.rehearsal)
    raise AssertionError(f"nairobi is {run.state}, {run.conditions}, {run.get(JobSeen)}")


def let_the_job_end(nairobi: Journey) -> None:
    """Pass on while the run is blocked, until Azure is done with the job."""
    for _ in range(30):
        job = nairobi.run("nairobi").get(JobSeen)
        if job and job.stage.startswith("Completed"):
            return
        jump(nairobi.rehearsal)
        nairobi.sweep()
    raise AssertionError("the job never ended")


def stopped(run: Run, state: str, code: str) -> bool:
    return run.state == state and code in run.conditions and bool(row_of(code).remedy)


def staging_of(run: Run) -> Path:
    assert run.plan.own_disk is not None
    return Path(run.plan.own_disk.staging)


def drive_folder(nairobi: Journey, serial: str) -> Path:
    return Path(nairobi.rehearsal.azure["drives"]) / serial


def landed(nairobi: Journey, run: Run) -> dict[str, str]:
    assert run.plan.own_disk is not None
    container = nairobi.azure.blobs.get_container_client(run.plan.own_disk.container)
    return {blob.name: digest(container.download_blob(blob.name).readall()) for blob in container.list_blobs()}


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
