"""The guard before the first write: the planned drive is there, and holds nothing but what this session left on it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.office.disks.drive import DriveObjection, Drives, DriveSeen, objections
from tasks.office.disks.faults import DriveManifestExists, DriveRefused
from tasks.office.disks.manifest_xml import MANIFEST_NAME
from tasks.office.disks.reread import file_hash

MARKER = ".seeding-session"  # on the drive while it is being prepared: a JSON document, {"session", "serial"}
_PARTS = (f".{MARKER}.", f".{MANIFEST_NAME}.part")


@dataclass(frozen=True)
class Expected:
    """What should be found at *root*. *manifest_hash* is what our journal says of a finished manifest, or ""."""

    serial: str
    root: Path
    needed_bytes: int
    session: str
    container: str
    manifest_hash: str = ""
    on_adaptor: bool = False


def check_drives(drives: Drives, expected: Sequence[Expected]) -> tuple[bool, ...]:
    """Look now, and say for each drive whether it carries this session's own work already (else it is empty).

    Changes nothing. Raises DriveRefused with every reason of every drive, DriveManifestExists among them.
    """
    seen = drives.look()
    ours, found = list[bool](), list[DriveObjection]()
    for one in expected:
        mine, against = _check(seen, one)
        ours.append(mine)
        found += against
    if found:
        kind = DriveManifestExists if any(each.code == DriveManifestExists.code for each in found) else DriveRefused
        reasons = tuple(each.message for each in found)
        raise kind("; ".join(reasons), next=found[0].next, reasons=reasons)
    return tuple(ours)


def _check(seen: Sequence[DriveSeen], one: Expected) -> tuple[bool, list[DriveObjection]]:
    here = next((drive for drive in seen if drive.path and Path(drive.path) == one.root), None)
    if here is None:
        there = next((drive.path for drive in seen if drive.serial.strip() == one.serial), None)
        where = "it is not connected" if there is None else f"it is at {there or 'no path'}"
        return False, [
            DriveObjection("not-there", f"drive {one.serial} is planned at {one.root}, {where}", "connect it there")
        ]
    mine = not here.locked and _is_ours(one)
    names = [MARKER, one.container, MANIFEST_NAME] if mine else []
    names += [name for name in here.foreign if name.startswith(_PARTS)]
    against = list(objections(here, one.serial, needed_bytes=one.needed_bytes, ours=names, on_adaptor=one.on_adaptor))
    if not mine and MANIFEST_NAME in here.foreign:
        against.insert(0, _other_manifest(one))
    return mine, against


def _is_ours(one: Expected) -> bool:
    try:
        marker = json.loads((one.root / MARKER).read_bytes())
        return bool(marker == {"session": one.session, "serial": one.serial})
    except (OSError, ValueError):
        pass
    try:
        return bool(one.manifest_hash) and file_hash(one.root / MANIFEST_NAME) == one.manifest_hash
    except OSError:
        return False


def _other_manifest(one: Expected) -> DriveObjection:
    return DriveObjection(
        DriveManifestExists.code,
        f"drive {one.serial} carries a {MANIFEST_NAME} of another session than {one.session}",
        "format the drive, or delete the manifest if it is of no use, and prepare with a new session",
    )
