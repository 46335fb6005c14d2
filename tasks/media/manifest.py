"""The manifest: what is on a device, one line a file, as text that anyone can check again without this program.

`docs/manifest-format.md` defines it byte for byte. Reading is strict: a line that is not exactly what a writer of
this version would have written is an error, never skipped. Copier and checker share this file and nothing else.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from tasks.media import platform_io
from tasks.media.faults import ManifestInvalid, NotSealed
from tasks.media.hashing import BLOCK, RANGE, Digests
from tasks.media.names import checked, from_text, to_native, to_text

FIRST_LINE = "offline-seeding-manifest 1"
_COLUMNS = "size\tmtime_ns\tblake3\tcrc64nvme\tmd5\tpath"


@dataclass(frozen=True)
class Header:
    """Who sealed what: `items` maps an item's name to its folder on the device, `at` is an ISO time in UTC."""

    run: str
    attempt: int
    items: Mapping[str, str]
    serial: str
    tool: str
    at: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its path below the device root (bytes, "/" between parts), size in bytes and digests."""

    path: bytes
    size: int
    mtime_ns: int
    blake3: bytes
    crc64: int
    md5: bytes | None
    blocks: tuple[bytes, ...] = ()
    ranges: tuple[bytes, ...] | None = None

    @property
    def text(self) -> str:
        """The path as the manifest spells it."""
        return to_text(self.path)

    @property
    def native(self) -> str:
        """The path as `os.open` takes it on this system, relative to the device root."""
        return to_native(self.path)

    @classmethod
    def of(cls, path: bytes, size: int, mtime_ns: int, found: Digests) -> Entry:
        """Put a file's digests and its place together."""
        return cls(path, size, mtime_ns, found.blake3, found.crc64, found.md5, found.blocks, found.ranges)


@dataclass(frozen=True)
class Manifest:
    """A manifest read to its last byte and found whole; `digest` is `sha256:` and 64 hexadecimal digits."""

    path: Path
    header: Header
    folders: tuple[str, ...]
    reading: str
    files: int
    bytes: int
    digest: str

    def entries(self) -> Iterator[Entry]:
        """Yield the entries again from the file, in canonical order."""
        return entries(self.path)

    def item_of(self, path: bytes) -> str:
        """Return the name of the item whose folder holds *path*; empty when none does."""
        best = max(
            (folder for folder in self.header.items.values() if _below(path, folder)), key=len, default=None
        )
        return next((item for item, folder in self.header.items.items() if folder == best), "")


def _below(path: bytes, folder: str) -> bool:
    inside = os.fsencode(folder.strip("/"))
    return not inside or path.startswith(inside + b"/")


# -- writing


@dataclass
class Writer:
    """Writes a manifest aside while its digest is computed; `publish` makes it appear, durably."""

    place: Path
    header: Header
    folders: Sequence[str]
    reading: str = "direct"
    files: int = 0
    bytes: int = 0
    _last: bytes = b""
    _pending: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.place.parent.mkdir(parents=True, exist_ok=True)
        self.aside = self.place.with_name(self.place.name + ".partial")
        self._out: BinaryIO = self.aside.open("wb")
        self._sha = hashlib.sha256()
        self._lines(_header_lines(self.header, self.folders))

    def add(self, entry: Entry) -> None:
        """Append one file; raise ManifestInvalid when it does not come after the one before."""
        if self.files and entry.path <= self._last:
            raise ManifestInvalid(f"{entry.text!r} is out of order or there twice")
        self._last = checked(entry.path)
        self.files += 1
        self.bytes += entry.size
        self._pending.extend(_entry_lines(entry))
        if len(self._pending) > 1000:
            self._flush()

    def finish(self) -> tuple[str, Path]:
        """Write the footer and sync; return the digest and the place aside. `publish` then gives it its name."""
        self._flush()
        self._lines(["", f"reading\t{self.reading}", f"files\t{self.files}", f"bytes\t{self.bytes}"])
        digest = f"sha256:{self._sha.hexdigest()}"
        self._out.write(f"digest\t{digest}\n".encode())
        self._out.flush()
        os.fsync(self._out.fileno())
        self._out.close()
        return digest, self.aside

    def publish(self) -> None:
        """Give the finished manifest its name, durably."""
        self.aside.replace(self.place)
        platform_io.sync_folder(str(self.place.parent))

    def give_up(self) -> None:
        """Remove what was written aside."""
        self._out.close()
        self.aside.unlink(missing_ok=True)

    def _flush(self) -> None:
        if self._pending:
            self._lines(self._pending)
            self._pending = []

    def _lines(self, lines: Iterable[str]) -> None:
        data = ("\n".join(lines) + "\n").encode()
        self._sha.update(data)
        self._out.write(data)


