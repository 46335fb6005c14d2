"""The stand-in agent with own drives: it writes to staging, waits for the import job, and moves after its clean end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from own_drives import Share, create, prepared, ship

WAITING = "Waiting for Azure Import job to finish"
JOB = "import-lyon"


@pytest.fixture
def source(tmp_path):
    """Some bytes of an item."""
    here = tmp_path / "source"
    here.mkdir()
    (here / "big.bin").write_bytes(os.urandom(50_000))
    return here


@pytest.fixture
def staging(tmp_path):
    """An empty staging location."""
    here = tmp_path / "staging"
    here.mkdir()
    return here


def configure(rehearsal, source, staging, kind="mars", job=JOB, **options):
    items = [{"name": "C-Data", "source": str(source), "daily_change_bytes": 4096}]
    return rehearsal.agent("configure", kind=kind, import_job=job, staging=staging, items=items, **options)


def on_a_drive(rehearsal, written, serial="WD-1", container="lyon-seed"):
    """A drive with everything that was staged."""
    images = written["items"][0]["images"]
    shares = [Share(f"{container}/{image['blob']}", Path(image["path"]).read_bytes()) for image in images]
    return prepared(rehearsal, serial, *sorted(shares, key=lambda share: share.path))


def backups(rehearsal, count):
    for _ in range(count):
        rehearsal.control.jump_until("online backup")
    return rehearsal.agent("facts", kind="mars")


@pytest.mark.parametrize("kind", ["dpm", "mars"])
def test_the_first_copy_lies_in_staging_as_page_blob_data_and_waits(rehearsal, source, staging, kind):
    """*.AIBBlob and *.BaseBlob, whole pages, and nothing else; the job ends with a warning and the documented text."""
    facts = configure(rehearsal, source, staging, kind)
    written = rehearsal.agent("start-copy", kind=kind, staging=staging, image_bytes=20_480)
    files = sorted(path for path in staging.rglob("*") if path.is_file())
    images = written["items"][0]["images"]

    assert facts["offline_method"] == written["offline_method"] == {
        "configured": True, "way": "OfflineBackup", "order": JOB,
    }  # fmt: skip
    assert {file.suffix for file in files} == {".AIBBlob", ".BaseBlob"} and len(files) > 3
    assert sorted(image["path"] for image in images) == [str(file) for file in files]
    assert all(image["bytes"] == Path(image["path"]).stat().st_size for image in images)
    assert all(image["bytes"] % 512 == 0 for image in images) and written["items"][0]["source_bytes"] == 50_000
    assert [(job["status"], job["text"]) for job in written["jobs"]] == [("warning", WAITING)]
    assert not list(rehearsal.control.orders())


@pytest.mark.parametrize("container", [None, "lyon-seed"])
def test_the_seed_moves_at_the_first_backup_after_the_drives_are_back(rehearsal, source, staging, container):
    """Waiting while the job does not exist, is shipped, and is copied but not over; then a point, then increments."""
    configure(rehearsal, source, staging, **({"container": container} if container else {}))
    written = rehearsal.agent("start-copy", kind="mars", staging=staging)
    backups(rehearsal, 1)
    create(rehearsal, JOB, on_a_drive(rehearsal, written))
    ship(rehearsal, JOB)
    rehearsal.control.jump_until(f"{JOB}: ShippedToCustomer")
    waiting = backups(rehearsal, 1)
    rehearsal.control.jump_until(f"{JOB}: Completed")
    facts = backups(rehearsal, 2)

    assert {job["text"] for job in waiting["jobs"]} == {WAITING} and waiting["recovery_points"] == []
    first, second = facts["recovery_points"]
    assert first["bytes"] == sum(image["bytes"] for image in written["items"][0]["images"])
    assert second["bytes"] == 4096 and facts["jobs"][-1]["text"] == "Job Completed"


def test_a_job_that_ended_with_errors_is_not_taken_for_an_end(rehearsal, source, staging):
    """The agent waits on; named another import job, which brings the rest, it moves. The seed is not written again."""
    configure(rehearsal, source, staging)
    written = rehearsal.agent("start-copy", kind="mars", staging=staging)
    place = on_a_drive(rehearsal, written)
    create(rehearsal, JOB, place)
    rehearsal.control.add_faults({"world": "drive-fails", "job": JOB, "serial": "WD-1"})
    ship(rehearsal, JOB)
    rehearsal.control.jump_until(f"{JOB}: CompletedWithErrors")
    assert {job["text"] for job in backups(rehearsal, 2)["jobs"]} == {WAITING}

    configure(rehearsal, source, staging, job="import-lyon-2")
    create(rehearsal, "import-lyon-2", on_a_drive(rehearsal, written, "WD-2"))
    ship(rehearsal, "import-lyon-2", "JD0002")
    rehearsal.control.jump_until("import-lyon-2: Completed")

    assert len(backups(rehearsal, 1)["recovery_points"]) == 1


def test_what_the_wizard_does_not_take_is_refused(rehearsal, source, staging, tmp_path):
    """Another agent kind, no staging folder, another staging string; after the copy nothing but the job's name."""
    assert configure(rehearsal, source, tmp_path / "none")["error"]["code"] == "ValueError"
    assert configure(rehearsal, source, staging, kind="files")["error"]["code"] == "BadMethod"
    configure(rehearsal, source, staging)
    other = rehearsal.agent("start-copy", kind="mars", staging=tmp_path)
    rehearsal.agent("start-copy", kind="mars", staging=staging)
    late = configure(rehearsal, source, tmp_path)

    assert other["error"]["code"] == "OtherStaging" and late["error"]["code"] == "SeedAlreadyWritten"
    assert "error" not in configure(rehearsal, source, staging, job="renamed")
