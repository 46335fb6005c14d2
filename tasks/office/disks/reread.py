"""Read a prepared drive again and compare every range with the MD5 in the manifest that lies on it.

It shares a format with the writer and no code: the manifest is parsed from the drive as a stream, without DTDs or
entities, and the bytes are read past the page cache where the system can. Memory: one range, and the file names.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from tasks.media import platform_io
from tasks.media.names import to_text
from tasks.media.walk import walk
from tasks.office.disks.drive import VENDOR_NAMES

_MOST = 4 << 20
_FAULTS = 20  # so many are listed


@dataclass
class Reread:
    """What was found: ranges and bytes read, `faults` in words (the first few), `faulty` how many there are."""

    ranges: int = 0
    bytes: int = 0
    blobs: int = 0
    faulty: int = 0
    faults: list[str] = field(default_factory=list)

    def wrong(self, what: str) -> None:
        """Note a fault."""
        self.faulty += 1
        if len(self.faults) < _FAULTS:
            self.faults.append(what)


class _Damaged(Exception):
    """The manifest cannot be followed further."""


def file_hash(place: Path) -> str:
    """Return the Base16 MD5 of a file, upper-case. Raises OSError."""
    md5 = hashlib.md5(usedforsecurity=False)
    with place.open("rb") as file:
        while piece := file.read(1 << 20):
            md5.update(piece)
    return md5.hexdigest().upper()


def check_drive(
    root: Path, manifest: str, manifest_hash: str, serial: str, moved: Callable[[int], None] = lambda _bytes: None
) -> Reread:
    """Check the drive at *root* against *manifest*, a file name on it, whose Base16 MD5 must be *manifest_hash*.

    Every difference is a fault of the answer, an unreadable file too. Changes nothing.
    """
    found = Reread()
    try:
        actual = file_hash(root / manifest)
    except OSError as error:
        found.wrong(f"{manifest} cannot be read: {error.strerror}")
        return found
    if actual != manifest_hash:
        found.wrong(f"{manifest} has the MD5 {actual}, expected is {manifest_hash}")
        return found
    follower = _Follower(root, serial, found, moved)
    try:
        with (root / manifest).open("rb") as file:
            while piece := file.read(1 << 20):  # ParseFile reads so little at once that a long token takes for ever
                follower.parser.Parse(piece)
            follower.parser.Parse(b"", True)
    except (_Damaged, expat.ExpatError, ValueError, KeyError) as wrong:
        found.wrong(f"{manifest} cannot be understood: {wrong}")
    finally:
        follower.close()
    _nothing_else(root, {manifest, *follower.files}, found)
    return found


class _Follower:
    """Follows the manifest element by element and reads the ranges as they come."""

    def __init__(self, root: Path, serial: str, found: Reread, moved: Callable[[int], None]) -> None:
        self.files: set[str] = set()
        self._root, self._serial, self._found, self._moved = root, serial, found, moved
        self._text = ""
        self._name, self._file = "", _Absent()
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = _no_doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def close(self) -> None:
        self._file.close()

    def _characters(self, text: str) -> None:
        self._text += text

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._text = ""
        if name in ("PageRange", "Block"):
            self._range(int(attributes["Offset"]), int(attributes["Length"]), attributes["Hash"])

    def _end(self, name: str) -> None:
        if name == "DriveId" and self._text != self._serial:
            self._found.wrong(f"the manifest is for drive {self._text}, this one is {self._serial}")
        elif name == "FilePath":
            self._open(self._text)
        elif name == "Length" and self._file.size not in (int(self._text), -1):
            self._found.wrong(f"{self._name} has {self._file.size:,} bytes, the manifest says {int(self._text):,}")
        self._text = ""

    def _open(self, path: str) -> None:
        parts = path.lstrip("\\").split("\\")
        if not all(parts) or {".", ".."} & set(parts) or ":" in path:
            raise _Damaged(f"the file {path!r} leaves the drive")
        self._file.close()
        self._name, self._file = "/".join(parts), _Absent()
        self.files.add(self._name)
        self._found.blobs += 1
        try:
            self._file = _Open(str(self._root.joinpath(*parts)))
        except OSError as error:
            self._found.wrong(f"{self._name} cannot be read: {error.strerror}")

    def _range(self, offset: int, size: int, expected: str) -> None:
        if not 0 < size <= _MOST:
            raise _Damaged(f"a range of {size:,} bytes")
        self._found.ranges += 1
        self._found.bytes += size
        actual = self._file.md5(offset, size)
        if actual and actual != expected:
            self._found.wrong(f"{self._name} has other bytes than the manifest says at byte {offset:,}")
        self._moved(size)


def _no_doctype(*_parts: object) -> None:
    raise _Damaged("it has a document type")


class _Absent:
    """A file that cannot be opened; that was said once already."""

    size = -1

    def md5(self, _offset: int, _size: int) -> str:
        return ""

    def close(self) -> None:
        """Nothing is open."""


class _Open(_Absent):
    """A file read past the page cache where that works."""

    def __init__(self, native: str) -> None:
        self._plain = os.open(native, platform_io.READ_SOURCE)
        self._direct = platform_io.open_direct(native, platform_io.READ_SOURCE)
        self._buffer = platform_io.page_buffer(_MOST)
        self.size = os.fstat(self._plain).st_size
        platform_io.drop_cache(self._plain)

    def md5(self, offset: int, size: int) -> str:
        """Return the upper-case MD5 of a range; another text than any MD5 when it cannot be read in full."""
        try:
            got = self._fill(offset, size)
        except OSError:
            return "unreadable"
        return hashlib.md5(self._buffer[:got], usedforsecurity=False).hexdigest().upper() if got == size else "short"

    def _fill(self, offset: int, size: int) -> int:
        aligned = offset % platform_io.ALIGNMENT == 0
        if self._direct is not None and aligned:
            got = platform_io.read_into(self._direct, self._buffer, offset, aligned=True)
            if got >= size:
                return size
        return platform_io.read_into(self._plain, self._buffer[:size], offset)

    def close(self) -> None:
        if self._direct is not None:
            os.close(self._direct)
            self._direct = None
        if self._plain >= 0:
            os.close(self._plain)
            self._plain = -1


def _nothing_else(root: Path, expected: set[str], found: Reread) -> None:
    """Note what is on the drive and not in the manifest; the system's own folders at the top are left out."""
    for each in walk(root, lambda path, error: found.wrong(f"{to_text(path)} cannot be listed: {error.strerror}")):
        name = to_text(each.path)
        if each.kind != "folder" and name not in expected and name.split("/")[0] not in VENDOR_NAMES:
            found.wrong(f"{name} is on the drive and not in its manifest")
