"""What the trade allows, as values: devices, borders and clocks. The numbers live in versioned data files.

Nothing here is a number of its own; `deploy/data` reads `limits.yaml` into these classes. Sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from states.origin import Origin
from states.parcel_rules import ParcelRules
from states.slots import OrderSlots

__all__ = ["Boundary", "ClockRule", "Device", "Harm", "Limits", "Origin", "ParcelRules", "PlanningMarks"]

Harm = Literal["delay", "fee", "again", "charge", "protection"]  # what a missed clock costs, mildest first


@dataclass(frozen=True)
class Device:
    """One thing that can be ordered, and what fits on it."""

    name: str  # as people say it: Data Box Disk
    sku: str  # as the API spells it
    model: str  # as the API spells it; "" where the SKU alone is enough
    mode: Literal["data-box", "own-disk"]
    usable_bytes: int  # of one device; one item must fit on it
    devices_per_order: int
    files: int  # how many files it takes; 0 when nobody says
    containers: int  # how many containers or shares; 0 when nobody says
    seeding: Literal["documented", "unverified"]  # whether the backup agents are documented to seed with it
    retired_on: date | None
    retired_in: frozenset[str]  # countries in which it takes no new order
    origin: Origin

    def orderable_in(self, country: str) -> bool:
        """Say whether a new order to *country* (ISO 3166 two letters) is possible, as far as the data file knows."""
        return country not in self.retired_in


@dataclass(frozen=True)
class Boundary:
    """Countries between which a device may travel."""

    name: str
    countries: frozenset[str]
    origin: Origin


@dataclass(frozen=True)
class ClockRule:
    """A time limit somebody else set: what starts it, how long it runs, what happens then, and to whom it falls.

    `warn` is how long before its end it is told; `charges_usd` are the sums a contract names, by SKU.
    """

    name: str
    length: timedelta
    started_by: str
    consequence: str
    owner: str
    harm: Harm
    warn: timedelta
    charges_usd: dict[str, int]
    origin: Origin


@dataclass(frozen=True)
class PlanningMarks:
    """From where on a number of the plan is odd (warn) or cannot be true (block)."""

    daily_change_warn_percent: int
    daily_change_block_percent: int
    mars_volume_bytes: int
    origin: Origin


@dataclass(frozen=True)
class Limits:
    """Everything of `limits.yaml`, and the rules for parcels of `countries.yaml`."""

    version: int
    devices: tuple[Device, ...]
    boundaries: tuple[Boundary, ...]
    orders: OrderSlots
    regions: dict[str, str]  # Azure region -> the country it lies in
    clocks: tuple[ClockRule, ...]
    planning: PlanningMarks
    parcels: ParcelRules  # own drives only

    def device(self, sku: str, model: str = "") -> Device | None:
        """Return the device of that SKU (and model), or None."""
        return next((d for d in self.devices if d.sku == sku and d.model == model), None)

    def read_as(self, usable_bytes: Mapping[str, int]) -> Limits:
        """Return these limits with other capacities of a device, by SKU: where pages disagree, the office chooses."""
        devices = (replace(d, usable_bytes=usable_bytes.get(d.sku, d.usable_bytes)) for d in self.devices)
        return replace(self, devices=tuple(devices))

    def clock(self, name: str) -> ClockRule | None:
        """Return the time limit of that name, or None."""
        return next((c for c in self.clocks if c.name == name), None)

    def may_travel(self, country: str, other: str) -> bool:
        """Say whether a device may travel between the two countries."""
        return country == other or any({country, other} <= b.countries for b in self.boundaries)
