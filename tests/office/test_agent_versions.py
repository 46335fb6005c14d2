"""Version rules: the data file, and what it makes of real version numbers."""

from __future__ import annotations

import pytest

from deploy.data import oldest_versions
from states.agents import version_wanted

ENOUGH = [
    ("data-box", "dpm", "10.19.413.0"), ("data-box", "dpm", "10.22.148.0"), ("data-box", "dpm", "10.25.1.0"),
    ("data-box", "mabs", "13.0.657.0"), ("data-box", "mabs", "14.0.46.0"), ("data-box", "mars", "2.0.9171.0"),
    ("own-disk", "mars", "2.0.9250.0"), ("own-disk", "mabs", "13.0.580.0"), ("own-disk", "restic", "0.1"),
]  # fmt: skip
TOO_OLD = [
    ("data-box", "dpm", "10.19.260.0", "DPM 2019 Update Rollup 2"), ("data-box", "dpm", "5.0.361.0", "2019"),
    ("data-box", "mabs", "13.0.580.0", "v3 Update Rollup 2"), ("own-disk", "mabs", "13.0.415.0", "v3 Update Rollup 1"),
    ("own-disk", "mars", "2.0.9171.0", "2.0.9250.0"), ("data-box", "mars", "2.0.916.0", "2.0.9171.0"),
    ("data-box", "mars", "", "2.0.9171.0"), ("data-box", "mars", "unknown", "2.0.9171.0"),
]  # fmt: skip


@pytest.mark.parametrize(("mode", "product", "version"), ENOUGH)
def test_new_enough_is_left_alone(mode, product, version):
    """The oldest that will do, newer ones, and products nobody has a rule for."""
    assert version_wanted([(product, version)], mode, oldest_versions()) == ""


@pytest.mark.parametrize(("mode", "product", "version", "wanted"), TOO_OLD)
def test_too_old_names_what_is_needed(mode, product, version, wanted):
    """Numbers are compared as numbers, part by part; what is no version counts as too old."""
    assert wanted in version_wanted([(product, version)], mode, oldest_versions())


def test_every_product_and_mode_has_one_rule_with_a_dated_source():
    """Two rules for one thing, or one without a source, would be guesses."""
    rules = oldest_versions()

    assert {(r.product, r.mode) for r in rules} == {
        (p, m) for p in ("dpm", "mabs", "mars") for m in ("data-box", "own-disk")
    }
    assert len(rules) == 6 and all(r.origin.source and r.origin.checked_on.year >= 2026 for r in rules)
