"""Import jobs of own drives against the vendor's schemas, in every stage; and our manifests against the datacenter."""

from __future__ import annotations

from pathlib import Path

import pytest
import swagger
from own_drives import KEY, OTHER_KEY, Share, bought, create, prepared, ship
from test_contract_rehearsal import DATABOX_ROWS, JOB, keeps_its_schema

from deploy.rehearsal.drive_manifest import read
from deploy.rehearsal.drives import find
from tasks.office.disks.bitlocker import FolderBitLocker
from tasks.office.disks.keys import BitLockerKey
from tasks.office.disks.manifest_xml import Credential, ManifestBlob, PageRange, write_manifest

PAGES = bytes(range(256)) * 8
needs_schemas = pytest.mark.skipif(not swagger.available(), reason="the vendor's schemas are not on this machine")


@needs_schemas
def test_an_import_job_keeps_its_schema_in_every_stage(rehearsal):
    """Created, shipped, halted, copied with a failed drive, held, sent back, over: each read in every way there is."""
    drives = [prepared(rehearsal, serial, Share("lyon-seed/a", PAGES)) for serial in ("WD-1", "WD-2")]
    create(rehearsal, "import-lyon", *drives)
    mishaps = [
        {"world": "account-not-accessible"},
        {"world": "drive-fails", "serial": "WD-2"},
        {"world": "drive-extra", "serial": "WD-9"},
    ]
    rehearsal.control.add_faults(*({**row, "job": "import-lyon"} for row in mishaps))
    seen: dict[str, None] = {}
    while "CompletedWithErrors" not in seen:
        job = keeps_its_schema(rehearsal, swagger.DATABOX, "GET", JOB + "?$expand=details", jobName="import-lyon")
        seen[job["properties"]["status"]] = None
        for method, path, body in DATABOX_ROWS:
            if not (path.endswith("listCredentials") and job["properties"]["isDeletable"]):
                keeps_its_schema(rehearsal, swagger.DATABOX, method, path, body, jobName="import-lyon")
        if job["properties"]["error"]:
            rehearsal.databox.mitigate("import-lyon", rehearsal.group, {"customerResolutionCode": "Resume"})
        if job["properties"]["status"] == "AwaitingShipmentDetails":
            ship(rehearsal, "import-lyon")
        else:
            rehearsal.control.jump_to_next()

    assert len(seen) == 8


@pytest.mark.parametrize("credential", [None, "key", "sas"])
def test_the_datacenter_reads_what_our_preparation_writes(tmp_path, credential):
    """Two readings of one published form, which share no code: the same blobs, ranges and checksums."""
    ranges = [PageRange(0, 4 << 20, b"a" * 16), PageRange(8 << 20, 512, b"b" * 16)]
    blob = ManifestBlob("lyon-seed/sql & <mail>/a.AIBBlob", "lyon-seed/sql & <mail>/a.AIBBlob", 16 << 20, ranges)
    secret = Credential(credential, "hide-me") if credential else None
    place = tmp_path / "DriveManifest.xml"
    write_manifest(place, serial="WD-1", session="lyon", blobs=[blob], credential=secret)
    found = read(place.read_bytes())

    assert found.drive_id == "WD-1" and [one.path for one in found.blobs] == [blob.path]
    assert [(piece.offset, piece.length, bytes.fromhex(piece.md5)) for piece in found.blobs[0].pieces] == [
        (part.offset, part.bytes, part.md5) for part in ranges
    ]
    assert (found.blobs[0].file, found.blobs[0].length, found.blobs[0].disposition) == (
        blob.file,
        16 << 20,
        "overwrite",
    )


def test_the_datacenter_opens_what_our_stand_in_for_bitlocker_encrypts(rehearsal):
    """With the key and no other; afterwards the drive is locked for both."""
    place = bought(rehearsal, "WD-1")
    keys = {"WD-1": BitLockerKey(KEY)}
    lock = FolderBitLocker(KeptKeys(keys), {str(place / "volume"): "WD-1"})
    lock.encrypt(place / "volume", keys["WD-1"])
    drive = find(Path(rehearsal.known["drives"]), "WD-1")
    opened = drive.opens_with(KEY), drive.opens_with(OTHER_KEY)
    drive.lock()

    assert drive.encrypted and opened == (True, False) and lock.state(place / "volume") == "locked"


class KeptKeys:
    """Keys in a dictionary."""

    def __init__(self, keys):
        self.keys = keys

    def get(self, serial):
        return self.keys[serial]

    def put(self, serial, key):
        self.keys[serial] = key
