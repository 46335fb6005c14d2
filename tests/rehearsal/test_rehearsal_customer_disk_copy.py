"""What the datacenter makes of own drives: every byte that fits the manifest arrives, everything else has a status."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from awscrt.checksums import crc64nvme
from own_drives import (
    HEAD,
    KEY,
    OTHER_KEY,
    RANGE,
    Share,
    blob,
    bought,
    copied,
    create,
    encrypt,
    entry,
    job_body,
    log,
    manifest,
    prepared,
    ship,
    statuses,
)

from deploy.rehearsal.drive_manifest import ManifestRefused, read

PAGES = bytes(range(256)) * 8
JOB = "import-lyon"
CUT = 64 << 10
PATH = "lyon-seed/sql/a.AIBBlob"


def through(rehearsal, *places, **details):
    """Create the job of these drives, ship it, and return it when the copy has ended."""
    create(rehearsal, JOB, *places, **details)
    ship(rehearsal, JOB)
    return copied(rehearsal, JOB)


def links(job, serial="WD-1"):
    """The texts' addresses of a drive's copy log and verbose log."""
    (found,) = [one for one in job.properties.details.copy_log_details if one.serial_number == serial]
    return found.error_log_link, found.verbose_log_link


def test_a_drive_becomes_page_blobs_with_a_log_and_a_kept_manifest(rehearsal):
    """Ranges over 4 MiB are several; the log ends in a summary of the documented version, without errors."""
    data = os.urandom(RANGE + 1024)
    place = prepared(rehearsal, "WD-1", Share(PATH, data), Share("lyon-seed/z.BaseBlob", bytes(512)))
    job = through(rehearsal, place)
    copy_log, verbose = (log(rehearsal, link) for link in links(job))
    (progress,) = job.properties.details.copy_progress
    kept = job.properties.details.import_disk_details_collection["WD-1"].backup_manifest_cloud_path

    assert blob(rehearsal, PATH) == data and blob(rehearsal, "lyon-seed/z.BaseBlob") == bytes(512)
    assert rehearsal.blobs.get_blob_client(*PATH.split("/", 1)).get_blob_properties().blob_type == "PageBlob"
    assert (progress.bytes_processed, progress.files_processed) == (len(data) + 512, 2)
    assert "<DriveLogVersion>2021-08-01</DriveLogVersion>" in copy_log and "<DriveId>WD-1</DriveId>" in copy_log
    assert "<Status>Succeeded</Status>" in copy_log and "<TotalFiles_Blobs>2</TotalFiles_Blobs>" in copy_log
    assert '<None Count="2" />' in copy_log and "ErroredEntity" not in copy_log
    assert f'CloudFormat="PageBlob" Path="{PATH}" Size="{len(data)}" crc64="{crc64nvme(data)}"' in verbose
    assert blob(rehearsal, kept) == (place / "volume" / "DriveManifest.xml").read_bytes()


def test_the_shares_of_one_blob_on_three_drives_become_one_blob(rehearsal):
    """Made once, filled by each; every log has the checksum of the whole."""
    data = os.urandom(3 * CUT)
    shares = [Share(PATH, data[at * CUT :][:CUT], at * CUT, len(data)) for at in (2, 0, 1)]
    places = [prepared(rehearsal, f"WD-{number}", share) for number, share in enumerate(shares)]
    job = through(rehearsal, *places)

    assert blob(rehearsal, PATH) == data
    assert set(statuses(job).values()) == {("Completed", "")}
    assert all(f'crc64="{crc64nvme(data)}"' in log(rehearsal, links(job, place.name)[1]) for place in places)


def test_a_lost_share_can_be_brought_by_a_second_job(rehearsal):
    """The first job leaves a hole; the second fills it and leaves the rest as it is."""
    data = os.urandom(2 * CUT)
    first = prepared(rehearsal, "WD-1", Share(PATH, data[:CUT], 0, len(data)))
    lost = prepared(rehearsal, "WD-2", Share(PATH, data[CUT:], CUT, len(data)))
    create(rehearsal, JOB, first, lost)
    rehearsal.control.add_faults({"world": "drive-missing", "job": JOB, "serial": "WD-2"})
    ship(rehearsal, JOB)
    copied(rehearsal, JOB)
    assert blob(rehearsal, PATH) == data[:CUT] + bytes(CUT)
    create(rehearsal, "again", prepared(rehearsal, "WD-3", Share(PATH, data[CUT:], CUT, len(data))))
    ship(rehearsal, "again", "JD0002")
    copied(rehearsal, "again")

    assert blob(rehearsal, PATH) == data


def test_the_other_possibility_is_that_blobs_are_made_anew(rehearsal):
    """Azure does not say. Then the first job's bytes are gone, and the checksum in the second one's log tells."""
    data = os.urandom(2 * CUT)
    through(rehearsal, prepared(rehearsal, "WD-1", Share(PATH, data)))
    rehearsal.control.add_faults({"world": "blobs-made-anew", "job": "again"})
    create(rehearsal, "again", prepared(rehearsal, "WD-3", Share(PATH, data[CUT:], CUT, len(data))))
    ship(rehearsal, "again", "JD0002")
    job = copied(rehearsal, "again")

    assert blob(rehearsal, PATH) == bytes(CUT) + data[CUT:]
    assert f'crc64="{crc64nvme(bytes(CUT) + data[CUT:])}"' in log(rehearsal, links(job, "WD-3")[1])


def test_one_flipped_bit_fails_its_blob_and_no_other(rehearsal):
    """The range is not uploaded, the log names the blob, the drive ends with errors; its other blob arrives."""
    place = prepared(rehearsal, "WD-1", Share(PATH, PAGES + bytes(RANGE)), Share("lyon-seed/whole", PAGES))
    file = place / "volume" / PATH
    damaged = bytearray(file.read_bytes())
    damaged[RANGE + 5] ^= 1
    file.write_bytes(damaged)
    job = through(rehearsal, place)
    copy_log = log(rehearsal, links(job)[0])

    assert statuses(job) == {"WD-1": ("CompletedWithErrors", "")}
    assert "<Category>UploadErrorDataValidationError</Category>" in copy_log and f"offset {RANGE}" in copy_log
    assert "<FilesErrored>1</FilesErrored>" in copy_log and "<UploadErrorDataValidationError Count" in copy_log
    assert blob(rehearsal, "lyon-seed/whole") == PAGES
    assert PATH not in log(rehearsal, links(job)[1])


def test_a_drive_with_nothing_sound_on_it_has_failed(rehearsal):
    """No data was copied; a missing file is an error of the file system."""
    place = prepared(rehearsal, "WD-1", Share(PATH, PAGES))
    (place / "volume" / PATH).unlink()
    job = through(rehearsal, place)

    assert statuses(job) == {"WD-1": ("Failed", "")}
    assert "<Category>UploadErrorWin32</Category>" in log(rehearsal, links(job)[0])


def wrong_key(place):
    encrypt(place, OTHER_KEY)


def not_encrypted(place):
    (place / "bitlocker.json").unlink()


def formatted(place):
    shutil.rmtree(place / "volume")
    (place / "volume").mkdir()
    not_encrypted(place)


def formatted_and_encrypted(place):
    formatted(place)
    encrypt(place)


def no_volume(place):
    shutil.rmtree(place / "volume")


def manifest_edited(place):
    file = place / "volume" / "DriveManifest.xml"
    file.write_bytes(file.read_bytes().replace(b"session", b"Session"))


def manifest_removed(place):
    (place / "volume" / "DriveManifest.xml").unlink()


def left_at_home(place):
    shutil.rmtree(place)


def says(**facts):
    def change(place):
        file = place / "drive.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **facts}))

    return change


MODIFIED = ("MetadataFilesModifiedOrRemoved", "MetadataFilesModifiedOrRemoved")
TAMPERED = [
    (wrong_key, ("OtherUserError", "BitLockerKeyInvalid")),
    (not_encrypted, ("OtherUserError", "BitLockerVolumeNotFound")),
    (formatted, ("DeviceFormatted", "DeviceFormatted")),
    (formatted_and_encrypted, ("DeviceFormatted", "DeviceFormatted")),
    (no_volume, ("UnsupportedDrive", "NtfsVolumeNotFound")),
    (says(filesystem="ext4"), ("UnsupportedDrive", "NtfsVolumeNotFound")),
    (says(sector_bytes=4096), ("UnsupportedDrive", "UnsupportedDisk")),
    (says(bus="USB"), ("UnsupportedDrive", "UnsupportedDisk")),
    (manifest_edited, MODIFIED),
    (manifest_removed, MODIFIED),
    (left_at_home, ("DriveNotReceived", "DriveNotReceived")),
]


def test_each_way_to_spoil_a_drive_has_its_own_status(rehearsal):
    """Ten spoilt drives in one parcel, none of which touches the account; nothing tells of a key."""
    places = [prepared(rehearsal, f"WD-{n}", Share(PATH, PAGES)) for n in range(len(TAMPERED))]
    entries = {place.name: entry(place) for place in places}
    for place, (spoil, _) in zip(places, TAMPERED, strict=True):
        spoil(place)
    found = {}
    for number, chosen in enumerate((places[:6], places[6:])):
        body = job_body(rehearsal, {place.name: entries[place.name] for place in chosen})
        rehearsal.databox.jobs.begin_create(rehearsal.group, f"{JOB}{number}", body).result()
        ship(rehearsal, f"{JOB}{number}")
        found |= statuses(copied(rehearsal, f"{JOB}{number}"))

    assert found == {place.name: status for place, (_, status) in zip(places, TAMPERED, strict=True)}
    assert "lyon-seed" not in [container.name for container in rehearsal.blobs.list_containers()]
    assert KEY not in json.dumps(rehearsal.raw("GET", f"{rehearsal.path}/providers/Microsoft.DataBox/jobs")[1])


def test_a_manifest_of_another_drive_is_refused(rehearsal):
    """Its hash is right, its DriveId is not."""
    place = prepared(rehearsal, "WD-1", Share(PATH, PAGES), written=manifest("WD-2", [Share(PATH, PAGES)]))

    assert statuses(through(rehearsal, place)) == {"WD-1": ("OtherUserError", "ManifestFileError")}


def test_a_file_that_leads_off_the_drive_is_not_read(rehearsal, tmp_path):
    """A link on the volume to the datacenter's own files brings nothing."""
    place = prepared(rehearsal, "WD-1", Share(PATH, PAGES))
    (tmp_path / "secret").write_bytes(PAGES)
    (place / "volume" / PATH).unlink()
    (place / "volume" / PATH).symlink_to(tmp_path / "secret")

    assert statuses(through(rehearsal, place)) == {"WD-1": ("Failed", "")}


