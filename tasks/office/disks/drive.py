"""What a customer's own drive is, what the office sees of it, and every reason why it may not be used.

Rules of the service (Import/Export "system requirements", copy of 2022-05): SATA drives, 512-byte logical sectors
(512e reports 512), no sticks, no enclosures, one NTFS volume. Sizes are bytes. Nothing here touches a disk.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

PLANNED_BYTES = 8_000_000_000_000  # what is planned on one drive
MOST_DRIVES = 10  # of one job
_SATA = ("SATA", "ATA", "RAID", "ATAPI")  # a controller in RAID mode shows SATA drives as RAID
VENDOR_NAMES = ("System Volume Information", "$RECYCLE.BIN", "lost+found")


@dataclass(frozen=True)
class DriveSeen:
    """One drive as the office's machine shows it.

    `path` is the root of its data volume ("" when it has none). `foreign` names the first things on it, the system's
    own folders left out; while `locked`, nobody can tell and `empty` is False. `filesystem` is "" where unknown.
    """

    serial: str
    path: str
    bus: str
    sector_bytes: int
    capacity_bytes: int
    volumes: int
    filesystem: str
    empty: bool
    foreign: tuple[str, ...] = ()
    locked: bool = False
    removable: bool = False  # a stick or card: the medium itself says so
    system: bool = False  # this machine runs from it


class Drives(Protocol):
    """The drives of one machine. Looking changes nothing."""

    def look(self) -> tuple[DriveSeen, ...]:
        """Return every drive that is connected now. Raises NotYet when the machine does not answer."""


@dataclass(frozen=True)
class DriveObjection:
    """One reason against a drive: a code, the fact in words, and what helps."""

    code: str
    message: str
    next: str


def objections(
    seen: DriveSeen,
    planned_serial: str,
    *,
    needed_bytes: int = 0,
    ours: Collection[str] = (),
    on_adaptor: bool = False,
    raw_ok: bool = False,
) -> tuple[DriveObjection, ...]:
    """Return every reason why *seen* may not take *needed_bytes* as the drive *planned_serial*; () when there is none.

    *ours* are the names that an interrupted preparation left on it. *on_adaptor* is a person's word that a bare SATA
    drive sits on a USB adaptor, which software cannot tell from a casing. *raw_ok* leaves out what formatting mends.
    """
    found = [*_identity(seen, planned_serial), *_hardware(seen, on_adaptor), *_room(seen, needed_bytes)]
    if not raw_ok:
        found += _contents(seen, ours)
    return tuple(found)


def _identity(seen: DriveSeen, planned: str) -> Iterator[DriveObjection]:
    if seen.serial.strip() != planned:
        yield DriveObjection(
            "wrong-serial",
            f"planned is drive {planned}; at {seen.path or 'no path'} is {seen.serial.strip() or 'an unnamed one'}",
            f"connect the drive {planned}, or plan this one",
        )
    if seen.system:
        yield DriveObjection(
            "system-drive", f"drive {seen.serial} holds this machine's own system", "use another drive"
        )


def _hardware(seen: DriveSeen, on_adaptor: bool) -> Iterator[DriveObjection]:
    name = f"drive {seen.serial}"
    if seen.sector_bytes != 512:
        yield DriveObjection(
            "sector-size",
            f"{name} has logical sectors of {seen.sector_bytes:,} bytes; the datacenter reads 512 only (512e is fine)",
            "use a drive with 512-byte logical sectors",
        )
    if seen.removable:
        yield DriveObjection("usb-stick", f"{name} is a stick or card", "use a SATA drive")
    elif seen.bus.upper() == "USB" and not on_adaptor:
        yield DriveObjection(
            "usb-enclosure",
            f"{name} is connected by USB; external drives and casings are returned unread",
            "take the SATA drive out of its casing; on a bare adaptor, say so in the inventory",
        )
    elif seen.bus.upper() not in (*_SATA, "USB"):
        yield DriveObjection("wrong-bus", f"{name} is a {seen.bus or 'nameless'} drive, not SATA", "use a SATA drive")


def _room(seen: DriveSeen, needed_bytes: int) -> Iterator[DriveObjection]:
    if seen.capacity_bytes < needed_bytes:
        yield DriveObjection(
            "too-small",
            f"drive {seen.serial} has {seen.capacity_bytes:,} bytes, {needed_bytes:,} are to go on it",
            "use a larger drive, or plan again",
        )


def _contents(seen: DriveSeen, ours: Collection[str]) -> Iterator[DriveObjection]:
    name = f"drive {seen.serial}"
    clean = f"delete the volumes of {name} (Disk Management): a run formats only a drive that holds nothing"
    if seen.volumes > 1:
        yield DriveObjection(
            "several-volumes",
            f"{name} has {seen.volumes} data volumes; only the first would be read at the datacenter",
            clean,
        )
    if seen.volumes < 1:
        yield DriveObjection("no-volume", f"{name} has no volume yet", clean)
    if seen.filesystem and seen.filesystem.upper() != "NTFS":
        yield DriveObjection("not-ntfs", f"{name} is formatted as {seen.filesystem}, not NTFS", clean)
    if seen.locked:
        yield DriveObjection("locked", f"{name} is locked by BitLocker", f"unlock it, or {clean}")
        return
    foreign = [each for each in seen.foreign if each not in ours]
    if foreign or not (seen.empty or seen.foreign or seen.volumes < 1):
        listed = ", ".join(foreign[:5]) or "something this account cannot list"
        yield DriveObjection("not-empty", f"{name} is not empty: {listed}", f"empty it, or {clean}")


def room_bytes(capacity_bytes: int, planned_bytes: int = PLANNED_BYTES) -> int:
    """Return how many bytes of data to plan on a drive: a little is left for the file system and the manifest."""
    return max(0, min(planned_bytes, capacity_bytes - capacity_bytes // 512 - (64 << 10)))
