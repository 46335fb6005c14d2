"""What a way of seeding costs: every fee that is due, with its amount where somebody has named one. Never a guess."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from states.planner.figures import Fee, Figures
from states.planner.needs import Needs
from states.planner.timing import Dates

_PER = {"missing-device": "missing device", "device-day": "day of each device", "late-day": "day beyond the free ones",
        "tb-month": "TB and month"}  # fmt: skip
FREE_DAYS, LOST_DEVICE = "free-use", "device-not-returned"  # clocks of limits.yaml


@dataclass(frozen=True)
class Cost:
    """One line of the bill. `each` is None while nobody has named the amount."""

    key: str
    what: str
    quantity: Decimal
    each: Decimal | None

    @property
    def amount(self) -> Decimal | None:
        """The line's amount, or None."""
        return None if self.each is None else (self.each * self.quantity).quantize(Decimal("0.01"))


@dataclass(frozen=True)
class Bill:
    """The lines, and at what is at stake beside them. An empty bill says that no fee is due that we know of."""

    lines: tuple[Cost, ...] = ()
    currency: str = ""
    at_stake: str = ""

    @property
    def known(self) -> Decimal:
        """The sum of the lines whose amount is known."""
        return sum((line.amount for line in self.lines if line.amount is not None), Decimal(0))

    @property
    def unknown(self) -> tuple[Cost, ...]:
        """The lines whose amount nobody has named."""
        return tuple(line for line in self.lines if line.amount is None)

    def __add__(self, other: Bill) -> Bill:
        """Return both bills as one."""
        stake = "; ".join(dict.fromkeys(filter(None, (self.at_stake, other.at_stake))))
        return Bill((*self.lines, *other.lines), self.currency or other.currency, stake)


def bill(sku: str, devices: int, missing: int, size_bytes: int, dates: Dates, needs: Needs, figures: Figures) -> Bill:
    """Return the bill of one order: *devices* in it, *missing* of them yet to be bought, by the dates given."""
    free = needs.limits.clock(FREE_DAYS)
    at_office = (dates.shipped - dates.delivered).days + 1
    late_days = max(0, at_office - (free.length.days if free else 0))
    quantities = {
        "order": Decimal(1),
        "device": Decimal(devices),
        "missing-device": Decimal(missing),
        "parcel": Decimal(2),
        "device-day": Decimal(devices * at_office),
        "late-day": Decimal(late_days),
        "tb-month": _tb_months(size_bytes, (dates.finished - dates.ingested).days + 1),
    }
    lines = [
        Cost(fee.key, f"{fee.what}, for each {_PER.get(fee.per, fee.per)}", quantities[fee.per], _each(fee, needs))
        for fee in figures.fees
        if sku in fee.devices
    ]
    due = tuple(line for line in lines if line.quantity)
    return Bill(due, needs.currency, _at_stake(sku, needs))


def over_budget(found: Bill, needs: Needs) -> Decimal | None:
    """Return by how much the known part exceeds the office's budget; None when it does not, or cannot be compared."""
    if needs.budget is None or found.currency != needs.budget[1]:
        return None
    over = found.known - needs.budget[0]
    return over if over > 0 else None


def _at_stake(sku: str, needs: Needs) -> str:
    lost = needs.limits.clock(LOST_DEVICE)
    charge = lost.charges_usd.get(sku) if lost else None
    return f"{charge:,} USD for each lost device" if charge else ""


def _each(fee: Fee, needs: Needs) -> Decimal | None:
    return needs.prices.get(fee.key, fee.amount)


def _tb_months(size_bytes: int, days: int) -> Decimal:
    return (Decimal(size_bytes) / 10**12 * days / 30).quantize(Decimal("0.01"), ROUND_UP)
