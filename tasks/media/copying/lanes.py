"""Lanes for large files: each copies one at a time, the largest of those known first, and reports in a queue."""

# Text paths.
# ruff: noqa: PTH105, PTH108, PTH120

from __future__ import annotations

import heapq
import os
import stat
import threading
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

from blake3 import blake3

from tasks.media import hashing, platform_io
from tasks.media.copying.direct_io import Reader, Writer
from tasks.media.copying.large import CHECKPOINT_BYTES, Pipeline, Stopped, new_buffers
from tasks.media.copying.scan import Large
from tasks.media.faults import MediaError, device_fault
from tasks.media.names import to_native, to_text
from tasks.media.state import Checkpoint, Done, done, stamp_of


@dataclass
class Job:
    """What every lane needs to know."""

    source: str
    target: str
    aside: str
    md5: bool
    ranges: bool
    read_direct: bool
    write_direct: bool
    reserve: bool
    checkpoint_bytes: int = CHECKPOINT_BYTES
    resume: dict[bytes, Checkpoint] = field(default_factory=dict)


@dataclass(frozen=True)
class Moved:
    """So many more bytes are on their way."""

    size: int


@dataclass(frozen=True)
class Resumed:
    """So many bytes of a large file were on the device already."""

    size: int


@dataclass(frozen=True)
class Finished:
    """A file is on the device under its name, synced; `direct` when it passed the page cache by on both sides."""

    done: Done
    direct: bool


@dataclass(frozen=True)
class Lost:
    """A file could not be copied: it cannot be read (`why`), or it changed under the copy (`why` is empty)."""

    path: bytes
    why: str


Event = Moved | Resumed | Finished | Lost | Checkpoint | MediaError | BaseException


class Lanes:
    """Threads that copy large files. Feed with `put`, read `events`, end with `close`."""

    def __init__(self, job: Job, count: int) -> None:
        self.events: SimpleQueue[Event] = SimpleQueue()
        self.open = 0
        self.job, self._count = job, count
        self._waiting: list[tuple[int, bytes]] = []
        self._ready = threading.Condition()
        self._ended = False
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def put(self, item: Large) -> None:
        """Add a file; starts another lane when there are fewer than asked for."""
        with self._ready:
            heapq.heappush(self._waiting, (-item.size, item.path))
            self._ready.notify()
        self.open += 1
        if len(self._threads) < self._count:
            self._threads.append(threading.Thread(target=self._run, daemon=True))
            self._threads[-1].start()

    def close(self, *, at_once: bool = False) -> None:
        """End the lanes; *at_once* in the middle of their files, whose checkpoints stay valid."""
        if at_once:
            self._stop.set()
        with self._ready:
            self._ended = True
            self._ready.notify_all()
        for thread in self._threads:
            thread.join()

    def _next(self) -> bytes | None:
        with self._ready:
            while not self._waiting and not self._ended:
                self._ready.wait()
            if self._stop.is_set() or not self._waiting:
                return None
            return heapq.heappop(self._waiting)[1]

    def _run(self) -> None:
        buffers = new_buffers()
        while (path := self._next()) is not None:
            try:
                self.events.put(_LargeFile(self.job, path, self.events, self._stop, buffers).copy())
            except Stopped:
                return
            except OSError as error:
                self.events.put(device_fault(error, f"cannot write {to_text(path)} to {self.job.target}"))
            except BaseException as error:
                self.events.put(error)


