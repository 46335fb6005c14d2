"""kill -9 at the worst moments: the next pass looks first, and nothing is ordered or booked twice."""

from __future__ import annotations

import pytest
from journey_host import Journey, killed


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_pass_killed_around_the_order_leaves_exactly_one_order(journey: Journey, moment: str) -> None:
    """The intent is on record, its outcome is not: what Azure shows decides, and the same state is reached."""
    killed(journey, "lyon", "orders.create", moment)
    open_intents = journey.run("lyon").intents
    journey.sweep()

    run = journey.run("lyon")
    assert list(open_intents) == ["order/1"]
    assert (run.state, run.intents, list(run.outcomes)) == ("ordered", {}, ["order/1"])
    assert journey.rehearsal.control.stats()["orders"][run.job_name] == 1


@pytest.mark.parametrize(("moment", "booked"), [("before", 0), ("after", 1)])
def test_a_pass_killed_around_the_pick_up_never_books_twice(journey: Journey, moment: str, booked: int) -> None:
    """Azure cannot be asked whether a pick-up is booked, so the run says that a person should ask the carrier."""
    journey.until("lyon", "delivered")
    seal(journey)
    killed(journey, "lyon", "orders.book_pickup", moment)
    journey.sweep()

    run = journey.run("lyon")
    assert run.state == "copied" and "pickup-uncertain" in run.conditions and run.intents == {}
    assert journey.rehearsal.control.stats()["pickups"].get(run.job_name, 0) == booked


def seal(journey: Journey) -> None:
    """Bring lyon to `copied` by the office's answer, without the pass that would book the pick-up."""
    from deploy.rehearse import answer

    run_id = journey.run("lyon").run_id
    for _ in range(3):
        journey.sweep([run_id])
        if answer(journey.rehearsal, journey.run("lyon")) and journey.run("lyon").state == "copied":
            return
    raise AssertionError(f"lyon is {journey.run('lyon').state}")
