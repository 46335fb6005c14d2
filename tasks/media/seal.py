"""Close the books on a device: one manifest of everything in its folders, with a digest for the journal.

What the copy hashed on the way is taken from its state while inode, size and times on the device prove it is the
same; everything else, such as what a backup agent wrote, is hashed here.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.media.copying.place import describe, locked_state, state_name
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
from tasks.media.hash_device import hash_device
from tasks.media.manifest import Header, Writer, entries, read_manifest
from tasks.media.names import UNFINISHED, to_bytes, to_native, to_text
from tasks.media.platform_io import traits_of, volume_of
from tasks.media.progress import Meter, Tell
from tasks.media.remembered import Hashes, Remembered
from tasks.media.state import State
from tasks.media.walk import Found, listing


@dataclass(frozen=True)
class Sealed:
    """A closed manifest: its digest (`sha256:…`), how many files and bytes it lists, and where it is."""

    digest: str
    files: int
    bytes: int
    manifest: Path


def seal(
    device: Path,
    folders: Sequence[str],
    manifest: Path,
    *,
    header: Header,
    state: Path | None = None,
    md5: bool = True,
    ranges: bool = False,
    reopen: bool = False,
    progress: Tell | None = None,
) -> Sealed:
    """Write the manifest of *folders* (relative to *device*) and return its digest. Safe to call twice.

    Raises NotSealed when a copy into these folders is unfinished, SealedThenChanged when *manifest* exists and the
    device no longer matches it, unless *reopen*.
    """
    if not device.is_dir():
        raise DeviceGone(f"there is no device at {device}")
    wanted = _Wanted(device, _apart(device, folders, manifest, state), header, md5, ranges)
    writer = _written(wanted, manifest, state)
    if writer is None:
        _hash_the_rest(wanted, manifest, state, progress)
        writer = _written(wanted, manifest, state or _own_state(manifest))
    if writer is None:
        raise StillWritten(f"{device} was written to while it was being sealed")
    sealed = _close(writer, manifest, reopen)
    if state is None:
        shutil.rmtree(_own_state(manifest), ignore_errors=True)
    return sealed


@dataclass(frozen=True)
class _Wanted:
    device: Path
    folders: list[str]
    header: Header
    md5: bool
    ranges: bool

    def remembered(self, state: Path | None, opened: State | None = None) -> Remembered:
        return Remembered(self.device, state, md5=self.md5, ranges=self.ranges, opened=opened)


_File = tuple[bytes, str, os.stat_result, Hashes | None]
"""A file on the device: its path, its path as the manifest spells it, its `lstat`, its hashes if they are known."""


def _own_state(manifest: Path) -> Path:
    return manifest.with_name(manifest.name + ".state")


def _written(wanted: _Wanted, manifest: Path, state: Path | None) -> Writer | None:
    """Write the manifest aside from what is remembered; None when a file is not."""
    with wanted.remembered(state) as remembered:
        remembered.insist_on_finished(wanted.folders)
        writer = Writer(manifest, wanted.header, wanted.folders, remembered.reading)
        try:
            for path, text, info, hashes in _files(wanted, remembered):
                if hashes is None:
                    writer.give_up()
                    return None
                writer.add_text(path, text, info.st_size, info.st_mtime_ns, hashes.columns)
                if hashes.blocks or hashes.ranges:
                    writer.add_parts(hashes.blocks, hashes.ranges)
        except BaseException:
            writer.give_up()
            raise
        return writer


def _hash_the_rest(wanted: _Wanted, manifest: Path, state: Path | None, progress: Tell | None) -> None:
    """Hash every file that is not remembered into a state of its own, which a second try goes on with."""
    place, volume = state or _own_state(manifest), volume_of(wanted.device)
    meter = Meter("seal", 0, 0, progress)
    with locked_state(place / state_name("seal", volume, wanted.device)) as opened:
        describe(opened, wanted.device, volume)
        opened.put(phase="copied", reading="direct" if traits_of(wanted.device).direct else "buffered")
        with wanted.remembered(place, opened) as remembered:
            hash_device(_unknown(wanted, remembered, meter), opened, meter, md5=wanted.md5, ranges=wanted.ranges)
    meter.beat(final=True)


def _apart(device: Path, folders: Sequence[str], manifest: Path, state: Path | None) -> list[str]:
    """Return the folders without those inside others, in path order; the manifest must lie in none of them."""
    names = sorted({folder.strip("/").removeprefix("./") for folder in folders}, key=lambda f: to_bytes(f) + b"/")
    if "." in names or "" in names:
        names = [""]
    outer = [f for f in names if not any(f != o and f.startswith(o + "/") for o in names)]
    for folder in outer:
        place = (device / folder).resolve()
        for inner, what in ((manifest, "manifest"), (state or _own_state(manifest), "state")):
            if place in inner.resolve().parents:
                raise StateInvalid(f"the {what} {inner} would lie in {place}, which the manifest lists")
        if not place.is_dir():
            raise NotSealed(f"there is no folder {folder!r} on the device at {device}")
    return outer


def _unknown(wanted: _Wanted, remembered: Remembered, meter: Meter) -> Iterator[Found]:
    files = size = 0
    for path, _, info, hashes in _files(wanted, remembered):
        if hashes is None:
            files, size = files + 1, size + info.st_size
            meter.totals(files, size)
            yield Found(path, f"{wanted.device}/{to_native(path)}", "file", info)


def _files(wanted: _Wanted, remembered: Remembered) -> Iterator[_File]:
    """Yield the files of the folders in manifest order; raise for what cannot be read or must not be shipped."""
    strays: list[str] = []
    for folder in wanted.folders:
        prefix = to_bytes(folder) + b"/" if folder else b""
        yield from _below(str(wanted.device / folder), prefix, remembered, strays)
    if strays:
        raise StrayFile(f"{strays[0]}: {len(strays)} of that kind on the device cannot be shipped", paths=strays)


def _below(native: str, prefix: bytes, remembered: Remembered, strays: list[str]) -> Iterator[_File]:
    known, spelled = remembered.folder(prefix), to_text(prefix)
    for key, kind, info in listing(native, prefix, _refused):
        if kind == "file":
            name = to_text(key)
            yield prefix + key, spelled + name, info, remembered.hashes(known, name, prefix + key, info)
        elif kind != "folder":
            strays.append(f"{to_text(prefix + key)} ({kind})")
        elif key.startswith(UNFINISHED):
            raise NotSealed(f"a copy into the folder of {to_text(prefix + key)} is not finished")
        else:
            yield from _below(f"{native}/{to_native(key[:-1])}", prefix + key, remembered, strays)


def _refused(path: bytes, error: OSError) -> None:
    raise device_fault(error, f"cannot read {to_text(path)} on the device") from error


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
    return Sealed(digest, writer.files, writer.size, place)


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
