"""Packing: never a device too many for small offices, the bound told for large ones, and nothing moves without need."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from states.planner.packing import EXACT_UP_TO, Load, lower_bound, pack

CAPACITY = 100
SIZES = st.lists(st.integers(1, CAPACITY), max_size=7)


def loads(sizes) -> list[Load]:
    return [Load(f"source-{number:03}", size) for number, size in enumerate(sizes)]


def fewest(sizes: list[int], capacity: int, rooms: tuple[int, ...] = ()) -> int:
    """Return the fewest devices by trying everything: each source on each device, or on one more."""
    if not sizes:
        return len(rooms)
    first, rest = sizes[0], sizes[1:]
    best = fewest(rest, capacity, (*rooms, capacity - first))
    for index, room in enumerate(rooms):
        if first <= room:
            best = min(best, fewest(rest, capacity, (*rooms[:index], room - first, *rooms[index + 1 :])))
    return best


def sound(found, given_loads, capacity) -> None:
    """Every source is on one device, and no device holds too much."""
    size = {load.name: load.bytes for load in given_loads}
    assert sorted(name for box in found.devices for name in box) == sorted(size)
    assert all(sum(size[name] for name in box) <= capacity for box in found.devices)
    assert all(found.devices)


@settings(deadline=None)
@given(SIZES)
def test_a_small_office_never_gets_a_device_too_many(sizes):
    """Trying everything finds nothing better, and the packing says so by itself."""
    found = pack(loads(sizes), CAPACITY)

    sound(found, loads(sizes), CAPACITY)
    assert len(found.devices) == fewest(sizes, CAPACITY)
    assert found.too_many == 0


def test_best_fit_alone_would_take_a_device_too_many():
    """44+34+22 and 40+33+27 fill two devices; largest first, best fit pairs 44 with 40 and needs a third."""
    assert len(pack(loads([44, 40, 34, 33, 27, 22]), CAPACITY).devices) == 2


@pytest.mark.parametrize(
    "sizes, expected",
    [
        ([26] * 60, 20),        # 1,560 bytes would be sixteen devices, but four times 26 are 104: three on each
        ([], 0),
        ([100], 1),
        ([51, 51], 2),          # 102 bytes would be two devices, and so would two halves that do not meet
        ([60, 60, 60], 3),      # 180 bytes would go on two, but no two of them do
        ([50, 50, 50], 2),      # two meet exactly
        ([70, 35, 35, 35], 3),  # 175 are two devices; beside the 70 nothing fits, and three 35 are 105
    ],
)  # fmt: skip
def test_the_lower_bound_by_hand(sizes, expected):
    """The bound sees what total size alone does not."""
    assert lower_bound(sizes, CAPACITY) == expected


@settings(deadline=None)
@given(SIZES)
def test_the_lower_bound_is_never_too_high(sizes):
    """Nothing is called impossible that is possible."""
    assert lower_bound(sizes, CAPACITY) <= fewest(sizes, CAPACITY)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, CAPACITY), min_size=EXACT_UP_TO + 1, max_size=40))
def test_a_large_office_is_packed_and_says_how_well(sizes):
    """The bound that comes with the packing is its own, and never above it."""
    found = pack(loads(sizes), CAPACITY)

    sound(found, loads(sizes), CAPACITY)
    assert lower_bound(sizes, CAPACITY) == found.lower_bound
    assert found.too_many >= 0


@settings(deadline=None)
@given(SIZES, st.randoms(use_true_random=False))
def test_the_order_in_the_file_makes_no_difference(sizes, chance):
    """Sorting the inventory moves nothing."""
    shuffled = loads(sizes)
    chance.shuffle(shuffled)

    assert pack(shuffled, CAPACITY) == pack(loads(sizes), CAPACITY)


@settings(deadline=None)
@given(SIZES)
def test_a_plan_made_again_is_the_same(sizes):
    """With last time's places and nothing new, every source stays where it was."""
    first = pack(loads(sizes), CAPACITY)
    before = {name: number for number, box in enumerate(first.devices) for name in box}

    assert pack(loads(sizes), CAPACITY, before) == first


@settings(deadline=None)
@given(SIZES, st.integers(1, 30))
def test_a_new_source_moves_others_only_to_save_a_device(sizes, size):
    """Either everything stays together as it was, or the new packing takes fewer devices than staying would."""
    first = pack(loads(sizes), CAPACITY)
    before = {name: number for number, box in enumerate(first.devices) for name in box}
    more = [*loads(sizes), Load("new", size)]

    found = pack(more, CAPACITY, before)

    sound(found, more, CAPACITY)
    assert len(found.devices) == fewest([*sizes, size], CAPACITY)
    stayed = all(any(set(box) <= set(after) for after in found.devices) for box in first.devices)
    room = any(sum(load.bytes for load in loads(sizes) if load.name in box) + size <= CAPACITY for box in first.devices)
    assert stayed or len(found.devices) < len(first.devices) + (0 if room else 1)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 5), st.randoms(use_true_random=False))
def test_where_five_devices_are_enough_one_is_too_many_at_most(devices, chance):
    """Sources cut from full devices, so that the fewest are known: the packing takes that many, or one more."""
    cut: list[int] = []
    for _ in range(devices):
        marks = sorted({0, CAPACITY, *(chance.randint(1, CAPACITY - 1) for _ in range(6))})
        cut += [high - low for low, high in pairwise(marks)]

    assert devices <= len(pack(loads(cut), CAPACITY).devices) <= devices + 1


def test_a_new_packing_leaves_as_much_as_it_can_on_the_device_of_the_same_number():
    """Two devices instead of three: all that was on the first is one byte, and its device stays the first for it."""
    given_loads = [Load("a", 50), Load("b", 50), Load("c", 50), Load("d", 49), Load("byte", 1)]

    found = pack(given_loads, CAPACITY, {"byte": 0, "a": 1, "d": 1})

    assert found.devices == (("byte", "c", "d"), ("a", "b"))


def test_a_source_larger_than_a_device_is_refused_by_name():
    """It is the caller's to say what would do instead."""
    with pytest.raises(ValueError, match="source-000"):
        pack(loads([101]), CAPACITY)


def test_a_thousand_offices_are_packed():
    """A fleet of a thousand offices with up to thirty sources each; none is more than one device from its bound."""
    chance = random.Random(7)
    fleet = [[chance.randint(1, CAPACITY) for _ in range(chance.randint(1, 30))] for _ in range(1_000)]

    packed = [pack(loads(sizes), CAPACITY) for sizes in fleet]

    assert max(found.too_many for found in packed) <= 1


@pytest.mark.parametrize("six", [[44, 40, 34, 33, 27, 22], [44, 40, 35, 33, 27, 21]])
def test_devices_that_can_be_filled_to_the_brim_are(six):
    """Three times six sources that fill two devices: the bound says six, and the search finds them."""
    given_loads = loads([44, 40, 34, 33, 27, 22] * 2 + six)
    found = pack(given_loads, CAPACITY)

    sound(found, given_loads, CAPACITY)
    assert (len(given_loads) > EXACT_UP_TO, len(found.devices), found.lower_bound) == (True, 6, 6)
