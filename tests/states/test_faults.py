"""The catalogue of faults, asked by code; tests/codes holds its rows against codes and guards."""

from __future__ import annotations

import pytest

from states.faults import showing


@pytest.mark.parametrize("code, numbers", [
    ("drive-failed", [79, 82]), ("order-failed", [19, 79]), ("parcel-overdue", [68, 63]), ("of-tomorrow", []),
])  # fmt: skip
def test_a_code_names_its_faults_the_one_it_decides_first(code: str, numbers: list[int]):
    """A code that stands second in a fault's row stands behind those whose first it is."""
    assert [fault.number for fault in showing(code)] == numbers
