"""Devices that are full, read-only, gone, broken or the wrong one: a clear error, and nothing is lost."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from media_devices import ext4, in_memory, must, needs_mounts
from media_trees import MIB, a_seed, digests, header, put_on, stopped_after

from tasks.media import (
    DeviceBusy,
    DeviceFull,
    DeviceGone,
    DeviceIOError,
    DeviceReadOnly,
    MediaError,
    WrongDevice,
    copy,
    seal,
    verify,
)
from tasks.media.copying.place import open_state

pytestmark = needs_mounts
_NUMBERS = r"at least [\d,]+ bytes are to be copied, [\d,]+ were free before"


def test_a_seed_that_cannot_fit_is_refused_with_numbers(tmp_path):
    """The bytes needed and the bytes free are in the message, and the exit code asks for a person."""
    source = a_seed(tmp_path / "s", large_bytes=30 * MIB)
    with in_memory(tmp_path / "m", "size=8m") as device, pytest.raises(DeviceFull, match=_NUMBERS) as found:
        copy(source, device / "PageBlob", state=tmp_path / "state")

    assert found.value.exit_code == 4


def test_a_device_that_fills_up_keeps_what_it_has(tmp_path):
    """Out of room in the middle: after more room was made, the copy goes on and nothing is copied twice."""
    source = a_seed(tmp_path / "s", small=300, large=0)
    with in_memory(tmp_path / "m", "size=64m,nr_inodes=150") as device:
        with pytest.raises(DeviceFull, match="No space"):
            copy(source, device / "PageBlob", state=tmp_path / "state")
        must("mount", "-o", "remount,nr_inodes=5000", str(device))

        copy(source, device / "PageBlob", state=tmp_path / "state")

        assert digests(device / "PageBlob") == digests(source)


def test_a_read_only_device_is_said_to_be_one(tmp_path):
    """Write-protected, or turned read-only after an error: not a permission problem, not an I/O error."""
    source = a_seed(tmp_path / "s", large=0)
    with in_memory(tmp_path / "m") as device:
        must("mount", "-o", "remount,ro", str(device))
        with pytest.raises(DeviceReadOnly):
            copy(source, device / "PageBlob", state=tmp_path / "state")
        must("mount", "-o", "remount,rw", str(device))

        copy(source, device / "PageBlob", state=tmp_path / "state")

        assert digests(device / "PageBlob") == digests(source)


def test_a_device_that_went_away_is_missed_not_replaced_by_its_mount_point(tmp_path):
    """With nothing mounted, not a byte is written to the folder below; back again, the copy goes on."""
    source, where = a_seed(tmp_path / "s", large=0), tmp_path / "m"
    with in_memory(where) as device:
        _stop_in_the_middle(source, device, tmp_path)
        must("umount", str(device))
        with pytest.raises((DeviceGone, WrongDevice)):
            copy(source, device / "PageBlob", state=tmp_path / "state")
        assert list(where.iterdir()) == []


def test_another_device_in_the_same_place_is_found_out(tmp_path):
    """A second device where the first one was: refused while the first copy is unfinished."""
    source, where = a_seed(tmp_path / "s", large=0), tmp_path / "m"
    with in_memory(where) as device:
        _stop_in_the_middle(source, device, tmp_path)
    with in_memory(where) as other, pytest.raises(WrongDevice, match="another device"):
        copy(source, other / "PageBlob", state=tmp_path / "state")


def test_the_same_device_in_another_place_is_known_again(tmp_path):
    """Drive letters and mount points change: what was copied is reused wherever the device appears."""
    source, image = a_seed(tmp_path / "s"), tmp_path / "image"
    with ext4(tmp_path / "m1", image) as device:
        first = copy(source, device / "PageBlob", state=tmp_path / "state")
        must("umount", str(device))
        (tmp_path / "m2").mkdir()
        must("mount", "-o", "loop", str(image), str(tmp_path / "m2"))
        try:
            again = copy(source, tmp_path / "m2/PageBlob", state=tmp_path / "state")
            sealed = seal(tmp_path / "m2", ["PageBlob"], tmp_path / "m", header=header(), state=tmp_path / "state")
        finally:
            must("umount", str(tmp_path / "m2"))

    assert (again.reused_bytes, sealed.bytes) == (first.bytes, first.bytes)


def test_a_failing_device_ends_in_a_clear_error_and_the_copy_is_not_called_done(tmp_path):
    """A disk that stops taking bytes (its medium is a full file system): I/O error or read-only, never success."""
    source = a_seed(tmp_path / "s", large=2, large_bytes=20 * MIB)
    with in_memory(tmp_path / "medium", "size=16m") as medium, ext4(tmp_path / "m", medium / "image", "128M") as device:
        with pytest.raises((DeviceIOError, DeviceReadOnly, DeviceFull)) as found:
            copy(source, device / "PageBlob", state=tmp_path / "state")
        with pytest.raises(MediaError):
            seal(device, ["PageBlob"], tmp_path / "manifest", header=header(), state=tmp_path / "state")

    assert found.value.exit_code == 4
    assert copy(source, tmp_path / "spare/PageBlob", state=tmp_path / "state2").bytes > 0


def test_sectors_that_cannot_be_read_again_are_found(tmp_path):
    """The medium loses its second half after sealing: verify names the files, it does not stop at the first."""
    source, image = a_seed(tmp_path / "s", small=3, large=3, large_bytes=20 * MIB), tmp_path / "image"
    with ext4(tmp_path / "m", image, "128M") as device:
        sealed = put_on(device, source, tmp_path / "state")
        subprocess.run(["sync", "-f", str(device)], check=True)
        manifest = tmp_path / "copy-of-manifest"
        manifest.write_bytes(sealed.manifest.read_bytes())
        Path("/proc/sys/vm/drop_caches").write_text("3")
        with image.open("r+b") as medium:
            medium.truncate(40 * MIB)
        try:
            found = verify(device, manifest)
        except DeviceIOError:
            return

    assert not found.ok
    assert {fault.kind for fault in found.faults} <= {"unreadable", "missing", "differs"}


def test_two_copies_to_one_place_do_not_mix(tmp_path):
    """While one copy holds the state, a second one is told so."""
    source = a_seed(tmp_path / "s", small=2, large=0)
    with open_state(tmp_path / "d", tmp_path / "state"), pytest.raises(DeviceBusy):
        copy(source, tmp_path / "d", state=tmp_path / "state")


def test_memory_cannot_be_read_past_and_verify_says_so(tmp_path):
    """On a file system in memory there is no device behind the cache: the result does not claim otherwise."""
    source = a_seed(tmp_path / "s", small=2, large=1)
    with in_memory(tmp_path / "m") as device:
        done = copy(source, device / "PageBlob", state=tmp_path / "state")
        seal(device, ["PageBlob"], device / "m", header=header(), state=tmp_path / "state")

        assert done.reading == "buffered"
        assert not verify(device, device / "m").past_cache


def test_verify_reads_the_device_not_the_cache(tmp_path):
    """A byte changed behind the file system's back, which still has the old one cached, is noticed."""
    source, image = a_seed(tmp_path / "s", small=20, large=1), tmp_path / "image"
    with ext4(tmp_path / "m", image, "64M") as device:
        put_on(device, source, tmp_path / "state")
        victims = {"big/image 0.vhdx": 8192, "d1/e1/f00001": 0}
        wanted = [(source / name).read_bytes()[at : at + 64] for name, at in victims.items()]
        assert verify(device, device / "manifest.txt").ok
        _change_on_the_medium(image, wanted)

        found = verify(device, device / "manifest.txt")

    assert {(fault.kind, fault.path) for fault in found.faults} == {("differs", f"PageBlob/{name}") for name in victims}


def _change_on_the_medium(image: Path, places: list[bytes]) -> None:
    data = image.read_bytes()
    with image.open("r+b") as medium:
        for wanted in places:
            medium.seek(data.index(wanted))
            medium.write(bytes([wanted[0] ^ 1]))


def _stop_in_the_middle(source: Path, device: Path, scratch: Path) -> None:
    """Leave a copy unfinished."""
    with stopped_after(0) as stop:
        copy(source, device / "PageBlob", state=scratch / "state", progress=stop)
