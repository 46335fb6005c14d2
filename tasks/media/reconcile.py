"""Compare what left the office with what arrived: manifest, device list, copy log, blobs, and blob bytes if asked.

Every file of the manifest gets one verdict, and so does every blob that no file explains. How sure the answer is, is
part of it. This file reaches no network: the caller hands in listings, and a function that reads a range of a blob.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from blake3 import blake3

from tasks.media.manifest import Entry, entries, item_of, read_manifest
from tasks.media.names import to_native
from tasks.media.vendor_logs import BomLine, CopyLog

Verdict = Literal["same", "missing", "extra", "differs", "renamed", "unreadable"]
BlobType = Literal["block", "page"]
Locate = Callable[[str], tuple[str, str, BlobType]]
ReadRange = Callable[[str, str, int, int], bytes]

BLOCK = 32 << 20


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob as a listing shows it; size in bytes, `md5` its Content-MD5 if it has one."""

    container: str
    name: str
    size: int
    type: BlobType
    md5: bytes | None = None


@dataclass(frozen=True)
class Reread:
    """How to read blob bytes again: `read(container, name, offset, length)`, all of them or *samples* blocks."""

    read: ReadRange
    mode: Literal["sample", "full"] = "sample"
    samples: int = 300
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One verdict; `path` is the manifest's path, or `container/name` for a blob that no file explains."""

    path: str
    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True)
class Confidence:
    """How the comparison was made: `listing`, `sample` or `full`, and how many blocks of up to 32 MiB were read.

    `sees_one_percent` is the chance that damage to one block in a hundred would have been seen.
    """

    mode: Literal["listing", "sample", "full"]
    blocks_read: int
    blocks_total: int
    sees_one_percent: float

    def __str__(self) -> str:
        if self.mode == "listing":
            return "names, sizes, types and the checksums of listings were compared; no blob was read"
        return (
            f"{self.blocks_read:,} of {self.blocks_total:,} blocks were read again ({self.mode}): damage to 1 % of "
            f"them would have been seen with a chance of {self.sees_one_percent:.2%}"
        )


@dataclass(frozen=True)
class Reconciled:
    """The outcome: `ok` when every row is `same`. `items` counts the verdicts of each item by its name."""

    ok: bool
    counts: dict[str, int]
    rows: tuple[Row, ...]
    confidence: Confidence
    items: dict[str, dict[str, int]]


def reconcile(
    manifest: Path,
    *,
    blobs: Iterable[Blob],
    copy_log: CopyLog | None = None,
    bom: Iterable[BomLine] | None = None,
    locate: Locate,
    reread: Reread | None = None,
) -> Reconciled:
    """Give every file of *manifest* and every unexplained blob its verdict.

    *locate* maps a manifest path to container, blob name and blob type. Raises NotSealed or ManifestInvalid.
    """
    sealed = read_manifest(manifest)
    compare = _Compare(locate, {(b.container, b.name): b for b in blobs}, _by_path(bom), _log_by_path(copy_log))
    compare.plan_reading(manifest, reread)
    items: dict[str, Counter[str]] = {name: Counter() for name in sealed.header.items}
    for entry in entries(manifest):
        verdict = compare.file(entry)
        items.setdefault(item_of(entry.path, sealed.header.items), Counter())[verdict] += 1
    compare.leftovers()
    counts = Counter[str](row.verdict for row in compare.rows)
    return Reconciled(
        set(counts) <= {"same"} and (copy_log is None or copy_log.clean),
        dict(counts), tuple(compare.rows), compare.confidence(), {k: dict(v) for k, v in items.items()},
    )  # fmt: skip


def _by_path(bom: Iterable[BomLine] | None) -> dict[str, BomLine] | None:
    return None if bom is None else {line.path: line for line in bom}


def _log_by_path(log: CopyLog | None) -> dict[str, str]:
    if log is None:
        return {}
    return {e.path: " ".join(filter(None, (e.category, e.error_code, e.message))) for e in log.entries}


