"""Seal and verify: what an agent wrote is hashed, what a copy hashed is not read again, later writes are found."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest
from media_trees import MIB, a_seed, digests, header, plant, put_on, stopped_after

from tasks.media import (
    DeviceGone,
    ManifestInvalid,
    NotSealed,
    Progress,
    SealedThenChanged,
    StateInvalid,
    StillWritten,
    StrayFile,
    copy,
    entries,
    read_manifest,
    seal,
    verify,
)


@pytest.fixture(name="tmp_path")
def scratch(fast: Path) -> Path:
    """These tests are about answers, not about disks: they run in memory."""
    return fast


def test_what_an_agent_wrote_is_hashed_where_it_lies(tmp_path):
    """No copy of ours was there: many small files, large files, odd names, all listed with the right hashes."""
    device = tmp_path / "device"
    a_seed(device / "PageBlob", small=2600, large=2, large_bytes=33 * MIB)
    seen: list[Progress] = []

    done = seal(device, ["PageBlob"], device / "manifest", header=header(), progress=seen.append)

    assert (done.files, done.bytes) == (seen[-1].files, seen[-1].bytes)
    assert {str((device / e.native).relative_to(device / "PageBlob")): e.md5.hex() for e in entries(device / "manifest")
            if e.md5} == _md5s(device / "PageBlob")  # fmt: skip
    assert sorted(p.name for p in device.iterdir()) == ["PageBlob", "manifest"]


def _md5s(root):
    return {str(f.relative_to(root)): hashlib.md5(f.read_bytes()).hexdigest() for f in root.rglob("*") if f.is_file()}


def test_what_a_copy_hashed_is_not_read_again(tmp_path):
    """Sealing takes the copy's hashes while inode, size and times prove the file untouched, and only then."""
    source, device, state = a_seed(tmp_path / "s"), tmp_path / "device", tmp_path / "state"
    copy(source, device / "PageBlob", state=state)
    (device / "PageBlob/by-agent").write_bytes(b"written by somebody else")
    touched = device / "PageBlob/d1/e1/f00001"
    times = touched.stat()
    touched.write_bytes(touched.read_bytes()[::-1])
    os.utime(touched, ns=(times.st_atime_ns, times.st_mtime_ns))
    seen: list[Progress] = []

    seal(device, ["PageBlob"], device / "manifest", header=header(), state=state, progress=seen.append)

    assert seen[-1].files == 2
    assert verify(device, device / "manifest").ok


def test_a_sealing_that_was_stopped_goes_on(tmp_path):
    """What was hashed before is not hashed again, when a state directory is given."""
    device, state, seen = tmp_path / "device", tmp_path / "state", list[Progress]()
    a_seed(device / "PageBlob", small=600, large=3, large_bytes=20 * MIB)

    with stopped_after(30 * MIB) as stop:
        seal(device, ["PageBlob"], device / "m", header=header(), state=state, progress=stop)
    seal(device, ["PageBlob"], device / "m", header=header(), state=state, progress=seen.append)

    assert seen[-1].files_total <= 2
    assert verify(device, device / "m").ok


def test_sealing_twice_gives_the_same_manifest(tmp_path):
    """Nothing changed: the first manifest and its digest stand, to the byte."""
    source, device = a_seed(tmp_path / "s"), tmp_path / "device"
    first = put_on(device, source, tmp_path / "state")
    text = (device / "manifest.txt").read_bytes()

    again = seal(device, ["PageBlob"], device / "manifest.txt", header=header(at="2027-01-01T00:00:00Z"))

    assert again == first
    assert (device / "manifest.txt").read_bytes() == text


@pytest.mark.parametrize("change", ["new", "gone", "other bytes"])
def test_a_sealed_device_that_is_written_to_later_is_found(tmp_path, change):
    """Sealing again names what changed and keeps the old manifest; only a reopened run may seal anew."""
    source, device = a_seed(tmp_path / "s"), tmp_path / "device"
    put_on(device, source, tmp_path / "state")
    victim = device / "PageBlob/d1/e1/f00001"
    if change == "new":
        victim.with_name("f00001-new").write_bytes(b"1")
    elif change == "gone":
        victim.unlink()
    else:
        victim.write_bytes(victim.read_bytes()[::-1])
    before = (device / "manifest.txt").read_bytes()

    with pytest.raises(SealedThenChanged, match=f"f00001.*{change}"):
        seal(device, ["PageBlob"], device / "manifest.txt", header=header())

    assert (device / "manifest.txt").read_bytes() == before
    seal(device, ["PageBlob"], device / "manifest.txt", header=header(attempt=2), reopen=True)
    assert read_manifest(device / "manifest.txt").header.attempt == 2


def test_an_unfinished_copy_cannot_be_sealed_even_without_its_state(tmp_path):
    """What a killed copy leaves on the device is enough for sealing to refuse."""
    device = tmp_path / "device"
    plant(device / "PageBlob", {"c/a": b"1", ".seeding-partial-0badcafe/large-1": b"half"})

    with pytest.raises(NotSealed, match="not finished"):
        seal(device, ["PageBlob"], device / "manifest", header=header())


