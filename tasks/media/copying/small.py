"""Copy a batch of small files: read ahead, hash, write aside, sync the volume once, rename, look once more.

Runs in a worker process or in the caller. What comes back was synced before its name appeared. Files of a folder
that is new on the device are written into a folder aside, which then gets its name with one rename.
"""

# Descriptors and text paths: 60 microseconds a file are the whole budget.
# ruff: noqa: PTH102, PTH103, PTH104, PTH105, PTH106, PTH208

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from tasks.media import hashing, platform_io
from tasks.media.faults import MediaError, device_fault
from tasks.media.names import to_bytes, to_native, to_text
from tasks.media.state import Done, done, stamp_of

LARGEST = hashing.RANGE
_AHEAD = 16
_SLICE = 256 << 10

Job = tuple[bytes, Sequence[str], int, bool]
_Opened = tuple[str, int, os.stat_result]


@dataclass
class Outcome:
    """What became of a batch: finished files, unreadable ones, changed ones, and the device's fault if it had one."""

    done: list[Done] = field(default_factory=list)
    unreadable: list[tuple[bytes, str]] = field(default_factory=list)
    changed: list[bytes] = field(default_factory=list)
    fault: MediaError | None = None


@dataclass(frozen=True)
class SmallFiles:
    """Copies batches of groups (see `scan.Group`) from below *source* to *target*, by way of the folder *aside*."""

    source: str
    target: str
    aside: str
    md5: bool
    ranges: bool
    sync_all: bool

    def __call__(self, groups: Sequence[Job]) -> Outcome:
        """Copy a batch; the device's fault comes back inside the outcome, with what was finished before it."""
        return _Batch(self, f"{self.aside}/small-{os.getpid()}").run(groups)


@dataclass
class _Batch:
    job: SmallFiles
    aside: str
    outcome: Outcome = field(default_factory=Outcome)
    _rows: list[Done] = field(default_factory=list)
    _renames: list[tuple[str, str]] = field(default_factory=list)
    _single: list[tuple[bytes, str, os.stat_result, hashing.Digests]] = field(default_factory=list)

    def run(self, groups: Sequence[Job]) -> Outcome:
        try:
            os.makedirs(self.aside, exist_ok=True)
            for number, group in enumerate(groups):
                self._group(f"{self.aside}/{number}", group)
            self._put_in_place()
        except OSError as error:
            self.outcome.fault = device_fault(error, f"cannot write to {self.job.target}")
        return self.outcome

    def _group(self, aside: str, group: Job) -> None:
        prefix, names, _, fresh = group
        os.mkdir(aside)
        if fresh:
            self._renames.append((aside, f"{self.job.target}/{to_native(prefix)}"))
        with closing(self._opened(prefix, names)) as opened:
            for name, fd, before in opened:
                try:
                    self._one(prefix + to_bytes(name), fd, before, f"{aside}/{name}", fresh)
                finally:
                    os.close(fd)

    def _opened(self, prefix: bytes, names: Sequence[str]) -> Generator[_Opened, None, None]:
        """Open the next files ahead of the one being copied, and let the system start reading them."""
        window: deque[_Opened] = deque()
        folder = f"{self.job.source}/{to_native(prefix)}"
        try:
            for name in names:
                opened = self._open(folder, prefix, name)
                if opened is not None:
                    window.append(opened)
                if len(window) > _AHEAD:
                    yield window.popleft()
            while window:
                yield window.popleft()
        finally:
            for _, fd, _ in window:
                os.close(fd)

    def _open(self, folder: str, prefix: bytes, name: str) -> _Opened | None:
        try:
            fd = os.open(folder + name, platform_io.READ_SOURCE)
        except OSError as error:
            self._lost(prefix + to_bytes(name), error)
            return None
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode) or info.st_size > LARGEST:
            os.close(fd)
            self.outcome.changed.append(prefix + to_bytes(name))
            return None
        platform_io.will_need(fd)
        return name, fd, info

    def _lost(self, path: bytes, error: OSError) -> None:
        if isinstance(error, FileNotFoundError):
            self.outcome.changed.append(path)
        else:
            self.outcome.unreadable.append((path, error.strerror or str(error)))

    def _one(self, path: bytes, fd: int, before: os.stat_result, aside: str, fresh: bool) -> None:
        try:
            data = _read(fd, before.st_size)
            after = os.fstat(fd)
        except OSError as error:
            self._lost(path, error)
            return
        if len(data) != before.st_size or stamp_of(after) != stamp_of(before):
            self.outcome.changed.append(path)
            return
        digests = hashing.of_bytes(data, md5=self.job.md5, ranges=self.job.ranges)
        there = self._write(aside, data, before)
        if fresh:
            self._rows.append(done(path, before, there, digests))
        else:
            self._single.append((path, aside, before, digests))

    def _write(self, place: str, data: bytes, source: os.stat_result) -> os.stat_result:
        fd = os.open(place, platform_io.CREATE, 0o644)
        try:
            if len(data) <= _SLICE:
                _put(fd, data)
            else:
                view = memoryview(data)
                for at in range(0, len(data), _SLICE):
                    _put(fd, view[at : at + _SLICE])
            platform_io.set_times(fd, place, source.st_atime_ns, source.st_mtime_ns)
            if not self.job.sync_all:
                os.fsync(fd)
            return os.fstat(fd)
        finally:
            os.close(fd)

    def _put_in_place(self) -> None:
        """Sync what was written aside, give everything its name, and note what the device then says of it."""
        if self.job.sync_all and (self._rows or self._single):
            platform_io.sync_volume(self.aside)
        for aside, final in self._renames:
            os.rename(aside, final.rstrip("/"))
        self.outcome.done.extend(self._rows)
        for path, place, source, digests in self._single:
            final = f"{self.job.target}/{to_native(path)}"
            os.replace(place, final)
            there = os.lstat(final)
            if there.st_size != source.st_size:
                raise OSError(5, f"{to_text(path)} has {there.st_size:,} bytes on the device after the copy")
            self.outcome.done.append(done(path, source, there, digests))
        for number in os.listdir(self.aside):
            os.rmdir(f"{self.aside}/{number}")


def _read(fd: int, size: int) -> bytes:
    data = os.read(fd, size + 1)
    while len(data) < size and (more := os.read(fd, size - len(data))):
        data += more
    return data


def _put(fd: int, data: bytes | memoryview) -> None:
    written = os.write(fd, data)
    while written < len(data):
        written += os.write(fd, data[written:])
