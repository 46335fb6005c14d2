"""The life of an order from the first day to the erasure, on the simulated clock, with real bytes in real storage."""

from __future__ import annotations

import os
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from deploy.rehearsal.control import Refused
from deploy.rehearsal.world import business_days

FRIDAY = datetime(2026, 11, 6, 6, tzinfo=UTC)
STAGES = [
    "DeviceOrdered", "DevicePrepared", "Dispatched", "Delivered", "PickedUp", "AtAzureDC", "DataCopy", "Completed",
]  # fmt: skip
PAGES, BLOCKS = os.urandom(4 * 1024 * 1024 + 512), os.urandom(3_000_001)


def fill(device, sku, account):
    """Put one page blob and one block blob on a device, the way its shares want them."""
    pages, blocks = (f"{account}_PageBlob", f"{account}_BlockBlob") if sku == "DataBox" else ("PageBlob", "BlockBlob")
    for folder, name, data in ((pages, "image.vhd", PAGES), (blocks, "deep/er/report.bin", BLOCKS)):
        path = device / folder / "berlin-data" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(data)


@pytest.mark.parametrize("sku", ["DataBox", "DataBoxDisk"])
def test_every_byte_on_the_device_arrives_in_the_account(rehearsal, sku):
    """From order to Completed: what was put on the device is in storage, as pages and as blocks, equal to the byte."""
    (device,) = rehearsal.delivered("seed-berlin", sku)
    fill(device, sku, rehearsal.known["storage_account"])
    rehearsal.sent("seed-berlin")
    job = rehearsal.ingested("seed-berlin")

    assert [stage.stage_name for stage in job.properties.details.job_stages] == STAGES
    assert all(stage.stage_status == "Succeeded" for stage in job.properties.details.job_stages)
    container = rehearsal.blobs.get_container_client("berlin-data")
    found = {blob.name: blob for blob in container.list_blobs()}
    assert {name: str(blob.blob_type.value) for name, blob in found.items()} == {
        "image.vhd": "PageBlob",
        "deep/er/report.bin": "BlockBlob",
    }
    assert container.download_blob("image.vhd").readall() == PAGES
    assert container.download_blob("deep/er/report.bin").readall() == BLOCKS


def test_the_progress_of_a_copy_can_be_watched(rehearsal):
    """Counted at the start, uploaded half-way, finished at the end; the logs are named only then."""
    (device,) = rehearsal.delivered("seed-berlin")
    fill(device, "DataBox", rehearsal.known["storage_account"])
    rehearsal.sent("seed-berlin")
    total, seen = len(PAGES) + len(BLOCKS), []
    for thing in ("DataCopy", "bytes uploaded", "Completed"):
        rehearsal.control.jump_until(f"seed-berlin: {thing}" if thing != "bytes uploaded" else thing)
        details = rehearsal.job("seed-berlin").properties.details
        progress = details.copy_progress[0]
        seen.append((progress.bytes_processed, progress.total_bytes_to_process, len(details.copy_log_details)))

    assert seen == [(0, total, 0), (total, total, 0), (total, total, 1)]


def test_a_disk_reports_its_progress_per_serial(rehearsal):
    """Disks have their own shape of progress and of logs."""
    devices = rehearsal.delivered("seed-berlin", "DataBoxDisk", preferredDisks={"8": 2})
    rehearsal.sent("seed-berlin")
    details = rehearsal.ingested("seed-berlin").properties.details

    serials = {device.name for device in devices}
    assert {entry.serial_number for entry in details.copy_progress} == serials
    assert {entry.status for entry in details.copy_progress} == {"Completed"}
    assert {entry.disk_serial_number for entry in details.copy_log_details} == serials


def test_the_device_is_erased_and_the_proof_can_be_fetched(rehearsal):
    """After the end: the folder is gone, certificates and bill of materials lie in the account."""
    (device,) = rehearsal.delivered("seed-berlin")
    fill(device, "DataBox", rehearsal.known["storage_account"])
    rehearsal.sent("seed-berlin")
    before = rehearsal.ingested("seed-berlin").properties.details.device_erasure_details
    rehearsal.control.jump_until("erased")
    after = rehearsal.job("seed-berlin").properties.details.device_erasure_details

    assert (before.device_erasure_status, after.device_erasure_status) == ("None", "Succeeded")
    assert not device.exists()
    link = after.erasure_or_destruction_certificate_sas_key
    with urllib.request.urlopen(link, context=rehearsal.trust) as answer:
        assert device.name in answer.read().decode()
    custody = rehearsal.blobs.get_container_client("azuredatabox-chainofcustodylogs")
    boms = [custody.download_blob(name).readall().decode() for name in custody.list_blob_names() if "BOM" in name]
    assert len(boms) == 2 and all('crc64="0x' in bom for bom in boms)


