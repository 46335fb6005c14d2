"""Trees of files to copy, and ways to look at what came of them that share nothing with the product."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
from blake3 import blake3

from tasks.media import Header, Progress, Sealed, copy, seal
from tasks.media.progress import Meter

MIB = 1 << 20


def header(**changes: object) -> Header:
    """A header like the one an office writes."""
    facts = {"run": "sydney/2026-11", "attempt": 1, "items": {"files": "PageBlob"}, "serial": "SN-1", "tool": "test 0",
             "at": "2026-11-22T10:00:00Z"}  # fmt: skip
    return Header(**{**facts, **changes})  # type: ignore[arg-type]


def plant(root: Path, files: dict[str, bytes]) -> Path:
    """Write files below a folder, folders included."""
    root.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return root


def noise(rng: random.Random, size: int) -> bytes:
    """So many random bytes, quickly."""
    return blake3(rng.randbytes(32)).digest(size)


def a_seed(root: Path, *, small: int = 40, large: int = 1, large_bytes: int = 5 * MIB + 12345, seed: int = 1) -> Path:
    """A tree with small files in folders, odd names, an empty file, an empty folder, and some large files."""
    rng = random.Random(seed)
    files = {f"d{n % 7}/e{n % 3}/f{n:05d}": rng.randbytes(int(2 ** rng.uniform(0, 14))) for n in range(small)}
    files |= {"Büro/ä\nb\t\\c": b"odd", "empty": b"", os.fsdecode(b"not-utf8-\xff"): b"bytes", ".hidden/.x": b"dot"}
    plant(root, files)
    for n in range(large):
        plant(root, {f"big/image {n}.vhdx": noise(rng, large_bytes + n)})
    (root / "nothing/inside").mkdir(parents=True)
    return root


def digests(root: Path) -> dict[str, str]:
    """The SHA-256 of every file below a folder, by relative path; what is not a file is there with its kind."""
    found = {}
    for base, folders, files in os.walk(root):
        for name in files:
            place = Path(base, name)
            what = hashlib.sha256(place.read_bytes()).hexdigest() if not place.is_symlink() else "link"
            found[str(place.relative_to(root))] = what
        for name in folders:
            found[str(Path(base, name).relative_to(root)) + "/"] = "folder"
    return found


def put_on(device: Path, source: Path, state: Path, **options: object) -> Sealed:
    """Copy a source to PageBlob on a device and seal it."""
    copy(source, device / "PageBlob", state=state, **options)  # type: ignore[arg-type]
    return seal(device, ["PageBlob"], device / "manifest.txt", header=header(), state=state)


class _Enough(Exception):
    """Thrown from the progress callback."""


@contextmanager
def stopped_after(size_bytes: int) -> Iterator[Callable[[Progress], None]]:
    """Yield a progress callback that ends the work once so many bytes are done, however fast the machine is."""

    def stop(at: Progress) -> None:
        if at.bytes >= size_bytes:
            raise _Enough

    with pytest.raises(_Enough), patch.object(Meter, "_TELL_SECONDS", 0.0):
        yield stop
