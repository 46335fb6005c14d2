"""Read a device again, past the page cache, and compare it with its manifest byte for byte.

This is not the copier's code: it lists, reads and hashes by itself, and shares the manifest's format only. Nothing
is written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Literal, cast

from blake3 import blake3

from tasks.media import platform_io
from tasks.media.crew import Crew
from tasks.media.faults import DeviceGone, device_fault
from tasks.media.manifest import Entry, Line, Reader
from tasks.media.names import to_bytes, to_native, to_text
from tasks.media.progress import Meter, Tell
from tasks.media.reread import BLOCK, PIECE, Blocks, LargeCheck, Read, SmallCheck, Wanted, wrong_size

Kind = Literal["missing", "extra", "differs", "renamed", "unreadable", "size"]

_BATCH = 512
_WORTH_PROCESSES = 1500
_READERS = 3
_LARGE = 4 << 20


@dataclass(frozen=True, slots=True)
class Fault:
    """One difference between device and manifest, at a path as the manifest spells it."""

    kind: Kind
    path: str
    message: str


@dataclass(frozen=True)
class Verified:
    """The outcome: `ok` when every file is there, right, and nothing else; files and bytes that were read.

    `past_cache` is False where the system gave no way to read the device itself instead of memory.
    """

    ok: bool
    files: int
    bytes: int
    faults: tuple[Fault, ...]
    past_cache: bool = True


def verify(device: Path, manifest: Path, *, progress: Tell | None = None, workers: int | None = None) -> Verified:
    """Compare every byte in the sealed folders of *device* with *manifest*.

    Differences come back as faults. Raises NotSealed, ManifestInvalid, or DeviceGone when nothing is mounted.
    """
    if not device.is_dir():
        raise DeviceGone(f"there is no device at {device}")
    with Reader(manifest) as reader:
        files, size = reader.totals()
        count = workers or min(4, 2 * (os.cpu_count() or 1))
        check = _Check(device, Meter("verify", files, size, progress), count if files >= _WORTH_PROCESSES else 0)
        try:
            platform_io.sync_volume(str(device))
            check.run(reader)
        except OSError as error:
            raise device_fault(error, f"cannot read {device}") from error
        finally:
            check.close()
    return Verified(not check.faults, check.meter.files, check.meter.bytes, tuple(check.faults), check.past_cache)


class _Check:
    def __init__(self, device: Path, meter: Meter, workers: int) -> None:
        self.device, self.meter = device, meter
        self.faults: list[Fault] = []
        self.past_cache = platform_io.traits_of(device).direct
        self._small = SmallCheck(str(device))
        self._crew: Crew[list[Wanted], Read] | None = Crew(self._small, workers) if workers else None
        self._threads = ThreadPoolExecutor(_READERS)
        self._buffers: SimpleQueue[memoryview] = SimpleQueue()
        self._reading: set[Future[Read]] = set()
        self._batch: list[Wanted] = []
        self._lost: list[Entry] = []
        self._strange: list[bytes] = []
        for _ in range(_READERS):
            self._buffers.put(platform_io.page_buffer(PIECE))

    def run(self, reader: Reader) -> None:
        """Go through manifest and device side by side, and read every file that is on both."""
        lines = reader.lines()
        line = next(lines, None)
        for path in self._names(reader.folders):
            while line is not None and line.path < path:
                self._lost.append(line.entry())
                line = next(lines, None)
            if line is not None and line.path == path:
                self._read(line)
                line = next(lines, None)
            else:
                self._strange.append(path)
        while line is not None:
            self._lost.append(line.entry())
            line = next(lines, None)
        self._give()
        while self._reading or (self._crew is not None and self._crew.busy):
            self._listen(0.05)
        self._pair_renames()
        self.meter.beat(final=True)

    def close(self) -> None:
        """End threads and processes."""
        self._threads.shutdown(cancel_futures=True)
        if self._crew is not None:
            self._crew.close(at_once=self._crew.busy)

    # -- the device's names, listed by the checker itself

    def _names(self, folders: tuple[str, ...]) -> Iterator[bytes]:
        for folder in folders:
            inside = to_bytes(folder)
            yield from self._list(inside + b"/" if inside else b"")

    def _list(self, prefix: bytes) -> Iterator[bytes]:
        """Yield the files below a folder in path order; report what is neither file nor folder."""
        try:
            with os.scandir(os.fsencode(self.device / to_native(prefix))) as listing:
                rows = sorted((_key(entry), entry.is_file(follow_symlinks=False)) for entry in listing)
        except FileNotFoundError:
            return
        except OSError as error:
            self._add("unreadable", prefix.rstrip(b"/"), error.strerror or str(error))
            return
        for key, is_file in rows:
            if key.endswith(b"/"):
                yield from self._list(prefix + key)
            elif is_file:
                yield prefix + key
            else:
                self._add("extra", prefix + key, "is a link or special file, which no manifest lists")

    # -- reading

    def _read(self, line: Line) -> None:
        if line.size > _LARGE or line.extras:
            self._read_large(line.entry())
            return
        self._batch.append((line.path, line.size, line.blake3))
        if len(self._batch) >= _BATCH:
            self._give()

    def _give(self) -> None:
        batch, self._batch = self._batch, []
        if self._crew is None:
            self._take(self._small(batch))
            return
        while not self._crew.idle:
            self._listen(0.05)
        self._crew.give(batch)

    def _listen(self, timeout_seconds: float) -> None:
        """Take in what processes and threads have found, waiting at most so long for it."""
        if self._crew is not None and self._crew.busy:
            for read in self._crew.answers(timeout_seconds):
                self._take(read)
            timeout_seconds = 0.0
        if self._reading:
            ready, self._reading = wait(self._reading, timeout_seconds, FIRST_COMPLETED)
            for future in ready:
                self._take(future.result())
        self.meter.beat()

    def _take(self, read: Read) -> None:
        self.meter.add(read.files, read.size)
        for found in read.faults:
            self._add(found.kind, found.path, found.message)

    def _read_large(self, entry: Entry) -> None:
        try:
            blocks = Blocks(f"{self.device}/{entry.native}")
        except OSError as error:
            self._add("unreadable", entry.path, error.strerror or str(error))
            return
        if blocks.size != entry.size:
            blocks.close()
            self._take(Read(1, entry.size, [wrong_size(entry.path, entry.size, blocks.size)]))
            return
        self.past_cache = self.past_cache and blocks.past_cache
        file = LargeCheck(entry, blocks, self._buffers)
        for number in range(file.blocks):
            while len(self._reading) >= 2 * _READERS:
                self._listen(0.05)
            self._reading.add(self._threads.submit(file.check, number))

    # -- the verdicts

    def _add(self, kind: str, path: bytes, message: str) -> None:
        self.faults.append(Fault(cast("Kind", kind), to_text(path), message))

    def _pair_renames(self) -> None:
        """Tell a file under another name from one lost and one strange file."""
        by_size: dict[int, list[bytes]] = {}
        for path in self._strange:
            by_size.setdefault(self._size(path), []).append(path)
        for entry in self._lost:
            match = next((path for path in by_size.get(entry.size, ()) if self._same(path, entry)), None)
            if match is None:
                self._add("missing", entry.path, "is not on the device")
            else:
                by_size[entry.size].remove(match)
                self._add("renamed", entry.path, f"is on the device as {to_text(match)}")
        for left in by_size.values():
            for path in left:
                self._add("extra", path, "is on the device and not in the manifest")

    def _size(self, path: bytes) -> int:
        try:
            return (self.device / to_native(path)).lstat().st_size
        except OSError:
            return -1

    def _same(self, path: bytes, entry: Entry) -> bool:
        buffer = self._buffers.get()
        try:
            blocks = Blocks(f"{self.device}/{to_native(path)}")
            try:
                count = max(1, -(-entry.size // BLOCK))
                digests = [blocks.digest(number, buffer) for number in range(count)]
            finally:
                blocks.close()
        except OSError:
            return False
        finally:
            self._buffers.put(buffer)
        return (digests[0] if count == 1 else blake3(b"".join(digests)).digest()) == entry.blake3


def _key(entry: os.DirEntry[bytes]) -> bytes:
    return entry.name + b"/" if entry.is_dir(follow_symlinks=False) else entry.name
