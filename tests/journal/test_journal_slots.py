"""Order slots under a race, on a real SQLite file and a real PostgreSQL server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

from fakes import FakeOrders, FakeWorld
from stories import ACTOR, PLAN, T0

from deploy.data import limits
from states.codec import to_json
from states.lines import Draft
from states.run import Run
from states.slots import OrderSlots
from tasks.journal import Journal, Logbook
from tasks.perform import perform


def test_of_runs_that_order_in_the_same_moment_only_as_many_do_as_there_are_slots(
    journal: Journal, tmp_path: Path
) -> None:
    """Each looked and saw a free slot: the journal lets one after the other intend, and refuses the rest."""
    names, orders, start = [f"office-{number}" for number in range(6)], FakeOrders(), Barrier(6)
    for name in names:
        plan = replace(PLAN, job_name=f"job{name}")
        journal.open(name, [Draft("opened", {"plan": to_json(plan)}), Draft("planned")], T0, ACTOR)
    site = replace(FakeWorld(tmp_path, orders=orders).site, slots=OrderSlots(2, (), limits().orders.origin))

    class Meeting(Logbook):
        def intend(self, *args: object) -> bool:
            start.wait(30)
            return super().intend(*args)  # type: ignore[arg-type]

    def race(name: str) -> Run:
        book = Meeting(journal, name, lambda: T0, ACTOR)
        return book.settle(perform("order", book, site))

    with ThreadPoolExecutor(6) as pool:
        runs = list(pool.map(race, names))

    assert sorted(run.state for run in runs) == ["ordered"] * 2 + ["planned"] * 4
    assert len(orders.jobs) == 2 and all("waits-for-slot" in run.conditions for run in runs if run.state == "planned")
