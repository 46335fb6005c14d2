"""Close the books on a device: one manifest of everything in its folders, with a digest for the journal.

What the copy hashed on the way is taken from its state while inode, size and times on the device prove it is the
same; everything else, such as what a backup agent wrote, is hashed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.media import hashing
from tasks.media.faults import (
    DeviceGone,
    MediaError,
    NotSealed,
    SealedThenChanged,
    StateInvalid,
    StillWritten,
    StrayFile,
    device_fault,
)
from tasks.media.manifest import Entry, Header, Writer, entries, read_manifest
from tasks.media.names import UNFINISHED, to_bytes, to_text
from tasks.media.progress import Tell
from tasks.media.remembered import Remembered
from tasks.media.state import stamp_of
from tasks.media.walk import Found, walk


@dataclass(frozen=True)
class Sealed:
    """A closed manifest: its digest (`sha256:…`), how many files and bytes it lists, and where it is."""

    digest: str
    files: int
    bytes: int
    manifest: Path


def seal(device: Path, folders: Sequence[str], manifest: Path, *, header: Header, state: Path | None = None,
         md5: bool = True, ranges: bool = False, reopen: bool = False, progress: Tell | None = None) -> Sealed:  # fmt: skip
    """Write the manifest of *folders* (relative to *device*) and return its digest. Safe to call twice.

    Raises NotSealed when a copy into these folders is unfinished, SealedThenChanged when *manifest* exists and the
    device no longer matches it, unless *reopen*.
    """
    if not device.is_dir():
        raise DeviceGone(f"there is no device at {device}")
    places = _apart(device, folders, manifest)
    with Remembered(device, state) as remembered:
        remembered.insist_on_finished(places)
        writer = Writer(manifest, header, places, remembered.reading)
        try:
            for found in _files(device, places):
                _add(writer, found, remembered, md5, ranges)
        except BaseException:
            writer.give_up()
            raise
        return _close(writer, manifest, reopen)


def _apart(device: Path, folders: Sequence[str], manifest: Path) -> list[str]:
    """Return the folders without those inside others, in path order; the manifest must lie in none of them."""
    names = sorted({folder.strip("/").removeprefix("./") for folder in folders}, key=lambda f: to_bytes(f) + b"/")
    if "." in names or "" in names:
        names = [""]
    outer = [f for f in names if not any(f != o and f.startswith(o + "/") for o in names)]
    for folder in outer:
        place = (device / folder).resolve()
        if place in manifest.resolve().parents:
            raise StateInvalid(f"the manifest {manifest} would lie in {place}, which it lists")
        if not place.is_dir():
            raise NotSealed(f"there is no folder {folder!r} on the device at {device}")
    return outer


def _add(writer: Writer, found: Found, remembered: Remembered, md5: bool, ranges: bool) -> None:
    row = remembered.row(found, md5=md5, ranges=ranges)
    if row is None:
        writer.add(_hashed(found, md5, ranges))
    elif row.blocks is None and row.ranges is None:
        writer.add_text(found.path, row.size, row.mtime, row.hashes)
    else:
        writer.add_text(found.path, row.size, row.mtime, row.hashes)
        writer.add_parts(row.blocks or b"", row.ranges if ranges else None)


def _files(device: Path, folders: Sequence[str]) -> Iterator[Found]:
    """Yield the files of *folders* in manifest order; raise for what cannot be read or must not be shipped."""
    strays: list[str] = []
    for folder in folders:
        for found in walk(device / folder, _refused, below=to_bytes(folder)):
            if found.kind == "file":
                yield found
            elif found.kind != "folder":
                strays.append(f"{to_text(found.path)} ({found.kind})")
            elif found.path.rpartition(b"/")[2].startswith(UNFINISHED):
                raise NotSealed(f"a copy into the folder of {to_text(found.path)} is not finished")
    if strays:
        raise StrayFile(f"{strays[0]}: {len(strays)} of that kind on the device cannot be shipped", paths=strays)


def _refused(path: bytes, error: OSError) -> None:
    raise device_fault(error, f"cannot read {to_text(path)} on the device") from error


def _hashed(found: Found, md5: bool, ranges: bool) -> Entry:
    """Read one file that no copy of ours has hashed."""
    blocks, md5s = hashing.BlockHash(), hashing.Md5Hash.fresh(md5=md5, ranges=ranges)
    try:
        with open(found.native, "rb", buffering=0) as file:
            while piece := file.read(hashing.RANGE):
                blocks.update(piece)
                md5s.update(piece)
            after = Path(found.native).stat()
    except OSError as error:
        raise device_fault(error, f"cannot read {to_text(found.path)} on the device") from error
    if stamp_of(after) != stamp_of(found.info):
        raise StillWritten(f"{to_text(found.path)} changed while it was read", paths=[to_text(found.path)])
    return Entry.of(found.path, after.st_size, after.st_mtime_ns, hashing.digests(blocks, md5s))


def _close(writer: Writer, place: Path, reopen: bool) -> Sealed:
    """Finish the new manifest; when one is there already, keep it if it says the same, refuse if it does not."""
    try:
        old = read_manifest(place)
    except NotSealed:
        old = None
    except MediaError:
        if not reopen:
            writer.give_up()
            raise
        old = None
    digest, aside = writer.finish()
    if old is not None and not reopen:
        change = _first_difference(place, aside)
        aside.unlink()
        if change:
            raise SealedThenChanged(f"the device was sealed at {old.header.at} and written to afterwards: {change}")
        return Sealed(old.digest, old.files, old.bytes, place)
    writer.publish()
    return Sealed(digest, writer.files, writer.bytes, place)


def _first_difference(old: Path, new: Path) -> str:
    """Say where two manifests list different files or bytes; empty when they do not. Times are not compared."""
    left, right = entries(old), entries(new)
    while True:
        a, b = next(left, None), next(right, None)
        if a is None and b is None:
            return ""
        if a is None or (b is not None and b.path < a.path):
            return f"{b.text} is new" if b else ""
        if b is None or a.path < b.path:
            return f"{a.text} is gone"
        if (a.size, a.blake3) != (b.size, b.blake3):
            return f"{a.text} has other bytes"
