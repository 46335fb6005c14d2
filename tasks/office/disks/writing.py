"""Write one blob's share to a drive: one read of the staging file, hashed by 4 MiB range on the way.

Works in chunks. A chunk is read, hashed and written by the media engine's pipeline, then synced, then noted in the
preparation journal; after any kind of death, what is noted is on the drive and the rest is written again.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from tasks.media import platform_io
from tasks.media.copying.direct_io import Reader, Writer
from tasks.media.copying.large import Pipeline, new_buffers
from tasks.media.faults import device_fault
from tasks.media_errors import SourceNotReadable, on_media
from tasks.office.disks.allocation import Piece
from tasks.office.disks.faults import StagingChanged
from tasks.office.disks.prep_journal import PrepJournal
from tasks.office.disks.sparse import make_room
from tasks.office.disks.staging import StagedFile

CHUNK_BYTES = 256 << 20  # a multiple of 4 MiB; what a crash may cost is one of these


@dataclass
class Share:
    """What of one staging file goes to one drive, and where: *source* and *target* are files."""

    source: Path
    target: Path
    file: StagedFile
    pieces: tuple[Piece, ...]

    def write(self, journal: PrepJournal, chunk_bytes: int, moved: Callable[[int], None]) -> None:
        """Write what *journal* does not have yet. Calling twice is safe and cheap; the target ends at full length.

        Raises StagingChanged, SourceNotReadable, or a MediaError that speaks of the drive.
        """
        with self.at_the_drive():
            if make_room(self.target, self.file.bytes):
                journal.forget(self.file.name)
        with self._opened() as (reader, writer):
            self._check(reader)
            buffers = new_buffers()
            for offset, size in self._chunks(chunk_bytes):
                if not journal.has(self.file.name, offset, size):
                    window = _Window(self, reader, writer, offset)
                    journal.wrote(self.file.name, offset, size, self._chunk(window, size, buffers))
                moved(size)
        with self.at_the_drive():
            os.truncate(self.target, self.file.bytes)  # direct writes are padded to whole blocks

    def _chunks(self, chunk_bytes: int) -> Iterator[tuple[int, int]]:
        for piece in self.pieces:
            for at in range(0, piece.bytes, chunk_bytes):
                yield piece.offset + at, min(chunk_bytes, piece.bytes - at)

    def _chunk(self, window: _Window, size: int, buffers: SimpleQueue[memoryview]) -> tuple[bytes, ...]:
        pipeline = Pipeline(
            window, window, size=size, md5=False, ranges=True, resume=None, checkpoint=lambda _upto, _notes: None,
            moved=lambda _size: None, stop=threading.Event(), buffers=buffers,
        )  # fmt: skip
        digests = pipeline.run()
        window.sync()
        self._check(window.reader)
        return digests.ranges or ()

    def _check(self, reader: Reader) -> None:
        now = reader.now()
        if (now.st_size, now.st_mtime_ns) != (self.file.bytes, self.file.modified_ns):
            raise StagingChanged(
                f"{self.file.name} in the staging folder was written to since it was surveyed",
                next="find out who writes there; when the agent is done, plan the drives again",
            )

    @contextmanager
    def _opened(self) -> Iterator[tuple[Reader, Writer]]:
        try:
            reader = Reader(str(self.source), direct=platform_io.traits_of(self.source.parent).direct)
        except OSError as error:
            raise self.unreadable(error) from error
        try:
            with self.at_the_drive():
                direct = platform_io.traits_of(self.target.parent).direct
                whole = self.file.bytes
                writer = Writer(str(self.target), size=whole, keep_bytes=whole, direct=direct, reserve=False)
            try:
                yield reader, writer
            finally:
                writer.close()
        finally:
            reader.close()

    def unreadable(self, error: OSError) -> SourceNotReadable:
        """Return the error for a staging file that cannot be read."""
        return SourceNotReadable(
            f"{self.file.name} in the staging folder cannot be read: {error.strerror or error}",
            next="check the staging folder and this account's rights, then prepare again: it goes on where it stopped",
        )

    @contextmanager
    def at_the_drive(self) -> Iterator[None]:
        """Turn an operating-system error into the fault of the drive that it means."""
        try:
            yield
        except OSError as error:
            raise device_fault(error, f"cannot write {self.file.name} to the drive at {self.target}") from error


@contextmanager
def at_drive(serial: str) -> Iterator[None]:
    """Turn an operating-system error into our error of drive *serial*."""
    with on_media():
        try:
            yield
        except OSError as error:
            raise device_fault(error, f"cannot write to drive {serial}") from error


@dataclass
class _Window:
    """One chunk of a file as the pipeline's source and sink: its offsets begin at *base*."""

    share: Share
    reader: Reader
    writer: Writer
    base: int

    def read_into(self, buffer: memoryview, offset: int) -> int:
        try:
            return self.reader.read_into(buffer, self.base + offset)
        except OSError as error:
            raise self.share.unreadable(error) from error

    def write(self, buffer: memoryview, length: int, offset: int) -> None:
        with self.share.at_the_drive():
            self.writer.write(buffer, length, self.base + offset)

    def sync(self) -> None:
        with self.share.at_the_drive():
            self.writer.sync()
