"""SIGKILL at any moment: the next start ends with a device and a manifest that are right, and nothing stray."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from media_devices import ext4, in_memory, may_mount
from media_trees import MIB, a_seed, digests, header, stopped_after

from tasks.media import Copied, copy, entries, read_manifest, seal, verify
from tasks.media.state import State

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
WORK = """
import sys
from pathlib import Path
from media_trees import header
from tasks.media import copy, seal
source, device, state = map(Path, sys.argv[1:])
copy(source, device / "PageBlob", state=state, checkpoint_bytes=32 << 20)
seal(device, ["PageBlob"], device / "manifest.txt", header=header(), state=state)
"""
HERE = Path(__file__).parent


def _start(source: Path, device: Path, state: Path) -> subprocess.Popen[bytes]:
    path = os.pathsep.join([str(HERE), str(HERE.parents[1])])
    return subprocess.Popen(
        [sys.executable, "-c", WORK, str(source), str(device), str(state)],
        env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _kill_and_resume(source: Path, expected: dict[str, str], device: Path, state: Path, at_seconds: float) -> bool:
    """Kill a copy after so long, finish it, check everything; say whether the kill came before the end."""
    work = _start(source, device, state)
    try:
        work.wait(at_seconds)
    except subprocess.TimeoutExpired:
        work.kill()
    killed = work.wait() != 0
    copy(source, device / "PageBlob", state=state, checkpoint_bytes=32 * MIB)
    seal(device, ["PageBlob"], device / "manifest.txt", header=header(), state=state)

    assert digests(device / "PageBlob") == expected
    assert sorted(p.name for p in device.iterdir() if p.name != "lost+found") == ["PageBlob", "manifest.txt"]
    assert read_manifest(device / "manifest.txt").files == sum(v != "folder" for v in expected.values())
    assert verify(device, device / "manifest.txt").ok
    return killed


def _again_and_again(source: Path, where: Path, scratch: Path, kills: int, seed: int) -> None:
    """Kill so many copies before their end, each at another moment; runs that end earlier do not count."""
    rng, expected = random.Random(seed), digests(source)
    began = time.monotonic()
    assert _start(source, where / "first", scratch / "state-first").wait() == 0
    whole = time.monotonic() - began
    killed = number = 0
    while killed < kills:
        number += 1
        assert number <= 4 * kills + 8, "hardly a copy lives long enough to be killed"
        device, state = where / f"d{number}", scratch / f"state-{number}"
        device.mkdir()
        killed += _kill_and_resume(source, expected, device, state, rng.uniform(0.05, 1.0) * whole)
        subprocess.run(["rm", "-rf", str(device), str(state)], check=True)


@pytest.mark.slow
def test_killed_at_random_moments_the_copy_comes_out_right(fast):
    """Two kills of a mix of small and large files; `make proofs` makes two hundred."""
    source = a_seed(fast / "s", small=1500, large=1, large_bytes=36 * MIB)

    _again_and_again(source, fast, fast, 2, seed=int(time.time()))


@pytest.fixture(params=["ext4", "tmpfs"])
def device(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A file system of either kind, where mounting is allowed."""
    if not may_mount():
        pytest.skip("needs the right to mount")
    kind = (
        ext4(tmp_path / "m", tmp_path / "image", "2G")
        if request.param == "ext4"
        else in_memory(tmp_path / "m", "size=1g")
    )
    with kind as where:
        yield where


@pytest.mark.slow
def test_killed_a_hundred_times_on_each_kind_of_file_system(device, tmp_path):
    """The long proof: 100 kills at random moments on ext4 and 100 in memory."""
    source = a_seed(tmp_path / "s", small=4000, large=3, large_bytes=100 * MIB)

    _again_and_again(source, device, tmp_path, 100, seed=7)


def _stopped(source: Path, target: Path, state: Path, after_bytes: int) -> None:
    with stopped_after(after_bytes) as stop:
        copy(source, target, state=state, progress=stop, checkpoint_bytes=32 * MIB)


def _finish(source: Path, target: Path, state: Path) -> Copied:
    done = copy(source, target, state=state, checkpoint_bytes=32 * MIB)
    assert digests(target) == digests(source)
    return done


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source with one file of a few blocks, made once."""
    return a_seed(tmp_path_factory.mktemp("image") / "s", small=3, large_bytes=100 * MIB)


def test_a_large_file_goes_on_from_its_last_checkpoint(fast, image):
    """Stopped in the middle, what had been synced is not copied again."""
    _stopped(image, fast / "d", fast / "state", 70 * MIB)

    assert _finish(image, fast / "d", fast / "state").reused_bytes >= 32 * MIB


@pytest.mark.parametrize("damage", ["source", "partial", "state"])
def test_a_checkpoint_that_no_longer_fits_is_not_trusted(fast, image, damage):
    """Source replaced, device bytes damaged below the checkpoint, state damaged: the file is copied from byte 0."""
    _stopped(image, fast / "d", fast / "state", 70 * MIB)
    (partial,) = (fast / "d").glob(".seeding-partial-*/large-*")
    (state,) = (fast / "state").glob("copy-*.state")
    if damage == "source":
        (image / "big/image 0.vhdx").touch()
    elif damage == "partial":
        partial.write_bytes(bytes(100 * MIB))
    else:
        with closing(sqlite3.connect(state, isolation_level=None)) as db:
            db.execute("UPDATE open_files SET upto = upto + 33554432")

    assert _finish(image, fast / "d", fast / "state").reused_bytes < 32 * MIB


def test_without_a_saved_md5_only_the_hash_is_made_again(fast, image):
    """A checkpoint whose MD5 state cannot be used: its bytes stay, the prefix is read for MD5 alone, all is right."""
    _stopped(image, fast / "d", fast / "state", 70 * MIB)
    (place,) = (fast / "state").glob("copy-*.state")
    state = State(place)
    (point,) = state.checkpoints()
    state.checkpoint(replace(point, md5=None))
    state.close()

    assert _finish(image, fast / "d", fast / "state").reused_bytes >= 32 * MIB
    seal(fast / "d", ["."], fast / "m", header=header(), state=fast / "state")
    assert {e.md5.hex() for e in entries(fast / "m") if e.md5} == {
        hashlib.md5(f.read_bytes()).hexdigest() for f in image.rglob("*") if f.is_file()
    }
