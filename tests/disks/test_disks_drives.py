"""What may be shipped: every objection rings alone, all of them ring together, and a good drive rings none."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from drive_sets import plug_in

from tasks.errors import InvalidInput, NotYet
from tasks.office.disks import DriveSeen, FolderDrives, PowerShellDrives, objections, windows_drives

GOOD = DriveSeen("S1", "E:\\", "SATA", 512, 8_000_000_000_000, 1, "NTFS", empty=True)
TB = 1_000_000_000_000


def codes(seen: DriveSeen, **how) -> list[str]:
    return [one.code for one in objections(seen, "S1", **how)]


def test_a_bare_sata_drive_with_one_empty_ntfs_volume_is_welcome():
    """Also 512e (reported as 512), in RAID mode, and of a platform that cannot tell the file system."""
    for good in (GOOD, replace(GOOD, bus="RAID"), replace(GOOD, filesystem=""), replace(GOOD, serial=" S1 ")):
        assert codes(good, needed_bytes=8 * TB) == []


# fmt: off
BAD = {
    "wrong-serial":    {"serial": "S2"},
    "sector-size":     {"sector_bytes": 4096},
    "usb-enclosure":   {"bus": "USB"},
    "usb-stick":       {"bus": "USB", "removable": True},
    "wrong-bus":       {"bus": "NVMe"},
    "several-volumes": {"volumes": 2},
    "no-volume":       {"volumes": 0, "path": "", "empty": False},
    "not-ntfs":        {"filesystem": "exFAT"},
    "not-empty":       {"empty": False, "foreign": ("a.doc", "b.doc")},
    "too-small":       {"capacity_bytes": 7 * TB},
    "locked":          {"locked": True, "empty": False},
    "system-drive":    {"system": True},
}
# fmt: on


@pytest.mark.parametrize("code", BAD)
def test_each_reason_is_named_alone_with_what_helps(code):
    """One fault, one objection, and the next step stands in it."""
    (found,) = objections(replace(GOOD, **BAD[code]), "S1", needed_bytes=8 * TB)

    assert found.code == code and found.message and found.next


def test_all_reasons_come_at_once():
    """Nobody walks to the office twice."""
    worst = DriveSeen("S2", "E:\\", "USB", 4096, TB, 3, "exFAT", empty=False, foreign=("x",), system=True)

    assert len(codes(worst, needed_bytes=8 * TB)) == 8


def test_a_bare_drive_on_an_adaptor_is_taken_on_a_persons_word_and_a_stick_never():
    """USB-SATA adaptors are allowed for preparing; software cannot tell them from casings."""
    assert codes(replace(GOOD, bus="USB"), on_adaptor=True) == []
    assert codes(replace(GOOD, bus="USB", removable=True), on_adaptor=True) == ["usb-stick"]


def test_what_an_interrupted_preparation_left_is_no_objection_and_anything_more_is():
    """Only the names that are ours."""
    left = replace(GOOD, empty=False, foreign=("seed", "DriveManifest.xml"))

    assert codes(left, ours=("seed", "DriveManifest.xml")) == []
    assert codes(left, ours=("seed",)) == ["not-empty"]


def test_a_volume_nobody_could_list_is_not_taken_for_empty():
    """No names and no word that it is empty: refused."""
    assert codes(replace(GOOD, empty=False)) == ["not-empty"]


def test_drives_that_are_folders_are_seen_like_drives(tmp_path):
    """`drive.json` beside the volume, the system's own folders left out; in order of the bays."""
    first = plug_in(tmp_path, "S1")
    (first / "System Volume Information").mkdir()
    second = plug_in(tmp_path, "S2", bus="USB", sector_bytes=4096, removable=True)
    (second / "letter.doc").write_bytes(b"x")
    (tmp_path / "not-a-drive").mkdir()
    seen = FolderDrives(tmp_path).look()

    assert [(one.serial, one.empty, one.foreign) for one in seen] == [("S1", True, ()), ("S2", False, ("letter.doc",))]
    assert (seen[1].bus, seen[1].sector_bytes, seen[1].removable) == ("USB", 4096, True)
    assert FolderDrives(tmp_path / "nowhere").look() == ()


