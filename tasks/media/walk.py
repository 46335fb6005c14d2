"""Walk a folder in the one order that manifests use, without following links and without holding the tree in memory.

The order is that of the whole relative path compared byte by byte. Memory: the names of one folder per level.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.media.names import to_bytes

Refused = Callable[[bytes, OSError], None]

_REPARSE_POINT = 0x400


@dataclass(frozen=True, slots=True)
class Found:
    """One thing below a root: its path (bytes, "/" between parts), its native path and what `lstat` said of it."""

    path: bytes
    native: str
    info: os.stat_result

    @property
    def kind(self) -> str:
        """`file`, `folder`, or what else it is: `link`, `socket`, `pipe`, `device`, `reparse point`."""
        return kind_of(self.info)


def kind_of(info: os.stat_result) -> str:
    """Name the kind of thing an `lstat` result describes."""
    if getattr(info, "st_file_attributes", 0) & _REPARSE_POINT:
        return "reparse point"
    for test, name in _KINDS:
        if test(info.st_mode):
            return name
    return "unknown"


_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISREG, "file"),
    (stat.S_ISDIR, "folder"),
    (stat.S_ISLNK, "link"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISFIFO, "pipe"),
    (stat.S_ISBLK, "device"),
    (stat.S_ISCHR, "device"),
)


def walk(root: Path, refused: Refused, *, below: bytes = b"") -> Iterator[Found]:
    """Yield everything below *root* in manifest order, folders included, links never followed.

    What cannot be listed or looked at is handed to *refused* and left out. *below* is put before every path.
    """
    yield from _folder(str(root), below + b"/" if below else b"", refused)


def _folder(native: str, prefix: bytes, refused: Refused) -> Iterator[Found]:
    try:
        with os.scandir(native) as listing:
            entries = sorted(_looked_at(listing, prefix, refused))
    except OSError as error:
        refused(prefix.rstrip(b"/"), error)
        return
    for key, name, info in entries:
        found = Found(prefix + key.rstrip(b"/"), os.path.join(native, name), info)  # noqa: PTH118
        yield found
        if key.endswith(b"/"):
            yield from _folder(found.native, prefix + key, refused)


def _looked_at(listing: Iterator[os.DirEntry[str]], prefix: bytes, refused: Refused) -> Iterator[_Row]:
    """Yield (sort key, name, lstat): a folder sorts as its name plus "/", so that the walk is in path order."""
    for entry in listing:
        name = to_bytes(entry.name)
        try:
            info = entry.stat(follow_symlinks=False)
        except OSError as error:
            refused(prefix + name, error)
            continue
        is_folder = kind_of(info) == "folder"
        yield name + b"/" if is_folder else name, entry.name, info


_Row = tuple[bytes, str, os.stat_result]
