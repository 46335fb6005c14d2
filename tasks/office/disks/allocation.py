"""Which bytes go on which drive: whole blobs where that works, ranges of 4 MiB steps where it does not.

As few drives as the bytes allow; a plan made before is changed only where it must be. Pure: nothing here touches a
disk. Sizes and offsets are bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from tasks.errors import InvalidInput
from tasks.media import Drive, Load, SeedDoesNotFit, split
from tasks.office.disks.faults import DoesNotFit

CUT = 4 << 20  # where a blob may be cut: the documented longest page range


@dataclass(frozen=True, slots=True, order=True)
class Piece:
    """So many bytes of a blob, from *offset* on, on one drive. `blob_bytes` is the whole blob's length."""

    name: str
    offset: int
    bytes: int
    serial: str
    blob_bytes: int


@dataclass(frozen=True)
class Allocation:
    """Every piece, ordered by blob and offset."""

    pieces: tuple[Piece, ...] = ()

    @property
    def serials(self) -> tuple[str, ...]:
        """The drives that get anything, in order of their serials."""
        return tuple(sorted({piece.serial for piece in self.pieces}))

    @property
    def cut(self) -> tuple[str, ...]:
        """The blobs that lie on more than one drive."""
        by_name = groupby(self.pieces, key=lambda piece: piece.name)
        return tuple(name for name, pieces in by_name if len({piece.serial for piece in pieces}) > 1)

    def on(self, serial: str) -> tuple[Piece, ...]:
        """Return the pieces on one drive."""
        return tuple(piece for piece in self.pieces if piece.serial == serial)

    def without(self, serials: Collection[str]) -> Allocation:
        """Return the plan as it stands after these drives were lost."""
        return Allocation(tuple(piece for piece in self.pieces if piece.serial not in serials))

    def document(self) -> list[dict[str, Any]]:
        """Return the plan as JSON values."""
        return [asdict(piece) for piece in self.pieces]


def read_allocation(document: Iterable[Mapping[str, Any]]) -> Allocation:
    """Return the plan that `document` made. Raises InvalidInput when it is not one."""
    try:
        pieces = tuple(sorted(Piece(**row) for row in document))
    except TypeError as wrong:
        raise InvalidInput(f"the allocation cannot be read: {wrong}") from None
    if any(piece.offset % CUT or piece.bytes < 0 or piece.offset + piece.bytes > piece.blob_bytes for piece in pieces):
        raise InvalidInput("the allocation has a piece outside of its blob, or off the 4 MiB steps")
    return Allocation(pieces)


def allocate(
    blobs: Mapping[str, int],
    drives: Mapping[str, int],
    *,
    held: Allocation | None = None,
    only: Collection[str] | None = None,
) -> Allocation:
    """Put *blobs* (name: bytes) on *drives* (serial: bytes of room). The same input gives the same plan.

    Pieces of *held* stay where they are while their blob has the same length and their drive is there and has room.
    With *only*, drives outside of it keep what they hold, connected or not, and get nothing more: so the share of a
    lost drive goes on its replacement (`held=plan.without(["LOST"]), only=["NEW"]`). Raises DoesNotFit.
    """
    open_to = {serial: room for serial, room in drives.items() if only is None or serial in only}
    kept, free = _keep(blobs, open_to, held or Allocation(), frozen=only is not None)
    missing = _gaps(blobs, kept)
    used = {piece.serial for piece in kept}
    spare = sorted((serial for serial in free if serial not in used), key=lambda serial: (-free[serial], serial))
    need = sum(piece.bytes for piece in missing)
    for extra in range(len(spare) + 1):
        boxes = {s: free[s] for s in free if s in used or s in spare[:extra]}
        if not missing or sum(boxes.values()) >= need:
            placed = _place(missing, boxes)
            if placed is not None:
                return Allocation(_merged([*kept, *placed]))
    raise DoesNotFit(
        f"{need:,} bytes are to be placed, {sum(free.values()):,} are free on {len(free)} drives",
        next="add drives, or plan fewer items in this job",
    )


def _keep(
    blobs: Mapping[str, int], open_to: Mapping[str, int], held: Allocation, *, frozen: bool
) -> tuple[list[Piece], dict[str, int]]:
    kept, free = list[Piece](), dict(open_to)
    for piece in sorted(held.pieces, key=lambda one: (-one.bytes, one)):
        if blobs.get(piece.name) != piece.blob_bytes:
            continue
        if piece.serial in free and piece.bytes <= free[piece.serial]:
            free[piece.serial] -= piece.bytes
            kept.append(piece)
        elif piece.serial not in free and frozen:
            kept.append(piece)
    return kept, free


def _gaps(blobs: Mapping[str, int], kept: Sequence[Piece]) -> list[Piece]:
    """Return what no drive holds yet, as pieces without a drive."""
    by_name: dict[str, list[Piece]] = {}
    for piece in sorted(kept):
        by_name.setdefault(piece.name, []).append(piece)
    gaps = []
    for name, size in sorted(blobs.items()):
        at = 0
        for piece in by_name.get(name, ()):
            if piece.offset > at:
                gaps.append(Piece(name, at, piece.offset - at, "", size))
            at = piece.offset + piece.bytes
        if at < size or name not in by_name:
            gaps.append(Piece(name, at, size - at, "", size))
    return gaps


def _place(missing: Sequence[Piece], boxes: Mapping[str, int]) -> list[Piece] | None:
    """Place every gap whole, or else cut; None when these drives do not take them even then."""
    loads = {f"{number:09d}": piece for number, piece in enumerate(missing)}
    try:
        found = split(
            [Load(key, piece.bytes) for key, piece in loads.items()], [Drive(s, room) for s, room in boxes.items()]
        )
    except SeedDoesNotFit:
        return _fill(missing, boxes)
    return [_at(loads[one.name], one.serial, loads[one.name].offset, one.bytes) for one in found.placements]


def _fill(missing: Sequence[Piece], boxes: Mapping[str, int]) -> list[Piece] | None:
    """Place the largest first: whole into the tightest drive, or cut at the end of the roomiest."""
    free, out = dict(boxes), list[Piece]()
    for gap in sorted(missing, key=lambda one: (-one.bytes, one)):
        at, left = gap.offset, gap.bytes
        while left or not gap.bytes:
            takes = [serial for serial, room in free.items() if room >= left]
            serial = min(takes or free, key=lambda s: (free[s] if takes else -free[s], s), default="")
            share = left if takes else free.get(serial, 0) // CUT * CUT
            if not takes and not share:
                return None
            out.append(_at(gap, serial, at, share))
            free[serial] -= share
            at, left = at + share, left - share
            if not left:
                break
    return out


def _at(gap: Piece, serial: str, offset: int, size: int) -> Piece:
    return Piece(gap.name, offset, size, serial, gap.blob_bytes)


def _merged(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return the pieces in order, neighbours on one drive joined."""
    out: list[Piece] = []
    for piece in sorted(pieces):
        last = out[-1] if out else None
        if last and (last.name, last.serial, last.offset + last.bytes) == (piece.name, piece.serial, piece.offset):
            out[-1] = _at(last, last.serial, last.offset, last.bytes + piece.bytes)
        else:
            out.append(piece)
    return tuple(out)
