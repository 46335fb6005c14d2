"""The stand-in agent and the vault: a seed is written, waits, moves after ingestion, and increments follow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.rehearsal import seed

WAITING = "Waiting for Azure Data Box job to be completed"
PRODUCTS = [("dpm", "dpm", "DPM"), ("dpm", "mabs", "AzureBackupServer"), ("mars", "dpm", "MAB")]


@pytest.fixture
def source(tmp_path):
    """A directory with an odd name, an empty file, a link and some bytes."""
    here = tmp_path / "source"
    (here / "sub" / "näme with spaces").mkdir(parents=True)
    (here / "big.bin").write_bytes(os.urandom(300_000))
    (here / "sub" / "empty").touch()
    (here / "sub" / "link").symlink_to("empty")
    return here


def configured(rehearsal, source, kind="mars", engine="dpm", sku="DataBoxDisk", **options):
    (device,) = rehearsal.delivered("seed-berlin", sku)
    items = [{"name": "C-Data", "source": str(source), "daily_change_bytes": 4096}]
    answer = rehearsal.agent(
        "configure", kind=kind, engine=engine, order="seed-berlin", device=device, items=items, **options
    )
    return device, answer


def backups(rehearsal, count):
    for _ in range(count):
        rehearsal.control.jump_until("online backup")


@pytest.mark.parametrize(("kind", "engine", "management"), PRODUCTS)
def test_a_seed_becomes_a_recovery_point_only_after_ingestion(rehearsal, source, kind, engine, management):
    """Waits at every backup; moves at the first one after Completed; then small increments."""
    configured(rehearsal, source, kind, engine)
    written = rehearsal.agent("start-copy", kind=kind, device=rehearsal.summary("seed-berlin")["devices"][0]["path"])
    backups(rehearsal, 2)
    waiting = rehearsal.agent("facts", kind=kind)
    rehearsal.sent("seed-berlin")
    rehearsal.ingested("seed-berlin")
    backups(rehearsal, 2)
    facts = rehearsal.agent("facts", kind=kind)

    assert [job["text"] for job in waiting["jobs"]] == [WAITING] * 3
    assert [job["status"] for job in waiting["jobs"]] == ["completed", "warning", "warning"]
    assert waiting["recovery_points"] == []
    first, second = facts["recovery_points"]
    assert first["bytes"] == sum(image["bytes"] for image in written["items"][0]["images"])
    assert second["bytes"] == 4096
    assert facts["jobs"][-1]["text"] == "Job Completed"
    items = list(rehearsal.backup.backup_protected_items.list(rehearsal.vault_name, rehearsal.group))
    assert items[0].properties.backup_management_type == management
    assert items[0].properties.protection_state == "Protected"


def test_the_vault_shows_a_configured_item_as_pending(rehearsal, source):
    """Registered and IRPending, with the sentinels Azure sends; found by the fabric in its id."""
    configured(rehearsal, source)
    (item,) = rehearsal.backup.backup_protected_items.list(
        rehearsal.vault_name, rehearsal.group, filter="backupManagementType eq 'MAB'"
    )
    parts = item.id.split("/")
    fabric, container = parts[parts.index("backupFabrics") + 1], parts[parts.index("protectionContainers") + 1]
    address = (rehearsal.vault_name, rehearsal.group, fabric, container, item.name)
    again = rehearsal.backup.protected_items.get(*address)

    assert item.id.startswith("/Subscriptions/") and ";" in container
    assert again.properties.protection_state == "IRPending" and again.properties.last_recovery_point is None
    assert again.properties.last_backup_time.year == 2001
    assert list(rehearsal.backup.recovery_points.list(*address)) == []
    assert rehearsal.backup.protection_containers.get(*address[:4]).properties.protected_item_count == 1


def test_recovery_points_and_jobs_can_be_asked_for_by_time(rehearsal, source):
    """The vault's own way to write a time, and pages of one."""
    rehearsal.control.reset(page_size=1)
    configured(rehearsal, source)
    rehearsal.agent("start-copy", device=rehearsal.summary("seed-berlin")["devices"][0]["path"])
    rehearsal.sent("seed-berlin")
    rehearsal.ingested("seed-berlin")
    backups(rehearsal, 3)
    (item,) = rehearsal.backup.backup_protected_items.list(rehearsal.vault_name, rehearsal.group)
    _, fabric, container = item.id.split("backupFabrics/")[1].split("/")[0], *item.id.split("/")[10:13:2]
    address = (rehearsal.vault_name, rehearsal.group, fabric, container, item.name)
    points = list(rehearsal.backup.recovery_points.list(*address))
    newest = points[0].properties.recovery_point_time
    since = (newest - timedelta(hours=1)).strftime("%Y-%m-%d %I:%M:%S %p")
    recent = list(rehearsal.backup.recovery_points.list(*address, filter=f"startDate eq '{since}'"))
    done = list(
        rehearsal.backup.backup_jobs.list(
            rehearsal.vault_name, rehearsal.group, filter="status eq 'Completed' and operation eq 'Backup'"
        )
    )

    assert len(points) == 3 and [point.name for point in recent] == [points[0].name]
    assert rehearsal.backup.recovery_points.get(*address, points[0].name).name == points[0].name
    assert len(done) == 4 and done[0].properties.job_type == "MabJob"


