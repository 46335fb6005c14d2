"""From a day to the days of each milestone, for one device of an office: leg by leg, in working days where they count.

P90 dates add up the P90 of every leg. That is right when everything goes badly together and too late otherwise; it is
never too early, and a person can check it on paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from states.plan import Item
from states.planner.figures import Calendar, Chance, Figures, Leg
from states.planner.lines import days_online, days_to_catch_up, travelling
from states.planner.needs import Needs

OWN_DISK = "DataBoxCustomerDisk"
_DAY = timedelta(days=1)
_A_DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Dates:
    """When each milestone is reached. Over the network there is nothing between `start` and `finished`.

    `finished` is the day of the first incremental; where no line is known, or one that never catches up, it is the day
    of the recovery point.
    """

    start: date
    delivered: date
    copied: date
    shipped: date
    ingested: date
    vaulted: date
    finished: date
    returned: date  # the device is free again: own drives back at the office, others when they are ingested

    @property
    def days(self) -> int:
        """The days from start to the first incremental."""
        return (self.finished - self.start).days


@dataclass(frozen=True)
class Clockwork:
    """What dates are worked out with."""

    figures: Figures
    calendar: Calendar


def over_the_network(
    items: tuple[Item, ...], start: date, needs: Needs, clock: Clockwork, chance: Chance
) -> Dates | None:  # fmt: skip
    """Return the dates of a first backup over the line, or None when there is none that carries it."""
    days = days_online(items, needs, clock.figures, chance)
    if days is None or days > 36_500:
        return None
    end = start + days * _DAY
    return Dates(start, start, start, start, end, end, end, end)


def by_device(
    sku: str, items: tuple[Item, ...], start: date, needs: Needs, clock: Clockwork, chance: Chance
) -> Dates:  # fmt: skip
    """Return the dates of one device that carries *items*, ordered on *start*."""
    way = _Way(sku, needs, clock, chance)
    delivered = way.span("delivered", start)
    copied = way.copied(delivered, items)
    shipped = way.handed_over(copied)
    ingested = way.span("ingested", shipped)
    vaulted = way.span("vaulted", ingested)
    finished = way.incremental(vaulted, items, (vaulted - delivered).days)
    returned = way.span("returned", ingested) if sku == OWN_DISK else ingested
    return Dates(start, delivered, copied, shipped, ingested, vaulted, finished, returned)


def slot_until(state: str, since: date, sku: str, needs: Needs, clock: Clockwork) -> date:
    """Return until when, nine times in ten, the order of a run that reached *state* on *since* is active."""
    way, day = _Way(sku, needs, clock, "p90"), since
    if state in ("planned", "ordered"):
        day = way.span("delivered", day)
    if state in ("planned", "ordered", "delivered"):
        day = way.copied(day, needs.plan.items)
    return way.span("ingested", day if state == "shipped" else way.handed_over(day))


def milestone_after(
    state: str, since: date, sku: str, needs: Needs, clock: Clockwork, chance: Chance
) -> date | None:  # fmt: skip
    """Return when a run that reached *state* on *since* comes to the next milestone; None where nobody knows."""
    way = _Way(sku, needs, clock, chance)
    match state:
        case "ordered":
            return way.span("delivered", since)
        case "delivered":
            return way.copied(since, needs.plan.items)
        case "copied":
            return way.handed_over(since)
        case "shipped":
            return way.span("ingested", since)
        case "ingested":
            return way.span("vaulted", since)
    return None


def writing_days(sku: str, size_bytes: int, figures: Figures) -> int:
    """Return the whole days it takes to write so many bytes; own drives are written after the staging place."""
    once = size_bytes / figures.writing[sku] / _A_DAY_SECONDS
    return ceil(once * (2 if sku == OWN_DISK else 1))


@dataclass(frozen=True)
class _Way:
    """One device's way at one chance."""

    sku: str
    needs: Needs
    clock: Clockwork
    chance: Chance

    def span(self, span: str, day: date) -> date:
        seen = self.clock.figures.seen(self.sku, span)
        if seen:
            return day + seen.days.at(self.chance) * _DAY
        for leg in self.clock.figures.legs_of(self.sku, span):
            day = self.leg(leg, day)
        if span in ("ingested", "returned") and self.sku == OWN_DISK and self.needs.crosses_customs:
            day = self.worked(day, self.needs.customs_days or 0, self.needs.datacenter)
        return day

    def leg(self, leg: Leg, day: date) -> date:
        days = leg.days.at(self.chance)
        if not leg.business:
            return day + days * _DAY
        if leg.where == "datacenter":
            return self.worked(day, days, self.needs.datacenter)
        return self.worked(day, days, self.needs.plan.country, self.needs.subdivision)

    def copied(self, delivered: date, items: tuple[Item, ...]) -> date:
        """Somebody attaches the device on a staffed day; then it is written. The fleet's own span covers both."""
        size = travelling(sum(item.bytes for item in items), self.needs, self.clock.figures, "p90")
        writing = writing_days(self.sku, size, self.clock.figures)
        seen = self.clock.figures.seen(self.sku, "copied")
        if seen:
            return delivered + max(writing, seen.days.at(self.chance)) * _DAY
        return self.staffed(self.span("copied", delivered)) + writing * _DAY

    def handed_over(self, copied: date) -> date:
        """The carrier gets it on a staffed day; or as long after the copy as the fleet's own runs needed."""
        return self.span("shipped", copied) if self.clock.figures.seen(self.sku, "shipped") else self.staffed(copied)

    def incremental(self, vaulted: date, items: tuple[Item, ...], road_days: int) -> date:
        days = days_to_catch_up(items, road_days, self.needs, self.clock.figures, self.chance)
        return vaulted + (days or 0) * _DAY

    def staffed(self, day: date) -> date:
        """Return the first day from *day* on on which somebody is at the office who can take a device in hand."""
        wanted = self.needs.staff_days
        country, part = self.needs.plan.country, self.needs.subdivision
        while not self.clock.calendar.works(day, country, part) or (wanted and day.weekday() not in wanted):
            day += _DAY
        return day

    def worked(self, day: date, days: int, country: str, subdivision: str = "") -> date:
        while days > 0:
            day += _DAY
            days -= self.clock.calendar.works(day, country, subdivision)
        return day
