"""The checker's own way to read a device again: past the page cache, hashing nothing but BLAKE3.

Small files go in batches, read ahead, and are dropped from the cache before they are read. Large ones are read by
block from several threads with direct I/O. It shares no reading or hashing code with the copier.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import NamedTuple

from blake3 import blake3

from tasks.media import platform_io
from tasks.media.manifest import Entry

BLOCK = 32 << 20
PIECE = 4 << 20
_AHEAD_FILES = 64
_AHEAD_BYTES = 16 << 20


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


Wanted = tuple[bytes, int, bytes]
"""What a manifest says of a small file: path, size in bytes, BLAKE3 in hexadecimal digits."""


@dataclass(frozen=True)
class SmallCheck:
    """Checks batches of small files below *device*. Picklable, for worker processes."""

    device: str

    def __call__(self, files: Sequence[Wanted]) -> Read:
        """Read every file again and compare."""
        faults: list[Found] = []
        count = total = 0
        for (path, size, strong), fd in self._opened(files, faults):
            try:
                data = os.read(fd, size + 1)
                while len(data) < size and (more := os.read(fd, size - len(data))):
                    data += more
                if len(data) != size:
                    faults.append(wrong_size(path, size, max(len(data), os.fstat(fd).st_size)))
                elif blake3(data).hexdigest() != strong.decode():
                    faults.append(Found("differs", path, "has other bytes than the manifest says"))
            except OSError as error:
                faults.append(Found("unreadable", path, error.strerror or str(error)))
            finally:
                os.close(fd)
            count += 1
            total += size
        return Read(count, total, faults)

    def _opened(self, files: Sequence[Wanted], faults: list[Found]) -> Iterator[tuple[Wanted, int]]:
        """Open ahead, forget what is cached, and let the system start reading from the device."""
        window: deque[tuple[Wanted, int]] = deque()
        ahead = 0
        device = os.fsencode(self.device) + b"/"
        for wanted in files:
            try:
                fd = os.open(device + wanted[0], platform_io.READ_SOURCE)
            except OSError as error:
                faults.append(Found("unreadable", wanted[0], error.strerror or str(error)))
                continue
            window.append((wanted, fd))
            with suppress(OSError):  # what is no file any more shows when it is read
                platform_io.drop_cache(fd)
                platform_io.will_need(fd)
            ahead += wanted[1]
            while len(window) > _AHEAD_FILES or ahead > _AHEAD_BYTES:
                ahead -= window[0][0][1]
                yield window.popleft()
        yield from window


def wrong_size(path: bytes, size: int, found: int) -> Found:
    """Return the difference of a file that has *found* bytes instead of *size*."""
    return Found("size", path, f"has {found:,} bytes, the manifest says {size:,}")


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