@pytest.mark.parametrize(("disposition", "kept"), [("no-overwrite", b"old"), ("rename", b"old"), ("overwrite", PAGES)])
def test_a_blob_that_is_there_is_treated_as_the_manifest_says(rehearsal, disposition, kept):
    """Kept with an error, kept beside a renamed one, or replaced."""
    rehearsal.blobs.create_container("lyon-seed").upload_blob("sql/a.AIBBlob", b"old")
    job = through(rehearsal, prepared(rehearsal, "WD-1", Share(PATH, PAGES, disposition=disposition)))
    copy_log = log(rehearsal, links(job)[0])

    assert blob(rehearsal, PATH) == kept
    assert ("<Category>BlobRenamed</Category>" in copy_log) == (disposition == "rename")
    assert ("<Status>Succeeded</Status>" in copy_log) == (disposition == "overwrite")


def test_a_folder_that_cannot_be_a_container_is_refused(rehearsal):
    """Unlike with Microsoft's disks nothing is renamed."""
    job = through(rehearsal, prepared(rehearsal, "WD-1", Share("Bad_Name/a", PAGES)))

    assert "<Category>UploadErrorCloudHttp</Category>" in log(rehearsal, links(job)[0])


def test_an_unformatted_drive_holds_nothing(rehearsal):
    """A drive out of its box has no volume until somebody formats it."""
    place = bought(rehearsal, "WD-1", formatted=False)

    assert not (place / "volume").exists() and not (place / "bitlocker.json").exists()


