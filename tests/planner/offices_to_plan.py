"""Offices for the planner's tests: one that is sound, and the calendar of people who know no holidays."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from deploy.data import limits
from deploy.figures import figures
from states.plan import Item, Plan
from states.planner.advice import Advice, advise
from states.planner.needs import Line, Needs
from states.planner.timing import Clockwork
from states.planner.ways import Way

GB, TB, TiB = 10**9, 10**12, 2**40
MONDAY = date(2026, 3, 2)
PLAN = Plan(
    office="perth",
    country="AU",
    mode="data-box",
    agent="dpm",
    sku="DataBoxDisk",
    job_name="perth0123",
    subscription_id="00000000-0000-4000-8000-000000000001",
    resource_group="seeding",
    location="australiaeast",
    storage_account="contososeed",
    vault="contoso-vault",
    server="PER-DPM01",
    items=(),
    device_bytes=7 * TB,
)


class Weekdays:
    """Every Monday to Friday is worked, everywhere."""

    def works(self, day: date, country: str, subdivision: str = "") -> bool:
        return day.weekday() < 5


CLOCK = Clockwork(figures(), Weekdays())


def items(*sizes: int, change: int = 0) -> tuple[Item, ...]:
    """Return items of these sizes, each changing by *change* bytes a day."""
    return tuple(Item(f"item-{number}", size, change) for number, size in enumerate(sizes))


def office(
    *sizes: int, change: int = 0, mbps: float = 0, hours: float = 24.0, measured: bool = False, **changes
) -> Needs:
    """Return an office with items of these sizes; what no plan knows is a field of its needs."""
    own = {name: changes.pop(name) for name in list(changes) if name not in PLAN.__dataclass_fields__}
    plan = replace(PLAN, items=items(*sizes, change=change), **changes)
    line = Line(mbps, hours, measured) if mbps else None
    return Needs(plan, **{"limits": limits(), "line": line, **own})


def advice(needs: Needs, start: date = MONDAY, clock: Clockwork = CLOCK) -> Advice:
    """Return the advice for the office."""
    return advise(needs, start, clock)


def way(needs: Needs, key: str, clock: Clockwork = CLOCK) -> Way:
    """Return one of the office's ways."""
    return next(verdict.way for verdict in advice(needs, clock=clock).verdicts if verdict.way.key == key)


def codes(found: Way) -> list[str]:
    """Return why the way is ruled out."""
    return [problem.code for problem in found.blocks]
