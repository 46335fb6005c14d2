"""`seeding deadlines`: every clock that runs, worst harm first, and how long each office has had nothing off site."""

from __future__ import annotations

import math
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from deploy.cli.envelope import Answer, Exit
from deploy.cli.opening import Seen
from deploy.data import limits
from states.codec import to_json
from states.deadlines import Deadline, by_harm, deadlines
from states.explain import ago
from states.exposure import Exposure, exposure


def shown(home: Path | None, given: str) -> Answer:
    """Return the clocks of one run, or of all open ones. Exit code 3 when one is near its end or past it."""
    opened = Seen(home)
    now, rules = opened.clock.now(), limits().clocks
    run_ids = [opened.run_id(given)] if given else [row.run_id for row in opened.shown.rows(open_only=True)]
    runs = [opened.shown.run(run_id) for run_id in run_ids]
    found = by_harm(one for run in runs for one in deadlines(run, rules))
    without = sorted((exposure(run, now) for run in runs), key=lambda one: (one.protected, -one.span))
    data = {"deadlines": [_row(one, now) for one in found], "exposure": [_exposed(one) for one in without]}

    def human() -> None:
        from deploy.cli.tables import clocks

        clocks(found, without, now, sys.stdout)

    near = any(now >= one.warned_from for one in found)
    return Answer(data, human, exit=Exit.WITH_GAPS if near else Exit.DONE)


def time_left(one: Deadline, now: datetime) -> str:
    """Return how long there is until a clock runs out, or since when it has: `in 3 days`, `2 days over`."""
    left = one.left(now)
    return f"in {ago(left)}" if left > timedelta() else f"{ago(-left)} over"


def cost(one: Deadline, now: datetime) -> str:
    """Return what a clock's end costs in words: a contract's sum, the days charged so far, or the harm's name."""
    if one.charge_usd is not None:
        return f"{one.charge_usd:,} USD a device"
    over = -one.left(now)
    if one.harm == "fee" and over > timedelta():
        return f"{math.ceil(over / timedelta(days=1))} days charged"
    return one.harm


def _row(one: Deadline, now: datetime) -> dict[str, Any]:
    left = one.left(now)
    return {**to_json(one), "seconds_left": int(left.total_seconds()), "near": now >= one.warned_from}


def _exposed(one: Exposure) -> dict[str, Any]:
    return {**to_json(one), "hours": round(one.span / timedelta(hours=1), 1)}
