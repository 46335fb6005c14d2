"""Copy a batch of small files: read ahead, hash, write aside, sync the volume once, rename, look once more.

Runs in a worker process or in the caller. What comes back was synced before its name appeared. Files of a folder
that is new on the device are written into a folder aside, which then gets its name with one rename.
"""

# Descriptors and byte paths: the interpreter may not cost more than the system calls it makes.
# ruff: noqa: PTH102, PTH103, PTH104, PTH105, PTH106

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from tasks.media import hashing, platform_io
from tasks.media.faults import MediaError, device_fault
from tasks.media.names import to_native, to_text
from tasks.media.packs import SMALL, Pack, line, seen, stamp

_AHEAD_FILES = 64
_AHEAD_BYTES = 16 << 20
_SLICE = 256 << 10

Job = tuple[bytes, Sequence[bytes], int, bool]
_Opened = tuple[bytes, int, os.stat_result]
_Written = tuple[bytes, int, str, str, str]  # name, size, source as seen, stamp, hashes


@dataclass
class Outcome:
    """What became of a batch: finished files, unreadable ones, changed ones, and the device's fault if it had one."""

    done: list[Pack] = field(default_factory=list)
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
    sync_all: bool

    def __call__(self, groups: Sequence[Job]) -> Outcome:
        """Copy a batch; the device's fault comes back inside the outcome, with what was finished before it."""
        return _Batch(self, f"{self.aside}/small-{os.getpid()}").run(groups)


@dataclass
class _Batch:
    job: SmallFiles
    aside: str
    outcome: Outcome = field(default_factory=Outcome)

    def run(self, groups: Sequence[Job]) -> Outcome:
        try:
            os.makedirs(self.aside, exist_ok=True)
            written = [self._group(f"{self.aside}/{number}", *group) for number, group in enumerate(groups)]
            if self.job.sync_all and any(written):
                platform_io.sync_volume(self.aside)
            for number, (prefix, _, _, fresh) in enumerate(groups):
                self._put_in_place(f"{self.aside}/{number}", prefix, fresh, written[number])
        except OSError as error:
            self.outcome.fault = device_fault(error, f"cannot write to {self.job.target}")
        return self.outcome

    def _group(self, aside: str, prefix: bytes, names: Sequence[bytes], _: int, fresh: bool) -> list[_Written]:
        """Copy the files of one folder into the folder *aside* and return them as they were read and written."""
        os.mkdir(aside)
        written: list[_Written] = []
        place = os.fsencode(aside) + b"/"
        with closing(self._opened(prefix, names)) as opened:
            for name, fd, before in opened:
                source = seen(before)
                try:
                    data = self._read(prefix + name, fd, before.st_size, source)
                finally:
                    os.close(fd)
                if data is not None:
                    there = self._write(place + name, data, before)
                    hashes = hashing.columns(data, md5=self.job.md5)
                    written.append((name, len(data), source, stamp(there), hashes))
        return written

    def _opened(self, prefix: bytes, names: Sequence[bytes]) -> Generator[_Opened, None, None]:
        """Open the next files ahead of the one being copied, and let the system start reading them."""
        window: deque[_Opened] = deque()
        ahead = 0
        folder = os.fsencode(self.job.source) + b"/" + prefix
        try:
            for name in names:
                try:
                    fd = os.open(folder + name, platform_io.READ_SOURCE)
                except OSError as error:
                    self._lost(prefix + name, error)
                    continue
                info = os.fstat(fd)
                if not stat.S_ISREG(info.st_mode) or info.st_size > SMALL:
                    os.close(fd)
                    self.outcome.changed.append(prefix + name)
                    continue
                window.append((name, fd, info))
                platform_io.will_need(fd)
                ahead += info.st_size
                while len(window) > _AHEAD_FILES or ahead > _AHEAD_BYTES:
                    ahead -= window[0][2].st_size
                    yield window.popleft()
            while window:
                yield window.popleft()
        finally:
            for _, fd, _ in window:
                os.close(fd)

    def _lost(self, path: bytes, error: OSError) -> None:
        if isinstance(error, FileNotFoundError):
            self.outcome.changed.append(path)
        else:
            self.outcome.unreadable.append((path, error.strerror or str(error)))

    def _read(self, path: bytes, fd: int, size: int, source: str) -> bytes | None:
        """Return the whole content of a file that held still meanwhile; None after noting that it did not."""
        try:
            data = os.read(fd, size + 1)
            while len(data) < size and (more := os.read(fd, size - len(data))):
                data += more
            after = os.fstat(fd)
        except OSError as error:
            self._lost(path, error)
            return None
        if len(data) != size or seen(after) != source:
            self.outcome.changed.append(path)
            return None
        return data

    def _write(self, place: bytes, data: bytes, source: os.stat_result) -> os.stat_result:
        fd = os.open(place, platform_io.CREATE, 0o644)
        try:
            if os.write(fd, data[:_SLICE]) < len(data):
                _write_rest(fd, data)
            platform_io.set_times(fd, place, source.st_atime_ns, source.st_mtime_ns)
            if not self.job.sync_all:
                os.fsync(fd)
            return os.fstat(fd)
        finally:
            os.close(fd)

    def _put_in_place(self, aside: str, prefix: bytes, fresh: bool, written: list[_Written]) -> None:
        """Give the files of one folder, synced by now, their names, and note what the device then says of them."""
        final = f"{self.job.target}/{to_native(prefix)}"
        if fresh:
            os.rename(aside, final.rstrip("/"))
        lines, total = list[str](), 0
        for name, size, source, there, hashes in written:
            if not fresh:
                there = stamp(self._renamed(f"{aside}/{to_native(name)}", prefix + name, size))
            lines.append(line(to_text(name), source, there, hashes))
            total += size
        if lines:
            self.outcome.done.append(Pack(prefix, "\n".join(lines), len(lines), total))
        if not fresh:
            os.rmdir(aside)

    def _renamed(self, aside: str, path: bytes, size: int) -> os.stat_result:
        final = f"{self.job.target}/{to_native(path)}"
        os.replace(aside, final)
        there = os.lstat(final)
        if there.st_size != size:
            raise OSError(5, f"{to_text(path)} has {there.st_size:,} bytes on the device after the copy")
        return there


def _write_rest(fd: int, data: bytes) -> None:
    """Go on in slices behind what was written already: large writes are dear where memory is."""
    view = memoryview(data)
    at = os.lseek(fd, 0, os.SEEK_CUR)
    while at < len(view):
        at += os.write(fd, view[at : at + _SLICE])