def _text(value: str) -> str:
    return to_text(value.encode("utf-8", "surrogateescape"))


def _header_lines(header: Header, folders: Sequence[str]) -> list[str]:
    return [
        FIRST_LINE,
        f"tool\t{_text(header.tool)}",
        f"run\t{_text(header.run)}",
        f"attempt\t{header.attempt}",
        f"device\t{_text(header.serial)}",
        f"sealed-at\t{_text(header.at)}",
        f"block\t{BLOCK}",
        f"range\t{RANGE}",
        *(f"item\t{_text(name)}\t{_text(folder)}" for name, folder in sorted(header.items.items())),
        *(f"folder\t{_text(folder)}" for folder in folders),
        "",
        _COLUMNS,
    ]


def _entry_lines(entry: Entry) -> list[str]:
    md5 = entry.md5.hex() if entry.md5 is not None else "-"
    lines = [f"{entry.size}\t{entry.mtime_ns}\t{entry.blake3.hex()}\t{entry.crc64:016x}\t{md5}\t{entry.text}"]
    lines += [f"+block\t{digest.hex()}" for digest in entry.blocks]
    lines += [f"+range\t{digest.hex()}" for digest in entry.ranges or ()]
    return lines


# -- reading


def read_manifest(manifest: Path) -> Manifest:
    """Read a manifest to its last byte and return what its header and footer say.

    Raises NotSealed when there is none, ManifestInvalid when a line, a count or the digest is not right.
    """
    reader = _Reader(manifest)
    for _ in reader.entries():
        pass
    return reader.manifest()


def entries(manifest: Path) -> Iterator[Entry]:
    """Yield every entry in canonical order, streaming; raises like `read_manifest`, at the latest at the end."""
    yield from _Reader(manifest).entries()


