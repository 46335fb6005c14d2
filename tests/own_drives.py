"""The customer's own drives for tests of the rehearsal: prepared by hand from the published form, without our code.

A share is what of one blob lies on a drive: its bytes from an offset on, cut into ranges of at most 4 MiB.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal_host import Rehearsal

KEY = "-".join(["123453"] * 8)
OTHER_KEY = "-".join(["654321"] * 8)
ACCOUNT = "ACCT-778899"
RANGE = 4 << 20
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<DriveManifest Version="2014-11-01"><Drive>'


@dataclass
class Share:
    """The bytes of a blob's share, from *offset* on; `length` is the whole blob's (default: this is all of it)."""

    path: str
    data: bytes
    offset: int = 0
    length: int | None = None
    disposition: str = "overwrite"

    @property
    def whole(self) -> int:
        return len(self.data) if self.length is None else self.length

    def xml(self) -> str:
        ranges = "".join(
            f'<PageRange Offset="{self.offset + at}" Length="{len(piece)}" Hash="{md5(piece)}"/>'
            for at in range(0, len(self.data), RANGE)
            for piece in [self.data[at : at + RANGE]]
        )
        file = "\\" + self.path.replace("/", "\\")
        return (
            f"<Blob><BlobPath>{self.path}</BlobPath><FilePath>{file}</FilePath><Length>{self.whole}</Length>"
            f"<ImportDisposition>{self.disposition}</ImportDisposition>"
            f"<PageRangeList>{ranges}</PageRangeList></Blob>"
        )


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest().upper()


def manifest(serial: str, shares: Iterable[Share]) -> bytes:
    blobs = "".join(share.xml() for share in shares)
    lists = f'<BlobList Id="session#1-0">{blobs}</BlobList>'
    return f"{HEAD}<DriveId>{serial}</DriveId>{lists}</Drive></DriveManifest>".encode()


def bought(rehearsal: Rehearsal, serial: str, **facts: Any) -> Path:
    """A new, formatted drive; its folder."""
    row = {"serial": serial, "capacity_bytes": 10**9, "formatted": True, **facts}
    return Path(rehearsal.control.add_drives([row])[0]["path"])


def encrypt(place: Path, key: str = KEY) -> None:
    salt = b"0123456789abcdef"
    lock = {"salt": salt.hex(), "hash": hashlib.sha256(salt + key.encode()).hexdigest(), "locked": True}
    (place / "bitlocker.json").write_text(json.dumps({"schema": "seeding.folder-bitlocker/1", **lock}))


def prepared(rehearsal: Rehearsal, serial: str, *shares: Share, written: bytes | None = None, **facts: Any) -> Path:
    """A drive with its shares and its manifest (or *written* in place of it), encrypted with KEY; its folder."""
    place = bought(rehearsal, serial, **facts)
    for share in shares:
        file = place / "volume" / share.path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as out:
            out.truncate(share.whole)
            out.seek(share.offset)
            out.write(share.data)
    (place / "volume" / "DriveManifest.xml").write_bytes(written or manifest(serial, shares))
    encrypt(place)
    return place


def entry(place: Path, key: str = KEY) -> dict[str, str]:
    """What the import job says of a drive, read off the drive."""
    said = place / "volume" / "DriveManifest.xml"
    hashed = md5(said.read_bytes()) if said.is_file() else "0" * 32
    return {"manifestFile": "\\DriveManifest.xml", "manifestHash": hashed, "bitLockerKey": key}


def job_body(rehearsal: Rehearsal, drives: dict[str, dict[str, str]], **details: Any) -> dict[str, Any]:
    back = {"carrierName": "DHL", "carrierAccountNumber": ACCOUNT}
    known = {
        "importDiskDetailsCollection": drives,
        "returnToCustomerPackageDetails": back,
        "enableManifestBackup": True,
    }
    return rehearsal.body("DataBoxCustomerDisk", **{**known, **details})


def create(rehearsal: Rehearsal, name: str, *places: Path, **details: Any) -> Any:
    """Create the import job of these drives; the job as accepted."""
    body = job_body(rehearsal, {place.name: entry(place) for place in places}, **details)
    return rehearsal.databox.jobs.begin_create(rehearsal.group, name, body).result()


def ship(rehearsal: Rehearsal, name: str, tracking: str = "JD0001") -> None:
    """Hand the parcel over, as far as Azure is told."""
    sent = {"deliverToDcPackageDetails": {"carrierName": "DHL", "trackingId": tracking}}
    rehearsal.databox.jobs.mark_devices_shipped(name, rehearsal.group, sent)


def copied(rehearsal: Rehearsal, name: str) -> Any:
    """Let the datacenter work until the drives are packed again; the job as it is then."""
    rehearsal.control.jump_until(f"{name}: PreparingToShip")
    return rehearsal.job(name)


def statuses(job: Any) -> dict[str, tuple[str, str]]:
    """Per drive its copy status and the code of its error."""
    return {
        one.serial_number: (
            str(getattr(one.copy_status, "value", one.copy_status)),
            one.error.code if one.error else "",
        )
        for one in job.properties.details.copy_progress
    }


def blob(rehearsal: Rehearsal, path: str) -> bytes:
    container, name = path.split("/", 1)
    return rehearsal.blobs.get_blob_client(container, name).download_blob().readall()


def log(rehearsal: Rehearsal, link: str) -> str:
    return blob(rehearsal, link.removeprefix(rehearsal.known["blob"] + "/")).decode()