def test_a_raw_and_a_locked_folder_drive_show_nothing_of_their_inside(tmp_path):
    """No volume: no path. Locked: neither empty nor foreign, because nobody can tell."""
    plug_in(tmp_path, "RAW").rmdir()
    locked = plug_in(tmp_path, "SHUT")
    (locked / "x").write_bytes(b"x")
    (locked.parent / "bitlocker.json").write_text('{"locked": true}')
    raw, shut = FolderDrives(tmp_path).look()

    assert (raw.path, raw.volumes) == ("", 0)
    assert (shut.locked, shut.empty, shut.foreign) == (True, False, ())


def test_a_broken_drive_file_is_an_error_that_names_it(tmp_path):
    """Never skipped."""
    (plug_in(tmp_path, "S1").parent / "drive.json").write_text("{}")

    with pytest.raises(InvalidInput, match=r"drive.json cannot be read"):
        FolderDrives(tmp_path).look()


def printing(text: str, code: int = 0) -> PowerShellDrives:
    """A command that prints *text*, where the script would stand."""
    return PowerShellDrives((sys.executable, "-S", "-c", f"import sys; print({text!r}); sys.exit({code})"))


def test_the_document_of_the_windows_script_becomes_drives():
    """The shape that `Get-SeedingDrives.ps1` prints, with the byte order mark some consoles put before it."""
    row = {"serial": " WD-1 ", "path": "E:\\", "bus": "SATA", "sector_bytes": 512, "capacity_bytes": 8 * TB,
           "volumes": 1, "filesystem": "NTFS", "empty": True, "foreign": [], "locked": False, "removable": False,
           "system": False}  # fmt: skip
    seen = printing("\ufeff" + json.dumps({"schema": "seeding.drives/1", "drives": [row]})).look()

    assert seen == (replace(GOOD, serial="WD-1"),)


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"schema": "seeding.drives/2", "drives": []}',
                                  '{"schema": "seeding.drives/1", "drives": [{"serial": "S"}]}'])  # fmt: skip
def test_an_answer_that_is_no_list_of_drives_is_no_answer(text):
    """Try again later; never an empty list."""
    with pytest.raises(NotYet):
        printing(text).look()


def test_a_script_that_fails_and_a_machine_without_powershell_are_not_yet():
    """With the reason in words."""
    with pytest.raises(NotYet, match=r"cannot be listed"):
        printing("{}", 1).look()
    with pytest.raises(NotYet, match=r"cannot be started here"):
        PowerShellDrives(("/no/such/powershell", "-File", "x")).look()
    assert windows_drives(Path("a.ps1")).command[-2:] == ("-File", "a.ps1")


AGENTS = Path(__file__).parents[2] / "deploy/agents"


def test_the_looking_script_only_reads_and_prints_every_field():
    """No cmdlet that changes anything, no recovery password; every field that is read here is printed there."""
    script = (AGENTS / "Get-SeedingDrives.ps1").read_text("utf-8")

    for verb in ("Format-", "Clear-", "Initialize-", "Set-Disk", "Set-Part", "Remove-", "New-Part", "KeyProtector"):
        assert verb not in script
    for name in GOOD.__dataclass_fields__:
        assert f" {name} " in script.replace("=", " = ")


def test_the_formatting_script_finds_the_disk_by_serial_and_never_by_letter():
    """It asks for serial and size, and for -Erase where there are files."""
    script = (AGENTS / "Format-SeedingDrive.ps1").read_text("utf-8")

    assert "[string]$SerialNumber" in script and "[int64]$ExpectedBytes" in script and "-not $Erase" in script
    assert "-DriveLetter" not in script
