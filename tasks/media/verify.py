"""Read a device again, past the page cache, and compare it with its manifest byte for byte.

This is not the copier's code: it has its own reader and its own hashing, and shares the manifest's format only.
Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from blake3 import blake3

from tasks.media import platform_io
from tasks.media.faults import DeviceGone
from tasks.media.manifest import Entry, Manifest, entries, read_manifest
from tasks.media.names import to_bytes, to_text
from tasks.media.progress import Meter, Tell
from tasks.media.walk import Found, walk

Kind = Literal["missing", "extra", "differs", "renamed", "unreadable", "size"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One difference between device and manifest, at a path as the manifest spells it."""

    kind: Kind
    path: str
    message: str


@dataclass(frozen=True)
class Verified:
    """The outcome: `ok` when every file is there, right, and nothing else; files and bytes that were read.

    `past_cache` is False where the system gave no way to read the device itself instead of memory.
    """

    ok: bool
    files: int
    bytes: int
    faults: tuple[Fault, ...]
    past_cache: bool = True


def verify(device: Path, manifest: Path, *, progress: Tell | None = None) -> Verified:
    """Compare every byte in the sealed folders of *device* with *manifest*.

    Differences come back as faults. Raises NotSealed, ManifestInvalid, or DeviceGone when nothing is mounted.
    """
    if not device.is_dir():
        raise DeviceGone(f"there is no device at {device}")
    sealed = read_manifest(manifest)
    check = _Check(device, sealed, Meter("verify", sealed.files, sealed.bytes, progress))
    check.run()
    return Verified(not check.faults, check.meter.files, check.meter.bytes, tuple(check.faults))


@dataclass
class _Check:
    device: Path
    sealed: Manifest
    meter: Meter
    faults: list[Fault] = field(default_factory=list)
    lost: list[Entry] = field(default_factory=list)
    strange: list[Found] = field(default_factory=list)

    def run(self) -> None:
        for entry, found in _side_by_side(entries(self.sealed.path), self._walk()):
            if found is None and entry is not None:
                self.lost.append(entry)
            elif entry is None and found is not None:
                self.strange.append(found)
            elif entry is not None and found is not None:
                self._compare(entry, found)
        self._pair_renames()
        self.meter.beat(final=True)

    def _walk(self) -> Iterator[Found]:
        for folder in self.sealed.folders:
            for found in walk(self.device / folder, self._refused, below=to_bytes(folder)):
                if found.kind == "file":
                    yield found
                elif found.kind != "folder":
                    self.add("extra", found.path, f"is a {found.kind}, which the manifest does not list")

    def _refused(self, path: bytes, error: OSError) -> None:
        self.add("unreadable", path, error.strerror or str(error))

    def add(self, kind: Kind, path: bytes, message: str) -> None:
        self.faults.append(Fault(kind, to_text(path), message))

    def _compare(self, entry: Entry, found: Found) -> None:
        if entry.size != found.info.st_size:
            self.add("size", entry.path, f"has {found.info.st_size:,} bytes, the manifest says {entry.size:,}")
            return
        try:
            strong = _read_again(found.native, entry)
        except OSError as error:
            self.add("unreadable", entry.path, error.strerror or str(error))
            return
        if strong != entry.blake3:
            self.add("differs", entry.path, "has other bytes than the manifest says")
        self.meter.add(1, entry.size)

    def _pair_renames(self) -> None:
        """Tell a file under another name from one lost and one strange file."""
        by_size: dict[int, list[Found]] = {}
        for found in self.strange:
            by_size.setdefault(found.info.st_size, []).append(found)
        for entry in self.lost:
            match = next((f for f in by_size.get(entry.size, ()) if _same(f.native, entry)), None)
            if match is None:
                self.add("missing", entry.path, "is not on the device")
            else:
                by_size[entry.size].remove(match)
                self.add("renamed", entry.path, f"is on the device as {to_text(match.path)}")
        for left in by_size.values():
            for found in left:
                self.add("extra", found.path, "is on the device and not in the manifest")


def _same(native: str, entry: Entry) -> bool:
    try:
        return _read_again(native, entry) == entry.blake3
    except OSError:
        return False


def _read_again(native: str, entry: Entry) -> bytes:
    block, digests = 32 << 20, []
    with open(native, "rb", buffering=0) as file:
        platform_io.drop_cache(file.fileno())
        while piece := file.read(block):
            digests.append(blake3(piece).digest())
    if len(digests) > 1:
        return blake3(b"".join(digests)).digest()
    return digests[0] if digests else blake3().digest()


def _side_by_side(left: Iterator[Entry], right: Iterator[Found]) -> Iterator[tuple[Entry | None, Found | None]]:
    """Pair two sequences that are in path order; what is on one side only comes with None."""
    entry, found = next(left, None), next(right, None)
    while entry is not None or found is not None:
        if found is None or (entry is not None and entry.path < found.path):
            yield entry, None
            entry = next(left, None)
        elif entry is None or found.path < entry.path:
            yield None, found
            found = next(right, None)
        else:
            yield entry, found
            entry, found = next(left, None), next(right, None)
