"""Azure's order slots: who holds one, who shares them, and what a run that must wait is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stories import PLAN

from deploy.data import limits
from states.lifecycle import STATES
from states.slots import ORDERED, Ordering, OrderSlots, why_to_wait

SLOTS = OrderSlots(2, (frozenset({"FR", "DE"}),), limits().orders.origin)


def other(number: int, state: str = "ordered", conditions: tuple[str, ...] = (), **plan: Any) -> Ordering:
    return Ordering(f"office-{number}", replace(PLAN, **plan), state, conditions)


def test_the_run_that_finds_no_slot_is_told_who_holds_them() -> None:
    """The operator sees at once what must end first."""
    told = why_to_wait(PLAN, [other(2), other(1, "shipped")], SLOTS)

    assert told == "all 2 slots for DataBoxDisk in AU are taken by office-1, office-2"
    assert why_to_wait(PLAN, [other(1)], SLOTS) == ""


@pytest.mark.parametrize("state", STATES)
def test_an_order_is_active_until_the_datacenter_is_done_with_it(state: str) -> None:
    """From `ordered` to `shipped`; before and afterwards a run holds no slot."""
    assert (
        other(1, state).holds_a_slot is (state in ORDERED) is (state in ("ordered", "delivered", "copied", "shipped"))
    )


@pytest.mark.parametrize("code", ["order-gone", "order-cancelled", "order-failed", "ingestion-incomplete"])
def test_an_order_that_has_ended_badly_gives_its_slot_back(code: str) -> None:
    """The run stands where it was, and waits for a person; the next office need not."""
    assert not other(1, "shipped", (code,)).holds_a_slot and other(1, "shipped", ("order-delayed",)).holds_a_slot


def test_an_order_on_its_way_counts_before_it_is_there() -> None:
    """The run is still planned; its intent stands in the journal."""
    assert replace(other(1, "planned"), intended=True).holds_a_slot and not other(1, "planned").holds_a_slot


@pytest.mark.parametrize(
    "plan", [{"country": "NZ"}, {"subscription_id": "another"}, {"sku": "DataBox"}], ids=lambda plan: next(iter(plan))
)
def test_slots_are_of_one_country_one_subscription_and_one_kind_of_device(plan: dict[str, str]) -> None:
    """What is ordered elsewhere is in nobody's way."""
    assert why_to_wait(PLAN, [other(1), other(2, **plan)], SLOTS) == ""


def test_countries_without_a_border_between_them_share_their_slots() -> None:
    """One page counts by country, the other by boundary: the narrower reading holds."""
    french = replace(PLAN, country="FR")

    assert "FR and its neighbours" in why_to_wait(french, [other(1, country="FR"), other(2, country="DE")], SLOTS)
    assert limits().orders.most == 5 and "DE" in limits().orders.countries("FR")
