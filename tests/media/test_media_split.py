"""Split: the fewest drives, nothing cut that must not be, nothing moved without need, numbers when it does not fit."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.media import Drive, Load, SeedDoesNotFit, split

GIB = 1 << 30
SIZES = st.lists(st.integers(1, 10), max_size=6)


def _loads(sizes):
    return [Load(f"item{n}", size) for n, size in enumerate(sizes)]


def _drives(count, size, files=None):
    return [Drive(f"S{n}", size, files) for n in range(count)]


def _fewest(sizes, size):
    """The true answer, by trying everything."""
    for count in range(len(sizes) + 1):
        for where in product(range(count), repeat=len(sizes)):
            if all(sum(s for s, w in zip(sizes, where, strict=True) if w == n) <= size for n in range(count)):
                return count
    raise AssertionError


@settings(max_examples=30, deadline=None)
@given(SIZES)
def test_it_takes_the_fewest_drives_there_can_be(sizes):
    """Against trying every placement there is."""
    found = split(_loads(sizes), _drives(8, 10))

    assert len(found.drives) == _fewest(sizes, 10)
    for serial in found.drives:
        assert sum(p.bytes for p in found.placements if p.serial == serial) <= 10


@given(SIZES)
def test_planning_again_moves_nothing(sizes):
    """The same items and drives, with what was decided before: the same placements."""
    first = split(_loads(sizes), _drives(8, 10))

    again = split(_loads(sizes), _drives(8, 10), placed={p.name: p.serial for p in first.placements})

    assert again == first


def test_a_new_item_leaves_the_others_where_they_are():
    """One item more: it finds room, nobody moves."""
    first = split(_loads([6, 6]), _drives(3, 10))
    before = {p.name: p.serial for p in first.placements}

    found = split([*_loads([6, 6]), Load("late", 4)], _drives(3, 10), placed=before)

    assert {p.name: p.serial for p in found.placements if p.name != "late"} == before
    assert len(found.drives) == 2


def test_a_large_load_is_cut_only_where_the_mode_allows_it():
    """Refused with numbers, or spread over drives without gap or overlap."""
    loads, drives = [Load("sql", 20 * GIB)], _drives(3, 8 * GIB)
    with pytest.raises(SeedDoesNotFit, match="12,884,901,888 too many"):
        split(loads, drives)

    parts = split(loads, drives, divisible=True).placements

    assert [p.offset for p in parts] == [0, 8 * GIB, 16 * GIB]
    assert sum(p.bytes for p in parts) == 20 * GIB


def test_a_limit_of_files_counts_as_well_as_bytes():
    """Small enough in bytes, too many in files."""
    loads = [Load(f"item{n}", 1, files=60_000) for n in range(3)]

    assert len(split(loads, _drives(3, 10, files=100_000)).drives) == 3
    with pytest.raises(SeedDoesNotFit, match="180,000 files for 100,000"):
        split(loads, _drives(1, 10, files=100_000))


def test_what_does_not_fit_is_said_with_numbers():
    """How much is left over, how much room there is, on how many drives."""
    with pytest.raises(SeedDoesNotFit, match="30 bytes are left for 20 bytes on 2 drives") as found:
        split(_loads([10, 10, 10]), _drives(2, 10))

    assert found.value.exit_code == 4


def test_thousands_of_loads_are_placed_in_no_time():
    """A bounded search: many loads never hang the plan, and hardly waste a drive."""
    sizes = [1 + n * 7919 % 1000 for n in range(3000)]

    found = split(_loads(sizes), _drives(200, 10_000))

    assert len(found.drives) <= sum(sizes) // 10_000 + 2
