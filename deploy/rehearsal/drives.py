"""The customer's own drives: a folder each, with what is beside the disk (`drive.json`, `bitlocker.json`) and on it.

`volume/` is the disk's first data volume; a drive without it was never formatted. BitLocker is stood in for: the bytes
are readable, but the drive opens only with the key whose salted hash lies beside the volume.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.rehearsal.wire import ArmError

DRIVE_FILE, BITLOCKER_FILE, VOLUME = "drive.json", "bitlocker.json", "volume"
SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
# What may be said of a drive that is added, and what is meant when it is not.
FACTS: dict[str, Any] = {
    "serial": None, "capacity_bytes": None, "bus": "SATA", "sector_bytes": 512, "filesystem": "", "removable": False,
    "system": False,
}  # fmt: skip
READABLE_BUSES = ("SATA", "ATA", "RAID", "ATAPI")  # a casing keeps its USB; an adaptor is not on the drive


@dataclass(frozen=True)
class Drive:
    """A drive somebody holds in the hand."""

    place: Path
    facts: dict[str, Any]

    @property
    def volume(self) -> Path:
        """The first data volume; it need not exist."""
        return self.place / VOLUME

    @property
    def empty(self) -> bool:
        """Whether there is nothing on the volume."""
        return not self.volume.is_dir() or not any(self.volume.iterdir())

    @property
    def encrypted(self) -> bool:
        """Whether the volume is a BitLocker volume."""
        return (self.place / BITLOCKER_FILE).is_file()

    @property
    def readable(self) -> bool:
        """Whether the datacenter can read such hardware at all: 512-byte sectors on a SATA drive, no stick."""
        bus, sector = str(self.facts.get("bus", "SATA")).upper(), self.facts.get("sector_bytes", 512)
        return sector == 512 and bus in READABLE_BUSES and not self.facts.get("removable")

    def opens_with(self, key: str) -> bool:
        """Tell whether *key* opens the volume."""
        lock = json.loads((self.place / BITLOCKER_FILE).read_text("utf-8"))
        made = hashlib.sha256(bytes.fromhex(lock["salt"]) + key.encode("ascii", "replace")).hexdigest()
        return hmac.compare_digest(made, str(lock["hash"]))

    def lock(self) -> None:
        """Leave the drive locked, as it is whenever it was without power."""
        place = self.place / BITLOCKER_FILE
        if place.is_file():
            place.write_text(json.dumps({**json.loads(place.read_text("utf-8")), "locked": True}, indent=1), "utf-8")


def add(home: Path, row: dict[str, Any]) -> dict[str, Any]:
    """Put a new drive on the desk, or leave one of that serial as it is; return what it says of itself and its path.

    With `"formatted": true` it has one empty volume. Raises ArmError 400 for a row that is no drive.
    """
    unknown = set(row) - set(FACTS) - {"volumes", "formatted"}
    serial, capacity = row.get("serial"), row.get("capacity_bytes")
    if unknown or not isinstance(serial, str) or not SERIAL.fullmatch(serial) or not isinstance(capacity, int):
        raise ArmError(400, "BadDrive", f"a drive needs serial and capacity_bytes, and has no {sorted(unknown)}")
    drive = find(home, serial)
    if drive is None:
        place = home / serial
        (place / VOLUME if row.get("formatted") else place).mkdir(parents=True)
        facts = {**FACTS, **{key: value for key, value in row.items() if key != "formatted"}}
        (place / DRIVE_FILE).write_text(json.dumps(facts, indent=1), "utf-8")
        drive = Drive(place, facts)
    return {**drive.facts, "path": str(drive.place)}


def find(home: Path, serial: str) -> Drive | None:
    """Return the drive *serial*, in whatever folder it lies, or None. A damaged `drive.json` is no drive."""
    return next((drive for drive in every(home) if drive.facts.get("serial") == serial), None)


def every(home: Path) -> list[Drive]:
    """Return all drives, by the names of their folders."""
    found = []
    for place in sorted(home.iterdir()):
        try:
            facts = json.loads((place / DRIVE_FILE).read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(facts, dict):
            found.append(Drive(place, facts))
    return found
