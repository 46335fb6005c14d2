"""Figures that need no other tool: the MD5 ceiling, two devices at once, and memory against the number of files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from blake3 import blake3

from bench.harness import ROOT
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


def _once(*words: object, measured: bool = False) -> subprocess.Popen[str]:
    code = """import sys
from pathlib import Path
from bench.once import main
code = main(sys.argv[1:])
print(next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")).split()[1])
sys.exit(code)"""
    start = ["-c", code] if measured else ["-m", "bench.once"]
    return subprocess.Popen([sys.executable, *start, *map(str, words)], stdout=subprocess.PIPE if measured else None,
                            text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
