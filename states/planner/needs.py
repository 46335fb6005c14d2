"""What an office needs and has, as far as its planning goes. Values only; sizes are bytes, rates megabits a second."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from states.limits import Limits
from states.plan import Plan

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
COMPRESSING = ("dpm", "mars")  # agents that compress while they write; our own copier takes bytes as they are


@dataclass(frozen=True)
class Line:
    """An office's way out: megabits per second, measured or as contracted, in so many hours of a day."""

    mbps: float
    hours_a_day: float = 24.0
    measured: bool = False


@dataclass(frozen=True)
class Needs:
    """One office: its plan as the inventory says it, and what else decides how it is seeded.

    `plan` is as the inventory's mode says, `limits` as the office reads them where Microsoft's pages disagree.
    `staff_days` are weekdays, 0 is Monday; None means every business day. `customs_days` are business days in customs,
    None when nobody has said. `prices` are amounts by the keys of the price list, in `currency`.
    """

    plan: Plan
    limits: Limits
    line: Line | None = None
    staff_days: frozenset[int] | None = None
    customs_days: int | None = None
    fits_one_device: str = "group"
    prices: dict[str, Decimal] = field(default_factory=dict)
    currency: str = ""
    budget: tuple[Decimal, str] | None = None
    subdivision: str = ""  # the state or province, for its holidays

    @property
    def compresses(self) -> bool:
        """Whether what travels is smaller than what is protected."""
        return self.plan.agent in COMPRESSING

    @property
    def one_server_one_device(self) -> bool:
        """Whether everything of the backup server must fit on one device: with MARS always, with DPM when so read."""
        return self.plan.agent == "mars" or (self.plan.agent == "dpm" and self.fits_one_device == "server")

    @property
    def crosses_customs(self) -> bool:
        """Whether a customs border lies between the office and the datacenter."""
        return self.limits.parcels.customs.between(self.plan.country, self.datacenter)

    @property
    def datacenter(self) -> str:
        """The country of the region; the office's own while the region is not known."""
        return self.limits.regions.get(self.plan.location, self.plan.country)
