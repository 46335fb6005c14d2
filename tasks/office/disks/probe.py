"""Looking at the drives of this machine: through PowerShell on Windows, through folders in a rehearsal.

`deploy/agents/Get-SeedingDrives.ps1` only reads. Neither it nor `PowerShellDrives` has been run on Windows yet: both
were written from the documentation of the Storage and BitLocker modules. `FolderDrives` is tested.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tasks.errors import InvalidInput, NotYet
from tasks.office.disks.commands import POWERSHELL, Run, run_command
from tasks.office.disks.drive import VENDOR_NAMES, DriveSeen

SCHEMA = "seeding.drives/1"
_NAMES = 20  # so many foreign names are listed


@dataclass(frozen=True)
class PowerShellDrives:
    """The drives of a Windows machine. *command* is what prints the document; see `windows_drives`."""

    command: Sequence[str]
    run: Run = run_command

    def look(self) -> tuple[DriveSeen, ...]:
        """Return every drive. Raises NotYet when the script fails or prints another document."""
        done = self.run(self.command, "")
        if done.code or not done.out.strip():
            reason = (done.err.strip().splitlines() or [f"exit code {done.code}"])[-1][:500]
            raise NotYet(f"the drives of this machine cannot be listed: {reason}", next="run this as an administrator")
        return read_document(done.out)


def windows_drives(script: Path) -> PowerShellDrives:
    """Return the drives as *script*, a `Get-SeedingDrives.ps1`, sees them."""
    return PowerShellDrives((*POWERSHELL, "-File", str(script)))


def read_document(text: str) -> tuple[DriveSeen, ...]:
    """Return the drives of one `seeding.drives/1` document. Raises NotYet when it is not one."""
    try:
        document = json.loads(text)
        if document["schema"] != SCHEMA:
            raise ValueError(document["schema"])
        return tuple(_drive(row) for row in document["drives"])
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise NotYet(f"the list of drives cannot be understood: it is no {SCHEMA} ({type(wrong).__name__})") from None


def _drive(row: dict[str, Any]) -> DriveSeen:
    return DriveSeen(
        serial=str(row["serial"]).strip(),
        path=str(row["path"]),
        bus=str(row["bus"]),
        sector_bytes=int(row["sector_bytes"]),
        capacity_bytes=int(row["capacity_bytes"]),
        volumes=int(row["volumes"]),
        filesystem=str(row["filesystem"]),
        empty=row["empty"] is True,
        foreign=tuple(map(str, row["foreign"])),
        locked=row["locked"] is True,
        removable=row.get("removable") is True,
        system=row.get("system") is True,
    )


DRIVE_FILE, VOLUME_FOLDER, BITLOCKER_FILE = "drive.json", "volume", "bitlocker.json"


@dataclass(frozen=True)
class FolderDrives:
    """Drives that are folders: `<home>/<any name>/` holds `drive.json` and, once formatted, `volume/`.

    `drive.json` needs `serial` and `capacity_bytes`; it may have `bus` (SATA), `sector_bytes` (512), `volumes`,
    `filesystem` (""), `removable`, `system`. What is on the drive lies in `volume/`; nothing else travels.
    """

    home: Path

    def look(self) -> tuple[DriveSeen, ...]:
        """Return every drive, by folder name. Raises InvalidInput for a `drive.json` that cannot be read."""
        return tuple(self._seen(place) for place in self.places())

    def places(self) -> list[Path]:
        """Return the folders of the drives that are connected, in order of their names."""
        if not self.home.is_dir():
            return []
        return sorted(place for place in self.home.iterdir() if (place / DRIVE_FILE).is_file())

    def place(self, serial: str) -> Path:
        """Return the folder of the drive *serial*. Raises InvalidInput when there is none."""
        for place in self.places():
            if self._seen(place).serial == serial:
                return place
        raise InvalidInput(f"no drive {serial} below {self.home}", next="connect the drive")

    def _seen(self, place: Path) -> DriveSeen:
        volume = place / VOLUME_FOLDER
        locked = _locked(place)
        foreign = tuple(islice(_names(volume), _NAMES)) if volume.is_dir() and not locked else ()
        try:
            facts = json.loads((place / DRIVE_FILE).read_text("utf-8"))
            return DriveSeen(
                serial=str(facts["serial"]),
                path=str(volume) if volume.is_dir() else "",
                bus=str(facts.get("bus", "SATA")),
                sector_bytes=int(facts.get("sector_bytes", 512)),
                capacity_bytes=int(facts["capacity_bytes"]),
                volumes=int(facts.get("volumes", volume.is_dir())),
                filesystem=str(facts.get("filesystem", "")),
                empty=not foreign and not locked,
                foreign=foreign,
                locked=locked,
                removable=facts.get("removable") is True,
                system=facts.get("system") is True,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as wrong:
            raise InvalidInput(f"{place / DRIVE_FILE} cannot be read: {wrong!r}") from None


def _names(volume: Path) -> list[str]:
    return sorted(entry.name for entry in volume.iterdir() if entry.name not in VENDOR_NAMES)


def _locked(place: Path) -> bool:
    state = place / BITLOCKER_FILE
    return state.is_file() and json.loads(state.read_text("utf-8")).get("locked") is True
