"""Copy: the device is the source, whatever names and sizes there are, and a second copy costs nothing."""

from __future__ import annotations

import hashlib
import os
import random
import threading

import pytest
from media_trees import MIB, a_seed, digests, header, plant, put_on

from tasks.media import (
    NotSealed,
    Progress,
    SourceChanged,
    SourceMissing,
    SourceUnreadable,
    StateInvalid,
    copy,
    entries,
    seal,
    verify,
)


def test_the_device_becomes_the_source(tmp_path):
    """Odd names, empty files, empty folders, large files: all arrive, with their times, and nothing else does."""
    source, target = a_seed(tmp_path / "s", large=3), tmp_path / "device/PageBlob"

    done = copy(source, target, state=tmp_path / "state")

    assert digests(target) == digests(source)
    assert done.bytes == sum(f.stat().st_size for f in source.rglob("*") if f.is_file())
    assert {f.stat().st_mtime_ns for f in source.rglob("*") if f.is_file()} == {
        f.stat().st_mtime_ns for f in target.rglob("*") if f.is_file()
    }


def test_files_of_any_year_are_copied_once(tmp_path):
    """A clock that was wrong once dates a file before 1970, or after 2262, where nanoseconds need the 64th bit."""
    source, device = a_seed(tmp_path / "s", small=2, large=2, large_bytes=33 * MIB), tmp_path / "device"
    for n, file in enumerate(sorted(path for path in source.rglob("*") if path.is_file())):
        os.utime(file, ns=(1, 13_569_465_600 * 10**9 if n % 2 else -2_000_000_000 * 10**9))
    first = copy(source, device / "PageBlob", state=device / ".seeding-state")
    again = copy(source, device / "PageBlob", state=device / ".seeding-state")
    seal(device, ["PageBlob"], device / "manifest", header=header(), state=device / ".seeding-state")

    assert (first.reused_bytes, again.reused_bytes) == (0, first.bytes)
    assert verify(device, device / "manifest").faults == ()


def test_the_hashes_are_everybodys_hashes(tmp_path):
    """What the manifest says of a file is what hashlib says of its bytes, large or small."""
    source, device = a_seed(tmp_path / "s", large=2, large_bytes=33 * MIB + 77), tmp_path / "device"
    put_on(device, source, tmp_path / "state")

    for entry in entries(device / "manifest.txt"):
        data = (device / entry.native).read_bytes()
        assert (entry.size, entry.md5) == (len(data), hashlib.md5(data).digest()), entry.text


def test_a_second_copy_reads_nothing_again(tmp_path):
    """Everything proven to be there is reused, byte for byte."""
    source = a_seed(tmp_path / "s")
    first = copy(source, tmp_path / "d", state=tmp_path / "state")
    before = {f: f.stat().st_ctime_ns for f in (tmp_path / "d").rglob("*") if f.is_file()}

    again = copy(source, tmp_path / "d", state=tmp_path / "state")

    assert (first.reused_bytes, again.reused_bytes, again.files) == (0, first.bytes, first.files)
    assert {f: f.stat().st_ctime_ns for f in (tmp_path / "d").rglob("*") if f.is_file()} == before


def test_many_small_files_go_through_processes(tmp_path):
    """Thousands of small files, in new and in existing folders, arrive whole."""
    files = {f"a{n % 5}/b{n % 40}/f{n}": str(n).encode() * (n % 50) for n in range(2500)}
    source, target = plant(tmp_path / "s", files), tmp_path / "d"
    (target / "a1/b1").mkdir(parents=True)
    (target / "a2/b2/f2").parent.mkdir(parents=True)
    (target / "a2/b2/f2").write_bytes(b"somebody was here before")

    copy(source, target, state=tmp_path / "state")

    assert digests(target) == digests(source)


def test_what_changed_since_is_copied_again(tmp_path):
    """A changed source file, a file changed or lost on the device: each is mended by the next copy."""
    source, target = a_seed(tmp_path / "s"), tmp_path / "d"
    copy(source, target, state=tmp_path / "state")
    (source / "d1/e1/f00001").write_bytes(b"new content")
    (target / "d2/e2/f00002").write_bytes(b"touched on the device")
    (target / "big/image 0.vhdx").unlink()
    times = (target / "d3/e0/f00003").stat()
    (target / "d3/e0/f00003").write_bytes((source / "d3/e0/f00003").read_bytes()[::-1])
    os.utime(target / "d3/e0/f00003", ns=(times.st_atime_ns, times.st_mtime_ns))

    copy(source, target, state=tmp_path / "state")

    assert digests(target) == digests(source)


def test_links_and_special_files_are_named_never_dropped_in_silence(tmp_path):
    """What cannot be copied is in the answer, by name."""
    source = plant(tmp_path / "s", {"c/a": b"1"})
    (source / "c/link").symlink_to("a")
    os.mkfifo(source / "c/pipe")

    assert copy(source, tmp_path / "d", state=tmp_path / "state").skipped == ("c/link", "c/pipe")
    assert digests(tmp_path / "d") == {"c/": "folder", "c/a": hashlib.sha256(b"1").hexdigest()}


def test_a_file_that_grows_while_it_is_read_is_named(tmp_path):
    """A source that does not hold still is an error with names; the rest of the seed is on the device."""
    source, target = a_seed(tmp_path / "s", large_bytes=64 * MIB), tmp_path / "d"
    victim = source / "big/image 0.vhdx"

    def meddle(at: Progress) -> None:
        with victim.open("ab") as file:
            file.write(b"more")

    with pytest.raises(SourceChanged) as found:
        _with_meddling(source, target, tmp_path / "state", meddle)

    assert found.value.paths == ("big/image 0.vhdx",)
    assert not (target / "big/image 0.vhdx").exists()
    copy(source, target, state=tmp_path / "state")
    assert digests(target) == digests(source)


