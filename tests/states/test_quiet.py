"""Quiet hours: by whose clock, and what is told all the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from stories import T0

from states.conditions import CATALOGUE
from states.quiet import NEAR, cannot_wait, hours_of


@pytest.mark.parametrize(
    ("utc", "quiet"), [("19:59", False), ("20:00", True), ("03:00", True), ("04:59", True), ("05:00", False)]
)
def test_quiet_hours_go_through_midnight_by_the_clock_of_whoever_sleeps(utc: str, quiet: bool) -> None:
    """21 to 6 o'clock in Paris, an hour ahead of UTC in winter; the end belongs to the day."""
    now = datetime.fromisoformat(f"2026-11-02T{utc}+00:00")

    assert hours_of("21:00-06:00", "Europe/Paris").at(now) is quiet


def test_the_night_moves_with_summer_time() -> None:
    """Half past four UTC is still night in winter, and morning in summer."""
    night = hours_of("21:00-06:00", "Europe/Paris")

    assert night.at(datetime(2026, 1, 15, 4, 30, tzinfo=UTC)) and not night.at(datetime(2026, 7, 15, 4, 30, tzinfo=UTC))


def test_a_nap_does_not_go_through_midnight() -> None:
    """13 to 15 o'clock is two hours, not twenty-two."""
    nap = hours_of("13:00-15:00", "UTC")

    assert nap.at(T0.replace(hour=14)) and not nap.at(T0.replace(hour=15)) and not nap.at(T0.replace(hour=1))


@pytest.mark.parametrize("code", CATALOGUE)
def test_only_what_blocks_and_whose_clock_is_near_its_end_wakes_anybody(code: str) -> None:
    """What informs or warns never does. A clock that nobody knows counts as near."""
    row = CATALOGUE[code]
    now = T0 + timedelta(minutes=1)
    far_off = row.clock is not None and row.clock > NEAR

    assert cannot_wait(code, T0, now) is (row.severity == "blocks" and not far_off)


def test_a_clock_that_had_time_yesterday_wakes_somebody_once_it_has_none() -> None:
    """Fourteen days to answer the datacenter: the first night may pass, the twelfth not."""
    assert not cannot_wait("copy-halted", T0, T0 + timedelta(days=1))
    assert cannot_wait("copy-halted", T0, T0 + timedelta(days=12))
