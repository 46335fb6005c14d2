"""`seeding plan`: for each office the best way to seed it, why, until when, at what price; then the fleet's schedule.

Reads the inventory, the data files and the journal, and changes nothing. Imports neither Prefect nor Azure; only with
`--azure` it asks Azure's own validators, too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from deploy.calendars import Holidays
from deploy.cli.envelope import Answer, Exit, Trouble
from deploy.cli.fleet_seen import FleetSeen, fleet_seen
from deploy.cli.plan_data import fleet_data, office_data
from deploy.clocks import clock_of
from deploy.data import limits
from deploy.figures import versions
from deploy.inventory import Office, load
from deploy.settings import Settings, settings
from states.planner import Advice, Schedule, advise, schedule
from states.planner.timing import Clockwork
from states.planner.waves import better_without_slot, with_line
from states.problems import Problem
from tasks.errors import InvalidInput


@dataclass(frozen=True)
class Asked:
    """What the command was asked: for which offices, from which day, and what would be if."""

    inventory: Path | None = None
    office: str = ""
    start: str = ""
    slots: int = 0
    mbps: float = 0.0
    before: Path | None = None
    azure: bool = False


@dataclass(frozen=True)
class Planned:
    """The advice for every office that has something left to seed, and the fleet's schedule at both chances."""

    advices: tuple[Advice, ...]
    p50: Schedule
    p90: Schedule
    slots: int
    waits: tuple[Problem, ...] = ()  # offices for which a way without an order slot would be better


def plan(home: Path | None, asked: Asked) -> Answer:
    """Return advice and schedule. Raises InventoryInvalid, InvalidInput.

    Exit code 4 when an office has no way left or Azure objects, 3 with warnings.
    """
    where = settings(home)
    offices = _offices(asked.inventory or where.inventory, asked.office)
    start = _day(asked.start) if asked.start else clock_of(where).now().date()
    seen = fleet_seen(home)
    planned = made(offices, start, asked, seen)
    objections = _ask_azure(where, offices, planned) if asked.azure else ()
    data = {
        "file": str(asked.inventory or where.inventory),
        "versions": versions(),
        "start": start.isoformat(),
        "slots": planned.slots,
        "offices": [office_data(advice) for advice in planned.advices],
        "seeded": {id: rows for id, rows in seen.taken.items() if id in {office.id for office in offices}},
        "fleet": fleet_data(planned.p50, planned.p90),
        "azure": [{"office": p.message.partition(":")[0], "code": p.code, "message": p.message} for p in objections],
    }
    usual = None
    if asked.slots or asked.mbps:
        usual = made(offices, start, Asked(before=asked.before), seen)
        data["usual"] = {"p50": usual.p50.finished.isoformat(), "p90": usual.p90.finished.isoformat()}
    found = (*(problem for advice in planned.advices for problem in advice.problems), *planned.waits, *objections)
    troubles = tuple(Trouble(p.code, p.message, p.next) for p in found if p.severity != "info")
    show = partial(_show, planned, usual, seen, one=bool(asked.office))
    return Answer(data, show, troubles, _exit(found))


def made(offices: tuple[Office, ...], start: date, asked: Asked, seen: FleetSeen) -> Planned:
    """Return the plan of these offices, from *start* on, if it were as *asked*."""
    clock = Clockwork(seen.figures, Holidays())
    before = _packed_before(asked.before) if asked.before else {}
    wanted = [seen.left_of(office.needs()) for office in offices]
    needs = [with_line(one, asked.mbps) if asked.mbps else one for one in wanted if one.plan.items]
    advices = tuple(advise(one, start, clock, before.get(one.plan.office)) for one in needs)
    slots, busy = asked.slots or limits().orders.most, seen.busy(start, clock)
    p50, p90 = (schedule(advices, start, clock, chance, slots=slots, busy=busy) for chance in ("p50", "p90"))
    return Planned(advices, p50, p90, slots, tuple(better_without_slot(advices, p90, clock)))


def _offices(path: Path, wanted: str) -> tuple[Office, ...]:
    offices = load(path).offices
    chosen = tuple(office for office in offices if not wanted or office.id == wanted)
    if not chosen:
        raise InvalidInput(f"{path} has no office {wanted}", next="seeding validate")
    return chosen


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is no day", next="write it as 2026-11-30") from None


def _packed_before(path: Path) -> dict[str, dict[str, int]]:
    """Return which device each source was on in the plan at *path*, an envelope of `seeding plan --json`."""
    try:
        offices = json.loads(path.read_text("utf-8"))["data"]["offices"]
        return {
            office["id"]: {name: number for number, order in enumerate(way["orders"]) for name in order["items"]}
            for office in offices
            for way in office["ways"]
            if way["chosen"]
        }
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        raise InvalidInput(f"{path} is no earlier plan: {wrong!r}", next="seeding plan --json > plan.json") from None


def _ask_azure(where: Settings, offices: tuple[Office, ...], planned: Planned) -> tuple[Problem, ...]:
    from deploy.cli.plan_azure import objections

    by_id = {office.id: office for office in offices}
    return tuple(p for advice in planned.advices for p in objections(where, by_id[advice.office], advice))


def _exit(found: tuple[Problem, ...]) -> Exit:
    if any(problem.severity == "blocks" for problem in found):
        return Exit.NEEDS_PERSON
    return Exit.WITH_GAPS if any(problem.severity == "warn" for problem in found) else Exit.DONE


def _show(planned: Planned, usual: Planned | None, seen: FleetSeen, *, one: bool) -> None:
    import sys

    from deploy.cli import plan_tables as tables

    if one and planned.advices:
        tables.office(planned.advices[0], sys.stdout)
    else:
        tables.offices(planned.advices, sys.stdout)
    tables.seeded(seen.taken, sys.stdout)
    tables.fleet(planned.p50, planned.p90, planned.slots, sys.stdout)
    if usual:
        tables.compared(usual.p50.finished, usual.p90.finished, planned.p50.finished, planned.p90.finished, sys.stdout)
