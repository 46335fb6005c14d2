"""Data sets, drives that are folders, and what must be true of drives that were prepared."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import drive_manifest_reader as reader
import pytest

from tasks.office.disks import (
    DriveTarget,
    FolderDrives,
    ManifestBlob,
    PageRange,
    Prepared,
    Work,
    look_at_staging,
    prepare,
    write_manifest,
)

MIB = 1 << 20
CHUNK = 4 * MIB


def noise(rng: random.Random, size: int) -> bytes:
    return b"".join(rng.randbytes(min(MIB, size - at)) for at in range(0, size, MIB))


def plug_in(home: Path, serial: str, **facts: Any) -> Path:
    """Connect a drive: an empty, formatted volume unless *facts* say otherwise. Returns the volume's folder."""
    place = home / f"bay-{serial}"
    (place / "volume").mkdir(parents=True)
    (place / "drive.json").write_text(json.dumps({"serial": serial, "capacity_bytes": 64 * MIB, **facts}))
    return place / "volume"


@dataclass
class Bench:
    """An office with a staging folder and some drives."""

    root: Path
    files: dict[str, bytes]
    room: dict[str, int]
    container: str = "seed-sydney"
    moved: list[tuple[str, str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name, data in self.files.items():
            place = self.staging / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        for serial in self.room:
            plug_in(self.home, serial)
        self.surveyed = look_at_staging(self.staging, self.container)

    @property
    def staging(self) -> Path:
        return self.root / "staging"

    @property
    def home(self) -> Path:
        return self.root / "drives"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def drives(self) -> FolderDrives:
        return FolderDrives(self.home)

    def volume(self, serial: str) -> Path:
        return self.home / f"bay-{serial}" / "volume"

    def work(self, **changes: Any) -> Work:
        targets = tuple(DriveTarget(serial, self.volume(serial), room) for serial, room in self.room.items())
        return replace(Work("sydney-1", self.container, self.staging, self.surveyed, targets), **changes)

    def prepare(self, work: Work | None = None, **options: Any) -> Prepared:
        noted = options.pop("moved", lambda *told: self.moved.append(told))
        options.setdefault("chunk_bytes", CHUNK)
        return prepare(work or self.work(), self.drives, self.state, moved=noted, **options)

    def check(self, prepared: Prepared) -> None:
        """Fail unless the drives together hold every byte once, as strict readers see it."""
        holes = {f"{self.container}/{name}": [bytearray(data), 0] for name, data in self.files.items()}
        for serial in prepared.allocation.serials:
            for blob in self.read(serial).blobs:
                for part in blob.parts:
                    with (self.volume(serial) / blob.file).open("rb") as file:
                        file.seek(part.offset)
                        assert file.read(part.length) == holes[blob.path][0][part.offset : part.offset + part.length]
                    holes[blob.path][1] += part.length
        assert {path: (len(data), done) for path, (data, done) in holes.items() if len(data) != done} == {}
        assert len(prepared.drives) <= len(prepared.allocation.serials)

    def read(self, serial: str) -> reader.ReadManifest:
        """The manifest on a drive, by the strict reader, against the drive's bytes."""
        root = self.volume(serial)
        manifest = reader.read((root / "DriveManifest.xml").read_bytes(), root)
        assert manifest.drive_id == serial
        return manifest


def a_seed(root: Path, *, sizes: dict[str, int] | None = None, room: dict[str, int] | None = None) -> Bench:
    """A small office: one image of 9 MiB and a bit, one base blob; two drives."""
    rng = random.Random(7)
    wanted = sizes or {"sql/one.AIBBlob": 9 * MIB + 1024, "sql/one.BaseBlob": 512}
    return Bench(root, {n: noise(rng, s) for n, s in wanted.items()}, room or {"S1": 32 * MIB, "S2": 32 * MIB})


def stopped_after(bench: Bench, phase: str, count: int) -> None:
    """Prepare, and stop after so many portions of a phase."""
    seen: list[str] = []

    def stop(_serial: str, now: str, _bytes: int) -> None:
        seen.append(now)
        if seen.count(phase) == count:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.prepare(moved=stop)


def a_random_manifest(root: Path, seed: int) -> bytes:
    """Write a random data set to *root* and return the manifest that the product writes for it."""
    rng = random.Random(seed)
    blobs = []
    for number in range(rng.randint(1, 4)):
        name = f"c{seed}-x/{rng.choice(['a', 'Büro', 'x & y', '<q>', 'd/e'])}{number:02d}.AIBBlob"
        kind = rng.choice(["page", "page", "page", "block"])
        blobs.append(_random_blob(root, name, kind, rng))
    written = write_manifest(
        root / "DriveManifest.xml", serial=f"S-{seed}", session=f"s{seed}", blobs=sorted(blobs, key=_by_path),
        disposition=rng.choice(["overwrite", "no-overwrite", "rename"]),
    )  # fmt: skip
    raw = (root / "DriveManifest.xml").read_bytes()
    assert written.hash == hashlib.md5(raw).hexdigest().upper()
    return raw


def _by_path(blob: ManifestBlob) -> bytes:
    return blob.path.encode()


def _random_blob(root: Path, name: str, kind: Any, rng: random.Random) -> ManifestBlob:
    data = bytearray(rng.randbytes(512 * rng.randint(4, 20)))
    parts, at = [], 0
    while at < len(data):
        size = min(512 * rng.randint(1, 6), len(data) - at)
        if kind == "block" or not parts or len(parts) < 3 or rng.random() < 0.8:
            parts.append(PageRange(at, size, hashlib.md5(data[at : at + size]).digest()))
        at += size
    place = root / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return ManifestBlob(name, name, len(data), iter(parts), kind)
