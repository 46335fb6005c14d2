"""Random schedules of a hostile Azure against full runs. A few here; `make hostile` plays a thousand.

One again, with all it did: `make hostile SEEDS=37`.
"""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from broken_clients import BROKEN
from schedules import schedule

from bench import Bench

FEW = (32,)  # it found a fault of the product once; CI plays fifty


def seeds() -> list[int]:
    """Return the numbers to play: `SEEDS=37` or `SEEDS=0-999`, or a few."""
    first, dash, last = os.environ.get("SEEDS", "").partition("-")
    return list(range(int(first), int(last if dash else first) + 1)) if first else list(FEW)


@pytest.mark.parametrize("number", seeds())
def test_no_schedule_leads_to_a_wrong_state_or_a_second_effect(bench: Bench, number: int) -> None:
    """It ends closed, or waits for a named person with a named condition that is true of the world."""
    rows = schedule(number)

    ended = bench.play(number, rows)

    assert not ended.wrong, told(number, rows, ended)


LOST: dict[str, Any] = {"drop": "after-effect", "times": 1}
RINGS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "orders again under another name": (
        [{"method": "PUT", "path_regex": "/jobs/", **LOST}],
        "ordered under several names",
    ),
    "books again": ([{"method": "POST", "path_regex": "bookShipmentPickUp", **LOST}], "pickups of .*: 2 times"),
    "believes any stage": (
        [{"method": "GET", "path_regex": "/jobs/", "spoil": "stale", "dice": n, "after": 8} for n in range(6)],
        "is shipped, but the carrier has no device",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
def test_the_harness_rings_when_the_product_believes_what_it_must_not(bench: Bench, name: str) -> None:
    """The same fault that the product withstands is seen when a part of it is broken."""
    rows, said = RINGS[name]
    number = 90_000 + 2 * list(BROKEN).index(name)

    whole = bench.play(number, rows)
    broken = bench.play(number + 1, rows, BROKEN[name])

    assert whole.wrong == [] and whole.run.state == "closed"
    assert broken.wrong
    assert any(re.search(said, wrong) for wrong in broken.wrong), broken.wrong


def test_a_clock_that_is_hours_off_stops_the_run_by_name_and_the_run_goes_on_when_it_is_set(bench: Bench) -> None:
    """Nothing moves on dates that cannot be right; once the clock is set nobody has to do anything else."""
    ended = bench.play(90_100, [{"ours_off": -5}])

    raised = [line for line in ended.lines if line.payload.get("code") == "clock-differs"]
    assert ended.run.state == "closed" and ended.wrong == []
    assert raised[0].kind == "condition-raised" and "about 5 hours ahead" in raised[0].payload["detail"]
    assert raised[-1].kind == "condition-cleared"


def test_the_same_number_is_the_same_schedule() -> None:
    """So a number in a report is enough to see it again."""
    assert [schedule(37), schedule(38)] == [schedule(37), schedule(38)] and schedule(37) != schedule(38)


def told(number: int, rows: list[dict[str, Any]], ended: Any) -> str:
    """Return what somebody needs who has to find out why."""
    faults = "\n  ".join(str(row) for row in rows)
    wrong = "\n  ".join(ended.wrong)
    return f"schedule {number}, {ended.run.state} after {ended.rounds} rounds:\n  {wrong}\nfaults:\n  {faults}"
