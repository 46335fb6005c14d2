"""Formatting destroys: each guard refuses alone, and with a go-ahead that names the serial it agrees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from drive_sets import plug_in

from tasks.errors import InvalidInput, NotAllowed
from tasks.office.disks import (
    DriveRefused,
    DriveSeen,
    FolderDrives,
    FolderFormatter,
    GoAhead,
    WindowsFormatter,
    format_drive,
    said_yes,
    second_person,
)
from tasks.office.disks.commands import Ran


def formatted(home: Path, go_ahead: GoAhead, planned=("S1",), about_to=lambda seen: None, serial="S1") -> DriveSeen:
    drives = FolderDrives(home)
    return format_drive(serial, planned, go_ahead, drives, FolderFormatter(drives), about_to)


def with_data(home: Path, serial: str = "S1") -> Path:
    volume = plug_in(home, serial)
    (volume / "letter.doc").write_bytes(b"dear all")
    return volume


def test_an_empty_planned_drive_is_formatted_on_a_yes(tmp_path):
    """And the intent is told before, with what was seen."""
    plug_in(tmp_path, "S1")
    told: list[DriveSeen] = []

    assert formatted(tmp_path, said_yes("kim"), about_to=told.append).empty
    assert [seen.serial for seen in told] == ["S1"]


def test_a_raw_drive_gets_its_volume(tmp_path):
    """Nothing can be lost on a drive without a volume."""
    plug_in(tmp_path, "S1").rmdir()

    assert formatted(tmp_path, said_yes("kim")).volumes == 1


def test_a_drive_that_holds_data_is_formatted_only_when_the_approval_names_its_serial(tmp_path):
    """A yes alone, and a yes for another serial, keep the data; the right one does not."""
    volume = with_data(tmp_path)
    for not_enough in (said_yes("kim"), said_yes("kim", ["S2"]), second_person("kim", "lee")):
        with pytest.raises(DriveRefused, match=r"drive S1 holds letter.doc, and the approval does not name it"):
            formatted(tmp_path, not_enough)
        assert (volume / "letter.doc").read_bytes() == b"dear all"

    assert formatted(tmp_path, second_person("kim", "lee", ["S1"])).empty


def test_a_drive_that_is_not_planned_is_never_formatted(tmp_path):
    """Not even when the approval names it."""
    volume = with_data(tmp_path)

    with pytest.raises(DriveRefused, match=r"drive S1 is in no plan"):
        formatted(tmp_path, said_yes("kim", ["S1"]), planned=("S2",))
    assert (volume / "letter.doc").exists()


@pytest.mark.parametrize("facts", [{"system": True}, {"sector_bytes": 4096}, {"removable": True}, {"bus": "NVMe"}])
def test_hardware_that_cannot_be_shipped_is_not_formatted(tmp_path, facts):
    """Least of all the machine's own disk."""
    plug_in(tmp_path, "S1", **facts)

    with pytest.raises(DriveRefused):
        formatted(tmp_path, said_yes("kim", ["S1"]))


def test_a_locked_drive_may_hold_anything(tmp_path):
    """Nobody can look inside, so the approval must name it; then the old key is gone with the data."""
    volume = plug_in(tmp_path, "S1")
    lock = volume.parent / "bitlocker.json"
    lock.write_text('{"locked": true}')
    with pytest.raises(DriveRefused, match=r"data nobody can list"):
        formatted(tmp_path, said_yes("kim"))

    assert formatted(tmp_path, said_yes("kim", ["S1"])).empty
    assert not lock.exists()


def test_the_drive_is_looked_at_once_more_after_the_intent(tmp_path):
    """Swapped in the last moment: refused, and the data of the other drive is still there."""
    volume = plug_in(tmp_path, "S1")

    def swap(_seen: DriveSeen) -> None:
        (volume / "late.doc").write_bytes(b"x")

    with pytest.raises(DriveRefused, match=r"is not what it was a moment ago"):
        formatted(tmp_path, said_yes("kim"), about_to=swap)
    assert (volume / "late.doc").exists()


def test_an_intent_that_cannot_be_kept_stops_the_format(tmp_path):
    """No line in the journal, no effect."""
    volume = with_data(tmp_path)

    def fails(_seen: DriveSeen) -> None:
        raise OSError("journal full")

    with pytest.raises(OSError, match="journal full"):
        formatted(tmp_path, said_yes("kim", ["S1"]), about_to=fails)
    assert (volume / "letter.doc").exists()


def test_two_drives_of_one_serial_and_none_of_it_are_refused(tmp_path):
    """Cheap adaptors all say the same serial."""
    plug_in(tmp_path, "S1")
    with pytest.raises(DriveRefused, match=r"drive S2 is not connected"):
        formatted(tmp_path, said_yes("kim"), planned=("S2",), serial="S2")
    plug_in(tmp_path, "X")
    (tmp_path / "bay-X/drive.json").write_text(json.dumps({"serial": "S1", "capacity_bytes": 1}))
    with pytest.raises(DriveRefused, match=r"2 drives say that they are S1"):
        formatted(tmp_path, said_yes("kim"))


def test_a_go_ahead_has_a_name_and_a_second_person_is_another_one():
    """However the name is spelled."""
    with pytest.raises(InvalidInput):
        said_yes(" ")
    with pytest.raises(NotAllowed):
        second_person("Kim", "kim ")
    assert second_person("kim", "lee", ["S1"]) == GoAhead("lee", "second-person", frozenset({"S1"}))


def test_the_windows_command_names_serial_and_size_and_erases_only_when_told():
    """No letter, no disk number; a refusal of the script is ours, with its reason."""
    said: list[tuple[str, ...]] = []
    seen = DriveSeen("S1", "E:\\", "SATA", 512, 8_000, 1, "NTFS", empty=True)
    good = WindowsFormatter(Path("f.ps1"), lambda command, given: said.append(tuple(command)) or Ran(0))
    good.format(seen, erase=False)
    good.format(seen, erase=True)

    assert [command[-4:] for command in said] == [
        ("-SerialNumber", "S1", "-ExpectedBytes", "8000"), ("S1", "-ExpectedBytes", "8000", "-Erase")]  # fmt: skip
    with pytest.raises(DriveRefused, match=r"2 disks have the serial"):
        WindowsFormatter(Path("f.ps1"), lambda *_: Ran(20, "", "2 disks have the serial")).format(seen, erase=False)
