"""Go through the source once, in path order: make folders, pass over what is proven to be on the device.

Small files come out by folder. A folder that is new on the device, has no folders in it and only small files is
`fresh`: it can be filled aside and put in place with a single rename.
"""

# Text paths: a few microseconds a file.
# ruff: noqa: PTH102, PTH112

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tasks.media.names import from_text, to_native, to_text
from tasks.media.packs import SMALL, Folders, Row, has_md5, seen, stamp
from tasks.media.state import Done, State, stamp_of
from tasks.media.walk import listing

_STALE_NAMES = 1000
_GROUP_FILES = 256
_FRESH_FILES = 2048


class Large(NamedTuple):
    """A file worth a pipeline of its own, and its size in bytes when it was seen."""

    path: bytes
    size: int


class Group(NamedTuple):
    """Small files of one folder: the folder as manifest prefix ("" or ending in "/"), their names, bytes in all."""

    prefix: bytes
    names: list[bytes]
    size: int
    fresh: bool


@dataclass
class Scan:
    """Counts as it goes: `files` and `size` seen, of which `reused_files` and `reused` (bytes) need no copy."""

    source: Path
    target: Path
    state: State
    md5: bool
    ranges: bool
    files: int = 0
    size: int = 0
    reused_files: int = 0
    reused: int = 0
    skipped: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    def work(self) -> Iterator[Large | Group]:
        """Yield what must be copied."""
        self._known = Folders(self.state.packs())
        yield from self._folder(str(self.source), b"", is_new=False)
        for folder, rows in self._known.rest():
            self._stale(folder, rows)
        for row in self.state.large():
            if not os.path.lexists(f"{self.source}/{to_native(row.path)}"):
                self._note_stale(row.path, self._shows(row))

    def _folder(self, native: str, prefix: bytes, *, is_new: bool) -> Iterator[Large | Group]:
        rows, known = listing(native, prefix, self._refused), self._known_in(prefix)
        fresh = is_new and 0 < len(rows) <= _FRESH_FILES and all(k == "file" and i.st_size <= SMALL for _, k, i in rows)
        if is_new and not fresh:
            os.mkdir(self._on_device(prefix))
        names, size = list[bytes](), 0
        for key, kind, info in rows:
            if kind == "folder":
                inside = prefix + key
                is_there = os.path.isdir(self._on_device(inside))
                yield from self._folder(f"{native}/{to_native(key[:-1])}", inside, is_new=not is_there)
            elif kind != "file":
                self.skipped.append(to_text(prefix + key))
            elif self._reused(prefix, key, info, known):
                continue
            elif info.st_size > SMALL:
                yield Large(prefix + key, info.st_size)
            else:
                names.append(key)
                size += info.st_size
                if len(names) >= _GROUP_FILES and not fresh:
                    yield Group(prefix, names, size, False)
                    names, size = [], 0
        if names:
            yield Group(prefix, names, size, fresh)
        self._stale(prefix, known)

    def _known_in(self, prefix: bytes) -> dict[str, Row]:
        """Return what the state knows of a folder; the folders it knows before that one are gone from the source."""
        for folder, rows in self._known.up_to(prefix):
            if folder == prefix:
                return rows
            self._stale(folder, rows)
        return {}

    def _reused(self, prefix: bytes, name: bytes, info: os.stat_result, known: dict[str, Row]) -> bool:
        """Count a file; say whether the state knows this very one and the device still shows it as it was written."""
        self.files += 1
        self.size += info.st_size
        row = known.pop(to_text(name), None) if known else None
        if info.st_size > SMALL:
            same = self._large_there(prefix + name, info)
        else:
            same = row is not None and row[0] == seen(info) and self._small_there(prefix + name, row)
        if same:
            self.reused_files += 1
            self.reused += info.st_size
        return same

    def _small_there(self, path: bytes, row: Row) -> bool:
        there = self._there(path) if has_md5(row[2]) or not (self.md5 or self.ranges) else None
        return there is not None and stamp(there) == row[1]

    def _large_there(self, path: bytes, info: os.stat_result) -> bool:
        row = self.state.find_large(path)
        if row is None or not row.has(md5=self.md5, ranges=self.ranges):
            return False
        same = stamp_of(info)[1:] == (row.size, row.source_mtime, row.source_ctime)
        return same and self._shows(row)

    def _refused(self, path: bytes, error: OSError) -> None:
        self.unreadable.append(f"{to_text(path)} ({error.strerror or error})")

    def _on_device(self, path: bytes) -> str:
        return f"{self.target}/{to_native(path)}"

    def _there(self, path: bytes) -> os.stat_result | None:
        try:
            return os.lstat(self._on_device(path))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _shows(self, row: Done) -> bool:
        """Say whether the device still shows a large file as it was written."""
        there = self._there(row.path)
        return there is not None and stamp_of(there) == row.stamp

    def _stale(self, folder: bytes, rows: dict[str, Row]) -> None:
        """Note the files that were copied earlier, are still on the device and have left the source."""
        for name, row in rows.items():
            path = folder + from_text(name)
            there = self._there(path)
            self._note_stale(path, there is not None and stamp(there) == row[1])

    def _note_stale(self, path: bytes, untouched: bool) -> None:
        if untouched and len(self.stale) < _STALE_NAMES:
            self.stale.append(to_text(path))