def test_parcels_have_numbers_once_there_are_parcels(rehearsal):
    """Empty strings before, a carrier and a number after."""
    rehearsal.order("seed-berlin")
    details = rehearsal.job("seed-berlin").properties.details
    assert (details.delivery_package.tracking_id, details.return_package.tracking_id) == ("", "")

    rehearsal.control.jump_until("Delivered")
    rehearsal.control.prepare_to_ship(rehearsal.summary("seed-berlin")["devices"][0]["serial"])
    rehearsal.control.hand_over("seed-berlin", "DHL", "JD01")
    details = rehearsal.job("seed-berlin").properties.details

    assert details.delivery_package.tracking_id.startswith("1Z")
    assert (details.return_package.carrier_name, details.return_package.tracking_id) == ("DHL", "JD01")


def test_a_box_has_no_label_before_it_is_sealed(rehearsal):
    """The carrier takes nothing without prepare-to-ship; a disk needs none."""
    rehearsal.delivered("box")
    rehearsal.delivered("disk", "DataBoxDisk")

    with pytest.raises(Refused, match="prepare it to ship"):
        rehearsal.control.hand_over("box")
    assert rehearsal.control.hand_over("disk")["carrier"] == "UPS"


def test_a_device_can_be_handed_over_once_and_only_when_it_is_here(rehearsal):
    """Before delivery and after the hand-over the carrier has nothing to take."""
    rehearsal.order("disk", "DataBoxDisk")
    with pytest.raises(Refused, match="not with the customer"):
        rehearsal.control.hand_over("disk")

    rehearsal.control.jump_until("Delivered")
    rehearsal.control.hand_over("disk")
    with pytest.raises(Refused, match="not with the customer"):
        rehearsal.control.hand_over("disk")


def test_weekends_are_not_working_days():
    """A device that is on its way on Friday arrives on Tuesday."""
    assert business_days(FRIDAY, 1).strftime("%A") == "Monday"
    assert business_days(FRIDAY, 2, 10) == datetime(2026, 11, 10, 10, tzinfo=UTC)


def test_the_clock_only_moves_when_told_and_only_forward(rehearsal):
    """Two looks show one time; yesterday is refused; a jump does everything on the way, in order."""
    now = rehearsal.control.now()
    assert rehearsal.control.now() == now
    with pytest.raises(Refused, match="cannot go back"):
        rehearsal.control.jump(now - timedelta(seconds=1))

    rehearsal.order("one")
    rehearsal.order("two", "DataBoxDisk")
    happened = rehearsal.control.jump(now + timedelta(days=30))

    assert [entry["at"] for entry in happened] == sorted(entry["at"] for entry in happened)
    assert len(happened) == 6 and rehearsal.control.now() == now + timedelta(days=30)
    assert rehearsal.control.next() is None


def test_sealing_refuses_what_the_datacenter_could_not_take(rehearsal):
    """Links, page blobs that are not whole pages, folders that cannot be containers: each is named."""
    (device,) = rehearsal.delivered("seed-berlin")
    pages = device / f"{rehearsal.known['storage_account']}_PageBlob"
    for folder in ("good-name", "Bad_Name", "x"):
        (pages / folder).mkdir()
        (pages / folder / "image").write_bytes(bytes(512))
    (pages / "good-name" / "short").write_bytes(b"short")
    (pages / "good-name" / "link").symlink_to("image")

    with pytest.raises(Refused) as refused:
        rehearsal.control.prepare_to_ship(device.name)
    for code in ("REPARSE_POINT", "SIZE_ALIGNMENT", "ALPHA_NUMERIC_DASH", "NAME_LENGTH"):
        assert code in str(refused.value)


def test_a_world_that_was_kept_can_be_put_back_and_nonsense_is_refused(rehearsal):
    """Its clock, its orders and what it has counted are as they were; devices and blobs are the keeper's to keep."""
    rehearsal.order("before")
    kept = rehearsal.control.get("world")
    rehearsal.order("after")
    rehearsal.control.jump_to_next()

    rehearsal.control.post("world", kept)

    assert rehearsal.control.stats()["orders"] == {"before": 1}
    assert [order["job"] for order in rehearsal.control.orders()] == ["before"]
    assert rehearsal.control.get("world") == kept
    with pytest.raises(Refused, match="now"):
        rehearsal.control.post("world", {"orders": {}})
