"""Walk a folder in the one order that manifests use, without following links and without holding the tree in memory.

The order is that of the whole relative path compared byte by byte. Memory: the names of one folder per level.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from tasks.media.names import to_native
from tasks.media.platform_io import WINDOWS

Refused = Callable[[bytes, OSError], None]

_REPARSE_POINT = 0x400


class Found(NamedTuple):
    """One thing below a root: its path (bytes, "/" between parts), its native path, its kind, what `lstat` said.

    The kind is `file`, `folder`, or what else it is: `link`, `socket`, `pipe`, `device`, `reparse point`.
    """

    path: bytes
    native: str
    kind: str
    info: os.stat_result


def kind_of(info: os.stat_result) -> str:
    """Name the kind of thing an `lstat` result describes."""
    if WINDOWS and getattr(info, "st_file_attributes", 0) & _REPARSE_POINT:
        return "reparse point"
    return _KINDS.get(info.st_mode & 0o170000, "unknown")


_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "link",
    stat.S_IFSOCK: "socket",
    stat.S_IFIFO: "pipe",
    stat.S_IFBLK: "device",
    stat.S_IFCHR: "device",
}


def walk(root: Path, refused: Refused, *, below: bytes = b"") -> Iterator[Found]:
    """Yield everything below *root* in manifest order, folders included, links never followed.

    What cannot be listed or looked at is handed to *refused* and left out. *below* is put before every path.
    """
    yield from _folder(str(root), below + b"/" if below else b"", refused)


def _folder(native: str, prefix: bytes, refused: Refused) -> Iterator[Found]:
    for key, kind, info in listing(native, prefix, refused):
        name = key.rstrip(b"/")
        found = Found(prefix + name, f"{native}/{to_native(name)}", kind, info)
        yield found
        if kind == "folder":
            yield from _folder(found.native, prefix + key, refused)


def listing(native: str, prefix: bytes, refused: Refused) -> list[Listed]:
    """Return (sort key, kind, lstat) of everything in one folder, in manifest order.

    The key is the name; a folder's has a "/" behind it, so that the walk as a whole is in path order.
    """
    rows: list[Listed] = []
    try:
        with os.scandir(os.fsencode(native)) as entries:
            for entry in entries:
                try:
                    # Windows gives an inode only to those who ask for one file.
                    info = os.lstat(entry.path) if WINDOWS else entry.stat(follow_symlinks=False)
                except OSError as error:
                    refused(prefix + entry.name, error)
                    continue
                kind = kind_of(info)
                rows.append((entry.name + b"/" if kind == "folder" else entry.name, kind, info))
    except OSError as error:
        refused(prefix.rstrip(b"/"), error)
        return []
    rows.sort(key=_FIRST)
    return rows


Listed = tuple[bytes, str, os.stat_result]
_FIRST = itemgetter(0)
