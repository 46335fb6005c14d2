"""Finished small files as text, a line each and packed by folder: workers answer in packs, the state keeps them.

A line is the file's name as a manifest spells it, its source as it was read, its stamp on the device and the three
columns a manifest has for its hashes, with "/" between them, which none of them can contain.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from tasks.media import hashing

SMALL = hashing.RANGE
"""Files of up to so many bytes go in packs: their one range is the whole file, and its MD5 is the range's."""


class Pack(NamedTuple):
    """Finished small files of one folder: the folder ("" or ending in "/"), their lines, how many, bytes in all."""

    folder: bytes
    lines: str
    files: int
    size: int


Row = tuple[str, str, str]
"""What one line says: the source that was read (`seen`), the `stamp` on the device, the columns for the hashes."""


def has_md5(hashes: str) -> bool:
    """Say whether there is an MD5 among the three columns."""
    return not hashes.endswith("-")


def seen(info: os.stat_result) -> str:
    """Return size and times of a source: they stay the same while nothing is written to it."""
    return f"{info.st_size} {info.st_mtime_ns} {info.st_ctime_ns}"


def stamp(info: os.stat_result) -> str:
    """Return inode, size and times on a device: all four stay the same while nothing is written to a file."""
    return f"{info.st_ino} {info.st_size} {info.st_mtime_ns} {info.st_ctime_ns}"


def line(name: str, source: str, there: str, hashes: str) -> str:
    """Return the line of a file that was read as *source* (`seen`) and lies on the device as *there* (`stamp`)."""
    return f"{name}/{source}/{there}/{hashes}"


class Folders:
    """Goes once through packs, folder by folder in path order; of two lines for a file the newer one counts."""

    def __init__(self, packs: Iterator[tuple[bytes, str]]) -> None:
        self._packs = packs
        self._next = next(packs, None)

    def at(self, folder: bytes) -> dict[str, Row]:
        """Return what is known of a folder's files, by spelled name. Ask in path order."""
        for found, rows in self.up_to(folder):
            if found == folder:
                return rows
        return {}

    def up_to(self, folder: bytes) -> Iterator[tuple[bytes, dict[str, Row]]]:
        """Yield the folders from the last one asked for up to this one, each with its files."""
        while self._next is not None and self._next[0] <= folder:
            yield from self._one()

    def rest(self) -> Iterator[tuple[bytes, dict[str, Row]]]:
        """Yield the folders that are left."""
        while self._next is not None:
            yield from self._one()

    def _one(self) -> Iterator[tuple[bytes, dict[str, Row]]]:
        assert self._next is not None
        folder, rows = self._next[0], dict[str, Row]()
        while self._next is not None and self._next[0] == folder:
            for text in self._next[1].split("\n"):
                name, source, there, hashes = text.split("/")
                rows[name] = source, there, hashes
            self._next = next(self._packs, None)
        yield folder, rows
