"""What a plan takes from the journal: the fleet's own days, held slots, and what is seeded already."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from offices_to_plan import MONDAY, TB, Weekdays, office
from stories import ACTOR, PLAN, lines_to

from deploy.cli.fleet_seen import fleet_seen
from deploy.cli.opening import Opened
from states.lines import Draft
from states.planner.timing import Clockwork

DISK = "DataBoxDisk"


@pytest.fixture
def home(tmp_path):
    """Write the good run's journal up to a state, with each of its lines *slower* later than the story tells."""

    def write(state: str, *, office_id: str, slower: int = 1):
        lines = lines_to(state)
        first = lines[0].at
        opened = Opened(tmp_path, make=True)
        run_id = f"{office_id}/2026-03"
        plan = replace(PLAN, office=office_id)
        run = opened.journal.open(run_id, [Draft("opened", {**lines[0].payload, "plan": _json(plan)})], first, ACTOR)
        for line in lines[1:]:
            at = first + (line.at - first) * slower
            run = _added(opened.journal, run, Draft(line.kind, line.payload), at)
        opened.journal.close()
        return tmp_path

    return write


def test_without_a_journal_the_published_figures_count(tmp_path):
    """A first plan needs no history."""
    seen = fleet_seen(tmp_path)

    assert seen.figures.history == {}
    assert seen.taken == {}


def test_five_finished_runs_are_the_fleets_own_history(home):
    """Five offices went the whole way, each step 24 times slower than told, so that hours are days."""
    for number in range(5):
        where = home("incremental-scheduled", office_id=f"office-{number}", slower=24)

    figures = fleet_seen(where).figures

    assert figures.seen(DISK, "delivered") is not None
    assert figures.seen(DISK, "ingested").runs == 5
    assert figures.seen(DISK, "delivered").days.p50 >= 1


def test_four_runs_are_not_enough(home):
    """With four, what was published still counts."""
    for number in range(4):
        where = home("incremental-scheduled", office_id=f"office-{number}", slower=24)

    assert fleet_seen(where).figures.seen(DISK, "delivered") is None


@pytest.mark.parametrize("state", ["planned", "ordered", "shipped"])
def test_a_run_under_way_is_taken_and_holds_a_slot(home, state):
    """Its sources are not planned again, and its slot is held until it would be ingested at P90.

    What is only planned counts, too: it orders at its next pass.
    """
    seen = fleet_seen(home(state, office_id="perth"))
    clock = Clockwork(seen.figures, Weekdays())
    needs = office(TB)
    needs = replace(needs, plan=replace(needs.plan, items=PLAN.items))

    (busy,) = seen.busy(MONDAY, clock)

    assert seen.left_of(needs).plan.items == ()
    assert busy.pool.sku == DISK
    assert busy.until >= MONDAY


@pytest.mark.parametrize("state", ["ingested", "incremental-scheduled"])
def test_a_run_without_an_active_order_holds_no_slot(home, state):
    """Once the datacenter is done, the slot is free; the sources stay taken."""
    seen = fleet_seen(home(state, office_id="perth"))

    assert seen.busy(date(2026, 3, 2), Clockwork(seen.figures, Weekdays())) == ()
    assert set(seen.taken["perth"]) == {item.name for item in PLAN.items}


def _json(plan):
    from states.codec import to_json

    return to_json(plan)


def _added(journal, run, draft, at):
    from states.lines import chained

    journal.add(run, chained(run.run_id, run.seq, run.head, at, ACTOR, [draft]))
    return journal.run(run.run_id)
