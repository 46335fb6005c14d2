"""What the hub notices of itself: silence, disk, journal, clock; each at its mark and not before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from stories import T0

from states.conditions import CATALOGUE
from states.health import LEAP, LEAST_FREE_BYTES, PASS_EVERY, Mark, Vitals, ailments

WELL = Vitals(Mark(T0, 1000.0, "boot"), Mark(T0 - timedelta(minutes=60), 1000.0 - 3600, "boot"), 5,
              free_bytes=500 * LEAST_FREE_BYTES, total_bytes=1000 * LEAST_FREE_BYTES)  # fmt: skip


def codes(**changes: object) -> list[str]:
    found = ailments(replace(WELL, **changes))
    assert all(code in CATALOGUE and detail for code, detail in found)
    return [code for code, _ in found]


def last(ago: timedelta, off: timedelta = timedelta(), boot: str = "boot") -> Mark:
    """A mark *ago* by the machine's own count, on a wall clock that was *off* by that much then."""
    return Mark(T0 - ago + off, 1000.0 - ago.total_seconds(), boot)


def test_a_hub_that_is_well_says_nothing() -> None:
    """Nor does one that never made a pass."""
    assert codes() == [] and codes(last=None) == []


@pytest.mark.parametrize("late, told", [(timedelta(), []), (timedelta(seconds=1), ["pass-overdue"])])
def test_a_pass_that_does_not_come_is_noticed(late: timedelta, told: list[str]) -> None:
    """Only while a run is open."""
    mark = last(PASS_EVERY + late)
    assert codes(last=mark) == told and codes(last=mark, open_runs=0) == []


@pytest.mark.parametrize("way", [1, -1])
def test_a_clock_that_jumps_is_noticed_either_way(way: int) -> None:
    """Against the machine's own count of seconds, however long the last pass is ago."""
    for ago in (timedelta(minutes=1), timedelta(hours=1)):
        assert codes(last=last(ago, way * LEAP)) == []
        assert codes(last=last(ago, way * (LEAP + timedelta(seconds=1)))) == ["clock-jumped"]


def test_what_is_wrong_is_told_in_figures() -> None:
    """Which way the clock went and by how much, how long ago the last pass was, what is free."""
    leap = LEAP + timedelta(hours=1)
    hour = timedelta(hours=1)
    told = {way: dict(ailments(replace(WELL, last=last(hour, -way * leap))))["clock-jumped"] for way in (1, -1)}
    assert told[1].endswith("UTC it went forward by 1 hour") and told[-1].endswith("UTC it went back by 1 hour")
    assert told[1].startswith("since 2026-11-02 03:55 UTC")
    late = dict(ailments(replace(WELL, last=last(timedelta(hours=4)))))
    assert late["pass-overdue"] == "the last one ended at 2026-11-02 02:00 UTC, 5 runs are open"
    full = dict(ailments(replace(WELL, free_bytes=1 << 29, sync_error="Input/output error")))
    assert full == {"journal-not-durable": "Input/output error", "disk-filling": "536.87 MB of 1.07 TB are free"}


def test_after_a_restart_only_a_clock_that_went_back_is_sure() -> None:
    """The machine's count began anew: a gap may have been an hour without power."""
    assert codes(last=last(timedelta(hours=2), boot="other")) == []
    assert codes(last=Mark(T0 + LEAP + timedelta(seconds=1), 9e9, "other")) == ["clock-jumped"]


def test_a_disk_that_fills_is_noticed_in_bytes_and_in_share() -> None:
    """Less than a gibibyte, or less than two in a hundred."""
    assert codes(free_bytes=LEAST_FREE_BYTES, total_bytes=2 * LEAST_FREE_BYTES) == []
    assert codes(free_bytes=LEAST_FREE_BYTES - 1, total_bytes=2 * LEAST_FREE_BYTES) == ["disk-filling"]
    assert codes(free_bytes=19 * LEAST_FREE_BYTES) == ["disk-filling"]


def test_a_journal_that_does_not_reach_the_disk_comes_first() -> None:
    """Nothing else matters then."""
    assert (
        codes(sync_error="Input/output error", free_bytes=0, last=last(timedelta(days=1)))[0] == "journal-not-durable"
    )
