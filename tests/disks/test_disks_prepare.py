"""Preparing drives ourselves: whole, resumed after any death, refused where it must be, the lost share alone again."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from drive_sets import MIB, Bench, a_seed, plug_in, stopped_after

from tasks.office.disks import (
    DriveDiffers,
    PrepJournalDamaged,
)


def test_every_byte_of_the_staging_folder_lies_on_a_drive_with_its_manifest(fast):
    """Written, described, read again; the hash that goes into the job is that of the manifest file."""
    bench = a_seed(fast)
    prepared = bench.prepare()
    (drive,) = prepared.drives

    bench.check(prepared)
    assert (drive.manifest_file, drive.bytes, drive.blobs) == ("\\DriveManifest.xml", 9 * MIB + 1536, 2)
    assert bench.read(drive.serial).list_ids == ("sydney-1#1-0",)
    assert sorted(p.name for p in bench.volume(drive.serial).iterdir()) == ["DriveManifest.xml", "seed-sydney"]


def test_a_blob_larger_than_any_drive_goes_on_several_at_once(fast):
    """Sparse files of full length, each holding its ranges only; together every byte once."""
    bench = a_seed(fast, sizes={"big.AIBBlob": 21 * MIB + 512}, room={"S1": 8 * MIB, "S2": 8 * MIB, "S3": 8 * MIB})
    prepared = bench.prepare(at_once=3)

    bench.check(prepared)
    assert prepared.allocation.cut == ("big.AIBBlob",)
    for serial in ("S1", "S2"):
        info = (bench.volume(serial) / "seed-sydney/big.AIBBlob").stat()
        assert info.st_size == 21 * MIB + 512
        assert info.st_blocks * 512 <= 9 * MIB


def test_a_finished_drive_is_neither_written_nor_read_again(fast):
    """Calling twice is safe and costs nothing."""
    bench = a_seed(fast)
    first = bench.prepare()
    bench.moved.clear()

    assert bench.prepare() == first
    assert bench.moved == []


def a_small_seed(root: Path) -> Bench:
    """A blob that must be cut over two drives, and one that need not."""
    return a_seed(root, sizes={"a.AIBBlob": 5 * MIB, "a.BaseBlob": 512}, room={"S1": 4 * MIB, "S2": 4 * MIB})


def _dies(work: Callable[[], object], prepare_to_die: Callable[[], None]) -> bool:
    """Do *work* in a child process that dies in the middle; say whether it did."""
    child = os.fork()
    if child == 0:
        try:
            prepare_to_die()
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_each_step_it_goes_on_where_it_was(fast):
    """SIGKILL after each chunk that is written or read again: nothing that was noted is written again."""
    whole = a_small_seed(fast / "whole")
    whole.prepare()
    for step in range(1, len(whole.moved) + 1):
        bench = a_small_seed(fast / str(step))
        told: list[object] = []

        def kill(*_told: object, told: list[object] = told, step: int = step) -> None:
            told.append(1)
            if len(told) == step:
                os.kill(os.getpid(), signal.SIGKILL)

        assert _dies(lambda bench=bench, kill=kill: bench.prepare(moved=kill), lambda: None)
        bench.check(bench.prepare())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_random_moments_it_comes_out_right(fast):
    """Wherever the signal strikes, between two lines or in the middle of one; often twice on the same drives."""
    rng, began = random.Random(5), time.process_time()
    a_small_seed(fast / "whole").prepare()
    seconds = time.process_time() - began
    died = 0
    for number in range(8):
        bench = a_small_seed(fast / str(number))
        for _ in range(2):
            at = rng.uniform(0.001, 0.8 * seconds)
            died += _dies(bench.prepare, lambda at=at: _alarm(at))
        bench.check(bench.prepare())

    assert died >= 2


def _alarm(seconds: float) -> None:
    """Die after so much work: processor time, so that a busy machine changes nothing."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)


@pytest.mark.parametrize("cut_bytes", [1, 7, 100, 5000])
def test_a_journal_whose_end_was_lost_costs_a_chunk_and_no_more(fast, cut_bytes):
    """The power went: a torn last line is dropped, what it spoke of is written again."""
    bench = a_seed(fast)
    stopped_after(bench, "write", 2)
    (place,) = bench.state.glob("*.jsonl")
    os.truncate(place, max(0, place.stat().st_size - cut_bytes))

    bench.check(bench.prepare())


def test_a_journal_damaged_in_its_middle_is_an_error_and_not_believed(fast):
    """Never skipped: the drive is prepared again under another session."""
    bench = a_seed(fast)
    stopped_after(bench, "write", 2)
    (place,) = bench.state.glob("*.jsonl")
    place.write_bytes(place.read_bytes().replace(b'"kind"', b'"kin', 1))

    with pytest.raises(PrepJournalDamaged, match=r"cannot be read from byte 0 on"):
        bench.prepare()


