"""Figures that need no other tool: MD5 alone, two devices at once, memory by number of files, data copied twice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from blake3 import blake3

from bench.harness import ROOT
from tasks.media import copy
from tasks.media.md5 import new_md5

MIB = 1 << 20
MEMORY = Path("/dev/shm")  # noqa: S108


def md5_ceiling() -> float:
    """Return MiB per second of one core's MD5, in CPU time, so that other programs do not lower it."""
    data, best = bytearray(4 * MIB), 0.0
    for _ in range(3):
        md5, began = new_md5(), time.thread_time()
        for _ in range(32):
            md5.update(data)
        best = max(best, 128 / (time.thread_time() - began))
    return best


def two_devices(scale: float) -> float | None:
    """Return the throughput of two copies to two memory devices at once, as a multiple of one copy's; None without."""
    if not MEMORY.is_dir() or (os.cpu_count() or 1) < 2:
        return None
    scratch = Path(tempfile.mkdtemp(dir=MEMORY))
    try:
        size = max(64, int(1024 * scale)) * MIB
        for name in ("a", "b"):
            (scratch / name / "c").mkdir(parents=True)
            (scratch / name / "c/image").write_bytes(blake3(name.encode()).digest(size))
        one = min(_timed(scratch, ["a"], n) for n in range(3))
        two = min(_timed(scratch, ["a", "b"], n) for n in range(3))
        return 2 * one / two
    finally:
        shutil.rmtree(scratch)


def _timed(scratch: Path, names: list[str], number: int) -> float:
    began = time.perf_counter()
    running = [_once("copy", scratch / n, scratch / f"d{n}", scratch / f"m{n}", scratch / f"s{n}") for n in names]
    if any(process.wait() for process in running):
        raise SystemExit("a copy of the benchmark failed")
    took = time.perf_counter() - began
    for name in names:
        for place in (scratch / f"d{name}", scratch / f"s{name}"):
            shutil.rmtree(place)
    return took


def growth(work: Path, files: int) -> tuple[float, float] | None:
    """Return the peak memory in MiB of a copy of *files* empty files and of ten times as many; None off Linux."""
    if not Path("/proc/self/status").exists():
        return None
    return _peak(work, files), _peak(work, 10 * files)


def _peak(work: Path, files: int) -> float:
    scratch = Path(tempfile.mkdtemp(dir=work))
    try:
        for folder in range(0, files, 1000):
            place = scratch / f"s/c/{folder}"
            place.mkdir(parents=True)
            for number in range(min(1000, files - folder)):
                (place / f"{number}").touch()
        process = _once("copy", scratch / "s", scratch / "d", scratch / "m", scratch / "st", measured=True)
        out, _ = process.communicate()
        if process.returncode:
            raise SystemExit("a copy of the benchmark failed")
        return int(out.split()[-1]) / 1024
    finally:
        shutil.rmtree(scratch)


def copied_twice(work: Path, files: int) -> float | None:
    """Kill a copy of *files* files of 4 KiB half-way and finish it; return the percentage of its data copied twice.

    That is what lay whole on the device when the copy was killed and was not reused. None where nothing is killed so.
    """
    if not hasattr(signal, "SIGKILL"):
        return None
    scratch = Path(tempfile.mkdtemp(dir=work))
    try:
        source, target, folders = scratch / "s", scratch / "d", files // 100
        for number in range(folders):
            (source / f"{number:05d}").mkdir(parents=True)
            for name in range(100):
                (source / f"{number:05d}/{name:02d}").write_bytes(os.urandom(4096))
        process = _once("copy", source, target, scratch / "m", scratch / "st", in_session=True)
        while process.poll() is None and len(list(target.glob("[0-9]*"))) < folders // 2:
            time.sleep(0.005)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        whole = sum(f.stat().st_size for f in target.rglob("*") if f.is_file())
        return 100 * (whole - copy(source, target, state=scratch / "st").reused_bytes) / (folders * 100 * 4096)
    finally:
        shutil.rmtree(scratch)


def _once(*words: object, measured: bool = False, in_session: bool = False) -> subprocess.Popen[str]:
    code = """import sys
from pathlib import Path
from bench.once import main
code = main(sys.argv[1:])
print(next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")).split()[1])
sys.exit(code)"""
    start = ["-c", code] if measured else ["-m", "bench.once"]
    return subprocess.Popen([sys.executable, *start, *map(str, words)], stdout=subprocess.PIPE if measured else None,
                            text=True, start_new_session=in_session,
                            env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
