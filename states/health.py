"""Whether the product itself is well: what it noticed of its own silence, disk, journal and clock. Pure.

Each finding is a condition of the catalogue that stands beside no run, but beside the hub.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from states.explain import ago, stamp
from states.sizes import show_size

PASS_EVERY = timedelta(hours=3)  # three times the hub's hourly pass: one may be long, two are none
LEAP = timedelta(minutes=5)  # the skew at which Azure refuses a token
LEAST_FREE_BYTES, LEAST_FREE_SHARE = 1 << 30, 0.02  # of the volume that holds journal and archive

Ailment = tuple[str, str]  # a condition's code and its detail


@dataclass(frozen=True)
class Mark:
    """What a pass left behind at its end: the clock on the wall (UTC) and the machine's own count of seconds.

    `boot` names the machine's start: a count of another start says nothing.
    """

    at: datetime
    uptime_seconds: float
    boot: str


@dataclass(frozen=True)
class Vitals:
    """One look at the hub. `last` is the last pass's mark, None before the first; sizes are bytes."""

    here: Mark
    last: Mark | None
    open_runs: int
    free_bytes: int
    total_bytes: int
    sync_error: str = ""  # why a file beside the journal could not be made durable


def ailments(seen: Vitals) -> tuple[Ailment, ...]:
    """Return what is wrong with the hub, the worst first."""
    found = []
    if seen.sync_error:
        found.append(("journal-not-durable", seen.sync_error))
    if leap := _leap(seen):
        found.append(("clock-jumped", leap))
    if seen.last and seen.open_runs and seen.here.at - seen.last.at > PASS_EVERY:
        found.append(("pass-overdue", f"the last one ended at {stamp(seen.last.at)}, {seen.open_runs} runs are open"))
    if seen.free_bytes < max(LEAST_FREE_BYTES, LEAST_FREE_SHARE * seen.total_bytes):
        found.append(("disk-filling", f"{show_size(seen.free_bytes)} of {show_size(seen.total_bytes)} are free"))
    return tuple(found)


def _leap(seen: Vitals) -> str:
    """Say how the wall clock moved against the machine's own count since the last pass; "" where it kept step."""
    last, here = seen.last, seen.here
    if last is None:
        return ""
    walked = here.at - last.at
    if last.boot == here.boot and here.boot:
        off = walked - timedelta(seconds=here.uptime_seconds - last.uptime_seconds)
    else:
        off = min(walked, timedelta())
    if abs(off) <= LEAP:
        return ""
    return f"since {stamp(last.at)} it went {'forward' if off > timedelta() else 'back'} by {ago(abs(off))}"