GOOD = manifest("WD-1", [Share(PATH, PAGES * 4), Share("lyon-seed/b", PAGES)]).decode()
RANGES = '<PageRange Offset="0" Length="8192"'
MUTATIONS = {
    "a document type": GOOD.replace("<DriveManifest", "<!DOCTYPE x><DriveManifest", 1),
    "an entity": GOOD.replace(
        "<DriveManifest", '<!DOCTYPE x [<!ENTITY a "WD-1">]><DriveManifest', 1
    ).replace("<DriveId>WD-1", "<DriveId>&a;"),
    "cut short": GOOD[:-20],
    "an unknown version": GOOD.replace("2014-11-01", "2015-01-01"),
    "an unknown element": GOOD.replace("<Drive>", "<Drive><Colour>red</Colour>"),
    "an unknown attribute": GOOD.replace(RANGES, RANGES + ' Colour="red"'),
    "no serial": GOOD.replace("<DriveId>WD-1</DriveId>", ""),
    "two drives": GOOD.replace("</Drive>", "</Drive><Drive><DriveId>x</DriveId></Drive>"),
    "a key and a SAS": GOOD.replace(
        "</DriveId>", "</DriveId><StorageAccountKey>k</StorageAccountKey><ContainerSas>s</ContainerSas>"
    ),
    "text between": GOOD.replace("<Blob>", "hello<Blob>", 1),
    "two lengths": GOOD.replace("<Length>8192</Length>", "<Length>8192</Length><Length>8192</Length>"),
    "no length": GOOD.replace("<Length>8192</Length>", ""),
    "another order": GOOD.replace("<ImportDisposition>overwrite</ImportDisposition><PageRange", "<PageRange").replace(
        "</PageRangeList>", "</PageRangeList><ImportDisposition>overwrite</ImportDisposition>"
    ),
    "an unknown disposition": GOOD.replace("overwrite", "perhaps"),
    "no container": GOOD.replace("<BlobPath>lyon-seed/b", "<BlobPath>b"),
    "a way out of the drive": GOOD.replace("\\lyon-seed\\b", "\\..\\b"),
    "a path with a letter": GOOD.replace("\\lyon-seed\\b", "C:\\b"),
    "a blob twice": GOOD.replace(">lyon-seed/b<", f">{PATH}<"),
    "an odd length": GOOD.replace("<Length>8192</Length>", "<Length>8193</Length>"),
    "a negative offset": GOOD.replace('Offset="0" Length="8192"', 'Offset="-512" Length="8192"'),
    "an odd offset": GOOD.replace(RANGES, '<PageRange Offset="1" Length="512"'),
    "an empty range": GOOD.replace(RANGES, '<PageRange Offset="0" Length="0"'),
    "a range beyond the end": GOOD.replace(RANGES, '<PageRange Offset="512" Length="8192"'),
    "an overlap": GOOD.replace(RANGES, f'<PageRange Offset="0" Length="512" Hash="{"0" * 32}"/>{RANGES}'),
    "a range over 4 MiB": GOOD.replace("8192", str(RANGE + 512)),
    "a long hash": GOOD.replace('Hash="', 'Hash="0', 1),
    "no hash": GOOD.replace(' Hash="', ' Hush="', 1),
    "blocks with a gap": GOOD.replace("PageRangeList", "BlockList").replace(
        '<PageRange Offset="0"', '<Block Offset="512"'
    ),
    "other letters": GOOD.replace("UTF-8", "UTF-16"),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_manifest_outside_the_published_form_is_refused(name):
    """Every mutation is one, and none gets through."""
    assert MUTATIONS[name] != GOOD
    with pytest.raises(ManifestRefused):
        read(MUTATIONS[name].encode())


def test_a_manifest_with_every_documented_part_is_read():
    """A credential, a creator, several lists, blocks with and without Ids; a credential is never in a refusal."""
    block = f'<Block Length="4" Id="AA==" Hash="{"a" * 32}"/>'
    text = (
        f"{HEAD}<DriveId>WD-1</DriveId><StorageAccountKey>hide-me</StorageAccountKey><ClientCreator>x</ClientCreator>"
        "<BlobList/><BlobList Id='s'><Blob><BlobPath>$root/b</BlobPath><FilePath>\\b</FilePath>"
        f"<ClientData>c</ClientData><Length>8</Length><BlockList>{block}{block}</BlockList></Blob></BlobList></Drive></DriveManifest>"
    )
    (found,) = read(text.encode()).blobs
    with pytest.raises(ManifestRefused) as told:
        read(text.replace("</StorageAccountKey>", "<b/></StorageAccountKey>").encode())

    assert (found.path, found.file, found.disposition, found.pages) == ("$root/b", "b", "rename", False)
    assert [(piece.offset, piece.length) for piece in found.pieces] == [(0, 4), (4, 4)]
    assert "hide-me" not in str(told.value)
