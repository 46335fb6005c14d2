"""The fleet's schedule: which order begins when, with the order slots, the drives and the staff there are.

A slot is one active order of a subscription, a product and a country or commerce boundary (`states/slots.py`); it is
free again when the order is ingested. Own drives take no slot, but a drive that two
offices list can only be in one place at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from states.planner.advice import Advice
from states.planner.figures import Chance
from states.planner.needs import Line, Needs
from states.planner.orders import Order
from states.planner.timing import OWN_DISK, Clockwork, Dates, by_device, over_the_network
from states.planner.ways import Way
from states.problems import Problem

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Pool:
    """What shares order slots."""

    subscription_id: str
    sku: str
    countries: frozenset[str]


@dataclass(frozen=True)
class Bar:
    """One order, or one office's first backup over the network, in the schedule. `wave` counts from 1 in its pool."""

    office: str
    what: str
    sku: str  # "" over the network
    pool: Pool | None
    wave: int
    dates: Dates


@dataclass(frozen=True)
class Busy:
    """A run under way that holds a slot until a day."""

    pool: Pool
    until: date


@dataclass(frozen=True)
class Schedule:
    """The bars of the fleet at one chance, by office."""

    bars: tuple[Bar, ...]
    start: date

    @property
    def finished(self) -> date:
        """The day of the last first incremental; the start when there is nothing to do."""
        return max((bar.dates.finished for bar in self.bars), default=self.start)

    @property
    def most_waves(self) -> int:
        """How often the busiest slots are used one after the other."""
        return max((bar.wave for bar in self.bars), default=0)


@dataclass(frozen=True)
class _Task:
    """One order that wants a slot."""

    needs: Needs
    order: Order
    pool: Pool | None
    days: int  # how long it takes when it begins at once


def schedule(
    advices: Iterable[Advice],
    start: date,
    clock: Clockwork,
    chance: Chance,
    *,
    slots: int,
    busy: Iterable[Busy] = (),
) -> Schedule:
    """Return the schedule of every office that has a chosen way. The longest orders of a pool begin first.

    *slots* are the active orders a pool may have; *busy* are runs that hold one already. The same offices give the
    same schedule in any order.
    """
    chosen = [advice for advice in advices if advice.chosen]
    bars = [bar for advice in chosen for bar in _online(advice, start, clock, chance)]
    tasks = [task for advice in chosen for task in _tasks(advice, start, clock, chance)]
    tasks.sort(key=lambda task: (-task.days, task.needs.plan.office, task.order.items[0].name))
    board = _Board(start, slots, list(busy))
    for task in tasks:
        bars.append(board.place(task, clock, chance))
    return Schedule(tuple(sorted(bars, key=lambda bar: (bar.dates.start, bar.office, bar.what))), start)


def better_without_slot(advices: Iterable[Advice], late: Schedule, clock: Clockwork) -> Iterator[Problem]:
    """Yield the offices whose wait for a slot makes a way that needs none the better one, at P90.

    An office is advised as if it could begin at once; only the schedule knows its wait.
    """
    ends: dict[str, date] = {}
    for bar in late.bars:
        ends[bar.office] = max(ends.get(bar.office, late.start), bar.dates.finished)
    figures = clock.figures
    for advice in advices:
        if advice.chosen is None or _needs_no_slot(advice.chosen):
            continue
        free = [way for way in (one.way for one in advice.verdicts) if way.possible and _needs_no_slot(way)]
        counted = {way.name: _end(way) + timedelta(figures.to_provide * way.to_provide) for way in free}
        end = ends.get(advice.office, late.start)
        if counted and end > min(counted.values()) + timedelta(figures.told_apart):
            name = min(counted, key=lambda one: counted[one])
            yield Problem("long-wait-for-slot",
                          f"{advice.office}: waiting for an order slot, it ends on {end} (P90); {name} would be done "
                          f"by {counted[name]}", "seed it that way, or ask Azure support for more active orders", "warn"
                          )  # fmt: skip


def pool_of(needs: Needs, sku: str) -> Pool | None:
    """Return what an order of the office shares its slots with; None for own drives, which need none."""
    if sku == OWN_DISK:
        return None
    return Pool(needs.plan.subscription_id, sku, needs.limits.orders.countries(needs.plan.country))


class _Board:
    """Who holds which slot and which drive until when."""

    def __init__(self, start: date, slots: int, busy: list[Busy]) -> None:
        self.start, self.slots = start, slots
        self.free: dict[Pool, list[tuple[date, int]]] = {}  # of each slot: free from, used how often
        self.drives: dict[str, date] = {}
        for one in busy:
            self.free.setdefault(one.pool, []).append((max(start, one.until + _DAY), 0))

    def place(self, task: _Task, clock: Clockwork, chance: Chance) -> Bar:
        begin = max([self.start, *(self.drives[one] for one in task.order.drives if one in self.drives)])
        wave = 1
        if task.pool is not None:
            ready, used = self._slot(task.pool)
            begin, wave = max(begin, ready), used + 1
        dates = by_device(task.order.sku, task.order.items, begin, task.needs, clock, chance)
        if task.pool is not None:
            self.free[task.pool].append((dates.ingested + _DAY, wave))
        self.drives.update(dict.fromkeys(task.order.drives, dates.returned + _DAY))
        what = ", ".join(item.name for item in task.order.items)
        return Bar(task.needs.plan.office, what, task.order.sku, task.pool, wave, dates)

    def _slot(self, pool: Pool) -> tuple[date, int]:
        """Take the slot that is free first; more runs under way than slots wait for all that are too many."""
        held = self.free.get(pool, []) + [(self.start, 0)] * self.slots
        first, *self.free[pool] = sorted(held)[-self.slots :]
        return first


def _online(advice: Advice, start: date, clock: Clockwork, chance: Chance) -> list[Bar]:
    way = advice.chosen
    if way is None or not way.online:
        return []
    dates = over_the_network(way.online, start, advice.needs, clock, chance)
    names = ", ".join(item.name for item in way.online)
    return [Bar(advice.office, f"{names} online", "", None, 1, dates)] if dates else []


def _tasks(advice: Advice, start: date, clock: Clockwork, chance: Chance) -> list[_Task]:
    needs, way = advice.needs, advice.chosen
    tasks = []
    for order in way.orders if way else ():
        days = by_device(order.sku, order.items, start, needs, clock, chance).days
        tasks.append(_Task(needs, order, pool_of(needs, order.sku), days))
    return tasks


def _needs_no_slot(way: Way) -> bool:
    return all(order.sku == OWN_DISK for order in way.orders)


def _end(way: Way) -> date:
    assert way.p90 is not None
    return way.p90.finished


def with_line(needs: Needs, mbps: float) -> Needs:
    """Return the office with another line: what if it were so fast? Its hours stay; nothing about it is measured."""
    hours = needs.line.hours_a_day if needs.line else 24.0
    return replace(needs, line=Line(mbps, hours))
