"""Copy one large file: one reader, three consumers, a few page-aligned buffers that go round between them.

The reader fills a buffer; MD5, BLAKE3 with CRC-64, and the writer each take it in their own thread; the last one
gives it back. Every so often a mark goes through all three: when each has reported its state at that offset, and the
writer has synced up to it, the offset is a checkpoint. Nothing above the last checkpoint is believed after a crash.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, Protocol

from tasks.media import hashing, platform_io
from tasks.media.md5 import resume_md5
from tasks.media.state import Checkpoint

PIECE = hashing.RANGE
BUFFERS = 6
CHECKPOINT_BYTES = 128 << 20
CHECKPOINT_SECONDS = 2.0

TellCheckpoint = Callable[[int, dict[str, Any]], None]


@dataclass(slots=True)
class _Piece:
    """A filled buffer on its way through the consumers, or a mark when it has no data."""

    offset: int
    data: memoryview | None
    buffer: memoryview | None
    left: int
    notes: dict[str, Any] = field(default_factory=dict)


class Source(Protocol):
    """Where a pipeline reads from."""

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset* and return the bytes read."""


class Sink(Protocol):
    """Where a pipeline writes to."""

    def write(self, buffer: memoryview, length: int, offset: int) -> None:
        """Write the first *length* bytes of *buffer* at *offset*."""

    def sync(self) -> None:
        """Return when everything written is on the device."""


class Nowhere:
    """The writer of a pipeline that only hashes."""

    def write(self, buffer: memoryview, length: int, offset: int) -> None:
        """Write nothing."""

    def sync(self) -> None:
        """Sync nothing."""


class Stopped(Exception):
    """The copy was told to stop."""


class Pipeline:
    """Copies one file from *reader* to *writer*; make one for each file. `buffers` may be handed on to the next."""

    def __init__(self, reader: Source, writer: Sink, *, size: int, md5: bool, ranges: bool,
                 resume: Checkpoint | None, checkpoint: TellCheckpoint, moved: Callable[[int], None],
                 stop: threading.Event, buffers: SimpleQueue[memoryview],
                 every: int = CHECKPOINT_BYTES) -> None:  # fmt: skip
        self._reader, self._writer, self._size = reader, writer, size
        self._checkpoint, self._moved, self._stop, self._free = checkpoint, moved, stop, buffers
        self._every, self._upto = every, resume.upto if resume else 0
        self._md5, self._from = _md5_to_go_on_with(md5, ranges, resume)
        self._blocks = hashing.BlockHash(list(resume.blocks), resume.crc64) if resume else hashing.BlockHash()
        self._lock = threading.Lock()
        self._failed: BaseException | None = None
        self._queues: list[SimpleQueue[_Piece | None]] = []

    def run(self) -> hashing.Digests:
        """Copy to the end and return the digests; raise OSError, from the reader or writer, or Stopped."""
        consumers = [self._hash_blocks, self._write]
        if self._md5.whole is not None or self._md5.ranges is not None:
            consumers.append(self._hash_md5)
        self._queues = [SimpleQueue() for _ in consumers]
        threads = [
            threading.Thread(target=self._consume, args=(queue, work), daemon=True)
            for queue, work in zip(self._queues, consumers, strict=True)
        ]
        for thread in threads:
            thread.start()
        try:
            self._read()
        finally:
            for queue in self._queues:
                queue.put(None)
            for thread in threads:
                thread.join()
        if self._failed is not None:
            raise self._failed
        return hashing.digests(self._blocks, self._md5)

    def _read(self) -> None:
        offset, marked, since = self._from, self._upto, time.monotonic()
        while offset < self._size and self._failed is None:
            if self._stop.is_set():
                raise Stopped
            buffer = self._free.get()
            try:
                got = self._reader.read_into(buffer, offset)
            except BaseException:
                self._free.put(buffer)
                raise
            data = buffer[: min(got, self._size - offset)]
            self._send(_Piece(offset, data, buffer, len(self._queues)))
            offset += len(data)
            if len(data) < PIECE:
                break
            late = offset - marked >= self._every or time.monotonic() - since >= CHECKPOINT_SECONDS
            if late and offset % hashing.BLOCK == 0 and self._upto < offset < self._size:
                self._send(_Piece(offset, None, None, len(self._queues)))
                marked, since = offset, time.monotonic()

    def _send(self, piece: _Piece) -> None:
        for queue in self._queues:
            queue.put(piece)

    def _consume(self, queue: SimpleQueue[_Piece | None], work: Callable[[_Piece], None]) -> None:
        while (piece := queue.get()) is not None:
            try:
                if self._failed is None:
                    work(piece)
            except BaseException as error:
                self._failed = self._failed or error
            self._finished(piece)

    def _finished(self, piece: _Piece) -> None:
        with self._lock:
            piece.left -= 1
            last = not piece.left
        if last and piece.buffer is not None:
            moved = len(piece.data or ()) if piece.offset >= self._upto else 0
            piece.data = None
            self._free.put(piece.buffer)
            self._moved(moved)
        elif last and self._failed is None:
            self._checkpoint(piece.offset, piece.notes)

    def _hash_md5(self, piece: _Piece) -> None:
        if piece.data is not None:
            self._md5.update(piece.data)
        else:
            piece.notes["md5"] = self._md5.whole.save() if self._md5.whole is not None else None
            piece.notes["ranges"] = tuple(self._md5.ranges) if self._md5.ranges is not None else None

    def _hash_blocks(self, piece: _Piece) -> None:
        if piece.data is None:
            piece.notes["blocks"] = tuple(self._blocks.blocks)
            piece.notes["crc64"] = self._blocks.crc
        elif piece.offset >= self._upto:
            self._blocks.update(piece.data)

    def _write(self, piece: _Piece) -> None:
        if piece.data is None:
            self._writer.sync()
        elif piece.offset >= self._upto:
            assert piece.buffer is not None
            self._writer.write(piece.buffer, len(piece.data), piece.offset)


def _md5_to_go_on_with(md5: bool, ranges: bool, resume: Checkpoint | None) -> tuple[hashing.Md5Hash, int]:
    """Return the MD5 to go on with and from where: from 0 when its saved state cannot be used."""
    if resume is None:
        return hashing.Md5Hash.fresh(md5=md5, ranges=ranges), 0
    whole = resume_md5(resume.md5, resume.upto) if md5 else None
    usable = (whole is not None or not md5) and (resume.ranges is not None or not ranges)
    if not usable:
        return hashing.Md5Hash.fresh(md5=md5, ranges=ranges), 0
    return hashing.Md5Hash(whole, list(resume.ranges or ()) if ranges else None), resume.upto


def new_buffers() -> SimpleQueue[memoryview]:
    """Return the buffers of one lane, 24 MiB in all."""
    free: SimpleQueue[memoryview] = SimpleQueue()
    for _ in range(BUFFERS):
        free.put(platform_io.page_buffer(PIECE))
    return free
