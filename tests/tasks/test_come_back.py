"""What a pass makes of a service that says when it wants to be asked again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from fakes import FakeOrders, FakeWorld, Trouble
from stories import ACTOR, RUN_ID, job

from flows.passing import Passed, run_pass
from flows.verb_task import _soon
from flows.world import World
from states.playbook import Wait
from tasks.errors import Transient


def passed(fake: FakeWorld) -> Passed:
    return run_pass(World(fake.journal, fake, lambda _plan: fake.site, ACTOR), RUN_ID)


def told(folder: Path, failed: Transient) -> FakeWorld:
    """A world whose Azure answers the first look like this, and the second one well."""
    orders = FakeOrders(jobs={"perth0123": job("Dispatched")}, trouble=Trouble(before={"find": [failed]}))
    return FakeWorld(folder, "ordered", orders=orders)


@pytest.mark.parametrize("maybe_done, lines", [(False, 0), (True, 1)])
def test_a_run_is_due_when_azure_wants_to_be_asked_again(tmp_path: Path, maybe_done: bool, lines: int):
    """Not at the next ordinary look, twelve hours later. A question that was never sent is no trouble of the run."""
    fake = told(tmp_path, Transient("busy", after_seconds=300, maybe_done=maybe_done))
    before = fake.journal.run(RUN_ID).seq

    first = passed(fake)
    (row,) = fake.journal.rows()
    assert isinstance(first.step, Wait) and first.run.seq == before + lines
    assert row.due is not None and row.due - fake.time <= timedelta(seconds=300)

    fake.time += timedelta(seconds=300)
    assert passed(fake).run.conditions == {} and fake.orders.trouble.calls.count("find") == 2


def test_a_pass_does_not_try_again_before_the_service_wants_it():
    """Forty seconds of trying are in vain when it asked for five minutes; what it did not say is tried again."""
    delays = (2.0, 10.0, 30.0)

    assert [_soon(Transient("busy", after_seconds=s), delays) for s in (None, 5, 300)] == [True, True, False]
    assert not _soon(ValueError("no"), delays)
