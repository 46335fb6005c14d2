# ruff: noqa: PTH  (text paths: a few microseconds a file)
"""Go through the source once, in path order: make the folders, pass over what is proven to be on the device."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tasks.media.copying.small import LARGEST
from tasks.media.names import to_native, to_text
from tasks.media.state import Done, Stamp, State
from tasks.media.walk import Found, walk

_STALE_NAMES = 1000


@dataclass(frozen=True, slots=True)
class Item:
    """A file to copy: its path and its size in bytes when it was seen."""

    path: bytes
    size: int

    @property
    def large(self) -> bool:
        """Say whether it is worth a pipeline of its own."""
        return self.size > LARGEST


@dataclass
class Scan:
    """Counts as it goes: `files` and `bytes` seen, of which `reused_files` and `reused` need no copy."""

    source: Path
    target: Path
    state: State
    hashes: tuple[bool, bool]
    files: int = 0
    size: int = 0
    reused_files: int = 0
    reused: int = 0
    skipped: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    def items(self) -> Iterator[Item]:
        """Yield the files that must be copied."""
        self._known = self.state.all()
        self._row = next(self._known, None)
        for found in walk(self.source, self._refused):
            kind = found.kind
            if kind == "folder":
                with suppress(FileExistsError):
                    os.mkdir(self._on_device(found.path))
            elif kind == "file":
                self.files += 1
                self.size += found.info.st_size
                if self._there(found):
                    self.reused_files += 1
                    self.reused += found.info.st_size
                else:
                    yield Item(found.path, found.info.st_size)
            else:
                self.skipped.append(to_text(found.path))
        while self._row is not None:
            self._stale()

    def _refused(self, path: bytes, error: OSError) -> None:
        self.unreadable.append(f"{to_text(path)} ({error.strerror or error})")

    def _on_device(self, path: bytes) -> str:
        return f"{self.target}/{to_native(path)}"

    def _there(self, found: Found) -> bool:
        """Say whether the state knows this very file and the device still shows it as it was written."""
        while self._row is not None and self._row.path < found.path:
            self._stale()
        row = self._row
        if row is None or row.path != found.path:
            return False
        self._row = next(self._known, None)
        info = found.info
        if (info.st_size, info.st_mtime_ns, info.st_ctime_ns) != (row.stamp.size, row.source_mtime, row.source_ctime):
            return False
        return self._hashes_wanted(row) and self._untouched(row)

    def _hashes_wanted(self, row: Done) -> bool:
        md5, ranges = self.hashes
        return (row.digests.md5 is not None or not md5) and (row.digests.ranges is not None or not ranges)

    def _untouched(self, row: Done) -> bool:
        try:
            return Stamp.of(os.lstat(self._on_device(row.path))) == row.stamp
        except FileNotFoundError:
            return False

    def _stale(self) -> None:
        """Note a file that was copied earlier, is still on the device and has left the source."""
        assert self._row is not None
        if self._untouched(self._row) and len(self.stale) < _STALE_NAMES:
            self.stale.append(to_text(self._row.path))
        self._row = next(self._known, None)
