"""The manifest: what is on a device, one line a file, as text that anyone can check again without this program.

`docs/manifest-format.md` defines it byte for byte. Reading is strict: a line that is not exactly what a writer of
this version would have written is an error, never skipped. Copier and checker share this file and nothing else.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tasks.media import platform_io
from tasks.media.faults import ManifestInvalid, NotSealed
from tasks.media.hashing import BLOCK, RANGE, Digests
from tasks.media.names import checked, from_field, from_text, to_native, to_text

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


class Entry(NamedTuple):
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


def item_of(path: bytes, items: Mapping[str, str]) -> str:
    """Return the name of the item whose folder holds *path*, the innermost of them; empty when none does."""
    holding = [(len(folder), item) for item, folder in items.items() if _below(path, folder)]
    return max(holding, default=(0, ""))[1]


def _below(path: bytes, folder: str) -> bool:
    inside = os.fsencode(folder.strip("/"))
    return inside in (b"", b".") or path.startswith(inside + b"/")


# -- writing


class Writer:
    """Writes a manifest aside while its digest is computed; `publish` makes it appear, durably."""

    def __init__(self, place: Path, header: Header, folders: Sequence[str], reading: str = "direct") -> None:
        self.place, self.reading = place, reading
        self.files = self.size = 0
        self._last = b""
        self._pending: list[str] = []
        place.parent.mkdir(parents=True, exist_ok=True)
        self.aside = place.with_name(place.name + ".partial")
        self._out: BinaryIO = self.aside.open("wb")
        self._sha = hashlib.sha256()
        self._lines(_header_lines(header, folders))

    def add(self, entry: Entry) -> None:
        """Append one file; raise ManifestInvalid when it does not come after the one before."""
        md5 = entry.md5.hex() if entry.md5 is not None else "-"
        hashes = f"{entry.blake3.hex()}\t{entry.crc64:016x}\t{md5}"
        self.add_text(checked(entry.path), entry.text, entry.size, entry.mtime_ns, hashes)
        self.add_parts(b"".join(entry.blocks), b"".join(entry.ranges) if entry.ranges is not None else None)

    def add_text(self, path: bytes, text: str, size: int, mtime_ns: int, hashes: str) -> None:
        """Append one file whose path is spelled out and whose hashes are text already (`Digests.text`)."""
        if self.files and path <= self._last:
            raise ManifestInvalid(f"{text!r} is out of order or there twice")
        self._last = path
        self.files += 1
        self.size += size
        if len(self._pending) > 1000:
            self._flush()
        self._pending.append(f"{size}\t{mtime_ns}\t{hashes}\t{text}")

    def add_parts(self, blocks: bytes, ranges: bytes | None) -> None:
        """Append the block and range digests, laid end to end, of the file added last."""
        self._pending += [f"+block\t{blocks[at : at + 32].hex()}" for at in range(0, len(blocks), 32)]
        self._pending += [f"+range\t{ranges[at : at + 16].hex()}" for at in range(0, len(ranges or b""), 16) if ranges]

    def finish(self) -> tuple[str, Path]:
        """Write the footer and sync; return the digest and the place aside. `publish` then gives it its name."""
        self._flush()
        self._lines(["", f"reading\t{self.reading}", f"files\t{self.files}", f"bytes\t{self.size}"])
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


# -- reading


def read_manifest(manifest: Path) -> Manifest:
    """Read a manifest to its last byte and return what its header and footer say.

    Raises NotSealed when there is none, ManifestInvalid when a line, a count or the digest is not right.
    """
    with Reader(manifest) as reader:
        for line in reader.lines():
            line.entry()
        return reader.manifest()


def entries(manifest: Path) -> Iterator[Entry]:
    """Yield every entry in canonical order, streaming; raises like `read_manifest`, at the latest at the end."""
    with Reader(manifest) as reader:
        for line in reader.lines():
            yield line.entry()


class Line(NamedTuple):
    """One file's line, read strictly: path, size and strong hash (hexadecimal); the rest when `entry` is asked for.

    `fields` are the six columns as they stand there, `extras` the `+` lines below.
    """

    place: Path
    number: int
    path: bytes
    size: int
    fields: tuple[bytes, ...]
    extras: tuple[bytes, ...]

    @property
    def where(self) -> str:
        """The manifest and the line's number in it, for messages."""
        return f"{self.place}, line {self.number}"

    @property
    def blake3(self) -> bytes:
        """The strong hash as it stands there."""
        return self.fields[2]

    def entry(self) -> Entry:
        """Read the rest; raise ManifestInvalid unless all of it is exactly right."""
        _, mtime, strong, crc, md5, _ = map(bytes.decode, self.fields)
        try:
            blocks, ranges = _extras(self.extras, self.size) if self.extras or self.size > BLOCK else ((), None)
        except ManifestInvalid as error:
            raise ManifestInvalid(f"{self.where}: {error.message}") from None
        return Entry(self.path, self.size, int(mtime), bytes.fromhex(strong), int(crc, 16),
                     None if md5 == "-" else bytes.fromhex(md5), blocks, ranges)  # fmt: skip


