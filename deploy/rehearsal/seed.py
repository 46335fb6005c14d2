"""Packs a directory into page-blob images the way a backup agent does: one stream, cut, padded to whole pages.

The source is only read. A file that cannot be read is listed and left out; it never stops the rest.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

PAGE_BYTES = 512
IMAGE_BYTES = 1024**3
BUFFER_BYTES = 1024 * 1024


@dataclass
class Packed:
    """What was written for one item: bytes read from the source, images, and the files that could not be read."""

    source_bytes: int = 0
    images: list[dict[str, Any]] = field(default_factory=list)
    failed_files: list[dict[str, str]] = field(default_factory=list)


def pack(source: Path, page_folder: Path, container: str, image_bytes: int = IMAGE_BYTES) -> Packed:
    """Write *source* as images of at most *image_bytes* under *page_folder*/*container*; return what was written.

    Calling twice writes the same images again. Raises NotADirectoryError when *source* is not a directory, OSError when
    the device cannot be written.
    """
    packed, written = _write(source, page_folder / container, "seed-", ".vhd", image_bytes)
    for path in written:
        packed.images.append({"path": str(path), "container": container, "blob": path.name, "bytes": _length(path)})
    return packed


def stage(source: Path, staging: Path, name: str, container: str, image_bytes: int = IMAGE_BYTES) -> Packed:
    """Write *source* to *staging*/*name* the way the agent does for own drives; return what was written.

    The images are *.AIBBlob; a small *.BaseBlob, whole pages too, says what they are. They become blobs of *container*,
    called as they lie below *staging*. Calling twice writes the same. Raises what `pack` raises.
    """
    packed, written = _write(source, staging / name, f"{name}-", ".AIBBlob", image_bytes)
    base = staging / name / f"{name}.BaseBlob"
    told = json.dumps({"item": name, "images": [path.name for path in written]}).encode()
    base.write_bytes(told + bytes(-len(told) % PAGE_BYTES))
    for path in (*written, base):
        blob = path.relative_to(staging).as_posix()
        packed.images.append({"path": str(path), "container": container, "blob": blob, "bytes": _length(path)})
    return packed


def _write(source: Path, folder: Path, prefix: str, suffix: str, image_bytes: int) -> tuple[Packed, list[Path]]:
    if not source.is_dir():
        raise NotADirectoryError(f"{source} is not a directory")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{prefix}*{suffix}"):
        old.unlink()
    packed, out = Packed(), _Images(folder, prefix, suffix, image_bytes)
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT, bufsize=BUFFER_BYTES) as stream:
        for path in _walk(source, packed):
            _add(stream, source, path, packed)
    out.close()
    return packed, out.written


def _length(path: Path) -> int:
    return path.stat().st_size


def container_name(server: str, item: str) -> str:
    """Return a name Azure takes for a container, like server-item; a short hash keeps changed names apart."""
    wanted = f"{server}-{item}"
    slug = re.sub(r"[^a-z0-9]+", "-", wanted.casefold()).strip("-")
    if slug == wanted.casefold() and len(slug) <= 63:
        return slug
    digest = hashlib.sha256(wanted.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{slug[:54].strip('-') or 'item'}-{digest}"


def size_of(source: Path) -> int:
    """Return the bytes of all regular files under *source*; what cannot be read counts nothing."""
    packed = Packed()
    total = 0
    for path in _walk(source, packed):
        if not path.is_symlink() and path.is_file():
            total += path.lstat().st_size
    return total


def _walk(source: Path, packed: Packed) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        _fail(packed, source, Path(os.fsdecode(error.filename)), error)

    for here, below, names in os.walk(source, onerror=unreadable):
        below.sort()
        yield from (Path(here) / name for name in sorted([*below, *names]))


def _add(stream: tarfile.TarFile, source: Path, path: Path, packed: Packed) -> None:
    try:
        info = stream.gettarinfo(str(path), arcname=str(path.relative_to(source)))
        if info is None:
            raise OSError(0, "a socket cannot be backed up")
        if not info.isreg():
            stream.addfile(info)
            return
        with path.open("rb") as data:
            stream.addfile(info, _Exactly(data, info.size))
        packed.source_bytes += info.size
    except OSError as error:
        _fail(packed, source, path, error)


def _fail(packed: Packed, source: Path, path: Path, error: OSError) -> None:
    shown = os.path.relpath(path, source).encode("utf-8", "backslashreplace").decode("utf-8")
    packed.failed_files.append({"path": shown, "reason": error.strerror or str(error)})


class _Exactly:
    """Reads a file as the length its header promised: zeros when it has shrunk meanwhile, no more when it grew."""

    def __init__(self, data: IO[bytes], size_bytes: int) -> None:
        self._data, self._left = data, size_bytes

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        piece = self._data.read(wanted)
        piece += bytes(wanted - len(piece))
        self._left -= wanted
        return piece


class _Images(io.RawIOBase):
    """A file-like end of the stream that starts a new image when one is full and pads the last to whole pages."""

    def __init__(self, folder: Path, prefix: str, suffix: str, image_bytes: int) -> None:
        self._folder, self._names, self._limit = folder, (prefix, suffix), image_bytes
        self.written: list[Path] = []
        self._out: IO[bytes] | None = None
        self._room = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        rest = memoryview(data)
        while rest:
            out = self._current()
            piece = rest[: self._room]
            out.write(piece)
            self._room -= len(piece)
            rest = rest[len(piece) :]
        return len(data)

    def close(self) -> None:
        if self._out is not None:
            short = -self._out.tell() % PAGE_BYTES
            self._out.write(bytes(short))
            self._finish()
        super().close()

    def _current(self) -> IO[bytes]:
        if self._out is not None and self._room == 0:
            self._finish()
        if self._out is None:
            path = self._folder / f"{len(self.written) + 1:04d}".join(self._names)
            self._out = path.open("wb")
            self._room = self._limit
            self.written.append(path)
        return self._out

    def _finish(self) -> None:
        assert self._out is not None
        self._out.flush()
        os.fsync(self._out.fileno())
        self._out.close()
        self._out = None
