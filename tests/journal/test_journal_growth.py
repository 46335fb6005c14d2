"""What a fleet costs grows with its runs and not faster: statements are counted, not seconds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from fakes import FakeOrders, FakeWorld
from stories import ACTOR, job, lines_to

from flows.passing import run_pass
from flows.world import World
from states.lines import GENESIS, Draft, chained
from tasks.journal import Journal
from tasks.journal.glance import Glance
from tasks.journal.store import due_ids

FEW, MANY = 2, 30


@contextmanager
def counted() -> Iterator[list[str]]:
    """Yield the statements that are sent to any database meanwhile."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_others) -> None:
        sent.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def fleet(folder: Path, count: int) -> FakeWorld:
    """A world whose journal has *count* runs that wait for their devices."""
    folder.mkdir()
    fake = FakeWorld(folder, "ordered", orders=FakeOrders(jobs={"perth0123": job("Dispatched")}))
    drafts = [Draft(line.kind, line.payload) for line in lines_to("ordered")]
    for number in range(1, count):
        fake.journal.add(None, chained(f"office-{number}", 0, GENESIS, fake.time, ACTOR, drafts))
    return fake


def of_a_pass(fake: FakeWorld, run_id: str) -> list[str]:
    world = World(fake.journal, fake, lambda _plan: fake.site, ACTOR)
    with counted() as sent:
        run_pass(world, run_id)
    return sent


def test_a_pass_over_one_run_asks_the_journal_the_same_among_many_runs(tmp_path: Path):
    """So a pass over all of them grows with their number."""
    few, many = (of_a_pass(fleet(tmp_path / str(count), count), "office-1") for count in (FEW, MANY))

    assert few == many != []


@pytest.mark.parametrize("count", [FEW, MANY])
def test_what_is_due_is_one_question(tmp_path: Path, count: int):
    """A pass in which nothing is due reads no journal lines at all."""
    fake = fleet(tmp_path / "home", count)
    for run_id in fake.journal.run_ids():
        fake.journal.remember(run_id, {}, fake.time + timedelta(hours=1))

    with counted() as sent:
        assert due_ids(fake.journal.rows(open_only=True), fake.time) == []
    assert len(sent) == 1 and "FROM lines" not in sent[0]


def test_the_list_of_runs_needs_no_journal_line(tmp_path: Path):
    """`seeding status` of 100,000 lines reads as many rows as there are runs."""
    fleet(tmp_path / "home", MANY)
    path = tmp_path / "home" / "journal.db"
    before = Journal(f"sqlite:///{path}").rows()
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE lines")

    assert Glance(path).rows() == before and len(before) == MANY
