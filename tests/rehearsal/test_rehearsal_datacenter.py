"""What the datacenter makes of awkward devices: every file arrives, or is named in the log with its reason."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import pytest
from awscrt.checksums import crc64nvme

PAGE = bytes(range(256)) * 2


def disk(rehearsal, files, serial_links=()):
    """A delivered disk with *files*: path to bytes."""
    (device,) = rehearsal.delivered("seed-berlin", "DataBoxDisk")
    for name, data in files.items():
        path = device / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return device


def ended(rehearsal):
    """Hand the disk over unsealed and return the order at its end, with its copy log."""
    rehearsal.control.hand_over("seed-berlin")
    job = rehearsal.ingested("seed-berlin")
    return job, log_of(rehearsal, job.properties.details.copy_log_details[0].error_log_link)


def log_of(rehearsal, link):
    container, name = link.removeprefix(rehearsal.known["blob"] + "/").split("/", 1)
    return rehearsal.blobs.get_blob_client(container, name).download_blob().readall().decode()


def names(rehearsal, container):
    return {b.name: b.blob_type.value for b in rehearsal.blobs.get_container_client(container).list_blobs()}


def test_a_clean_device_ends_completed_with_an_empty_list_of_errors(rehearsal):
    """Summary only; the verbose log has one line per file with its checksum as a decimal number."""
    disk(rehearsal, {"PageBlob/data/a.vhd": PAGE, "BlockBlob/data/b & <c>.txt": b"hello"})
    job, log = ended(rehearsal)
    verbose = log_of(rehearsal, job.properties.details.copy_log_details[0].verbose_log_link)

    assert job.properties.status == "Completed"
    assert (
        "<Status>Succeeded</Status>" in log
        and "<TotalFiles>2</TotalFiles>" in log
        and "Errored" not in log.replace("FilesErrored", "")
    )
    assert f'Path="data/a.vhd" Size="512" crc64="{crc64nvme(PAGE)}"' in verbose
    assert 'CloudFormat="BlockBlob" Path="data/b &amp; &lt;c&gt;.txt" Size="5"' in verbose


def test_no_verbose_log_unless_it_was_ordered(rehearsal):
    """logCollectionLevel decides when the order is placed."""
    body = rehearsal.body("DataBoxDisk")
    body["properties"]["details"]["dataImportDetails"][0]["logCollectionLevel"] = "Error"
    rehearsal.databox.jobs.begin_create(rehearsal.group, "seed-berlin", body).result()
    rehearsal.control.jump_until("Delivered")
    job, _ = ended(rehearsal)

    assert job.properties.details.copy_log_details[0].verbose_log_link == ""


def test_a_folder_that_cannot_be_a_container_is_renamed(rehearsal):
    """The blobs arrive under databox-<sha1>, and the order ends with warnings."""
    disk(rehearsal, {"PageBlob/Bad_Name/a.vhd": PAGE})
    job, log = ended(rehearsal)
    renamed = "databox-" + hashlib.sha1(b"Bad_Name").hexdigest()

    assert job.properties.status == "CompletedWithWarnings"
    assert names(rehearsal, renamed) == {"a.vhd": "PageBlob"}
    assert "<Category>ContainerRenamed</Category>" in log and "<FilesErrored>0</FilesErrored>" in log
    assert job.properties.details.job_stages[-1].stage_name == "CompletedWithWarnings"


def test_a_page_blob_that_is_not_whole_pages_becomes_a_block_blob_elsewhere(rehearsal):
    """The silent ruin of a seed: it is uploaded, but not where or what the agent expects."""
    disk(rehearsal, {"PageBlob/data/odd.vhd": PAGE + b"x", "PageBlob/data/even.vhd": PAGE})
    job, log = ended(rehearsal)

    assert job.properties.status == "CompletedWithErrors"
    assert names(rehearsal, "data") == {"even.vhd": "PageBlob"}
    assert names(rehearsal, "databoxdisk-invalid-pb-data") == {"odd.vhd": "BlockBlob"}
    assert "InvalidPageBlobUploadAsBlockBlob" in log and 'Path="data\\odd.vhd"' in log


def test_files_beside_the_folders_go_to_the_root_as_blocks(rehearsal):
    """Even from the folder for page blobs."""
    disk(rehearsal, {"PageBlob/stray.vhd": PAGE})
    ended(rehearsal)

    assert names(rehearsal, "$root") == {"stray.vhd": "BlockBlob"}


def test_what_cannot_be_uploaded_is_named(rehearsal):
    """Links and files for a service the account lacks are errors, not silence; the rest arrives."""
    device = disk(rehearsal, {"AzureFile/share/f": b"x", "BlockBlob/data/good": b"x"})
    (device / "BlockBlob" / "data" / "link").symlink_to("good")
    job, log = ended(rehearsal)

    assert job.properties.status == "CompletedWithErrors" and "<FilesErrored>2</FilesErrored>" in log
    assert names(rehearsal, "data") == {"good": "BlockBlob"}
    assert len(re.findall("<Category>UploadErrorUnknownType</Category>", log)) == 2


def test_a_name_that_is_not_text_is_renamed(rehearsal):
    """Bytes that no blob name can hold become DataBox-0x<sha256>."""
    (device,) = rehearsal.delivered("seed-berlin", "DataBoxDisk")
    folder = str(device / "BlockBlob" / "data").encode()
    device.joinpath("BlockBlob", "data").mkdir()
    Path(os.fsdecode(folder + b"/na\xffme")).write_bytes(b"x")
    job, log = ended(rehearsal)

    (name,) = names(rehearsal, "data")
    assert re.fullmatch("DataBox-0x[0-9a-f]{64}", name)
    assert job.properties.status == "CompletedWithWarnings" and "<Category>BlobRenamed</Category>" in log


def test_a_byte_changed_after_sealing_is_noticed(rehearsal):
    """Flip one bit between seal and hand-over: that file fails, the other arrives."""
    device = disk(rehearsal, {"PageBlob/data/a.vhd": PAGE, "PageBlob/data/b.vhd": PAGE})
    rehearsal.control.prepare_to_ship(device.name)
    changed = bytearray(PAGE)
    changed[100] ^= 1
    (device / "PageBlob" / "data" / "a.vhd").write_bytes(changed)
    job, log = ended(rehearsal)

    assert job.properties.status == "CompletedWithErrors"
    assert names(rehearsal, "data") == {"b.vhd": "PageBlob"}
    assert "<Category>UploadErrorDataValidationError</Category>" in log


def test_a_file_removed_after_sealing_is_missed(rehearsal):
    """The sealed list says what should be there."""
    device = disk(rehearsal, {"PageBlob/data/a.vhd": PAGE})
    rehearsal.control.prepare_to_ship(device.name)
    (device / "PageBlob" / "data" / "a.vhd").unlink()
    job, log = ended(rehearsal)

    assert job.properties.status == "CompletedWithErrors" and 'Path="data\\a.vhd"' in log


def test_the_datacenter_cannot_notice_a_byte_changed_before_sealing(rehearsal):
    """What this check does not catch: the device vouches for what it holds, not for what was meant."""
    device = disk(rehearsal, {"PageBlob/data/a.vhd": PAGE})
    (device / "PageBlob" / "data" / "a.vhd").write_bytes(bytes(512))
    rehearsal.control.prepare_to_ship(device.name)
    job, _ = ended(rehearsal)

    assert job.properties.status == "Completed"


def test_a_leased_blob_is_not_overwritten(rehearsal):
    """The cloud's own refusal becomes the log's UploadErrorCloudHttp with its number."""
    container = rehearsal.blobs.create_container("data")
    container.upload_blob("held", b"old")
    container.get_blob_client("held").acquire_lease()
    disk(rehearsal, {"BlockBlob/data/held": b"new"})
    job, log = ended(rehearsal)

    assert job.properties.status == "CompletedWithErrors"
    assert "<Category>UploadErrorCloudHttp</Category>" in log and "<ErrorCode>412</ErrorCode>" in log


@pytest.mark.parametrize("size", [0, 512, 4 * 1024 * 1024, 4 * 1024 * 1024 + 512])
def test_sparse_page_blobs_arrive_whole(rehearsal, size):
    """Pages of zeros are not sent, and still are there."""
    data = bytes(size) + PAGE
    disk(rehearsal, {"PageBlob/data/sparse.vhd": data})
    ended(rehearsal)

    assert rehearsal.blobs.get_blob_client("data", "sparse.vhd").download_blob().readall() == data
