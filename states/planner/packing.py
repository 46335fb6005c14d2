"""Sources onto devices of one size, with a proof of how good the packing is. Pure; sizes are bytes.

Up to `EXACT_UP_TO` sources the fewest devices are found, always. Above that nobody knows a quick way that is always
best. First fit by decreasing size, the worst that is ever returned, takes at most 11/9 of the fewest and 6/9 (Dosa,
2007): where five devices are enough, at most one too many. And each packing carries the lower bound it was measured
against, which mostly proves more. Placing own drives at the office, which differ in size and take parts of a source, is
another problem: `tasks/media/split.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

EXACT_UP_TO = 12  # the exact search looks at 2^n subsets
_TRIES = 5_000  # of the bounded search above that
_STEPS = 20  # how fine the second lower bound looks


@dataclass(frozen=True, order=True)
class Load:
    """A source and its size in bytes."""

    name: str
    bytes: int


@dataclass(frozen=True)
class Packing:
    """Which sources go together: one tuple of names a device. `lower_bound` devices are needed whatever one tries."""

    devices: tuple[tuple[str, ...], ...]
    lower_bound: int

    @property
    def too_many(self) -> int:
        """How many devices this packing may have too many, at most; 0 means that it is proven to be the best."""
        return len(self.devices) - self.lower_bound


def pack(loads: Sequence[Load], capacity: int, before: Mapping[str, int] | None = None) -> Packing:
    """Return the loads on devices of *capacity* bytes. The same loads give the same packing in any order.

    *before* says on which device (any number) a source was placed last time: sources stay together where they were as
    long as that costs no device more. Raises ValueError for a load larger than a device.
    """
    if too_large := [load.name for load in loads if load.bytes > capacity]:
        raise ValueError(f"larger than one device: {', '.join(too_large)}")
    ordered = sorted(loads, key=lambda load: (-load.bytes, load.name))
    bins, bound = _fit(ordered, capacity, []), -(-sum(load.bytes for load in ordered) // capacity)
    if len(bins) > bound:
        bins, bound = _improved(ordered, capacity, bins)
    if before:
        kept = _fit(ordered, capacity, _as_before(ordered, capacity, before))
        bins = kept if len(kept) <= len(bins) else _nearest(bins, before)
    return Packing(tuple(tuple(sorted(load.name for load in box)) for box in bins), bound)


def lower_bound(sizes: Sequence[int], capacity: int) -> int:
    """Return how many devices are needed at least, by the larger of two bounds, neither less than the total size.

    >>> lower_bound([6, 6, 6], 10), lower_bound([26] * 6, 100)
    (3, 2)
    """
    marks = sorted({0, *(size for size in sizes if 2 * size <= capacity)})
    return max(
        [_beside(sizes, capacity, mark) for mark in marks] + [_in_parts(sizes, capacity, k) for k in range(1, _STEPS)]
    )


def _beside(sizes: Sequence[int], capacity: int, mark: int) -> int:
    """Return the bound L2 of Martello and Toth at one *mark*: beside the largest nothing of that size finds room."""
    huge = sum(size > capacity - mark for size in sizes)
    large = [size for size in sizes if capacity < 2 * size <= 2 * (capacity - mark)]
    small = sum(size for size in sizes if mark <= size and 2 * size <= capacity)
    over = small - (len(large) * capacity - sum(large))
    return huge + len(large) + max(0, -(-over // capacity))


def _in_parts(sizes: Sequence[int], capacity: int, k: int) -> int:
    """Return the bound of Fekete and Schepers at *k*: what is more than 1/(k+1) of a device counts as at least 1/k."""
    exact = sum(size for size in sizes if size * (k + 1) % capacity == 0)
    parts = sum(size * (k + 1) // capacity for size in sizes if size * (k + 1) % capacity)
    return -(-(exact * k + parts * capacity) // (capacity * k))


_Box = list[Load]


def _improved(loads: Sequence[Load], capacity: int, bins: list[_Box]) -> tuple[list[_Box], int]:
    """Return a packing in fewer devices than *bins* where one is found, and the best lower bound."""
    if len(loads) <= EXACT_UP_TO:
        fewest = _exact(loads, capacity)
        return fewest, len(fewest)
    bins = min(_fit(loads, capacity, [], best=False), bins, key=len)
    bound = lower_bound([load.bytes for load in loads], capacity)
    return _search(loads, capacity, bound, len(bins) - 1) or bins, bound


def _fit(loads: Sequence[Load], capacity: int, boxes: list[_Box], *, best: bool = True) -> list[_Box]:
    """Put each load that is in no box yet into one that takes it, else into a new one.

    The *best* is the one that it leaves the least room in; otherwise the first.
    """
    boxes = [list(box) for box in boxes]
    placed = {load.name for box in boxes for load in box}
    room = [capacity - sum(load.bytes for load in box) for box in boxes]
    for load in loads:
        if load.name in placed:
            continue
        fits = [index for index, free in enumerate(room) if load.bytes <= free]
        if not fits:
            boxes.append([])
            room.append(capacity)
            fits = [len(boxes) - 1]
        index = min(fits, key=lambda at: (room[at], at)) if best else fits[0]
        boxes[index].append(load)
        room[index] -= load.bytes
    return boxes


def _exact(loads: Sequence[Load], capacity: int) -> list[_Box]:
    """Return a packing with the fewest boxes, by the best way to pack every subset: (full boxes, fill of the last)."""
    best: list[tuple[int, int]] = [(0, capacity)] * (1 << len(loads))
    came: list[int] = [-1] * (1 << len(loads))
    for subset in range(1, 1 << len(loads)):
        choice = (len(loads) + 1, 0)
        for index, load in enumerate(loads):
            if not subset >> index & 1:
                continue
            count, fill = best[subset ^ (1 << index)]
            after = (count, fill + load.bytes) if fill + load.bytes <= capacity else (count + 1, load.bytes)
            if after < choice:
                choice, came[subset] = after, index
        best[subset] = choice
    boxes: list[_Box] = [[] for _ in range(best[-1][0])]
    subset = (1 << len(loads)) - 1
    while subset:
        index = came[subset]
        boxes[best[subset][0] - 1].append(loads[index])
        subset ^= 1 << index
    return [sorted(box, key=lambda load: (-load.bytes, load.name)) for box in boxes]


def _search(loads: Sequence[Load], capacity: int, least: int, most: int) -> list[_Box] | None:
    """Return a packing in *least* to *most* boxes when a search of bounded length finds one."""
    for count in range(least, most + 1):
        tries = [_TRIES]
        boxes: list[_Box] = [[] for _ in range(count)]
        if _fill(loads, 0, boxes, [capacity] * count, sum(load.bytes for load in loads), tries):
            return boxes
    return None


def _fill(
    loads: Sequence[Load], at: int, boxes: list[_Box], room: list[int], left: int, tries: list[int]
) -> bool:  # fmt: skip
    """Place the loads from *at* on, tightest box first, of equal boxes only one. False when the tries are used up."""
    if at == len(loads):
        return True
    load, smallest, seen = loads[at], loads[-1].bytes, set[int]()
    if left > sum(free for free in room if free >= smallest):
        return False
    for index in sorted(range(len(boxes)), key=lambda box: (room[box], box)):
        if load.bytes > room[index] or room[index] in seen:
            continue
        if tries[0] <= 0:
            return False
        tries[0] -= 1
        seen.add(room[index])
        boxes[index].append(load)
        room[index] -= load.bytes
        if _fill(loads, at + 1, boxes, room, left - load.bytes, tries):
            return True
        boxes[index].pop()
        room[index] += load.bytes
    return False


def _as_before(loads: Sequence[Load], capacity: int, before: Mapping[str, int]) -> list[_Box]:
    """Return the boxes of last time with what still fits, largest first; boxes that are empty now are left out."""
    boxes: dict[int, _Box] = {}
    for load in loads:
        label = before.get(load.name)
        if label is not None:
            box = boxes.setdefault(label, [])
            if sum(one.bytes for one in box) + load.bytes <= capacity:
                box.append(load)
    return [boxes[label] for label in sorted(boxes)]


def _nearest(boxes: list[_Box], before: Mapping[str, int]) -> list[_Box]:
    """Return the boxes in the order that leaves the most bytes on the device of the same number as before."""
    left, ordered = list(boxes), list[_Box]()
    for label in sorted({*before.values()}):
        if not left:
            break
        same = [sum(load.bytes for load in box if before.get(load.name) == label) for box in left]
        if max(same) > 0:
            ordered.append(left.pop(same.index(max(same))))
    return ordered + left