@dataclass
class _LargeFile:
    job: Job
    path: bytes
    events: SimpleQueue[Event]
    stop: threading.Event
    buffers: SimpleQueue[memoryview]

    def copy(self) -> Event:
        """Copy one file to its end; raise OSError for the device's faults, Stopped when told to."""
        self.native = to_native(self.path)
        self.name = f"large-{blake3(self.path).hexdigest(16)}"
        self.partial = f"{self.job.aside}/{self.name}"
        try:
            reader = Reader(f"{self.job.source}/{self.native}", direct=self.job.read_direct)
        except OSError as error:
            return Lost(self.path, "" if isinstance(error, FileNotFoundError) else error.strerror or str(error))
        try:
            if not stat.S_ISREG(reader.info.st_mode):
                return Lost(self.path, "")
            return self._copy(reader)
        finally:
            reader.close()

    def _copy(self, reader: Reader) -> Event:
        resume = self._proven(stamp_of(reader.info))
        writer = Writer(self.partial, size=reader.info.st_size, keep_bytes=resume.upto if resume else 0,
                        direct=self.job.write_direct, reserve=self.job.reserve)  # fmt: skip
        try:
            if resume:
                self.events.put(Resumed(resume.upto))
            pipeline = Pipeline(
                _Source(reader), writer, size=reader.info.st_size, md5=self.job.md5, ranges=self.job.ranges,
                resume=resume, checkpoint=lambda upto, notes: self._checkpoint(reader, upto, notes),
                moved=self._moved, stop=self.stop, buffers=self.buffers,
                every=self.job.checkpoint_bytes,
            )  # fmt: skip
            digests = pipeline.run()
            if stamp_of(reader.now()) != stamp_of(reader.info):
                return self._changed()
            writer.finish(reader.info)
            direct = reader.direct and writer.direct
        except SourceFailed as error:
            return self._changed() if error.why is None else Lost(self.path, error.why)
        finally:
            writer.close()
        return Finished(self._put_in_place(reader, digests), direct)

    def _changed(self) -> Lost:
        os.unlink(self.partial)
        return Lost(self.path, "")

    def _put_in_place(self, reader: Reader, digests: hashing.Digests) -> Done:
        final = f"{self.job.target}/{self.native}"
        os.replace(self.partial, final)
        platform_io.sync_folder(os.path.dirname(final))
        there = os.lstat(final)
        if there.st_size != reader.info.st_size:
            raise OSError(5, f"{to_text(self.path)} has {there.st_size:,} bytes on the device after the copy")
        return done(self.path, reader.info, there, digests)

    def _moved(self, size: int) -> None:
        self.events.put(Moved(size))

    def _checkpoint(self, reader: Reader, upto: int, notes: dict[str, Any]) -> None:
        source = stamp_of(reader.info)
        self.events.put(Checkpoint(self.path, self.name, source, upto, notes["crc64"], notes.get("md5"),
                                   notes["blocks"], notes.get("ranges")))  # fmt: skip

    def _proven(self, source: tuple[int, int, int, int]) -> Checkpoint | None:
        """Return the checkpoint to go on from when source and device both still fit it; its last block is read."""
        point = self.job.resume.get(self.path)
        if point is None or point.source != source or not point.blocks or point.name != self.name:
            return None
        try:
            partial = Reader(self.partial, direct=self.job.write_direct)
        except FileNotFoundError:
            return None
        try:
            whole = partial.info.st_size >= point.upto
            return point if whole and self._block(partial, point.upto) == point.blocks[-1] else None
        finally:
            partial.close()

    def _block(self, partial: Reader, end: int) -> bytes:
        buffer, block = self.buffers.get(), blake3()
        try:
            for offset in range(end - hashing.BLOCK, end, len(buffer)):
                block.update(buffer[: partial.read_into(buffer, offset)])
        finally:
            self.buffers.put(buffer)
        return block.digest()


class SourceFailed(Exception):
    """The source could not be read on; `why` is None when it had become shorter."""

    def __init__(self, why: str | None) -> None:
        self.why = why


class _Source:
    """A reader whose errors cannot be mistaken for the device's."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer*; raise SourceFailed when the source gives an error or ends too early."""
        try:
            got = self._reader.read_into(buffer, offset)
        except OSError as error:
            raise SourceFailed(error.strerror or str(error)) from error
        if got < min(len(buffer), self._reader.info.st_size - offset):
            raise SourceFailed(None)
        return got
