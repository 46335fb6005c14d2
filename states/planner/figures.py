"""Lead times, rates and fees as values, and the calendar as a role. The numbers live in versioned data files."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Literal, Protocol

from states.origin import Origin

Chance = Literal["p50", "p90"]  # as likely as not, or nine times in ten
CHANCES: tuple[Chance, ...] = ("p50", "p90")


class Calendar(Protocol):
    """Which days are worked, where."""

    def works(self, day: date, country: str, subdivision: str = "") -> bool:
        """Say whether *day* is a business day in the country (ISO 3166) and, where known, its state or province."""


@dataclass(frozen=True)
class Days:
    """A length in whole days at both chances."""

    p50: int
    p90: int

    def at(self, chance: Chance) -> int:
        """Return the days at that chance."""
        return self.p50 if chance == "p50" else self.p90


@dataclass(frozen=True)
class Leg:
    """One part of the way of one device, until the state `span` is reached. `where` says whose business days count."""

    devices: frozenset[str]  # SKUs
    span: str
    name: str
    days: Days
    business: bool
    where: Literal["office", "datacenter"]
    origin: Origin


@dataclass(frozen=True)
class Fee:
    """One kind of cost: for which devices it is due, on what, and its amount where one was published."""

    key: str
    what: str
    devices: frozenset[str]
    per: str
    amount: Decimal | None
    origin: Origin


@dataclass(frozen=True)
class TableRow:
    """One row of the support summary: what it says for each mode, and the planning rules that enforce it."""

    name: str
    says: dict[str, str]  # mode -> text
    codes: frozenset[str]


@dataclass(frozen=True)
class SpanSeen:
    """What the fleet itself needed for a span with a device, in calendar days, and in how many runs."""

    days: Days
    runs: int


@dataclass(frozen=True)
class Figures:
    """Everything the planner counts with."""

    legs: tuple[Leg, ...]
    writing: dict[str, int]  # SKU -> bytes a second
    line_use: Days  # percent of a line at both chances
    compression: Days  # percent at both chances
    told_apart: int  # days; ends nearer than this count as equal
    to_provide: int  # days; so much earlier must a way end that needs things bought first
    fees: tuple[Fee, ...]
    table: tuple[TableRow, ...]
    history: dict[tuple[str, str], SpanSeen] = field(default_factory=dict)  # (SKU, span)
    own_history_from: int = 5

    def legs_of(self, sku: str, span: str) -> tuple[Leg, ...]:
        """Return the legs of that span for that device, in order."""
        return self._legs.get((sku, span), ())

    @cached_property
    def _legs(self) -> dict[tuple[str, str], tuple[Leg, ...]]:
        keys = dict.fromkeys((sku, leg.span) for leg in self.legs for sku in leg.devices)
        return {(sku, span): tuple(g for g in self.legs if g.span == span and sku in g.devices) for sku, span in keys}

    def seen(self, sku: str, span: str) -> SpanSeen | None:
        """Return the fleet's own numbers for a span once enough runs have passed it, or None."""
        found = self.history.get((sku, span))
        return found if found and found.runs >= self.own_history_from else None
