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

from tasks.media.copying.small import LARGEST
from tasks.media.names import to_bytes, to_native, to_text
from tasks.media.state import Done, State, stamp_of
from tasks.media.walk import Listed, listing

_STALE_NAMES = 1000
_GROUP_FILES = 512
_FRESH_FILES = 2048


class Large(NamedTuple):
    """A file worth a pipeline of its own, and its size in bytes when it was seen."""

    path: bytes
    size: int


class Group(NamedTuple):
    """Small files of one folder: the folder as manifest prefix ("" or ending in "/"), their names, bytes in all."""

    prefix: bytes
    names: list[str]
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
        self._known = self.state.all()
        self._row = next(self._known, None)
        yield from self._folder(str(self.source), b"", is_new=False)
        while self._row is not None:
            self._stale()

    def _folder(self, native: str, prefix: bytes, *, is_new: bool) -> Iterator[Large | Group]:
        rows = listing(native, prefix, self._refused)
        fresh = (
            is_new and 0 < len(rows) <= _FRESH_FILES and all(k == "file" and i.st_size <= LARGEST for *_, k, i in rows)
        )
        if is_new and not fresh:
            os.mkdir(self._on_device(prefix))
        names, size = list[str](), 0
        for row in rows:
            key, name, kind, info = row
            if kind == "folder":
                inside = prefix + key
                yield from self._folder(f"{native}/{name}", inside, is_new=not self._is_folder(inside))
            elif kind != "file":
                self.skipped.append(to_text(prefix + key))
            elif not self._counted(prefix, row):
                continue
            elif info.st_size > LARGEST:
                yield Large(prefix + key, info.st_size)
            else:
                names.append(name)
                size += info.st_size
                if len(names) >= _GROUP_FILES and not fresh:
                    yield Group(prefix, names, size, False)
                    names, size = [], 0
        if names:
            yield Group(prefix, names, size, fresh)

    def _counted(self, prefix: bytes, row: Listed) -> bool:
        """Count a file and say whether it must be copied."""
        key, _, _, info = row
        self.files += 1
        self.size += info.st_size
        if not self._there(prefix + key, info):
            return True
        self.reused_files += 1
        self.reused += info.st_size
        return False

    def _refused(self, path: bytes, error: OSError) -> None:
        self.unreadable.append(f"{to_text(path)} ({error.strerror or error})")

    def _on_device(self, path: bytes) -> str:
        return f"{self.target}/{to_native(path)}"

    def _is_folder(self, prefix: bytes) -> bool:
        return os.path.isdir(self._on_device(prefix))

    def _there(self, path: bytes, info: os.stat_result) -> bool:
        """Say whether the state knows this very file and the device still shows it as it was written."""
        if self._row is None:
            return False
        while self._row is not None and self._row.path < path:
            self._stale()
        row = self._row
        if row is None or row.path != path:
            return False
        self._row = next(self._known, None)
        same = (info.st_size, info.st_mtime_ns, info.st_ctime_ns) == (row.size, row.source_mtime, row.source_ctime)
        return same and row.has(md5=self.md5, ranges=self.ranges) and self._untouched(row)

    def _untouched(self, row: Done) -> bool:
        try:
            return stamp_of(os.lstat(self._on_device(row.path))) == row.stamp
        except (FileNotFoundError, NotADirectoryError):
            return False

    def _stale(self) -> None:
        """Note a file that was copied earlier, is still on the device and has left the source."""
        assert self._row is not None
        if self._untouched(self._row) and len(self.stale) < _STALE_NAMES:
            self.stale.append(to_text(self._row.path))
        self._row = next(self._known, None)


def path_in(prefix: bytes, name: str) -> bytes:
    """Return the manifest path of a name in a folder."""
    return prefix + to_bytes(name)
