"""Put items on as few drives as will hold them, and change nothing that was decided before without need.

Pure: sizes in, placements out. Sizes are bytes. Nothing here touches a disk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.media.faults import SeedDoesNotFit

_CUT = 32 << 20
_TRIES = 20_000


@dataclass(frozen=True, slots=True)
class Load:
    """Something to be placed: an item, or a file; *files* counts what it brings to a drive's limit of files."""

    name: str
    bytes: int
    files: int = 1


@dataclass(frozen=True, slots=True)
class Drive:
    """A drive by its serial number, with the room it has."""

    serial: str
    bytes: int
    files: int | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """So many bytes of a load, from *offset* on, go to one drive."""

    name: str
    serial: str
    offset: int
    bytes: int


@dataclass(frozen=True)
class Split:
    """The placements in order of the loads' names, and the drives that are used."""

    placements: tuple[Placement, ...]
    drives: tuple[str, ...]


def split(
    loads: Sequence[Load],
    drives: Sequence[Drive],
    *,
    placed: Mapping[str, str] | None = None,
    divisible: bool = False,
) -> Split:
    """Place every load on the fewest drives that a bounded search finds.

    *placed* maps loads to the drives they were on before: they stay there while they fit. *divisible* lets a load
    that is larger than every drive go on several. Raises SeedDoesNotFit, with numbers.
    """
    bins = {drive.serial: _Bin(drive) for drive in drives}
    placements: list[Placement] = []
    waiting: list[Load] = []
    for load in sorted(loads, key=lambda one: (-one.bytes, one.name)):
        before = bins.get((placed or {}).get(load.name, ""))
        if before is not None and before.takes(load):
            placements.append(before.put(load))
        else:
            waiting.append(load)
    largest = max((drive.bytes for drive in drives), default=0)
    for load in [one for one in waiting if one.bytes > largest]:
        waiting.remove(load)
        placements += _over_several(load, bins, largest) if divisible else _too_large(load, largest)
    placements += _packed(waiting, bins)
    placements.sort(key=lambda one: (one.name, one.offset))
    return Split(tuple(placements), tuple(s for s, b in bins.items() if b.used))


class _Bin:
    def __init__(self, drive: Drive) -> None:
        self.serial, self.free, self.files, self.used = drive.serial, drive.bytes, drive.files, False

    def takes(self, load: Load) -> bool:
        return load.bytes <= self.free and (self.files is None or load.files <= self.files)

    def put(self, load: Load, offset: int = 0) -> Placement:
        self.free -= load.bytes
        self.files = None if self.files is None else self.files - load.files
        self.used = True
        return Placement(load.name, self.serial, offset, load.bytes)

    def take_back(self, load: Load, used: bool) -> None:
        self.free += load.bytes
        self.files = None if self.files is None else self.files + load.files
        self.used = used


def _too_large(load: Load, largest: int) -> list[Placement]:
    raise SeedDoesNotFit(
        f"{load.name} has {load.bytes:,} bytes, the largest drive takes {largest:,}: {load.bytes - largest:,} too many",
        next_step="use a larger drive, or a mode in which one source may go on several drives",
    )


def _over_several(load: Load, bins: Mapping[str, _Bin], largest: int) -> list[Placement]:
    """Cut a load at block boundaries, roomiest drive first."""
    out, offset = list[Placement](), 0
    for box in sorted(bins.values(), key=lambda b: (not b.used, -b.free, b.serial)):
        left = load.bytes - offset
        share = left if left <= box.free else box.free // _CUT * _CUT
        part = Load(load.name, share, 1)
        if share and box.takes(part):
            out.append(box.put(part, offset))
            offset += share
        if offset == load.bytes:
            return out
    raise SeedDoesNotFit(f"{load.name} has {load.bytes:,} bytes, {load.bytes - offset:,} of them find no room")


def _packed(loads: list[Load], bins: Mapping[str, _Bin]) -> list[Placement]:
    """Try with as few drives as the bytes allow, then with one more, and so on."""
    used = [b for b in bins.values() if b.used]
    spare = sorted((b for b in bins.values() if not b.used), key=lambda b: (-b.free, b.serial))
    for extra in range(len(spare) + 1):
        found = _search(loads, used + spare[:extra])
        if found is not None:
            return found
    raise _no_room(loads, bins)


def _search(loads: list[Load], boxes: list[_Bin]) -> list[Placement] | None:
    """Return placements of all loads, largest first, best fit first, with going back; None when none is found."""
    if sum(load.bytes for load in loads) > sum(box.free for box in boxes):
        return None
    chosen: list[tuple[Load, _Bin, bool]] = []
    options: list[list[_Bin]] = []
    tries = 0
    while len(chosen) < len(loads):
        load = loads[len(chosen)]
        if len(options) == len(chosen):
            options.append(_different([box for box in boxes if box.takes(load)]))
        if options[-1] and tries < _TRIES:
            box = options[-1].pop(0)
            chosen.append((load, box, box.used))
            box.put(load)
            tries += 1
            continue
        options.pop()
        if not chosen or tries >= _TRIES:
            while chosen:
                _undo(chosen)
            return None
        _undo(chosen)
    return [Placement(load.name, box.serial, 0, load.bytes) for load, box, _ in chosen]


def _different(boxes: list[_Bin]) -> list[_Bin]:
    """Return the tightest first, and of those with the same room only one."""
    seen: dict[tuple[int, int | None], _Bin] = {}
    for box in sorted(boxes, key=lambda b: (b.free, b.serial)):
        seen.setdefault((box.free, box.files), box)
    return list(seen.values())


def _undo(chosen: list[tuple[Load, _Bin, bool]]) -> None:
    load, box, used = chosen.pop()
    box.take_back(load, used)


def _no_room(loads: list[Load], bins: Mapping[str, _Bin]) -> SeedDoesNotFit:
    need, have = sum(load.bytes for load in loads), sum(box.free for box in bins.values())
    files = sum(load.files for load in loads)
    room = sum(box.files or 0 for box in bins.values())
    counted = f" and {files:,} files for {room:,}" if any(box.files is not None for box in bins.values()) else ""
    return SeedDoesNotFit(
        f"{len(loads)} items with {need:,} bytes are left for {have:,} bytes on {len(bins)} drives{counted}"
    )
