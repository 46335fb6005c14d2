"""Azure's order slots: how many orders may be active at once, and which runs of ours hold one.

Decided on what the journal knows of the other runs, at the moment of ordering. Own drives are not counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from states.origin import Origin
from states.plan import Plan

ORDERED = ("ordered", "delivered", "copied", "shipped")  # the order is active until the datacenter is done with it
NOT_ACTIVE = frozenset({"order-gone", "order-cancelled", "order-failed", "ingestion-incomplete"})


@dataclass(frozen=True)
class OrderSlots:
    """How many orders of one kind of device may be active in a subscription and country.

    The countries of one boundary count as one: where Microsoft's pages differ, the narrower reading holds.
    """

    most: int
    boundaries: tuple[frozenset[str], ...]
    origin: Origin

    def countries(self, country: str) -> frozenset[str]:
        """Return the countries that share their slots with *country*, itself included."""
        return frozenset({country}).union(*(inside for inside in self.boundaries if country in inside))


@dataclass(frozen=True)
class Ordering:
    """Another run, as far as slots are concerned. *intended* says that its order is on its way to Azure right now."""

    run_id: str
    plan: Plan
    state: str
    conditions: tuple[str, ...]
    intended: bool = False

    @property
    def holds_a_slot(self) -> bool:
        """Whether an order of this run is active in Azure, or may be."""
        return self.intended or (self.state in ORDERED and not NOT_ACTIVE.intersection(self.conditions))


def why_to_wait(plan: Plan, others: Iterable[Ordering], slots: OrderSlots) -> str:
    """Return why a run of that *plan* cannot order now, with the runs that hold the slots; "" when a slot is free."""
    near = slots.countries(plan.country)
    alike = [o for o in others if (o.plan.subscription_id, o.plan.sku) == (plan.subscription_id, plan.sku)]
    holders = sorted(o.run_id for o in alike if o.plan.country in near and o.holds_a_slot)
    if len(holders) < slots.most:
        return ""
    where = plan.country if near == {plan.country} else f"{plan.country} and its neighbours without a customs border"
    return f"all {slots.most} slots for {plan.sku} in {where} are taken by {', '.join(holders)}"
