"""A device is ordered once, whatever dies when; what is not ours is not adopted."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import Crash, FakeOrders, FakeWorld, Trouble
from stories import RUN_ID, job

from states.run import Run
from tasks.errors import AlreadyExists, NotAllowed, Rejected, Transient
from tasks.perform import perform
from tasks.ports import Objection

OURS = {"seeding-run": RUN_ID, "seeding-attempt": "1"}
CALLS = ("find", "objections", "create", "tags")


def one_pass(world: FakeWorld, at: int = 0, *, after: bool = False) -> Run:
    """Do what a pass does, and die where told; return the run as a new process would find it."""
    try:
        book = world.book(at, after=after)
        book.settle(perform("order", book, world.site))
    except (Crash, Transient):
        pass
    return world.journal.run(RUN_ID)


def ordered_once(world: FakeWorld) -> None:
    """Let passes go on until the run is ordered; there is then exactly one order of ours and nothing open."""
    for _ in range(4):
        run = one_pass(world)
    assert (run.state, run.intents, run.conditions) == ("ordered", {}, {})
    assert list(world.orders.jobs) == ["perth0123"] and world.orders.tags_of["perth0123"] == OURS
    assert world.journal.check(RUN_ID) == run.seq


def test_a_run_is_ordered_with_tags_that_say_whose_it_is(tmp_path: Path):
    """Intent, effect, outcome, evidence and the move, in this order."""
    world = FakeWorld(tmp_path)
    ordered_once(world)

    kinds = [line.kind for line in world.journal.lines(RUN_ID)[2:]]
    assert kinds == ["intent", "outcome", "evidence", "transition"]
    assert world.orders.trouble.calls.count("create") == 1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_crash_around_any_commit_orders_once(tmp_path: Path, at: int, after: bool):
    """Before and after the intent, before and after the outcome."""
    world = FakeWorld(tmp_path)

    one_pass(world, at, after=after)

    ordered_once(world)


@pytest.mark.parametrize("wrong", [Crash(), Transient("no answer"), Transient("busy", maybe_done=False)])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", CALLS)
def test_a_crash_or_a_lost_answer_in_any_call_orders_once(tmp_path: Path, call: str, moment: str, wrong):
    """Before the effect, or after it when nobody heard the answer."""
    world = FakeWorld(tmp_path, orders=FakeOrders(Trouble(**{moment: {call: [wrong]}})))

    one_pass(world)

    ordered_once(world)


def test_an_order_that_shows_late_is_waited_for_and_not_placed_again_under_another_name(tmp_path: Path):
    """Azure accepts first and shows later; until then the intent stays open."""
    world = FakeWorld(tmp_path, orders=FakeOrders(invisible_for=1))

    run = one_pass(world)

    assert run.state == "planned" and "order/1" in run.intents
    ordered_once(world)


def test_somebody_who_was_faster_with_our_tags_is_us(tmp_path: Path):
    """A twin pass placed it between our look and our call."""
    orders = FakeOrders(jobs={"perth0123": job()}, tags_of={"perth0123": OURS}, invisible_for=1)
    world = FakeWorld(tmp_path, orders=orders)

    ordered_once(world)

    assert orders.trouble.calls.count("create") == 1


@pytest.mark.parametrize(
    "tags", [{}, {"seeding-run": "other", "seeding-attempt": "1"}, {**OURS, "seeding-attempt": "2"}]
)
def test_a_foreign_order_is_never_adopted(tmp_path: Path, tags: dict[str, str]):
    """Not without tags, not of another run, not of another attempt."""
    for hidden in (0, 1):
        (folder := tmp_path / str(hidden)).mkdir()
        orders = FakeOrders(jobs={"perth0123": job()}, tags_of={"perth0123": tags}, invisible_for=hidden)
        run = one_pass(FakeWorld(folder, orders=orders))

        assert (run.state, set(run.conditions), run.evidence, run.intents) == ("planned", {"order-foreign"}, {}, {})


def test_azures_objections_are_told_before_anything_is_tried(tmp_path: Path):
    """No intent, no call: a person corrects the inventory."""
    orders = FakeOrders(says_against=(Objection("Address", "no such street"), Objection("Sku", "not there")))
    run = one_pass(FakeWorld(tmp_path, orders=orders))

    assert run.conditions["order-refused"].detail == "Address: no such street; Sku: not there"
    assert run.intents == run.outcomes == {} and "create" not in orders.trouble.calls


@pytest.mark.parametrize("wrong, code, left_open", [
    (Rejected("over quota"), "order-refused", False), (NotAllowed("no role"), "not-allowed", True),
])  # fmt: skip
def test_a_refusal_stops_the_run_until_a_person_asks_again(tmp_path: Path, wrong, code: str, left_open: bool):
    """Refused for good closes the intent; not permitted leaves it, and the next try looks first."""
    world = FakeWorld(tmp_path, orders=FakeOrders(Trouble(before={"create": [wrong]})))

    run = one_pass(world)

    assert (set(run.conditions), bool(run.intents)) == ({code}, left_open)
    assert world.orders.jobs == {}
    world.orders.trouble.before["create"] = [AlreadyExists("a twin was faster")]
    one_pass(world)
    ordered_once(world)