class Reader:
    """Reads one manifest once: the header at once, `lines` as they are asked for, the footer after the last."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.folders: tuple[str, ...] = ()
        self._number = 0
        self._sha = hashlib.sha256()
        self._files = self._bytes = 0
        self._head: dict[str, str] = {}
        self._items: dict[str, str] = {}
        self._foot: dict[str, str] = {}
        try:
            self._in = place.open("rb", buffering=1 << 20)
        except FileNotFoundError:
            raise NotSealed(f"there is no manifest at {place}") from None

    def __enter__(self) -> Reader:
        self._read_header()
        return self

    def __exit__(self, *_: object) -> None:
        self._in.close()

    def totals(self) -> tuple[int, int]:
        """Return files and bytes as the footer gives them, unproven: for progress only. (0, 0) when unreadable."""
        with self.place.open("rb") as again:
            again.seek(max(0, self.place.stat().st_size - 400))
            tail = dict(line.split(b"\t", 1) for line in again.read().splitlines() if line.count(b"\t") == 1)
        files, size = tail.get(b"files", b""), tail.get(b"bytes", b"")
        return (int(files), int(size)) if files.isdigit() and size.isdigit() else (0, 0)

    def lines(self) -> Iterator[Line]:
        """Yield the lines in canonical order, then check order, counts and digest. Call it once."""
        last, raw = b"", self._raw()
        while raw != b"\n":
            found = self._start(raw)
            if found.path <= last:
                raise self._bad("the paths are not in order")
            last = found.path
            self._files += 1
            self._bytes += found.size
            raw = self._raw()
            if raw.startswith(b"+"):
                extras = list[bytes]()
                while raw.startswith(b"+"):
                    extras.append(raw[:-1])
                    raw = self._raw()
                found = found._replace(extras=tuple(extras))
            yield found
        self._read_footer()

    def _start(self, raw: bytes) -> Line:
        match = _FILE.fullmatch(raw)
        if match is None:
            raise self._bad("this is not size, time, three hashes and a path in their one allowed spelling")
        fields = match.groups()
        try:
            return Line(self.place, self._number, from_field(fields[5]), int(fields[0]), fields, ())
        except ManifestInvalid as error:
            raise self._bad(error.message) from None

    def manifest(self) -> Manifest:
        """Return what header and footer say, after the last line."""
        head, foot = self._head, self._foot
        header = Header(head["run"], int(head["attempt"]), self._items, head["device"], head["tool"], head["sealed-at"])
        return Manifest(self.place, header, self.folders, foot["reading"], self._files, self._bytes, foot["digest"])

    def _raw(self, *, counted: bool = True) -> bytes:
        raw = self._in.readline(_LONGEST_LINE)
        self._number += 1
        if not raw.endswith(b"\n"):
            raise self._bad("the line is too long" if len(raw) == _LONGEST_LINE else "the file ends too early")
        if counted:
            self._sha.update(raw)
        return raw

    def _line(self, *, counted: bool = True) -> str:
        try:
            return self._raw(counted=counted)[:-1].decode("utf-8")
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
        if not re.fullmatch(r"[1-9][0-9]{0,5}", self._head["attempt"]):
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

    def _value(self, text: str, *, inside: bool = False) -> str:
        """Return what *text* spells; *inside* wants a folder of the device, "" for all of it."""
        try:
            value = from_text(text)
            return (checked(value) if inside and value else value).decode("utf-8", "surrogateescape")
        except ManifestInvalid as error:
            raise self._bad(error.message) from None

    def _mapping(self, line: str) -> None:
        match line.split("\t"):
            case ["item", name, folder]:
                self._items[self._value(name)] = self._value(folder, inside=True)
            case ["folder", folder]:
                self.folders += (self._value(folder, inside=True),)
            case _:
                raise self._bad("expected an item or a folder")

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


_LONGEST_LINE = 1 << 20  # bytes; a path has at most 128 KiB in its longest spelling
_FILE = re.compile(
    rb"(0|[1-9][0-9]{0,18})\t(-?[1-9][0-9]{0,19}|0)\t([0-9a-f]{64})\t([0-9a-f]{16})\t([0-9a-f]{32}|-)\t([^\t\n]+)\n"
)
_EXTRA = re.compile(rb"\+(?:block\t([0-9a-f]{64})|range\t([0-9a-f]{32}))")


def _extras(lines: Sequence[bytes], size: int) -> tuple[tuple[bytes, ...], tuple[bytes, ...] | None]:
    blocks, ranges = list[bytes](), list[bytes]()
    for line in lines:
        match = _EXTRA.fullmatch(line)
        if match is None or (match[1] and ranges):
            raise ManifestInvalid(f"{str(line)[2:-1]!r} below it is not a block or range in its place")
        (blocks if match[1] else ranges).append(bytes.fromhex((match[1] or match[2]).decode()))
    if len(blocks) != (0 if size <= BLOCK else -(-size // BLOCK)):
        raise ManifestInvalid("the number of blocks below it is not that of its size")
    if ranges and len(ranges) != -(-size // RANGE):
        raise ManifestInvalid("the number of ranges below it is not that of its size")
    return tuple(blocks), tuple(ranges) if ranges else None
