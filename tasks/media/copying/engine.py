"""The copy as a whole: check the device, go through the source, copy what the state does not prove to be there."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from tasks.media import hashing, platform_io
from tasks.media.copying.place import keep_apart, open_state
from tasks.media.faults import SourceChanged, SourceMissing, SourceUnreadable, device_fault
from tasks.media.names import to_text
from tasks.media.progress import Tell
from tasks.media.state import Done, Stamp, State
from tasks.media.walk import Found, walk


@dataclass(frozen=True)
class Copied:
    """What a copy did: files and bytes now on the device, bytes that were there already, and what was left out.

    `skipped` names links and special files, which no device takes; `reading` says how the bytes went: `direct`
    or `buffered` where the file system has no direct I/O.
    """

    files: int
    bytes: int
    reused_bytes: int
    skipped: tuple[str, ...]
    reading: str = "direct"


def copy(source: Path, target: Path, *, state: Path, progress: Tell | None = None, md5: bool = True,
         ranges: bool = False) -> Copied:  # fmt: skip
    """Copy the tree below *source* into the folder *target* of a device, which is created.

    *state* is a directory for checkpoints and hashes, outside of both. Calling twice is safe and cheap. *md5* adds
    the whole-file MD5, *ranges* the MD5 of each 4 MiB. Raises a MediaError; what was copied until then is kept.
    """
    if not source.is_dir():
        raise SourceMissing(f"there is no folder {source}")
    keep_apart(source, target, state)
    with open_state(target, state) as opened:
        return _Copy(source, target, opened, progress, md5, ranges).run()


@dataclass
class _Copy:
    source: Path
    target: Path
    state: State
    tell: Tell | None
    md5: bool
    ranges: bool
    files: int = 0
    bytes: int = 0
    reused: int = 0
    skipped: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def run(self) -> Copied:
        self.state.put(phase="copying")
        try:
            for found in walk(self.source, self._refused):
                self._one(found)
            platform_io.sync_volume(str(self.target))
        except OSError as error:
            raise device_fault(error, f"cannot write to {self.target}") from error
        if self.changed:
            raise SourceChanged(f"{len(self.changed)} files changed while they were read: {self.changed[0]}",
                                paths=self.changed)  # fmt: skip
        if self.unreadable:
            raise SourceUnreadable(f"{len(self.unreadable)} files cannot be read: {self.unreadable[0]}",
                                   paths=self.unreadable)  # fmt: skip
        self.state.put(phase="copied")
        return Copied(self.files, self.bytes, self.reused, tuple(self.skipped), "buffered")

    def _refused(self, path: bytes, error: OSError) -> None:
        self.unreadable.append(to_text(path))

    def _one(self, found: Found) -> None:
        place = os.path.join(self.target, os.path.relpath(found.native, self.source))
        if found.kind == "folder":
            os.makedirs(place, exist_ok=True)
        elif found.kind != "file":
            self.skipped.append(to_text(found.path))
        else:
            self.files += 1
            self.bytes += found.info.st_size
            self._file(found, place)

    def _file(self, found: Found, place: str) -> None:
        done = self.state.find(found.path)
        if done and os.path.exists(place) and Stamp.of(os.lstat(place)) == done.stamp and (
            done.source_mtime, done.source_ctime, done.stamp.size
        ) == (found.info.st_mtime_ns, found.info.st_ctime_ns, found.info.st_size):
            self.reused += done.stamp.size
            return
        blocks, md5s = hashing.BlockHash(), hashing.Md5Hash.fresh(md5=self.md5, ranges=self.ranges)
        try:
            reader = open(found.native, "rb", buffering=0)
        except OSError:
            self.unreadable.append(to_text(found.path))
            return
        aside = place + ".partial"
        with reader, open(aside, "wb") as writer:
            piece = reader.read(4 << 20)
            while piece:
                blocks.update(piece)
                md5s.update(piece)
                writer.write(piece)
                piece = reader.read(4 << 20)
            after = os.fstat(reader.fileno())
            writer.flush()
            os.fsync(writer.fileno())
        if Stamp.of(after) != Stamp.of(found.info):
            os.unlink(aside)
            self.changed.append(to_text(found.path))
            return
        os.utime(aside, ns=(found.info.st_atime_ns, found.info.st_mtime_ns))
        os.replace(aside, place)
        self.state.add([Done(found.path, found.info.st_mtime_ns, found.info.st_ctime_ns, Stamp.of(os.lstat(place)),
                             hashing.digests(blocks, md5s))])
