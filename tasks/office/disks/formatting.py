"""Formatting a drive: the one thing here that destroys data, behind a guard that looks twice.

Needs a go-ahead that a caller made from `--yes` or from a second person's approval. The serial is checked right before,
and on Windows once more by the script itself, which finds the disk by serial and never by letter. The caller's
`about_to` is called last of all, so that an intent stands in the run's journal before anything is lost.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from tasks.errors import InvalidInput, NotAllowed
from tasks.office.disks.commands import POWERSHELL, Run, run_command
from tasks.office.disks.drive import DriveObjection, Drives, DriveSeen, objections
from tasks.office.disks.faults import DriveRefused
from tasks.office.disks.probe import BITLOCKER_FILE, VOLUME_FOLDER, FolderDrives

_MENDED = {"several-volumes", "no-volume", "not-ntfs", "not-empty", "locked"}


@dataclass(frozen=True)
class GoAhead:
    """Somebody's word that drives may be formatted. *erase* names the serials whose data may be lost."""

    by: str
    how: Literal["yes", "second-person"]
    erase: frozenset[str] = frozenset()


def said_yes(by: str, erase: Collection[str] = ()) -> GoAhead:
    """Return the go-ahead of an operator who gave `--yes`. Raises InvalidInput without a name."""
    if not by.strip():
        raise InvalidInput("a go-ahead needs a name", next="say who agrees")
    return GoAhead(by.strip(), "yes", frozenset(erase))


def second_person(asked_by: str, approved_by: str, erase: Collection[str] = ()) -> GoAhead:
    """Return a second person's approval. Raises NotAllowed when it is the same person."""
    if not approved_by.strip() or asked_by.strip().casefold() == approved_by.strip().casefold():
        raise NotAllowed("whoever asks for a format cannot approve it", next="ask another person to approve it")
    return GoAhead(approved_by.strip(), "second-person", frozenset(erase))


class Formatter(Protocol):
    """Makes one empty NTFS volume of a drive."""

    def format(self, seen: DriveSeen, *, erase: bool) -> None:
        """Format the drive of that serial, and no other. *erase* allows it to lose data. Raises DriveRefused."""


def format_drive(
    serial: str,
    planned: Collection[str],
    go_ahead: GoAhead,
    drives: Drives,
    formatter: Formatter,
    about_to: Callable[[DriveSeen], None],
    *,
    on_adaptor: bool = False,
) -> DriveSeen:
    """Format the drive *serial* and return it as it is then: one empty volume. Raises DriveRefused, as below."""
    seen = may_be_formatted(serial, planned, go_ahead, drives, on_adaptor=on_adaptor)
    about_to(seen)
    if _looked(serial, drives) != seen:
        raise DriveRefused(f"drive {serial} is not what it was a moment ago", next="leave the drives alone, try again")
    formatter.format(seen, erase=serial in go_ahead.erase)
    after = _looked(serial, drives)
    if after is None or objections(after, serial, on_adaptor=on_adaptor):
        raise DriveRefused(f"drive {serial} is not one empty volume after formatting", next="try again, or replace it")
    return after


def may_be_formatted(
    serial: str, planned: Collection[str], go_ahead: GoAhead, drives: Drives, *, on_adaptor: bool = False
) -> DriveSeen:
    """Look at the drive *serial* now, and return it when it may be formatted. Changes nothing.

    Refused (DriveRefused, every reason) unless the serial is planned, exactly one such drive is connected, the
    hardware is fit, and it is empty or the go-ahead names it among what may be erased.
    """
    seen = _looked(serial, drives)
    reasons = list(_against(serial, planned, go_ahead, seen, on_adaptor))
    if reasons or seen is None:
        raise DriveRefused("; ".join(one.message for one in reasons), next=reasons[0].next,
                           reasons=[one.message for one in reasons])  # fmt: skip
    return seen


def _looked(serial: str, drives: Drives) -> DriveSeen | None:
    found = [drive for drive in drives.look() if drive.serial.strip() == serial]
    if len(found) > 1:
        raise DriveRefused(f"{len(found)} drives say that they are {serial}", next="connect one drive at a time")
    return found[0] if found else None


def _against(
    serial: str, planned: Collection[str], go_ahead: GoAhead, seen: DriveSeen | None, on_adaptor: bool
) -> Sequence[DriveObjection]:
    if seen is None:
        return [DriveObjection("not-there", f"drive {serial} is not connected", "connect it")]
    found = [one for one in objections(seen, serial, on_adaptor=on_adaptor) if one.code not in _MENDED]
    if serial not in planned:
        found.append(DriveObjection("not-planned", f"drive {serial} is in no plan", "plan it, or use a planned drive"))
    if holds_data(seen) and serial not in go_ahead.erase:
        names = ", ".join(seen.foreign[:5]) or "data nobody can list"
        found.append(DriveObjection(
            "holds-data", f"drive {serial} holds {names}, and the approval does not name it",
            f"look at it; if it may be lost, approve with the serial {serial}"))  # fmt: skip
    return found


def holds_data(seen: DriveSeen) -> bool:
    """Say whether formatting could lose anything: a drive with no volume at all, or one empty one, has nothing."""
    return seen.volumes > 0 and not (seen.empty and seen.volumes == 1 and not seen.locked)


@dataclass(frozen=True)
class WindowsFormatter:
    """Formats through `deploy/agents/Format-SeedingDrive.ps1`. NOT YET RUN ON WINDOWS: written from documentation."""

    script: Path
    run: Run = run_command

    def format(self, seen: DriveSeen, *, erase: bool) -> None:
        """Clear, initialize (GPT) and format the disk of that serial. Raises DriveRefused with the script's reason."""
        flags = ["-Erase"] if erase else []
        command = [*POWERSHELL, "-File", str(self.script), "-SerialNumber", seen.serial, "-ExpectedBytes",
                   str(seen.capacity_bytes), *flags]  # fmt: skip
        done = self.run(command, "")
        if done.code:
            reason = (done.err.strip().splitlines() or [f"exit code {done.code}"])[-1][:300]
            raise DriveRefused(f"drive {seen.serial} was not formatted: {reason}", next="mend that and try again")


@dataclass(frozen=True)
class FolderFormatter:
    """Formats drives that are folders: `volume/` becomes empty, and nothing is encrypted any more."""

    drives: FolderDrives

    def format(self, seen: DriveSeen, *, erase: bool) -> None:
        """Empty the folder of the drive. Raises DriveRefused when it would lose data without *erase*."""
        place = self.drives.place(seen.serial)
        volume = place / VOLUME_FOLDER
        if holds_data(seen) and not erase:
            raise DriveRefused(f"drive {seen.serial} holds data", next="approve with its serial")
        if volume.is_dir():
            shutil.rmtree(volume)
        (place / BITLOCKER_FILE).unlink(missing_ok=True)
        volume.mkdir()
