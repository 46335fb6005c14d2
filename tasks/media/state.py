"""What a copy remembers beside the data, so that it can go on after any kind of death.

One SQLite file per target folder: a row for every pack of small files (`packs.py`) and for every large one. A row is
written only after the bytes were synced to the device and the names put in place; a file is believed only while the
device still shows the very same inode, size and times. Memory: one row at a time.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from blake3 import blake3

from tasks.media.faults import DeviceBusy, StateInvalid
from tasks.media.hashing import Digests
from tasks.media.packs import Pack

VERSION = "2"

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS packs (number INTEGER PRIMARY KEY, folder BLOB, lines TEXT, sealed BLOB);
CREATE INDEX IF NOT EXISTS packs_by_folder ON packs (folder);
CREATE TABLE IF NOT EXISTS large (
    path BLOB PRIMARY KEY, size INTEGER, source_mtime INTEGER, source_ctime INTEGER,
    inode INTEGER, mtime INTEGER, ctime INTEGER, hashes TEXT, blocks BLOB, ranges BLOB);
CREATE TABLE IF NOT EXISTS open_files (
    path BLOB PRIMARY KEY, name TEXT, inode INTEGER, size INTEGER, mtime INTEGER, ctime INTEGER,
    upto INTEGER, crc64 BLOB, md5 BLOB, blocks BLOB, ranges BLOB, sealed BLOB);
"""


Stamp = tuple[int, int, int, int]


class Done(NamedTuple):
    """A finished large file: its source as it was read, its stamp on the device, its hashes.

    `hashes` is the manifest's text for them (`Digests.text`); `blocks` and `ranges` are digests laid end to end.
    """

    path: bytes
    size: int
    source_mtime: int
    source_ctime: int
    inode: int
    mtime: int
    ctime: int
    hashes: str
    blocks: bytes
    ranges: bytes | None

    @property
    def stamp(self) -> Stamp:
        """What `stamp_of` gives while the device shows the file untouched."""
        return self.inode, self.size, self.mtime, self.ctime

    def has(self, *, md5: bool, ranges: bool) -> bool:
        """Say whether the hashes asked for were made."""
        return (not md5 or not self.hashes.endswith("-")) and (not ranges or self.ranges is not None)


def stamp_of(info: os.stat_result) -> Stamp:
    """Return inode, size and times in nanoseconds: all four stay the same while nothing is written to a file."""
    return _signed(info.st_ino), info.st_size, _signed(info.st_mtime_ns), _signed(info.st_ctime_ns)


