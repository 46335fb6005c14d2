"""The drive manifest: which file on a drive becomes which blob, range by range with its MD5.

Written as a stream in the documented form (Import/Export "manifest file format", version 2014-11-01), so that a blob
of 8 TiB with two million ranges needs no memory. The same input gives the same bytes. Sizes and offsets are bytes.
By default no storage credential is written: the job names the account. A manifest with one is secret as a whole.
"""

from __future__ import annotations

import hashlib
import os
import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias
from xml.sax.saxutils import escape, quoteattr

from tasks.media import platform_io
from tasks.office.disks.faults import ManifestRefused

MANIFEST_NAME = "DriveManifest.xml"
MANIFEST_FILE = f"\\{MANIFEST_NAME}"  # as the import job wants it: relative to the drive
CREATOR = "offline-seeding"
PAGE, MOST_RANGE, MOST_BLOCKS = 512, 4 << 20, 50_000
Digest: TypeAlias = bytes
Disposition = Literal["overwrite", "no-overwrite", "rename"]
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class PageRange:
    """So many bytes from *offset* on, with the MD5 of them."""

    offset: int
    bytes: int
    md5: Digest


@dataclass(frozen=True)
class ManifestBlob:
    """One blob: its path from the container on, its file relative to the drive's root with "/", its full length.

    *ranges* may come from a generator. Of a block blob they are its blocks, without gaps.
    """

    path: str
    file: str
    bytes: int
    ranges: Iterable[PageRange]
    kind: Literal["page", "block"] = "page"


@dataclass(frozen=True)
class Credential:
    """A storage account key or a container's SAS, for a manifest that must carry one. Never printed."""

    kind: Literal["key", "sas"]
    text: str = field(repr=False)


@dataclass(frozen=True)
class ManifestWritten:
    """What was written: `hash` is the Base16 MD5 of the file; `secret` says that the file carries a credential."""

    hash: str
    bytes: int
    blobs: int
    ranges: int
    data_bytes: int
    secret: bool


def write_manifest(
    place: Path,
    *,
    serial: str,
    session: str,
    blobs: Iterable[ManifestBlob],
    disposition: Disposition = "overwrite",
    credential: Credential | None = None,
) -> ManifestWritten:
    """Write the manifest of drive *serial* to *place*: aside, synced, renamed. Calling twice gives the same file.

    *blobs* come in ascending order of their paths. Raises ManifestRefused for anything outside the documented form,
    and OSError; then *place* is as it was before.
    """
    aside = place.with_name(f".{place.name}.part")
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(handle, "wb", 1 << 20) as out:
            stream = _Stream(out)
            _document(stream, serial, session, blobs, disposition, credential)
            out.flush()
            os.fsync(out.fileno())
        aside.replace(place)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    platform_io.sync_folder(str(place.parent))
    return ManifestWritten(stream.digest(), stream.size, stream.blobs, stream.ranges, stream.data, bool(credential))