def test_bytes_that_changed_on_the_drive_after_they_were_written_are_found(fast):
    """The journal's word is checked by reading the drive again; the place is named."""
    bench = a_seed(fast)
    stopped_after(bench, "write", 3)
    target = next(bench.home.rglob("one.AIBBlob"))
    raw = bytearray(target.read_bytes())
    raw[5 * MIB] ^= 1
    target.write_bytes(raw)

    with pytest.raises(DriveDiffers, match=r"one.AIBBlob has other bytes .* at byte 4,194,304"):
        bench.prepare()


def test_a_file_that_sneaked_onto_the_drive_is_found(fast):
    """Somebody copies holiday pictures onto the drive while it is being prepared."""
    bench = a_seed(fast)
    stopped_after(bench, "write", 3)
    target = next(bench.home.rglob("one.AIBBlob"))
    (target.parent / "holiday.jpg").write_bytes(b"x")

    with pytest.raises(DriveDiffers, match=r"holiday.jpg is on the drive and not in its manifest"):
        bench.prepare()


def test_a_file_that_vanished_from_the_drive_half_way_is_written_again(fast):
    """The session's marker is there, the file is not: what the journal says of that file is forgotten."""
    bench = a_seed(fast)
    stopped_after(bench, "write", 3)
    next(bench.home.rglob("one.AIBBlob")).unlink()

    bench.check(bench.prepare())


def test_a_file_ends_where_it_should_on_a_file_system_with_direct_writes(tmp_path):
    """Direct writes are padded to whole blocks; 512 bytes over a range must not become 4,096."""
    bench = a_seed(tmp_path, sizes={"a.AIBBlob": 4 * MIB + 512, "b.AIBBlob": 512})

    bench.check(bench.prepare())


def test_a_drive_that_was_formatted_half_way_is_begun_again(fast):
    """Empty again, of the planned serial: what the journal says of it is forgotten."""
    bench = a_seed(fast)
    stopped_after(bench, "write", 2)
    for place in bench.home.glob("*/volume"):
        shutil.rmtree(place)
        place.mkdir()

    bench.check(bench.prepare())


def test_only_the_share_of_a_lost_drive_is_prepared_again(fast):
    """The other drives, which are on their way, are neither connected nor touched."""
    bench = a_seed(fast, sizes={"a.AIBBlob": 7 * MIB, "b.AIBBlob": 6 * MIB, "c.BaseBlob": 5 * MIB},
                   room={"S1": 8 * MIB, "S2": 8 * MIB, "S3": 8 * MIB})  # fmt: skip
    first = bench.prepare()
    bench.check(first)
    lost = first.allocation.on("S2")
    for serial in ("S1", "S2", "S3"):
        (bench.home / f"bay-{serial}/drive.json").rename(bench.home / f"bay-{serial}/unplugged.json")
    plug_in(bench.home, "S9")
    bench.room["S9"] = 8 * MIB
    again = bench.prepare(bench.work(session="sydney-2", held=first.allocation.without(["S2"]), only=("S9",)))

    assert [drive.serial for drive in again.drives] == ["S9"]
    assert again.drives[0].bytes == sum(piece.bytes for piece in lost)
    bench.check(again)


def test_a_returned_drive_is_formatted_and_prepared_again_with_the_same_share(fast):
    """The same serial, a new session: the same bytes."""
    bench = a_seed(fast)
    first = bench.prepare()
    serial = first.drives[0].serial
    shutil.rmtree(bench.volume(serial))
    bench.volume(serial).mkdir()
    again = bench.prepare(bench.work(session="sydney-2", held=first.allocation, only=(serial,)))

    assert again.allocation == first.allocation
    bench.check(again)


def test_a_drive_that_fails_does_not_stop_the_others(fast):
    """Ten drives over a weekend: the failure is raised at the end, the others are finished."""
    bench = a_seed(fast, sizes={"a.AIBBlob": 5 * MIB, "b.AIBBlob": 5 * MIB}, room={"S1": 6 * MIB, "S2": 6 * MIB})

    def spoil(serial: str, phase: str, _bytes: int) -> None:
        if serial == "S1" and phase == "write":
            (bench.volume("S1") / "stray.txt").write_bytes(b"x")

    with pytest.raises(DriveDiffers, match=r"drive S1 .*stray.txt"):
        bench.prepare(moved=spoil)
    bench.read("S2")
    (bench.volume("S1") / "stray.txt").unlink()
    bench.check(bench.prepare())
