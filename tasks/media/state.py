"""What a copy remembers beside the data, so that it can go on after any kind of death.

One SQLite file per target folder. A row in `done` is written only after the file's bytes were synced to the device
and its name was put in place; it is believed only while the device still shows the very same inode, size and times.
Memory: one row at a time.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from blake3 import blake3

from tasks.media.faults import StateInvalid
from tasks.media.hashing import Digests

VERSION = "1"

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS done (
    path BLOB PRIMARY KEY, size INTEGER, source_mtime INTEGER, source_ctime INTEGER,
    inode INTEGER, mtime INTEGER, ctime INTEGER, blake3 BLOB, crc64 BLOB, md5 BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parts (path BLOB PRIMARY KEY, blocks BLOB, ranges BLOB);
CREATE TABLE IF NOT EXISTS open_files (
    path BLOB PRIMARY KEY, name TEXT, size INTEGER, source_mtime INTEGER, source_ctime INTEGER, source_inode INTEGER,
    upto INTEGER, crc64 BLOB, md5 BLOB, blocks BLOB, ranges BLOB, sealed BLOB);
"""


class Stamp(NamedTuple):
    """What `stat` says of a file when nothing has been written to it since: inode, size, times in nanoseconds."""

    inode: int
    size: int
    mtime: int
    ctime: int

    @classmethod
    def of(cls, info: os.stat_result) -> Stamp:
        """Take the stamp from a `stat` result."""
        return cls(info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)


class Done(NamedTuple):
    """A file that is on the device: its source as it was read, its stamp on the device, its digests."""

    path: bytes
    source_mtime: int
    source_ctime: int
    stamp: Stamp
    digests: Digests


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
            self._db.executescript(_TABLES)
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

    def add(self, rows: Iterable[Done]) -> None:
        """Record finished files in one durable commit; their bytes must be synced before this is called."""
        rows = list(rows)
        with self._db:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR REPLACE INTO done VALUES (?,?,?,?,?,?,?,?,?,?)", map(_columns, rows))
            self._db.executemany("INSERT OR REPLACE INTO parts VALUES (?,?,?)", filter(None, map(_parts, rows)))
            self._db.executemany("DELETE FROM open_files WHERE path=?", ((r.path,) for r in rows if r.digests.blocks))

    def find(self, path: bytes) -> Done | None:
        """Return the finished file of that path."""
        row = self._db.execute(_SELECT + " WHERE done.path=?", (path,)).fetchone()
        return _done(row) if row else None

    def all(self) -> Iterator[Done]:
        """Yield every finished file in path order."""
        return map(_done, self._db.execute(_SELECT + " ORDER BY done.path"))

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
                (point.path, point.name, point.source.size, point.source.mtime, point.source.ctime,
                 _signed(point.source.inode), point.upto, point.crc64.to_bytes(8, "big"), point.md5,
                 b"".join(point.blocks), b"".join(point.ranges) if point.ranges is not None else None, point.seal()),
            )  # fmt: skip

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Yield the large files half-way whose rows are undamaged."""
        for row in self._db.execute("SELECT * FROM open_files ORDER BY path").fetchall():
            path, name, size, mtime, ctime, inode, upto, crc, md5, blocks, ranges, seal = row
            source = Stamp(_unsigned(inode), size, mtime, ctime)
            point = Checkpoint(path, name, source, upto, int.from_bytes(crc, "big"), md5, _cut(blocks, 32) or (),
                               _cut(ranges, 16))  # fmt: skip
            if point.seal() == seal:
                yield point


def _cut(joined: bytes | None, size: int) -> tuple[bytes, ...] | None:
    return None if joined is None else tuple(joined[at : at + size] for at in range(0, len(joined), size))


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number


def _unsigned(number: int) -> int:
    return number + (1 << 64) if number < 0 else number


def _columns(row: Done) -> tuple[object, ...]:
    s, d = row.stamp, row.digests
    return (row.path, s.size, row.source_mtime, row.source_ctime, _signed(s.inode), s.mtime, s.ctime, d.blake3,
            d.crc64.to_bytes(8, "big"), d.md5)  # fmt: skip


def _parts(row: Done) -> tuple[object, ...] | None:
    d = row.digests
    if not d.blocks and d.ranges is None:
        return None
    return row.path, b"".join(d.blocks), b"".join(d.ranges) if d.ranges is not None else None


def _done(row: tuple[Any, ...]) -> Done:
    path, size, source_mtime, source_ctime, inode, mtime, ctime, strong, crc, md5, blocks, ranges = row
    found = Digests(strong, int.from_bytes(crc, "big"), md5, _cut(blocks, 32) or (), _cut(ranges, 16))
    return Done(path, source_mtime, source_ctime, Stamp(_unsigned(inode), size, mtime, ctime), found)
