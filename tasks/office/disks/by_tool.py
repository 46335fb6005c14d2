"""Prepare drives with the vendor's tool: guard, run it, read back what it left. The `tool` way of preparing.

The tool formats, encrypts with keys of its own, copies the whole staging folder and makes the Azure import job. It
cannot go on where it was stopped, and cannot copy a part. What we know afterwards we read off the drives ourselves.

Safe to call twice: `state` remembers that the tool was started and what was read back. After a crash in between the
drives decide: if they hold the whole seed, that is the result; else a person must clear them first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tasks.errors import NotYet
from tasks.files import write_aside
from tasks.office.disks.bitlocker import BitLocker
from tasks.office.disks.drive import Drives, DriveSeen
from tasks.office.disks.faults import BitLockerFailed, DriveDiffers, DriveRefused, ToolRefused
from tasks.office.disks.formatting import GoAhead, holds_data, may_be_formatted
from tasks.office.disks.manifest_xml import MANIFEST_FILE, MANIFEST_NAME
from tasks.office.disks.prepare import PreparedDrive
from tasks.office.disks.reread import check_drive, file_hash
from tasks.office.disks.tool import Conversation, ToolAnswers, command_line, run_tool

_STARTED, _RESULT = "tool-started.json", "tool-result.json"


@dataclass(frozen=True)
class Tool:
    """The tool at this office. `answers` lack job and drives; `sign_in` asks the person at this machine, if any.

    `staging` is the folder as the inventory spells it now.
    """

    program: tuple[str, ...]
    staging: str
    answers: ToolAnswers
    sign_in: Callable[[], bool] | None = None
    settle_seconds: float = 1.0


@dataclass(frozen=True)
class ToolWork:
    """One preparation: the import job's name, the staging folder as the backup policy has it, the drives, the seed."""

    job_name: str
    staging: str
    serials: tuple[str, ...]
    go_ahead: GoAhead
    seed_bytes: int


def prepare_by_tool(
    tool: Tool, work: ToolWork, drives: Drives, bitlocker: BitLocker, state: Path
) -> tuple[PreparedDrive, ...]:
    """Run the tool if it has not run yet, read every drive again, lock it, and return what it holds.

    *state* is a folder on the office's disk. Raises DriveRefused before anything is touched; the errors of
    `tool.run_tool`; ToolRefused, DriveDiffers and BitLockerFailed when the drives do not hold the seed afterwards.
    """
    state.mkdir(parents=True, exist_ok=True)
    if not (state / _RESULT).exists():
        if not _was_run(work, drives, state):
            _run(tool, work, drives, state)
        done = _read_back(work, drives, bitlocker)
        write_aside(state / _RESULT, json.dumps([asdict(drive) for drive in done]).encode())
    done = tuple(PreparedDrive(**row) for row in json.loads((state / _RESULT).read_bytes()))
    for drive in done:
        seen = _at(drive.serial, drives)
        if not seen.locked:
            bitlocker.lock(Path(seen.path))
    return done


def _was_run(work: ToolWork, drives: Drives, state: Path) -> bool:
    """Say whether the tool was started for this job and left something: then nothing may be formatted again."""
    return (state / _STARTED).exists() and any(
        holds_data(seen) for seen in drives.look() if seen.serial.strip() in work.serials
    )


def _run(tool: Tool, work: ToolWork, drives: Drives, state: Path) -> None:
    command = command_line(tool.program, tool.staging, work.staging)
    sign_in = tool.sign_in
    if sign_in is None:
        raise ToolRefused(
            "the disk preparation tool needs a person at the copy computer, who signs in at a browser",
            next="run `seeding advance` for this run in an elevated console there",
        )
    letters = {serial: _free(serial, work, drives).path for serial in work.serials}

    def may_format(serial: str, letter: str) -> bool:
        return _free(serial, work, drives).path == letter

    answers = replace(tool.answers, job_name=work.job_name, drives=letters)
    write_aside(state / _STARTED, json.dumps({"job": work.job_name, "serials": work.serials}).encode())
    run_tool(command, Conversation(answers, may_format, sign_in), settle_seconds=tool.settle_seconds)


def _free(serial: str, work: ToolWork, drives: Drives) -> DriveSeen:
    """Return the drive as it is right now. Raises DriveRefused unless the tool may format it."""
    seen = may_be_formatted(serial, work.serials, work.go_ahead, drives)
    if not seen.path:
        raise DriveRefused(
            f"drive {serial} has no volume with a letter, and the tool knows drives by their letter",
            next="give it one empty NTFS volume with a letter (Disk Management)",
        )
    return seen


def _read_back(work: ToolWork, drives: Drives, bitlocker: BitLocker) -> tuple[PreparedDrive, ...]:
    """Read every drive the tool left a manifest on, and insist on the whole seed."""
    found = [drive for serial in work.serials if (drive := _read(serial, work, drives, bitlocker))]
    there = sum(drive.bytes for drive in found)
    if there != work.seed_bytes:
        raise ToolRefused(
            f"the tool left {there:,} bytes on {len(found)} drives, the seed has {work.seed_bytes:,}",
            next=f"make sure that Azure has no import job {work.job_name}, delete the volumes of "
            f"{', '.join(work.serials)} and give each an empty NTFS volume: then the tool is started anew",
        )
    return tuple(found)


def _read(serial: str, work: ToolWork, drives: Drives, bitlocker: BitLocker) -> PreparedDrive | None:
    """Return what one drive holds, None when the tool did not use it."""
    seen = _at(serial, drives)
    if seen.locked:
        raise BitLockerFailed(f"drive {serial} is locked, and what the tool wrote cannot be read again",
                              next="unlock it at the copy computer with the key in the tool's journal")  # fmt: skip
    manifest = Path(seen.path) / MANIFEST_NAME
    if not manifest.is_file():
        return None
    if bitlocker.state(Path(seen.path)) == "off":
        raise BitLockerFailed(f"drive {serial} was left unencrypted by the tool", next="do not ship it; start anew")
    told = file_hash(manifest)
    read = check_drive(Path(seen.path), MANIFEST_NAME, told, serial)
    if read.faulty:
        raise DriveDiffers(f"drive {serial} does not hold what its manifest says: {read.faults[0]}",
                           next="replace the drive, then let the tool prepare all of them anew",
                           reasons=read.faults)  # fmt: skip
    return PreparedDrive(serial, MANIFEST_FILE, told, read.bytes, read.blobs, work.job_name)


def _at(serial: str, drives: Drives) -> DriveSeen:
    found: Sequence[DriveSeen] = [seen for seen in drives.look() if seen.serial.strip() == serial]
    if len(found) != 1 or not found[0].path:
        raise NotYet(f"drive {serial} is not connected with a letter", next="connect it to the copy computer")
    return found[0]
