"""The freeze watch as a verb: what it brings, when it writes a line, and what it does not need to see."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes import FakeWorld
from stories import agent, job

from states.facts import JobSeen
from states.freeze import AccountSeen, FreezeSeen
from states.run import Run
from tasks.errors import NotYet, Transient
from tasks.perform import perform

NOON = datetime(2026, 11, 9, 12, tzinfo=UTC)


def world_in(tmp_path: Path, state: str) -> FakeWorld:
    """Return a world where all is well."""
    world = FakeWorld(tmp_path, state)
    world.orders.jobs["perth0123"] = job("Completed")
    world.office = world.office.with_agent(agent(NOON, server="PER-DPM01"))
    return world


def look(world: FakeWorld) -> Run:
    """Return the run after one look."""
    book = world.book()
    return book.settle(perform("watch-freeze", book, world.site))


@pytest.mark.parametrize("state", ["copied", "shipped", "ingested", "vaulted", "incremental-scheduled"])
def test_a_look_that_finds_nothing_new_writes_no_line(tmp_path: Path, state: str):
    """Sixty days of looks are one line."""
    world = world_in(tmp_path, state)
    first = look(world)

    assert [look(world).seq for _ in range(3)] == [first.seq] * 3
    assert first.conditions == {} and first.state == state


def test_a_change_is_on_record_with_who_made_it_and_stays_there(tmp_path: Path):
    """The look after it sees nothing new; the warning stands until the seed is vaulted."""
    world = world_in(tmp_path, "shipped")
    look(world)
    world.surroundings.seen = AccountSeen("seeding", default_action="Deny")
    world.surroundings.deeds = {"network rules": ("ann@example.com", NOON), "locks": ("bob", NOON)}
    run = look(world)
    again = look(world)

    (change,) = run.get(FreezeSeen).changes
    assert (change.what, change.by, change.at) == ("network rules", "ann@example.com", NOON)
    assert list(run.conditions) == ["frozen-changed"] and again.seq == run.seq


def test_what_was_broken_and_is_mended_blocks_no_more_and_both_changes_are_kept(tmp_path: Path):
    """No resume is needed: the next look sees it."""
    world = world_in(tmp_path, "shipped")
    look(world)
    good = world.surroundings.seen
    world.surroundings.seen = AccountSeen("")
    broken = look(world)
    world.surroundings.seen = good
    mended = look(world)

    assert "account-gone" in broken.conditions and "account-gone" not in mended.conditions
    assert len(mended.get(FreezeSeen).changes) == 2


def test_a_log_that_does_not_answer_names_nobody_and_stops_nothing(tmp_path: Path):
    """Who did it is worth a line; what was done is the point."""
    world = world_in(tmp_path, "shipped")
    look(world)
    world.surroundings.seen = AccountSeen("")
    world.surroundings.trouble.before["who"] = [Transient("the log is down")]

    run = look(world)

    assert "account-gone" in run.conditions and run.get(FreezeSeen).changes[0].by == ""


def test_a_server_that_gives_no_answer_is_known_by_its_first_silence(tmp_path: Path):
    """Since when, not only that; and an answer ends it."""
    world = world_in(tmp_path, "shipped")
    look(world)
    world.office.trouble.before["agent"] = [NotYet("off"), NotYet("off")]
    first, second, answered = look(world), look(world), look(world)

    assert first.get(FreezeSeen).silent_since is not None and second.seq == first.seq
    assert answered.get(FreezeSeen).silent_since is None
    assert first.get(FreezeSeen).server == "PER-DPM01"


def test_an_order_that_somebody_deleted_before_the_vault_has_the_seed_blocks(tmp_path: Path):
    """The agent tracks its seed by it."""
    world = world_in(tmp_path, "ingested")
    look(world)
    del world.orders.jobs["perth0123"]

    assert "order-gone" in look(world).conditions


def test_a_service_that_is_down_clears_nothing(tmp_path: Path):
    """Not to see a trouble is not to see it gone."""
    world = world_in(tmp_path, "shipped")
    world.surroundings.seen = AccountSeen("")
    look(world)
    world.surroundings.trouble.before["account"] = [Transient("down")]
    with pytest.raises(Transient):
        look(world)

    assert "account-gone" in world.book().run.conditions and world.book().run.get(JobSeen)