def test_a_lost_blob_is_found_out_and_no_point_is_made(rehearsal, source):
    """Delete the seed from the account after ingestion: the job fails and says why, each time."""
    device, _ = configured(rehearsal, source)
    (image,) = rehearsal.agent("start-copy", device=device)["items"][0]["images"]
    rehearsal.sent("seed-berlin")
    rehearsal.ingested("seed-berlin")
    rehearsal.control.add_faults({"world": "delete-blob", "container": image["container"], "name": image["blob"]})
    backups(rehearsal, 1)
    facts = rehearsal.agent("facts")

    assert facts["recovery_points"] == []
    assert facts["jobs"][-1]["status"] == "failed" and "not found" in facts["jobs"][-1]["text"]


def test_only_a_delivered_order_can_be_chosen(rehearsal, source):
    """The wizard lists no other; a folder that is not a device is not detected."""
    rehearsal.order("seed-berlin", "DataBoxDisk")
    items = [{"name": "C-Data", "source": str(source)}]
    early = rehearsal.agent("configure", order="seed-berlin", device=source, items=items)
    assert early["error"]["code"] == "ValueError" and "no device was detected" in early["error"]["message"]

    (source / "PageBlob").mkdir()
    early = rehearsal.agent("configure", order="seed-berlin", device=source, items=items)
    assert early["error"]["code"] == "OrderNotDelivered"
    assert rehearsal.agent("start-copy", device=source)["error"]["code"] == "NotConfigured"


def test_a_second_order_takes_the_first_copy_again(rehearsal, source):
    """Of one order the copy is made once; for another the protection is set anew, as after a device that was lost."""
    device, _ = configured(rehearsal, source)
    rehearsal.agent("start-copy", device=device)
    items = [{"name": "C-Data", "source": str(source)}]
    again = rehearsal.agent("configure", order="seed-berlin", device=device, items=items)
    (second,) = rehearsal.delivered("seed-berlin-2", "DataBoxDisk")
    anew = rehearsal.agent("configure", order="seed-berlin-2", device=second, items=items)
    written = rehearsal.agent("start-copy", device=second)

    assert again["error"]["code"] == "SeedAlreadyWritten"
    assert anew["offline_method"]["order"] == "seed-berlin-2" and written["items"][0]["images"]


def test_nothing_is_copied_to_a_device_that_has_left(rehearsal, source):
    """Once the carrier has it, the agent cannot write to it."""
    device, _ = configured(rehearsal, source)
    rehearsal.control.hand_over("seed-berlin")

    assert rehearsal.agent("start-copy", device=device)["error"]["code"] == "NotHere"


