"""The checker's own way to read a device again: past the page cache, hashing nothing but BLAKE3.

Small files go in batches, read ahead, and are dropped from the cache before they are read. Large ones are read by
block from several threads with direct I/O. It shares no reading or hashing code with the copier.
"""

from __future__ import annotations

import os
import stat
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import NamedTuple

from blake3 import blake3

from tasks.media import platform_io
from tasks.media.manifest import Entry, parse_entry
from tasks.media.names import to_native

BLOCK = 32 << 20
PIECE = 4 << 20
_AHEAD = 16


class Found(NamedTuple):
    """One difference: the kind, the path (bytes) and a message."""

    kind: str
    path: bytes
    message: str


class Read(NamedTuple):
    """What a batch came to: files and bytes read, and the differences found."""

    files: int
    size: int
    faults: list[Found]


@dataclass(frozen=True)
class SmallCheck:
    """Checks batches of manifest lines against the files below *device*. Picklable, for worker processes."""

    device: str

    def __call__(self, lines: Sequence[str]) -> Read:
        """Parse the lines strictly (ManifestInvalid), read every file again and compare."""
        faults: list[Found] = []
        files = size = 0
        for entry, fd in self._opened(lines, faults):
            try:
                found = _compare(entry, fd)
            except OSError as error:
                found = Found("unreadable", entry.path, error.strerror or str(error))
            finally:
                os.close(fd)
            files += 1
            size += entry.size
            if found is not None:
                faults.append(found)
        return Read(files, size, faults)

    def _opened(self, lines: Sequence[str], faults: list[Found]) -> Iterator[tuple[Entry, int]]:
        """Open ahead, forget what is cached, and let the system start reading from the device."""
        window: deque[tuple[Entry, int]] = deque()
        for line in lines:
            entry = parse_entry(line)
            try:
                fd = os.open(f"{self.device}/{to_native(entry.path)}", platform_io.READ_SOURCE)
            except OSError as error:
                faults.append(Found("unreadable", entry.path, error.strerror or str(error)))
                continue
            platform_io.drop_cache(fd)
            platform_io.will_need(fd)
            window.append((entry, fd))
            if len(window) > _AHEAD:
                yield window.popleft()
        yield from window


def _compare(entry: Entry, fd: int) -> Found | None:
    info = os.fstat(fd)
    if not stat.S_ISREG(info.st_mode):
        return Found("differs", entry.path, "is not a file any more")
    if info.st_size != entry.size:
        return wrong_size(entry, info.st_size)
    data = os.read(fd, entry.size + 1)
    while len(data) < entry.size and (more := os.read(fd, entry.size - len(data))):
        data += more
    if len(data) != entry.size:
        return wrong_size(entry, len(data))
    if blake3(data).digest() != entry.blake3:
        return Found("differs", entry.path, "has other bytes than the manifest says")
    return None


def wrong_size(entry: Entry, size: int) -> Found:
    """Return the difference of a file that has *size* bytes instead of the manifest's."""
    return Found("size", entry.path, f"has {size:,} bytes, the manifest says {entry.size:,}")


class Blocks:
    """A large file opened to have its blocks read in any order, each thread with a buffer of its own."""

    def __init__(self, native: str) -> None:
        self._plain = os.open(native, platform_io.READ_SOURCE)
        self._direct = platform_io.open_direct(native, platform_io.READ_SOURCE)
        self.size = os.fstat(self._plain).st_size
        platform_io.drop_cache(self._plain)
        self.past_cache = self._direct is not None

    def digest(self, number: int, buffer: memoryview) -> bytes:
        """Return the BLAKE3 of block *number*; raise OSError when it cannot be read."""
        block, offset = blake3(), number * BLOCK
        end = min(offset + BLOCK, self.size)
        while offset < end:
            got = self._fill(buffer, offset)
            if not got:
                raise OSError(5, f"the file ends at {offset:,} bytes")
            block.update(buffer[: min(got, end - offset)])
            offset += got
        return block.digest()

    def _fill(self, buffer: memoryview, offset: int) -> int:
        if self._direct is not None:
            got = os.preadv(self._direct, [buffer], offset)
            if got == len(buffer) or offset + got >= self.size:
                return got
        return platform_io.read_into(self._plain, buffer, offset)

    def close(self) -> None:
        """Close the file."""
        if self._direct is not None:
            os.close(self._direct)
        os.close(self._plain)


class LargeCheck:
    """One large file whose blocks are checked in any order, from any thread; closes it after the last."""

    def __init__(self, entry: Entry, file: Blocks, buffers: SimpleQueue[memoryview]) -> None:
        self.blocks = max(1, -(-entry.size // BLOCK))
        self._entry, self._file, self._buffers = entry, file, buffers
        self._expected = entry.blocks or (entry.blake3,)
        self._left = self.blocks
        self._bad: list[int] = []
        self._lock = threading.Lock()
        self._error = ""

    def check(self, number: int) -> Read:
        """Read and compare one block; the last one to end says what is wrong with the file."""
        size, buffer = min(BLOCK, self._entry.size - number * BLOCK), self._buffers.get()
        try:
            right = self._file.digest(number, buffer) == self._expected[number]
        except OSError as error:
            right, self._error = False, error.strerror or str(error)
        finally:
            self._buffers.put(buffer)
        with self._lock:
            self._left -= 1
            if not right:
                self._bad.append(number)
            if self._left:
                return Read(0, size, [])
        self._file.close()
        return Read(1, size, self._faults())

    def _faults(self) -> list[Found]:
        if self._error:
            return [Found("unreadable", self._entry.path, self._error)]
        if self._bad:
            first = min(self._bad) * BLOCK
            return [Found("differs", self._entry.path, f"has other bytes than the manifest says in {len(self._bad):,} "
                          f"blocks of {BLOCK:,} bytes, the first at byte {first:,}")]  # fmt: skip
        if len(self._expected) > 1 and blake3(b"".join(self._expected)).digest() != self._entry.blake3:
            return [Found("differs", self._entry.path, "has a manifest line that contradicts itself")]
        return []