class _Stream:
    """Counts and hashes what passes through."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self._md5 = out, hashlib.md5(usedforsecurity=False)
        self.size = self.blobs = self.ranges = self.data = 0

    def line(self, depth: int, text: str) -> None:
        raw = f"{'  ' * depth}{text}\n".encode()
        self._md5.update(raw)
        self._out.write(raw)
        self.size += len(raw)

    def digest(self) -> str:
        return self._md5.hexdigest().upper()


def _document(
    out: _Stream,
    serial: str,
    session: str,
    blobs: Iterable[ManifestBlob],
    disposition: Disposition,
    credential: Credential | None,
) -> None:
    if disposition not in ("overwrite", "no-overwrite", "rename"):
        raise ManifestRefused(f"{disposition!r} is no import disposition")
    out.line(0, '<?xml version="1.0" encoding="UTF-8"?>')
    out.line(0, '<DriveManifest Version="2014-11-01">')
    out.line(1, "<Drive>")
    out.line(2, f"<DriveId>{_text(serial, 'serial')}</DriveId>")
    if credential is not None:
        name = "StorageAccountKey" if credential.kind == "key" else "ContainerSas"
        out.line(2, f"<{name}>{escape(credential.text)}</{name}>")
    out.line(2, f"<ClientCreator>{CREATOR}</ClientCreator>")
    out.line(2, f"<BlobList Id={quoteattr(_checked(session, 'session') + '#1-0')}>")
    before = b""
    for blob in blobs:
        key = blob.path.encode("utf-8", "surrogatepass")
        if key <= before:
            raise ManifestRefused(f"the blob {blob.path} comes twice or out of order")
        before = key
        _blob(out, blob, disposition)
    out.line(2, "</BlobList>")
    out.line(1, "</Drive>")
    out.line(0, "</DriveManifest>")


def _blob(out: _Stream, blob: ManifestBlob, disposition: Disposition) -> None:
    if blob.bytes < 0 or (blob.kind == "page" and blob.bytes % PAGE):
        raise ManifestRefused(f"{blob.path} has {blob.bytes:,} bytes; a page blob is a multiple of {PAGE}")
    if blob.path.count("/") < 1 or blob.path.startswith("/") or ".." in blob.file.split("/"):
        raise ManifestRefused(f"{blob.path} lies in no container, or its file leaves the drive")
    out.blobs += 1
    out.line(3, "<Blob>")
    out.line(4, f"<BlobPath>{_text(blob.path, 'blob path')}</BlobPath>")
    path = "\\" + blob.file.replace("/", "\\")
    out.line(4, f"<FilePath>{_text(path, 'file path')}</FilePath>")
    out.line(4, f"<Length>{blob.bytes}</Length>")
    out.line(4, f"<ImportDisposition>{disposition}</ImportDisposition>")
    if blob.kind == "page":
        _page_ranges(out, blob)
    else:
        _blocks(out, blob)
    out.line(3, "</Blob>")


def _page_ranges(out: _Stream, blob: ManifestBlob) -> None:
    out.line(4, "<PageRangeList>")
    end = 0
    for part in blob.ranges:
        if part.offset % PAGE or part.bytes % PAGE or part.offset < end:
            raise ManifestRefused(f"{blob.path}: the range at {part.offset:,} is unaligned, unsorted or overlaps")
        end = _fits(blob, part)
        out.line(5, f'<PageRange Offset="{part.offset}" Length="{part.bytes}" Hash="{_md5(part)}"/>')
        _count(out, part)
    out.line(4, "</PageRangeList>")


def _blocks(out: _Stream, blob: ManifestBlob) -> None:
    out.line(4, "<BlockList>")
    end = 0
    for number, part in enumerate(blob.ranges):
        if part.offset != end or number == MOST_BLOCKS:
            raise ManifestRefused(f"{blob.path}: the blocks have a gap at {part.offset:,}, or are over {MOST_BLOCKS:,}")
        end = _fits(blob, part)
        name = b64encode(f"{number:08d}".encode()).decode()
        out.line(5, f'<Block Offset="{part.offset}" Length="{part.bytes}" Id="{name}" Hash="{_md5(part)}"/>')
        _count(out, part)
    if end != blob.bytes:
        raise ManifestRefused(f"{blob.path}: blocks for {end:,} of {blob.bytes:,} bytes")
    out.line(4, "</BlockList>")


def _fits(blob: ManifestBlob, part: PageRange) -> int:
    """Return where the range ends."""
    if not 0 < part.bytes <= MOST_RANGE or part.offset < 0 or part.offset + part.bytes > blob.bytes:
        raise ManifestRefused(f"{blob.path}: a range of {part.bytes:,} bytes at {part.offset:,} is not possible")
    return part.offset + part.bytes


def _md5(part: PageRange) -> str:
    if len(part.md5) != 16:
        raise ManifestRefused(f"the range at {part.offset:,} has no MD5")
    return part.md5.hex().upper()


def _count(out: _Stream, part: PageRange) -> None:
    out.ranges += 1
    out.data += part.bytes


def _checked(text: str, what: str) -> str:
    if not text or _NOT_XML.search(text) or text != text.strip():
        raise ManifestRefused(f"the {what} {text!r} cannot stand in XML")
    return text


def _text(text: str, what: str) -> str:
    return escape(_checked(text, what))
