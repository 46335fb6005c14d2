"""A carrier is sent for at most once an attempt, and a person is told whenever that is not certain."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes import Crash, FakeOrders, FakeWorld, Trouble
from stories import RUN_ID, job

from flows.passing import run_pass
from flows.world import World
from states.facts import PickupBooked
from states.run import Run
from tasks.book_pickup import next_working_day
from tasks.errors import NotAllowed, NotYet, Rejected, Transient
from tasks.perform import perform


def one_pass(world: FakeWorld, at: int = 0, *, after: bool = False) -> Run:
    """Do what a pass does, and die where told; return the run as a new process would find it."""
    try:
        book = world.book(at, after=after)
        if book.run.get(PickupBooked) is None:
            book.settle(perform("book-pickup", book, world.site))
    except (Crash, Transient):
        pass
    return world.journal.run(RUN_ID)


def passes(world: FakeWorld) -> Run:
    """Let three more passes go by."""
    return [one_pass(world) for _ in range(3)][-1]


def test_a_pickup_is_booked_once_and_its_confirmation_kept(tmp_path: Path):
    """However many passes follow."""
    world = FakeWorld(tmp_path, "copied")
    run = passes(world)

    assert world.orders.bookings == 1
    assert run.get(PickupBooked).confirmation == "CONF-1"
    assert (run.outcomes["pickup/1"], run.intents, run.conditions) == ("confirmation CONF-1", {}, {})


@pytest.mark.parametrize("at, after, booked, certain", [
    (1, False, 1, True), (1, True, 0, False), (2, False, 1, False), (2, True, 1, True),
])  # fmt: skip
def test_a_crash_around_any_commit_books_at_most_once(tmp_path: Path, at: int, after: bool, booked: int, certain: bool):
    """Once the intent is on record and its outcome is not, nobody books again: a person asks the carrier."""
    world = FakeWorld(tmp_path, "copied")
    one_pass(world, at, after=after)

    run = passes(world)

    assert world.orders.bookings == booked
    assert set(run.conditions) == (set() if certain else {"pickup-uncertain"})
    assert run.intents == {} and run.get(PickupBooked)


@pytest.mark.parametrize("moment, wrong, booked, code", [
    ("before", Crash(), 0, "pickup-uncertain"),
    ("after", Crash(), 1, "pickup-uncertain"),
    ("before", Transient("no answer"), 0, "pickup-uncertain"),
    ("after", Transient("no answer"), 1, "pickup-uncertain"),
    ("before", Transient("throttled", maybe_done=False), 1, None),
    ("before", Rejected("no slots"), 0, "pickup-not-booked"),
    ("before", NotAllowed("no role"), 1, None),
    ("before", NotYet("a stage that went back"), 1, None),
])  # fmt: skip
def test_whatever_happens_in_the_call_it_is_booked_at_most_once(tmp_path: Path, moment, wrong, booked, code):
    """Only what surely was not sent is sent again."""
    world = FakeWorld(tmp_path, "copied", orders=FakeOrders(Trouble(**{moment: {"book_pickup": [wrong]}})))
    one_pass(world)

    run = passes(world)

    assert world.orders.bookings == booked
    assert set(run.conditions) >= ({code} if code else set())
    assert run.intents == {} and run.get(PickupBooked)


def test_a_second_hub_in_the_middle_of_a_booking_asks_a_person_only_until_the_first_one_has_the_answer(tmp_path: Path):
    """Two hubs by mistake: the second finds an intent without an outcome and cannot know; the first one can."""

    class SlowOrders(FakeOrders):
        def book_pickup(self, *args: object) -> PickupBooked:
            booked = super().book_pickup(*args)  # type: ignore[arg-type]
            run_pass(hub("two"), RUN_ID)
            assert set(world.journal.run(RUN_ID).conditions) == {"pickup-uncertain"}
            return booked

    orders = SlowOrders(jobs={"perth0123": job("Delivered")})
    world = FakeWorld(tmp_path, "copied", orders=orders)

    def hub(name: str) -> World:
        return World(world.journal, world, lambda plan: world.site, name)

    run = run_pass(hub("one"), RUN_ID).run

    assert (orders.bookings, set(run.conditions), run.intents) == (1, set(), {})
    assert run.get(PickupBooked).confirmation == "CONF-1" and run.outcomes["pickup/1"] == "confirmation CONF-1"


@pytest.mark.parametrize("now, zone, start", [
    ("2026-11-02T06:00", "UTC", "2026-11-03T09:00:00+00:00"),
    ("2026-11-06T06:00", "Australia/Perth", "2026-11-09T09:00:00+08:00"),
    ("2026-11-08T20:00", "Australia/Perth", "2026-11-10T09:00:00+08:00"),
    ("2026-03-28T12:00", "Europe/Paris", "2026-03-30T09:00:00+02:00"),
])  # fmt: skip
def test_the_carrier_comes_on_the_next_weekday_in_the_offices_own_time(now: str, zone: str, start: str):
    """Weekends, other days on the other side of the world, and the night the clocks change."""
    first, last = next_working_day(datetime.fromisoformat(now).replace(tzinfo=UTC), zone)

    assert first.isoformat() == start
    assert (last - first).total_seconds() == 8 * 3600