@dataclass
class _Compare:
    locate: Locate
    blobs: dict[tuple[str, str], Blob]
    bom: dict[str, BomLine] | None
    log: dict[str, str]
    rows: list[Row] = field(default_factory=list)
    _reread: Reread | None = None
    _wanted: set[int] = field(default_factory=set)
    _total: int = 0
    _read: int = 0
    _at: int = 0

    def plan_reading(self, manifest: Path, reread: Reread | None) -> None:
        """Choose the blocks to read: numbers over all blocks of all files in manifest order."""
        self._reread = reread
        self._total = sum(_blocks(entry.size) for entry in entries(manifest))
        if reread is not None and reread.mode == "sample":
            chosen = random.Random(reread.seed).sample(range(self._total), min(reread.samples, self._total))  # noqa: S311
            self._wanted = set(chosen)

    def file(self, entry: Entry) -> Verdict:
        path = to_native(entry.path)
        container, name, kind = self.locate(path)
        first, self._at = self._at, self._at + _blocks(entry.size)
        blob = self.blobs.pop((container, name), None)
        verdict, detail = self._verdict(entry, blob, kind, f"{container}/{name}", first)
        self.rows.append(Row(path, verdict, detail))
        return verdict

    def _verdict(self, entry: Entry, blob: Blob | None, kind: BlobType, place: str, first: int) -> tuple[Verdict, str]:
        logged = self.log.get(place) or self.log.get(place.partition("/")[0])
        if blob is None:
            return self._missing(entry, place, logged)
        if blob.type != kind:
            return "differs", f"is a {blob.type} blob, a {kind} blob is needed"
        if blob.size != entry.size:
            return "differs", f"the blob has {blob.size:,} bytes, the manifest says {entry.size:,}"
        if blob.md5 is not None and entry.md5 is not None and blob.md5 != entry.md5:
            return "differs", f"the blob's Content-MD5 is {blob.md5.hex()}, the manifest says {entry.md5.hex()}"
        if logged:
            return "differs", f"the copy log names it: {logged}"
        return self._device_list(entry, place) or self._bytes(entry, blob, first)

    def _missing(self, entry: Entry, place: str, logged: str | None) -> tuple[Verdict, str]:
        twin = next((b for b in self._renamed(place) if b.size == entry.size and b.md5 in (None, entry.md5)), None)
        if twin is not None:
            self.blobs.pop((twin.container, twin.name))
            return "renamed", f"arrived as {twin.container}/{twin.name}, where the backup agent will not find it"
        if logged and "renamed" in logged.casefold():
            return "renamed", logged
        return "missing", logged or "no blob of that name"

    def _renamed(self, place: str) -> list[Blob]:
        """Return the blobs that the service renamed by itself, and those of the same last name elsewhere."""
        last = place.rpartition("/")[2]
        return [b for b in self.blobs.values() if _made_up(b) or b.name.rpartition("/")[2] == last]

    def _device_list(self, entry: Entry, place: str) -> tuple[Verdict, str] | None:
        if self.bom is None:
            return None
        line = self.bom.get(place)
        if line is None:
            return "differs", "the device's own list does not name it"
        if line.error:
            return "unreadable", f"the device reported {line.error}"
        if line.size is not None and line.size != entry.size:
            return "differs", f"the device's list says {line.size:,} bytes, the manifest {entry.size:,}"
        if line.crc64 is None and entry.size:
            return "unreadable", "the device's list has no checksum for it (a reparse point?)"
        if line.crc64 is not None and line.crc64 != entry.crc64:
            return "differs", f"the device's CRC-64 is {line.crc64:016x}, the manifest says {entry.crc64:016x}"
        return None

    def _bytes(self, entry: Entry, blob: Blob, first: int) -> tuple[Verdict, str]:
        if self._reread is None:
            return "same", ""
        for number in range(_blocks(entry.size)):
            if self._reread.mode == "sample" and first + number not in self._wanted:
                continue
            offset = number * BLOCK
            try:
                data = self._reread.read(blob.container, blob.name, offset, min(BLOCK, entry.size - offset))
            except Exception as error:  # whatever the caller's reader raises is a blob that cannot be read
                return "unreadable", f"bytes {offset:,} and on: {error}"
            self._read += 1
            expected = entry.blocks[number] if entry.blocks else entry.blake3
            if blake3(data).digest() != expected:
                return "differs", f"other bytes between {offset:,} and {offset + BLOCK:,}"
        return "same", ""

    def leftovers(self) -> None:
        for blob in self.blobs.values():
            self.rows.append(Row(f"{blob.container}/{blob.name}", "extra", f"{blob.size:,} bytes, in no manifest line"))

    def confidence(self) -> Confidence:
        if self._reread is None:
            return Confidence("listing", 0, self._total, 0.0)
        bad = max(1, -(-self._total // 100)) if self._total else 0
        return Confidence(self._reread.mode, self._read, self._total, _chance(self._total, bad, self._read))


def _made_up(blob: Blob) -> bool:
    """Say whether the service gave this name: see the renaming rules of its copy logs."""
    container = blob.container.casefold()
    return container.startswith(("databox-", "databoxdisk-invalid-pb-")) or "/databox-0x" in f"/{blob.name}".casefold()


def _blocks(size: int) -> int:
    return max(1, -(-size // BLOCK))


def _chance(total: int, bad: int, read: int) -> float:
    """Return the chance that *read* of *total* blocks, drawn without repeats, meet one of *bad*."""
    if read >= total or not bad:
        return 1.0
    unseen = 1.0
    for n in range(read):
        unseen *= max(0.0, (total - bad - n) / (total - n))
    return 1.0 - unseen