def done(path: bytes, source: os.stat_result, there: os.stat_result, digests: Digests) -> Done:
    """Make the row of a file that was read as *source* and lies on the device as *there*."""
    ranges = b"".join(digests.ranges) if digests.ranges is not None else None
    _, _, source_mtime, source_ctime = stamp_of(source)
    inode, size, mtime, ctime = stamp_of(there)
    blocks = b"".join(digests.blocks)
    return Done(path, size, source_mtime, source_ctime, inode, mtime, ctime, digests.text, blocks, ranges)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A large file of which the first `upto` bytes are synced under the partial name `name`."""

    path: bytes
    name: str
    source: Stamp
    upto: int
    crc64: int
    md5: bytes | None
    blocks: tuple[bytes, ...]
    ranges: tuple[bytes, ...] | None

    def seal(self) -> bytes:
        """Return a checksum over every field, so that a damaged row is thrown away, not believed."""
        return blake3(repr((VERSION, self.path, self.name, self.source, self.upto, self.crc64, self.md5, self.blocks,
                            self.ranges)).encode()).digest(16)  # fmt: skip


class State:
    """The state of one target folder. Use it from one thread; close it at the end."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = sqlite3.connect(place, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            # Rows are appended, so this journal holds a few pages a commit; a write-ahead log would hold every row.
            self._db.execute("PRAGMA journal_mode=PERSIST")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA cache_size=-4096")
            self._db.executescript(_TABLES)
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise DeviceBusy(f"another process is using the state {place}") from error
            raise StateInvalid(f"the copy state {place} cannot be opened: {error}") from error
        except sqlite3.DatabaseError as error:
            raise StateInvalid(f"the copy state {place} cannot be read: {error}") from error
        if self.get("version") not in ("", VERSION):
            raise StateInvalid(f"the copy state {place} was written by another version of this program")
        self.put(version=VERSION)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def _rows(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """Yield what a query finds. Raises StateInvalid when the file is damaged."""
        rows = None
        while True:
            try:
                rows = rows or self._db.execute(query, values)
                row = next(rows, None)
            except sqlite3.DatabaseError as error:
                raise StateInvalid(f"the copy state {self.place} cannot be read: {error}") from error
            if row is None:
                return
            yield row

    # -- facts about the copy

    def get(self, key: str) -> str:
        """Return a fact, or an empty text."""
        row = next(self._rows("SELECT value FROM meta WHERE key=?", key), None)
        return str(row[0]) if row else ""

    def put(self, **facts: str) -> None:
        """Keep facts, durably."""
        with self._db:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?,?)", facts.items())

    # -- finished files

    def add_packs(self, packs: Sequence[Pack]) -> None:
        """Record finished small files in one durable commit; their bytes must be synced before this is called."""
        rows = [(pack.folder, pack.lines, _proof(pack.folder, pack.lines)) for pack in packs]
        with self._db:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT INTO packs (folder, lines, sealed) VALUES (?,?,?)", rows)

    def packs(self) -> Iterator[tuple[bytes, str]]:
        """Yield folder and lines of every undamaged pack, by folder in path order, the older ones first."""
        for folder, lines, proof in self._rows("SELECT folder, lines, sealed FROM packs ORDER BY folder, number"):
            if isinstance(folder, bytes) and isinstance(lines, str) and proof == _proof(folder, lines):
                yield folder, lines

    def add_large(self, row: Done) -> None:
        """Record a finished large file durably; its bytes must be synced before this is called."""
        with self._db:
            self._db.execute("BEGIN")
            self._db.execute("INSERT OR REPLACE INTO large VALUES (?,?,?,?,?,?,?,?,?,?)", row)
            self._db.execute("DELETE FROM open_files WHERE path=?", (row.path,))

    def find_large(self, path: bytes) -> Done | None:
        """Return the finished large file of that path."""
        row = next(self._rows("SELECT * FROM large WHERE path=?", path), None)
        return Done._make(row) if row else None

    def large(self) -> Iterator[Done]:
        """Yield every finished large file in path order."""
        return map(Done._make, self._rows("SELECT * FROM large ORDER BY path"))

    # -- large files half-way

    def checkpoint(self, point: Checkpoint) -> None:
        """Record how far a large file is, durably; the bytes below `upto` must be synced before this is called."""
        with self._db:
            self._db.execute("BEGIN")
            self._db.execute(
                "INSERT OR REPLACE INTO open_files VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
                (point.path, point.name, *point.source, point.upto, point.crc64.to_bytes(8, "big"), point.md5,
                 b"".join(point.blocks), b"".join(point.ranges) if point.ranges is not None else None, point.seal()),
            )  # fmt: skip

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Yield the large files half-way whose rows are undamaged."""
        for row in list(self._rows("SELECT * FROM open_files ORDER BY path")):
            path, name, inode, size, mtime, ctime, upto, crc, md5, blocks, ranges, seal = row
            source = (inode, size, mtime, ctime)
            try:
                point = Checkpoint(path, name, source, upto, int.from_bytes(crc, "big"), md5, _cut(blocks, 32) or (),
                                   _cut(ranges, 16))  # fmt: skip
                whole = point.seal() == seal
            except (TypeError, ValueError, AttributeError):  # a column of another kind than was written
                continue
            if whole:
                yield point


def _cut(joined: bytes | None, size: int) -> tuple[bytes, ...] | None:
    return None if joined is None else tuple(joined[at : at + size] for at in range(0, len(joined), size))


def _proof(folder: bytes, lines: str) -> bytes:
    return blake3(folder + b"\0" + lines.encode()).digest(16)


def _signed(number: int) -> int:
    """Return what fits a column of 64 bits: inodes use the last bit, and so do nanoseconds after the year 2262."""
    return number - (1 << 64) if number >= 1 << 63 else number
