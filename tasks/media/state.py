"""What a copy remembers beside the data, so that it can go on after any kind of death.

One SQLite file per target folder. A row in `done` is written only after the file's bytes were synced to the device
and its name was put in place; it is believed only while the device still shows the very same inode, size and times.
Memory: one row at a time.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from blake3 import blake3

from tasks.media.faults import DeviceBusy, StateInvalid
from tasks.media.hashing import Digests

VERSION = "1"

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS done (
    path BLOB PRIMARY KEY, size INTEGER, source_mtime INTEGER, source_ctime INTEGER,
    inode INTEGER, mtime INTEGER, ctime INTEGER, hashes TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parts (path BLOB PRIMARY KEY, blocks BLOB, ranges BLOB);
CREATE TABLE IF NOT EXISTS open_files (
    path BLOB PRIMARY KEY, name TEXT, inode INTEGER, size INTEGER, mtime INTEGER, ctime INTEGER,
    upto INTEGER, crc64 BLOB, md5 BLOB, blocks BLOB, ranges BLOB, sealed BLOB);
"""


Stamp = tuple[int, int, int, int]


class Done(NamedTuple):
    """A finished file, as a row: its source as it was read, its stamp on the device, its hashes.

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
    blocks: bytes | None = None
    ranges: bytes | None = None

    @property
    def stamp(self) -> Stamp:
        """What `stamp_of` gives while the device shows the file untouched."""
        return self.inode, self.size, self.mtime, self.ctime

    def has(self, *, md5: bool, ranges: bool) -> bool:
        """Say whether the hashes asked for were made."""
        return (not md5 or not self.hashes.endswith("-")) and (not ranges or self.ranges is not None)


def stamp_of(info: os.stat_result) -> Stamp:
    """Return inode, size and times in nanoseconds: all four stay the same while nothing is written to a file."""
    return _signed(info.st_ino), info.st_size, info.st_mtime_ns, info.st_ctime_ns


def done(path: bytes, source: os.stat_result, there: os.stat_result, digests: Digests) -> Done:
    """Make the row of a file that was read as *source* and lies on the device as *there*."""
    blocks = b"".join(digests.blocks) if digests.blocks else None
    ranges = b"".join(digests.ranges) if digests.ranges is not None else None
    return Done(path, there.st_size, source.st_mtime_ns, source.st_ctime_ns, _signed(there.st_ino), there.st_mtime_ns,
                there.st_ctime_ns, digests.text, blocks, ranges)  # fmt: skip


_SELECT = "SELECT done.*, parts.blocks, parts.ranges FROM done LEFT JOIN parts ON parts.path = done.path"


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
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA cache_size=-4096")
            self._db.execute("PRAGMA wal_autocheckpoint=4000")
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

    # -- facts about the copy

    def get(self, key: str) -> str:
        """Return a fact, or an empty text."""
        row = self._db.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def put(self, **facts: str) -> None:
        """Keep facts, durably."""
        with self._db:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?,?)", facts.items())

    # -- finished files

    def add(self, rows: Sequence[Done]) -> None:
        """Record finished files in one durable commit; their bytes must be synced before this is called."""
        parts = [(row.path, row.blocks or b"", row.ranges) for row in rows if row.blocks or row.ranges is not None]
        with self._db:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR REPLACE INTO done VALUES (?,?,?,?,?,?,?,?)", (row[:8] for row in rows))
            self._db.executemany("INSERT OR REPLACE INTO parts VALUES (?,?,?)", parts)
            self._db.executemany("DELETE FROM open_files WHERE path=?", ((path,) for path, _, _ in parts))

    def find(self, path: bytes) -> Done | None:
        """Return the finished file of that path."""
        row = self._db.execute(_SELECT + " WHERE done.path=?", (path,)).fetchone()
        return Done._make(row) if row else None

    def all(self) -> Iterator[Done]:
        """Yield every finished file in path order."""
        return map(Done._make, self._db.execute(_SELECT + " ORDER BY done.path"))

    def count(self) -> int:
        """Return how many files are finished."""
        return int(self._db.execute("SELECT count(*) FROM done").fetchone()[0])

    def drop(self, path: bytes) -> None:
        """Forget a file."""
        with self._db:
            self._db.execute("BEGIN")
            for table in ("done", "parts", "open_files"):
                self._db.execute(f"DELETE FROM {table} WHERE path=?", (path,))  # noqa: S608

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
        for row in self._db.execute("SELECT * FROM open_files ORDER BY path").fetchall():
            path, name, inode, size, mtime, ctime, upto, crc, md5, blocks, ranges, seal = row
            source = (inode, size, mtime, ctime)
            point = Checkpoint(path, name, source, upto, int.from_bytes(crc, "big"), md5, _cut(blocks, 32) or (),
                               _cut(ranges, 16))  # fmt: skip
            if point.seal() == seal:
                yield point


def _cut(joined: bytes | None, size: int) -> tuple[bytes, ...] | None:
    return None if joined is None else tuple(joined[at : at + size] for at in range(0, len(joined), size))


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number
