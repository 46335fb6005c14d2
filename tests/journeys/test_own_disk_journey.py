"""One own-disk seeding from plan to incrementals, in which a drive is lost on the way; played once, looked at here."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from journey_host import Journey, begun
from rehearsal_host import Rehearsal as Azure

from deploy.rehearse import GOAL, answer, jump
from states.facts import DrivesPrepared, JobFiled, JobSeen
from states.lifecycle import MILESTONES
from states.playbook import Ask
from states.refused import Refused
from states.run import Run
from tasks import answers

pytestmark = pytest.mark.slow
NAIROBI_BYTES = 20 * 1024 * 1024  # big enough for three of its drives


@dataclass
class Played:
    """The journey at its end: the run, how its first attempt was prepared, and what lies in the account."""

    journey: Journey
    run: Run
    first: DrivesPrepared
    refused_too_early: str
    landed: dict[str, str]

    @property
    def staging(self) -> Path:
        assert self.run.plan.own_disk is not None
        return Path(self.run.plan.own_disk.staging)


@pytest.fixture(scope="module")
def played(running_rehearsal: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Three drives of nairobi carry its seed; the second is not in the parcel, and the spare one takes its share."""
    running_rehearsal.control.reset()
    home = tmp_path_factory.mktemp("own") / "home"
    journey = Journey(begun(running_rehearsal, home, ("nairobi",), NAIROBI_BYTES), running_rehearsal)
    first = journey.until("nairobi", "copied").get(DrivesPrepared)
    assert first is not None
    job = journey.run("nairobi").job_name
    lost = {"world": "drive-missing", "job": job, "serial": first.drives[1].serial}
    journey.rehearsal.control.add_faults(lost)
    play_on(journey)
    with pytest.raises(Refused) as too_early:
        answers.reorder(journey.world.book(journey.run("nairobi").run_id), "the other drives have not landed yet")
    let_the_job_end(journey)
    answers.reorder(journey.world.book(journey.run("nairobi").run_id), "the carrier lost a drive")
    run = play_on(journey)
    yield Played(journey, run, first, str(too_early.value), landed(journey, run))
    journey.rehearsal.journal.close()
    journey.world.journal.close()


def test_a_lost_drive_is_ordered_again_with_its_share_alone_and_the_run_ends_well(played: Played) -> None:
    """Row 70: the others' bytes have landed and stay; nothing is ordered again while the datacenter still works."""
    first, second = played.first, played.run.get(DrivesPrepared)

    assert (played.run.state, played.run.attempt, played.run.conditions) == (GOAL, 2, {}) and second is not None
    assert len(first.drives) == 3 and [drive.bytes for drive in second.drives] == [first.drives[1].bytes]
    assert {drive.serial for drive in second.drives}.isdisjoint(drive.serial for drive in first.drives)
    assert "still works on" in played.refused_too_early


def test_every_byte_of_the_staging_place_is_in_the_account(played: Played) -> None:
    """Two jobs brought it; nothing is missing, changed or left over."""
    assert played.landed == {p.relative_to(played.staging).as_posix(): digest(p) for p in files(played.staging)}
    stats = played.journey.rehearsal.control.stats()
    assert stats["orders"] == stats["shipment_marks"] == dict.fromkeys(played.run.job_names, 1)


def test_the_second_attempt_walks_every_milestone_again(played: Played) -> None:
    """No state is skipped, and the journal is whole."""
    second = [passage.state for passage in played.run.history if passage.attempt == 2]

    assert second == list(MILESTONES[:-1])
    assert played.journey.rehearsal.journal.check(played.run.run_id) == played.run.seq


def test_no_key_and_no_account_number_is_anywhere_in_what_the_product_wrote(played: Played) -> None:
    """BitLocker keys and the return carrier's account number: not in the journal, the archive, or beside the drives."""
    secrets = [v for k, v in os.environ.items() if k.startswith(("SEEDING_KEY_", "SEEDING_RETURN_ACCOUNT"))]
    places = [played.journey.rehearsal.where.home, Path(played.journey.rehearsal.azure["drives"])]
    written = {path: path.read_bytes() for place in places for path in files(place)}

    assert len(secrets) == 5 and len(written) > 10
    assert [(path, secret[:2]) for path, text in written.items() for secret in secrets if secret.encode() in text] == []


def test_the_jobs_record_is_still_there_when_azure_has_deleted_it(played: Played) -> None:
    """Ninety days after its end the job is gone; its whole record is in the archive, as the journal's digest says."""
    filed = played.run.get(JobFiled)
    assert filed is not None
    kept = played.journey.rehearsal.where.archive.joinpath(played.run.run_id.replace("/", "_"), filed.file).read_bytes()
    record = json.loads(kept)
    first_jobs = sorted(path.name for path in played.journey.rehearsal.where.archive.rglob("*-job-*.json"))

    played.journey.let_happen(f"{played.run.job_name}: the record was removed")

    assert played.run.job_name not in [order["job"] for order in played.journey.rehearsal.control.orders()]
    assert hashlib.sha256(kept).hexdigest() == filed.digest and filed.job_name == played.run.job_name
    assert record["properties"]["status"] == "Completed" and record["tags"]["seeding-run"] == played.run.run_id
    (drive,) = record["properties"]["details"]["importDiskDetailsCollection"].values()
    assert not drive.get("bitLockerKey") and drive["manifestHash"]
    assert len(first_jobs) == 2 and first_jobs[0].startswith(played.run.job_names[0])


def play_on(journey: Journey) -> Run:
    """Play until the run stands at the goal or asks for something its people cannot answer; return it."""
    for _ in range(80):
        step = journey.sweep()[0].step
        run = journey.run("nairobi")
        if run.state == GOAL or (isinstance(step, Ask) and step.code):
            return run
        if not (isinstance(step, Ask) and answer(journey.rehearsal, run)):
            jump(journey.rehearsal)
    raise AssertionError(f"nairobi is {run.state}, {run.conditions}, {run.get(JobSeen)}")


def let_the_job_end(journey: Journey) -> None:
    """Pass on while the run is blocked, until Azure is done with the job."""
    for _ in range(30):
        job = journey.run("nairobi").get(JobSeen)
        if job and job.stage.startswith("Completed"):
            return
        jump(journey.rehearsal)
        journey.sweep()
    raise AssertionError("the job never ended")


def landed(journey: Journey, run: Run) -> dict[str, str]:
    """What lies in the seed's container: name and hash of each blob."""
    assert run.plan.own_disk is not None
    container = journey.azure.blobs.get_container_client(run.plan.own_disk.container)
    blobs = [(blob.name, container.download_blob(blob.name).readall()) for blob in container.list_blobs()]
    return {name: hashlib.sha256(data).hexdigest() for name, data in blobs}


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
