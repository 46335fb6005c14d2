# ruff: noqa: PTH  (descriptors and text paths: 60 microseconds a file are the whole budget)
"""Copy a batch of small files: read ahead, hash, write aside, sync the volume once, rename, look once more.

Runs in a worker process or in the caller. What comes back was synced before its name appeared.
"""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tasks.media import hashing, platform_io
from tasks.media.faults import MediaError, device_fault
from tasks.media.names import to_native, to_text
from tasks.media.state import Done, Stamp

LARGEST = hashing.RANGE
_AHEAD = 16
_SLICE = 256 << 10


@dataclass
class Outcome:
    """What became of a batch: finished files, unreadable ones, changed ones, and the device's fault if it had one."""

    done: list[Done] = field(default_factory=list)
    unreadable: list[tuple[bytes, str]] = field(default_factory=list)
    changed: list[bytes] = field(default_factory=list)
    fault: MediaError | None = None


@dataclass(frozen=True)
class SmallFiles:
    """Copies batches of paths below *source* to *target*, by way of the folder *aside* on the same volume."""

    source: str
    target: str
    aside: str
    md5: bool
    ranges: bool
    sync_all: bool

    def __call__(self, paths: Sequence[bytes]) -> Outcome:
        """Copy a batch; the device's fault comes back inside the outcome, with what was finished before it."""
        return _Batch(self, os.path.join(self.aside, f"small-{os.getpid()}")).run(paths)


@dataclass
class _Batch:
    job: SmallFiles
    aside: str
    outcome: Outcome = field(default_factory=Outcome)
    _written: list[tuple[bytes, str, os.stat_result, hashing.Digests]] = field(default_factory=list)

    def run(self, paths: Sequence[bytes]) -> Outcome:
        try:
            os.makedirs(self.aside, exist_ok=True)
            for path, fd, before in self._opened(paths):
                try:
                    self._one(path, fd, before)
                finally:
                    os.close(fd)
            self._put_in_place()
        except OSError as error:
            self.outcome.fault = device_fault(error, f"cannot write to {self.job.target}")
        return self.outcome

    def _opened(self, paths: Sequence[bytes]) -> Iterator[tuple[bytes, int, os.stat_result]]:
        """Open the next files ahead of the one being copied, and let the system start reading them."""
        window: deque[tuple[bytes, int, os.stat_result]] = deque()
        try:
            for path in paths:
                opened = self._open(path)
                if opened is not None:
                    window.append(opened)
                if len(window) > _AHEAD:
                    yield window.popleft()
            while window:
                yield window.popleft()
        finally:
            for _, fd, _ in window:
                os.close(fd)

    def _open(self, path: bytes) -> tuple[bytes, int, os.stat_result] | None:
        try:
            fd = os.open(f"{self.job.source}/{to_native(path)}", platform_io.READ_SOURCE)
        except OSError as error:
            self._lost(path, error)
            return None
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode) or info.st_size > LARGEST:
            os.close(fd)
            self.outcome.changed.append(path)
            return None
        platform_io.will_need(fd)
        return path, fd, info

    def _lost(self, path: bytes, error: OSError) -> None:
        if isinstance(error, FileNotFoundError):
            self.outcome.changed.append(path)
        else:
            self.outcome.unreadable.append((path, error.strerror or str(error)))

    def _one(self, path: bytes, fd: int, before: os.stat_result) -> None:
        try:
            data = _read(fd, before.st_size)
            after = os.fstat(fd)
        except OSError as error:
            self._lost(path, error)
            return
        if len(data) != before.st_size or Stamp.of(after) != Stamp.of(before):
            self.outcome.changed.append(path)
            return
        digests = hashing.of_bytes(data, md5=self.job.md5, ranges=self.job.ranges)
        aside = f"{self.aside}/{len(self._written)}"
        self._write(aside, data, before)
        self._written.append((path, aside, before, digests))

    def _write(self, aside: str, data: bytes, source: os.stat_result) -> None:
        fd = os.open(aside, platform_io.CREATE, 0o644)
        try:
            if len(data) <= _SLICE:
                _put(fd, data)
            else:
                view = memoryview(data)
                for at in range(0, len(data), _SLICE):
                    _put(fd, view[at : at + _SLICE])
            platform_io.set_times(fd, aside, source.st_atime_ns, source.st_mtime_ns)
            if not self.job.sync_all:
                os.fsync(fd)
        finally:
            os.close(fd)

    def _put_in_place(self) -> None:
        """Sync what was written aside, give every file its name, and note what the device then says of it."""
        if self.job.sync_all and self._written:
            platform_io.sync_volume(self.aside)
        for path, aside, source, digests in self._written:
            final = f"{self.job.target}/{to_native(path)}"
            os.replace(aside, final)
            stamp = Stamp.of(os.lstat(final))
            if stamp.size != source.st_size:
                raise OSError(5, f"{to_text(path)} has {stamp.size:,} bytes on the device after the copy")
            self.outcome.done.append(Done(path, source.st_mtime_ns, source.st_ctime_ns, stamp, digests))


def _read(fd: int, size: int) -> bytes:
    data = os.read(fd, size + 1)
    while len(data) < size and (more := os.read(fd, size - len(data))):
        data += more
    return data


def _put(fd: int, data: bytes | memoryview) -> None:
    done = os.write(fd, data)
    while done < len(data):
        done += os.write(fd, data[done:])