class _Reader:
    def __init__(self, place: Path) -> None:
        self.place = place
        self._number = 0
        self._sha = hashlib.sha256()
        self._files = self._bytes = 0
        self._head: dict[str, str] = {}
        self._items: dict[str, str] = {}
        self._folders: list[str] = []
        self._foot: dict[str, str] = {}
        try:
            self._in = place.open("rb", buffering=1 << 20)
        except FileNotFoundError:
            raise NotSealed(f"there is no manifest at {place}") from None

    def entries(self) -> Iterator[Entry]:
        with self._in:
            self._read_header()
            last = b""
            for entry in self._read_entries():
                if entry.path <= last:
                    raise self._bad("the paths are not in order")
                last = entry.path
                self._files += 1
                self._bytes += entry.size
                yield entry
            self._read_footer()

    def manifest(self) -> Manifest:
        head = self._head
        header = Header(
            head["run"], int(head["attempt"]), self._items, head["device"], head["tool"], head["sealed-at"]
        )
        foot = self._foot
        return Manifest(
            self.place, header, tuple(self._folders), foot["reading"], self._files, self._bytes, foot["digest"]
        )

    def _line(self, *, counted: bool = True) -> str:
        raw = self._in.readline()
        self._number += 1
        if not raw.endswith(b"\n"):
            raise self._bad("the file ends too early")
        if counted:
            self._sha.update(raw)
        try:
            return raw[:-1].decode("utf-8")
        except UnicodeDecodeError:
            raise self._bad("this is not UTF-8") from None

    def _bad(self, why: str) -> ManifestInvalid:
        return ManifestInvalid(f"{self.place}, line {self._number}: {why}")

    def _read_header(self) -> None:
        if self._line() != FIRST_LINE:
            raise self._bad(f"a manifest begins with {FIRST_LINE!r}")
        for key in ("tool", "run", "attempt", "device", "sealed-at", "block", "range"):
            self._head[key] = self._field(self._line(), key)
        if (self._head["block"], self._head["range"]) != (str(BLOCK), str(RANGE)):
            raise self._bad(f"blocks are {BLOCK} bytes and ranges {RANGE} in this version")
        if not self._head["attempt"].isdigit():
            raise self._bad("the attempt is a number")
        line = self._line()
        while line:
            self._mapping(line)
            line = self._line()
        if self._line() != _COLUMNS:
            raise self._bad("the line of column names is not as expected")

    def _field(self, line: str, key: str) -> str:
        found, _, value = line.partition("\t")
        if found != key:
            raise self._bad(f"expected {key!r}, found {found!r}")
        return self._value(value)

    def _value(self, text: str) -> str:
        try:
            return from_text(text).decode("utf-8", "surrogateescape")
        except ManifestInvalid as error:
            raise self._bad(error.message) from None

    def _mapping(self, line: str) -> None:
        match line.split("\t"):
            case ["item", name, folder]:
                self._items[self._value(name)] = self._value(folder)
            case ["folder", folder]:
                self._folders.append(self._value(folder))
            case _:
                raise self._bad("expected an item or a folder")

    def _read_entries(self) -> Iterator[Entry]:
        line = self._line()
        while line:
            fields, blocks, ranges = line.split("\t"), list[bytes](), list[bytes]()
            line = self._line()
            while line.startswith("+"):
                self._extra(line, blocks, ranges)
                line = self._line()
            yield self._entry(fields, blocks, ranges)

    def _extra(self, line: str, blocks: list[bytes], ranges: list[bytes]) -> None:
        kind, _, digest = line.partition("\t")
        if kind == "+block" and not ranges:
            blocks.append(self._hex(digest, 32))
        elif kind == "+range":
            ranges.append(self._hex(digest, 16))
        else:
            raise self._bad(f"{kind!r} is not expected here")

    def _hex(self, text: str, size: int) -> bytes:
        if len(text) != 2 * size or text.strip("0123456789abcdef"):
            raise self._bad(f"expected {2 * size} small hexadecimal digits")
        return bytes.fromhex(text)

    def _entry(self, fields: list[str], blocks: list[bytes], ranges: list[bytes]) -> Entry:
        if len(fields) != 6:
            raise self._bad("the entry above has not six columns")
        size, mtime, strong, crc, md5, path = fields
        if str(_number(size)) != size or str(_number(mtime)) != mtime or size.startswith("-"):
            raise self._bad("size and time of the entry above are whole numbers")
        digest = self._hex(md5, 16) if md5 != "-" else None
        bytes_ = int(size)
        if len(blocks) != (0 if bytes_ <= BLOCK else -(-bytes_ // BLOCK)):
            raise self._bad("the entry above has the wrong number of blocks")
        if ranges and len(ranges) != -(-bytes_ // RANGE):
            raise self._bad("the entry above has the wrong number of ranges")
        try:
            place = checked(from_text(path))
        except ManifestInvalid as error:
            raise self._bad(error.message) from None
        return Entry(
            place, bytes_, int(mtime), self._hex(strong, 32), int.from_bytes(self._hex(crc, 8), "big"), digest,
            tuple(blocks), tuple(ranges) if ranges else None,
        )  # fmt: skip

    def _read_footer(self) -> None:
        for key in ("reading", "files", "bytes"):
            self._foot[key] = self._field(self._line(), key)
        if (self._foot["files"], self._foot["bytes"]) != (str(self._files), str(self._bytes)):
            raise self._bad("the counts do not match the entries")
        digest = self._field(self._line(counted=False), "digest")
        if digest != f"sha256:{self._sha.hexdigest()}":
            raise self._bad("the digest does not match the text above it: the manifest was altered or damaged")
        if self._in.read(1):
            raise self._bad("something follows the digest")
        self._foot["digest"] = digest


def _number(text: str) -> int | None:
    try:
        return int(text) if text.isascii() else None
    except ValueError:
        return None