def test_links_and_special_files_cannot_be_shipped(tmp_path):
    """A link on the device fails prepare-to-ship days later; sealing says so now."""
    device = tmp_path / "device"
    plant(device / "PageBlob", {"c/a": b"1"})
    (device / "PageBlob/c/link").symlink_to("a")

    with pytest.raises(StrayFile, match="c/link"):
        seal(device, ["PageBlob"], device / "manifest", header=header())


def test_a_file_that_is_still_written_stops_the_sealing(tmp_path):
    """An agent that has not finished: named, and no manifest appears."""
    device = tmp_path / "device"
    a_seed(device / "PageBlob", large_bytes=40 * MIB)
    victim, stop = device / "PageBlob/big/image 0.vhdx", threading.Event()

    def agent() -> None:
        with victim.open("r+b") as file:
            while not stop.is_set():
                file.seek(0)
                file.write(os.urandom(8))
                file.flush()

    writer = threading.Thread(target=agent)
    writer.start()
    try:
        with pytest.raises(StillWritten, match="image 0"):
            seal(device, ["PageBlob"], device / "manifest", header=header())
    finally:
        stop.set()
        writer.join()
    assert not (device / "manifest").exists()


def test_folders_are_sealed_once_and_in_order(tmp_path):
    """Several folders, one inside another, in any order: every file is listed once, in canonical order."""
    device = tmp_path / "device"
    plant(device, {"PageBlob/c/a": b"1", "PageBlob.old/x": b"2", "BlockBlob/c/b": b"3", "not-sealed/z": b"4"})

    seal(device, ["PageBlob", "PageBlob/c", "PageBlob.old", "BlockBlob/"], device / "m", header=header())

    assert [e.text for e in entries(device / "m")] == ["BlockBlob/c/b", "PageBlob.old/x", "PageBlob/c/a"]
    assert verify(device, device / "m").ok


def test_the_manifest_may_not_lie_in_what_it_lists(tmp_path):
    """It would have to contain its own digest."""
    device = plant(tmp_path / "device", {"PageBlob/c/a": b"1"})

    with pytest.raises(StateInvalid):
        seal(device, ["PageBlob"], device / "PageBlob/manifest", header=header())
    with pytest.raises(StateInvalid):
        seal(device, ["."], device / "manifest", header=header())


def test_missing_folder_device_or_manifest_each_say_so(tmp_path):
    """Nothing there is never the same as nothing wrong."""
    device = plant(tmp_path / "device", {"PageBlob/c/a": b"1"})

    with pytest.raises(NotSealed):
        seal(device, ["BlockBlob"], device / "m", header=header())
    with pytest.raises(DeviceGone):
        seal(tmp_path / "none", ["PageBlob"], tmp_path / "m", header=header())
    with pytest.raises(NotSealed):
        verify(device, device / "m")
    with pytest.raises(DeviceGone):
        verify(tmp_path / "none", device / "m")


def test_a_manifest_damaged_in_the_middle_fails_the_verification(tmp_path):
    """Half-way through a good device, a bad line still ends in an error."""
    source, device = a_seed(tmp_path / "s"), tmp_path / "device"
    put_on(device, source, tmp_path / "state")
    text = (device / "manifest.txt").read_bytes()
    at = text.index(b"f00020") - 40
    (device / "manifest.txt").write_bytes(text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :])

    with pytest.raises(ManifestInvalid):
        verify(device, device / "manifest.txt")


def test_verify_writes_nothing_and_finds_faults_in_many_files(tmp_path):
    """With worker processes too: every one of several faults is named, and the device is left as it was."""
    source, device = a_seed(tmp_path / "s", small=2000, large=2, large_bytes=33 * MIB), tmp_path / "device"
    put_on(device, source, tmp_path / "state")
    places = [device / "PageBlob" / f"d{n % 7}/e{n % 3}/f{n:05d}" for n in (5, 500, 1500)]
    places += [device / "PageBlob/big/image 1.vhdx"]
    for place in places:
        data = bytearray(place.read_bytes())
        data[len(data) // 2] ^= 4
        place.write_bytes(data)
    before = digests(device)

    found = verify(device, device / "manifest.txt")

    assert {f.path for f in found.faults} == {str(p.relative_to(device)) for p in places}
    assert digests(device) == before
    assert (found.files, found.bytes) == (read_manifest(device / "manifest.txt").files, 0 + found.bytes)


def test_an_empty_device_can_be_sealed_and_verified(tmp_path):
    """No file is a right answer, too."""
    device = tmp_path / "device"
    (device / "PageBlob").mkdir(parents=True)

    assert seal(device, ["PageBlob"], device / "m", header=header()).files == 0
    assert verify(device, device / "m").ok
