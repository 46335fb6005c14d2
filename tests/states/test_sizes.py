"""Sizes as people write them mean one number of bytes, or are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from states.sizes import LARGEST_BYTES, UNITS, NotASize, parse_share, parse_size, show_apart, show_size


@pytest.mark.parametrize(
    "text, size_bytes",
    [
        ("0", 0),
        ("1024", 1024),
        ("1 KB", 1000),
        ("1kib", 1024),
        ("1.5 TiB", 1_649_267_441_664),
        ("7.2 TB", 7_200_000_000_000),
        ("0.1 B", 1),
        (" 800 GB ", 800_000_000_000),
        (str(2**63 - 1), 2**63 - 1),
    ],
)
def test_a_size_is_exact(text, size_bytes):
    """Decimal and binary units are told apart, fractions are rounded up, no float is involved."""
    assert parse_size(text) == size_bytes


UNCLEAR = [
    "T",
    "10T",
    "1,5 TB",
    "1.5",
    "-1",
    "+1",
    "1e12",
    "nan",
    "inf",
    "0x10",
    "1 TB 2",
    "1  TB",
    "٣ TB",
    "1.",
    ".5 TB",
]


@pytest.mark.parametrize("text", ["", *UNCLEAR, str(2**63), "9 EiB", "99999 PB"])
def test_what_is_no_size_is_refused(text):
    """A guess between units, or a number no column holds, costs a device."""
    with pytest.raises(NotASize):
        parse_size(text)


@pytest.mark.parametrize("text, says", [
    ("1,5 TB", "is no size: a number, a space and a unit are expected, with a point for decimals"),
    ("10 T", "has the unit 'T', which may be decimal or binary, or none at all"),
    ("1.5", "has a fraction but no unit"),
    ("9300 PB", "is more than 8 EiB"),
])  # fmt: skip
def test_what_is_wrong_with_a_size_is_said(text: str, says: str):
    """Whoever wrote it reads this behind what he wrote."""
    with pytest.raises(NotASize) as wrong:
        parse_size(text)
    assert str(wrong.value) == says


@given(st.integers(0, LARGEST_BYTES))
def test_plain_bytes_come_back(size_bytes):
    """A whole number without a unit is bytes."""
    assert parse_size(str(size_bytes)) == size_bytes


@given(st.integers(1, 1000), st.sampled_from(sorted(UNITS)))
def test_every_unit_counts(number, unit):
    """The table of units is what is computed with."""
    assert parse_size(f"{number} {unit}") == number * UNITS[unit]


@pytest.mark.parametrize("text, share", [("2 %", 20), ("0.1%", 1), ("100 %", 1000), ("5 GB", 5 * 10**9)])
def test_a_share_is_a_percentage_or_a_size(text, share):
    """Percentages are of the item, rounded up to a byte."""
    assert parse_share(text, of_bytes=1000) == share


@given(st.integers(0, LARGEST_BYTES))
def test_what_is_shown_can_be_read(size_bytes):
    """Shown sizes round to two decimals at most."""
    shown = show_size(size_bytes).replace(" bytes", "")

    assert abs(parse_size(shown) - size_bytes) <= size_bytes / 150 + 1


@given(st.integers(0, LARGEST_BYTES), st.integers(0, 10**9))
def test_two_sizes_that_differ_are_never_shown_alike(size_bytes: int, more: int):
    """That something is 7 TB and a device carries 7 TB is no reason to refuse anything."""
    one, other = show_apart(size_bytes + more, size_bytes)

    assert (one == other) == (more == 0)
