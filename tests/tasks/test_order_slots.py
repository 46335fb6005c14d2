"""No more orders are active at a time than Azure allows: the rest waits, says for whom, and orders when one ends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fakes import Crash, FakeOrders, FakeWorld
from stories import ACTOR, PLAN, RUN_ID, T0

from deploy.data import limits
from states.codec import to_json
from states.lines import Draft
from states.run import Run
from states.settle import Outcome
from states.slots import OrderSlots
from tasks.errors import NotYet
from tasks.journal import Journal, Logbook
from tasks.perform import perform
from tasks.ports import Objection

ONE = OrderSlots(1, (), limits().orders.origin)
OTHER = "derby-2026-11"


def two_offices(folder: Path, slots: OrderSlots = ONE) -> FakeWorld:
    """A world in which a second office of the same country is planned."""
    world = FakeWorld(folder)
    planned(world.journal, OTHER, "derby0123")
    world.slots = slots
    return world


def planned(journal: Journal, run_id: str, job_name: str) -> None:
    plan = to_json(replace(PLAN, job_name=job_name))
    journal.open(run_id, [Draft("opened", {"plan": plan}), Draft("planned")], T0, ACTOR)


def ordering(world: FakeWorld, run_id: str) -> Run:
    """Let a run's pass try to order."""
    book = Logbook(world.journal, run_id, world.now, ACTOR)
    return book.settle(perform("order", book, replace(world.site, slots=world.slots)))


def test_the_second_office_waits_for_the_slot_and_says_who_holds_it(tmp_path: Path) -> None:
    """Nothing is intended and Azure is not asked; when the first order has ended, the second is placed."""
    world = two_offices(tmp_path)
    ordering(world, RUN_ID)
    waiting = ordering(world, OTHER)

    assert (waiting.state, waiting.intents, waiting.outcomes) == ("planned", {}, {})
    assert RUN_ID in waiting.conditions["waits-for-slot"].detail and list(world.orders.jobs) == ["perth0123"]
    assert world.orders.trouble.calls.count("objections") == 1
    gone = Outcome("watch-delivery", raised=(("order-cancelled", "order perth0123"),))
    Logbook(world.journal, RUN_ID, world.now, ACTOR).settle(gone)
    ordered = ordering(world, OTHER)
    assert (ordered.state, ordered.conditions) == ("ordered", {})


def test_waiting_adds_no_line_as_long_as_nothing_changes(tmp_path: Path) -> None:
    """A year in the queue is one line."""
    world = two_offices(tmp_path)
    ordering(world, RUN_ID)

    assert ordering(world, OTHER).seq == ordering(world, OTHER).seq


def test_a_pass_that_died_while_it_ordered_keeps_its_slot_and_takes_it_up(tmp_path: Path) -> None:
    """Its order may be there already: nobody else takes the slot, and it waits for nobody."""
    world = two_offices(tmp_path)
    world.orders.trouble.after["create"] = [Crash()]
    with pytest.raises(Crash):
        ordering(world, RUN_ID)

    assert "waits-for-slot" in ordering(world, OTHER).conditions
    assert ordering(world, RUN_ID).state == "ordered"


def test_azures_own_word_that_no_slot_is_free_is_waited_for_as_well(tmp_path: Path) -> None:
    """Somebody else may order in that subscription; a person is asked only when something else is wrong, too."""
    full, street = Objection("OrderLimit", "no more orders", passes=True), Objection("Address", "no such street")
    world = FakeWorld(tmp_path, orders=FakeOrders(says_against=(full,)))
    world.slots = ONE

    assert set(ordering(world, RUN_ID).conditions) == {"waits-for-slot"}
    world.orders.says_against = (full, street)
    assert set(ordering(world, RUN_ID).conditions) == {"order-refused"}


def test_a_slot_that_was_lost_between_question_and_order_is_waited_for(tmp_path: Path) -> None:
    """Azure counts when it takes the order: it took none, so nothing stays open."""
    world = FakeWorld(tmp_path)
    world.slots, world.orders.trouble.before["create"] = ONE, [NotYet("At most 5 orders may be active.")]

    run = ordering(world, RUN_ID)

    assert (set(run.conditions), run.intents, run.outcomes) == ({"waits-for-slot"}, {}, {"order/1": "no slot"})
    assert ordering(world, RUN_ID).state == "ordered"
