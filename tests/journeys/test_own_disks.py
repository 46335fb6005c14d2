"""The own-disk mode from its drives to the ingestion: what goes well, on a run that begins where the test needs it.

Faults are rows of deploy/scenarios; one whole seeding, with a lost drive, is in test_own_disk_journey.py.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from own_bench import IMAGE_BYTES, PERSON, Bench
from own_stories import lines_to
from rehearsal_host import Rehearsal as Azure

from deploy.cli.app import app
from states.facts import JobFiled, JobSeen, Sealed, Verified
from states.refused import Refused
from tasks import answers
from tasks.perform import perform


@pytest.fixture
def bench(rehearsal: Azure, tmp_path: Path) -> Iterator[Bench]:
    """An office with own drives, planned, on a rehearsal Azure as on its first day."""
    made = Bench(rehearsal, tmp_path / "home")
    yield made
    made.close()


def test_two_drives_bring_the_seed_and_an_extra_drive_in_the_parcel_changes_nothing(bench: Bench) -> None:
    """One parcel, one job, one mark; every byte lands; what came along goes back with the others."""
    run = bench.shipped()
    bench.control.add_drives([{"serial": "FOREIGN-1", "capacity_bytes": 1_000_000}])
    bench.control.add_faults({"world": "drive-extra", "job": run.job_name, "serial": "FOREIGN-1"})

    bench.let_happen(": Completed")
    run = bench.until_state("ingested")

    stats = bench.control.stats()
    assert stats["orders"] == stats["shipment_marks"] == {run.job_name: 1}
    container = bench.azure.blobs.get_container_client(bench.own.container)
    assert [blob.size for blob in container.list_blobs()] == [IMAGE_BYTES, IMAGE_BYTES]
    assert run.get(JobFiled)


def test_the_import_job_comes_after_the_copy_and_names_its_deadline(bench: Bench) -> None:
    """The job needs each drive's serial and manifest hash; from then on fourteen days run for the tracking number."""
    bench.sealed()
    before = bench.control.orders()
    bench.passed("copied")
    bench.sweep()
    run = bench.now_run

    assert before == [] and [order["job"] for order in bench.control.orders()] == [run.job_name]
    assert "is deleted on 2026-11-16 06:00 UTC" in run.conditions["parcel-not-announced"].detail


def test_azure_is_asked_before_any_drive_is_written(bench: Bench) -> None:
    """An address Azure does not know is told while the run is planned; mended, the run goes on by itself."""
    inventory = bench.rehearsal.where.inventory_at_home
    good = inventory.read_text("utf-8")
    inventory.write_text(good.replace("00100", "00000"), "utf-8")
    bench.forget_world()
    bench.sweep()
    refused = bench.now_run
    inventory.write_text(good, "utf-8")
    bench.forget_world()
    answers.resume(bench.world.book(refused.run_id))

    assert refused.state == "planned" and "could not be found" in refused.conditions["order-refused"].detail
    assert bench.passed("ordered").conditions == {}


def test_a_missing_key_stops_before_the_drive_is_encrypted(bench: Bench) -> None:
    """Row 57 from the other side: without a key that is kept, a drive could never be read again."""
    bench.sealed()
    bench.put_away_keys()
    run = bench.until_condition("key-missing")
    bench.put_back_keys()

    assert run.state == "delivered" and not (bench.folder() / "bitlocker.json").exists()


def test_a_halted_verb_creates_the_import_job_once(bench: Bench) -> None:
    """Row of the crash proofs: the job was accepted, the answer was lost; the next pass adopts it by its name."""
    bench.sealed()
    bench.control.add_faults({"method": "PUT", "path_regex": "/jobs/", "drop": "after-effect"})
    bench.sweep()
    run = bench.passed("copied")

    assert bench.control.stats()["orders"] == {run.job_name: 1} and run.intents == {}


def test_of_two_runs_with_one_number_the_second_is_refused_on_the_command_line(bench: Bench, capsys) -> None:
    """Exit code 20 and nothing written; the message names the other run. A number of its own is taken."""
    bench.copied()
    bench.rehearsal.journal.add(None, lines_to("shipped"))
    before = bench.now_run.seq

    told = said(bench, capsys, "record", "nairobi", "handed-over", "--carrier", "DHL", "--tracking", "jd 0001")
    refused = bench.now_run.seq
    taken = said(bench, capsys, "record", "nairobi", "handed-over", "--carrier", "DHL", "--tracking", "JD0002")

    assert told[0] == 20 and "leeds-2026-11" in told[1] and refused == before
    assert taken[0] == 0 and bench.now_run.seq > before


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_two_runs_that_share_a_number_are_found_whatever_order_they_come_in(bench: Bench, first: str) -> None:
    """Before the number is told to Azure one of them sees the other, and needs a person (exit code 4)."""
    bench.copied()
    if first == "ours":
        answers.handed_over(bench.world.book(bench.now_run.run_id), PERSON, "DHL", "JD0001")
        bench.rehearsal.journal.add(None, lines_to("shipped"))
    else:
        bench.rehearsal.journal.add(None, lines_to("shipped"))
        with pytest.raises(Refused):
            answers.handed_over(bench.world.book(bench.now_run.run_id), PERSON, "DHL", "JD0001")
        return
    bench.sweep()

    assert "parcel-number-taken" in bench.now_run.conditions and bench.now_run.state == "copied"
    assert bench.control.stats()["shipment_marks"] == {}


def test_a_waiver_lets_two_runs_share_a_number(bench: Bench) -> None:
    """The trade's pages disagree on it, so a person may decide; the decision is on record."""
    bench.copied()
    answers.handed_over(bench.world.book(bench.now_run.run_id), PERSON, "DHL", "JD0001")
    bench.rehearsal.journal.add(None, lines_to("shipped"))
    bench.sweep()
    answers.waive(bench.world.book(bench.now_run.run_id), "parcel-number-taken", "one box, agreed with operations")

    assert "parcel-number-taken" in bench.passed("shipped").waivers


def said(bench: Bench, capsys, *words: str) -> tuple[int, str]:
    """What a command answers: its exit code and everything it printed."""
    os.environ.pop("SEEDING_HOME", None)
    with pytest.raises(SystemExit) as left:
        app([*words, "--home", str(bench.rehearsal.where.home)])
    printed = capsys.readouterr()
    return int(left.value.code or 0), printed.out + printed.err


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

    assert run.conditions.keys() <= {"schedule-paused"} and run.get(JobSeen).stage == "Completed"