def test_a_file_that_shrinks_while_it_is_read_is_named(tmp_path):
    """Cut short under the reader: named, and nothing of it stays on the device."""
    source, target = a_seed(tmp_path / "s", large_bytes=64 * MIB), tmp_path / "d"

    def meddle(at: Progress) -> None:
        os.truncate(source / "big/image 0.vhdx", 5 * MIB)

    with pytest.raises(SourceChanged, match="image 0"):
        _with_meddling(source, target, tmp_path / "state", meddle)


def _with_meddling(source, target, state, meddle):
    """Copy while another thread meddles with the source as soon as the first bytes have moved."""
    partial_seen = threading.Event()

    def watch() -> None:
        while not partial_seen.is_set():
            if any(f.stat().st_blocks for f in target.glob(".seeding-partial-*/large-*")):
                meddle(None)
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        copy(source, target, state=state)
    finally:
        partial_seen.set()
        watcher.join()


def test_a_file_gone_from_the_source_is_not_shipped_unnoticed(tmp_path):
    """Copied once, then deleted at the source: the next copy says so, and sealing refuses."""
    source, device = a_seed(tmp_path / "s"), tmp_path / "device"
    put_on(device, source, tmp_path / "state")
    (source / "empty").unlink()

    with pytest.raises(SourceChanged, match="gone from the source"):
        copy(source, device / "PageBlob", state=tmp_path / "state")
    with pytest.raises(NotSealed):
        seal(device, ["PageBlob"], device / "m2", header=header(), state=tmp_path / "state")


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_unreadable_files_are_all_named_and_the_rest_is_copied(tmp_path):
    """One answer names every file and folder that may not be read; everything else is on the device."""
    source, target = a_seed(tmp_path / "s"), tmp_path / "d"
    for place in ("empty", "d1/e1/f00001", "big/image 0.vhdx", "nothing"):
        (source / place).chmod(0)
    with _as_nobody(tmp_path), pytest.raises(SourceUnreadable) as found:
        copy(source, target, state=tmp_path / "state")

    named = {path.partition(" (")[0] for path in found.value.paths}
    assert named == {"empty", "d1/e1/f00001", "big/image 0.vhdx", "nothing"}
    assert len(digests(target)) > 40


class _as_nobody:
    """Give up root's powers for a while, where we have them: root may read everything."""

    def __init__(self, place):
        self.place = place

    def __enter__(self):
        if os.geteuid() == 0:
            for part in (self.place, *self.place.parents):
                part.chmod(part.stat().st_mode | 0o011)
            self.place.chmod(0o777)
            os.seteuid(65534)
        return self

    def __exit__(self, *_):
        if os.getuid() == 0:
            os.seteuid(0)


@pytest.mark.parametrize("place", ["s/state", "d/state", "s", "d"])
def test_the_state_may_not_lie_in_the_data(tmp_path, place):
    """Checkpoints inside the source would change it, inside the target they would be shipped."""
    source = a_seed(tmp_path / "s")

    with pytest.raises(StateInvalid):
        copy(source, tmp_path / "d", state=tmp_path / place)


def test_a_missing_source_is_said_before_anything_is_made(tmp_path):
    """A typing error in the source path creates nothing on the device."""
    with pytest.raises(SourceMissing):
        copy(tmp_path / "none", tmp_path / "d", state=tmp_path / "state")
    assert list(tmp_path.iterdir()) == []


def test_hashes_asked_for_later_are_made_later(tmp_path):
    """A copy without MD5 can be completed with MD5 and ranges; only then is it reused for them."""
    source, device = a_seed(tmp_path / "s"), tmp_path / "device"
    copy(source, device / "PageBlob", state=tmp_path / "state", md5=False)

    again = copy(source, device / "PageBlob", state=tmp_path / "state", md5=True, ranges=True)

    assert again.reused_bytes == 0
    seal(device, ["PageBlob"], device / "m", header=header(), state=tmp_path / "state", ranges=True)
    assert all(entry.md5 and entry.ranges is not None for entry in entries(device / "m") if entry.size)


def test_progress_ends_at_the_whole_and_comes_in_order(tmp_path):
    """Files and bytes never go back and end at the totals."""
    source, seen = a_seed(tmp_path / "s"), list[Progress]()

    done = copy(source, tmp_path / "d", state=tmp_path / "state", progress=seen.append)

    assert [p.bytes for p in seen] == sorted(p.bytes for p in seen)
    assert (seen[-1].bytes, seen[-1].files, seen[-1].share) == (done.bytes, done.files, 1.0)


def test_sparse_files_and_hard_links_arrive_as_content(tmp_path):
    """A hole is zeros, a second name is a second file: the cloud knows neither."""
    source, device = plant(tmp_path / "s", {"c/a": random.Random(1).randbytes(7000)}), tmp_path / "device"
    os.link(source / "c/a", source / "c/b")
    with (source / "c/sparse").open("wb") as file:
        file.seek(6 * MIB)
        file.write(b"end")

    put_on(device, source, tmp_path / "state")

    assert digests(device / "PageBlob") == digests(source)
    assert verify(device, device / "manifest.txt").ok
