"""Where the bytes go: few drives, nothing lost, nothing moved without need."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.errors import InvalidInput
from tasks.office.disks import CUT, Allocation, DoesNotFit, allocate, read_allocation, room_bytes

QUICK = settings(max_examples=150, deadline=None, derandomize=True)
STEPS = st.lists(st.integers(0, 9), min_size=1, max_size=6)
ROOMS = st.lists(st.integers(1, 10), min_size=1, max_size=5)
UNEVEN = st.builds(lambda steps, rest: steps * CUT // 512 + rest, st.integers(0, 6), st.integers(0, CUT // 512 - 1))
SIZES = st.lists(UNEVEN, min_size=1, max_size=6)


def blobs_of(sizes: list[int], unit: int) -> dict[str, int]:
    return {f"b{number}": size * unit for number, size in enumerate(sizes)}


def drives_of(rooms: list[int]) -> dict[str, int]:
    return {f"S{number}": room * CUT for number, room in enumerate(rooms)}


def every_byte_once(plan: Allocation, blobs: dict[str, int]) -> bool:
    for name, size in blobs.items():
        at = 0
        mine = [piece for piece in plan.pieces if piece.name == name]
        for piece in sorted(mine):
            assert piece.offset == at and piece.offset % CUT == 0 and piece.blob_bytes == size
            at += piece.bytes
        assert at == size and mine
    return {piece.name for piece in plan.pieces} == set(blobs)


def within(plan: Allocation, drives: dict[str, int]) -> bool:
    return all(sum(piece.bytes for piece in plan.on(serial)) <= room for serial, room in drives.items())


def fewest(need: int, rooms: list[int]) -> int | None:
    """By brute force: the size of the smallest set of drives with that much room."""
    for count in range(1, len(rooms) + 1):
        if any(sum(some) >= need for some in combinations(rooms, count)):
            return count
    return None


@QUICK
@given(STEPS, ROOMS)
def test_the_fewest_drives_are_used(sizes, rooms):
    """In steps of 4 MiB nothing is wasted: exactly as many drives as brute force finds, or a refusal when none do."""
    blobs, drives = blobs_of(sizes, CUT), drives_of(rooms)
    bound = fewest(sum(blobs.values()), list(drives.values()))
    if bound is None:
        with pytest.raises(DoesNotFit):
            allocate(blobs, drives)
        return
    plan = allocate(blobs, drives)

    assert every_byte_once(plan, blobs) and within(plan, drives)
    assert len(plan.serials) <= bound


@QUICK
@given(SIZES, ROOMS)
def test_of_any_size_every_byte_goes_on_one_drive_and_no_drive_is_overfull(sizes, rooms):
    """A cut may waste under 4 MiB a drive; with that much spare, the bound still holds."""
    blobs, drives = blobs_of(sizes, 512), drives_of(rooms)
    bound = fewest(sum(blobs.values()), [room - CUT for room in drives.values()])
    if bound is None:
        return
    plan = allocate(blobs, drives)

    assert every_byte_once(plan, blobs) and within(plan, drives)
    assert len(plan.serials) <= bound


@QUICK
@given(SIZES, ROOMS)
def test_planning_again_changes_nothing(sizes, rooms):
    """The same input gives the same plan, with the old plan in hand as without, and as JSON there and back."""
    blobs, drives = blobs_of(sizes, 512), drives_of(rooms)
    try:
        plan = allocate(blobs, drives)
    except DoesNotFit:
        return

    assert allocate(dict(reversed(blobs.items())), dict(reversed(drives.items()))) == plan
    assert allocate(blobs, drives, held=plan) == plan
    assert read_allocation(plan.document()) == plan


@QUICK
@given(SIZES, ROOMS, st.integers(0, 4), st.integers(1, 9))
def test_a_lost_drive_moves_its_share_only(sizes, rooms, which, more):
    """What lies on other drives, which may be on their way already, is not touched; the rest goes on the new drive."""
    blobs, drives = blobs_of(sizes, 512), drives_of(rooms)
    try:
        plan = allocate(blobs, drives)
    except DoesNotFit:
        return
    lost = plan.serials[which % len(plan.serials)]
    rest = plan.without([lost])
    again = allocate(blobs, {"NEW": drives[lost]}, held=rest, only=["NEW"])

    assert every_byte_once(again, blobs)
    assert again.without(["NEW"]) == rest
    assert sum(p.bytes for p in again.on("NEW")) == sum(p.bytes for p in plan.on(lost))


def test_a_blob_is_cut_only_when_it_must_be():
    """Three blobs that pack whole are not cut; one that is larger than every drive is, at a step of 4 MiB."""
    whole = allocate({"a": 6 * CUT, "b": 4 * CUT, "c": 5 * CUT}, {"S1": 10 * CUT, "S2": 5 * CUT})
    cut = allocate({"a": 12 * CUT + 512}, {"S1": 10 * CUT, "S2": 5 * CUT})

    assert whole.cut == ()
    assert cut.cut == ("a",)
    assert [(piece.serial, piece.offset, piece.bytes) for piece in cut.pieces] == [
        ("S1", 0, 10 * CUT), ("S2", 10 * CUT, 2 * CUT + 512)]  # fmt: skip


def test_uneven_blobs_are_cut_at_steps_of_4_mib_all_the_same():
    """No two of these fit on one drive; the third is cut, wasting room rather than leaving the steps."""
    blobs = dict.fromkeys("abc", 3 * CUT + 512)
    plan = allocate(blobs, {"S1": 5 * CUT, "S2": 6 * CUT})

    assert every_byte_once(plan, blobs)
    assert len(plan.cut) == 1


def test_room_on_a_used_drive_is_taken_before_a_new_drive():
    """A drive costs money and handling."""
    held = allocate({"a": 4 * CUT}, {"S1": 6 * CUT})
    plan = allocate({"a": 4 * CUT, "b": CUT}, {"S1": 6 * CUT, "S2": 60 * CUT}, held=held)

    assert plan.serials == ("S1",)


def test_a_blob_that_grew_is_placed_anew():
    """An old piece of a blob with another length is not believed."""
    before = allocate({"a": 2 * CUT, "b": CUT}, {"S1": 4 * CUT})
    after = allocate({"a": 3 * CUT, "b": CUT}, {"S1": 4 * CUT}, held=before)

    assert every_byte_once(after, {"a": 3 * CUT, "b": CUT})


def test_the_refusal_names_both_numbers():
    """Bytes to be placed, and bytes free."""
    with pytest.raises(
        DoesNotFit, match=r"9,437,184 bytes are to be placed, 4,194,304 are free on 1 drives"
    ) as refused:
        allocate({"a": 9 << 20}, {"S1": CUT})

    assert refused.value.next


@pytest.mark.parametrize("damage", [{"offset": 1}, {"bytes": -1}, {"bytes": 9 * CUT}, {"colour": "red"}])
def test_a_plan_that_was_tampered_with_is_not_read(damage):
    """Offsets off the steps, pieces outside of their blob, unknown fields."""
    document = allocate({"a": 2 * CUT}, {"S1": 4 * CUT}).document()

    with pytest.raises(InvalidInput):
        read_allocation([document[0] | damage])


def test_eight_terabytes_are_planned_at_most_and_room_is_left_for_the_file_system():
    """A 10 TB drive takes 8 TB; an 8 TB one a little less than it has."""
    assert room_bytes(10_000_000_000_000) == 8_000_000_000_000
    assert 7_980_000_000_000 < room_bytes(8_000_000_000_000) < 8_000_000_000_000
    assert room_bytes(1000) == 0