def test_another_tools_files_are_vouched_for_by_their_containers(rehearsal, source):
    """Kind files: it never copies itself; the containers it was told of are its seed."""
    blobs = [{"name": "a.bin", "bytes": 3}]
    device, _ = configured(
        rehearsal, source, "files", containers=[{"name": "berlin-files", "item": "C-Data", "blobs": blobs}]
    )
    assert rehearsal.agent("start-copy", kind="files", device=device)["error"]["code"] == "NotThisAgent"

    (device / "BlockBlob" / "berlin-files").mkdir()
    (device / "BlockBlob" / "berlin-files" / "a.bin").write_bytes(b"abc")
    rehearsal.sent("seed-berlin")
    rehearsal.ingested("seed-berlin")
    backups(rehearsal, 1)

    facts = rehearsal.agent("facts", kind="files")
    assert [point["bytes"] for point in facts["recovery_points"]] == [3]
    assert next(iter(rehearsal.backup.backup_protected_items.list(rehearsal.vault_name, rehearsal.group))).name


def test_the_command_prints_one_document_and_nothing_else(rehearsal):
    """As the office's worker calls it: a process, one line of JSON, exit code 0 or 1."""
    command = [sys.executable, "-m", "deploy.rehearsal.agent", "facts", "--office", "oslo"]
    door = ["--control", rehearsal.known["control"], "--ca", rehearsal.known["ca"]]
    done = subprocess.run([*command, *door], capture_output=True, text=True)

    facts = json.loads(done.stdout)
    assert done.returncode == 0 and done.stderr == ""
    assert facts["schema"] == "seeding.agent/1" and facts["server"] == "OSLO-BACKUP"
    assert facts["offline_method"] == {"configured": False, "way": "Network", "order": None}


def test_images_hold_the_source_and_are_cut_and_padded(source, tmp_path):
    """Put together again they are a tar with every name and byte; each is whole pages and no longer than asked."""
    packed = seed.pack(source, tmp_path / "PageBlob", "berlin-data", image_bytes=65536)
    whole = tmp_path / "whole.tar"
    whole.write_bytes(b"".join(Path(image["path"]).read_bytes() for image in packed.images))

    assert all(image["bytes"] % 512 == 0 and image["bytes"] <= 65536 for image in packed.images)
    assert len(packed.images) > 4 and packed.source_bytes == 300_000
    with tarfile.open(whole) as archive:
        assert {"big.bin", "sub/näme with spaces", "sub/empty", "sub/link"} < set(archive.getnames())
        assert archive.extractfile("big.bin").read() == (source / "big.bin").read_bytes()


def test_odd_sources_are_reported_and_never_crash(source, tmp_path):
    """Names that are not text are packed; a socket, and a file that vanishes, are listed as failed."""
    import socket

    Path(os.fsdecode(os.fsencode(source) + b"/na\xffme")).write_bytes(b"x")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(source / "socket"))
        packed = seed.pack(source, tmp_path / "PageBlob", "berlin-data")

    assert [failed["path"] for failed in packed.failed_files] == ["socket"]
    json.dumps(packed.failed_files).encode()
    with tarfile.open(packed.images[0]["path"]) as archive:
        assert "na\udcffme" in archive.getnames()


@pytest.mark.parametrize(
    ("server", "item", "name"),
    [("SRV", "data", "srv-data"), ("srv", "C:\\Dätä", "srv-c-d-t-"), ("s" * 60, "x" * 60, "s" * 54 + "-")],
)
def test_container_names_are_what_azure_takes(server, item, name):
    """Short ones stay readable; changed ones carry a hash, so that two never meet."""
    from deploy.rehearsal.device import container_problem

    made = seed.container_name(server, item)

    assert made.startswith(name) and container_problem(made) is None
    assert made != seed.container_name(server, item + "2")
