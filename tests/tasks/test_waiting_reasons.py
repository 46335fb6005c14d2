"""Why a run waits between shipping and incrementals: `seeding explain` names the exact reason, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from fakes import FakeVault, FakeWorld
from stories import RUN_ID, agent, job, points

from flows.pages import timeline
from states.explain import explain
from states.landing import ItemInVault
from states.playbook import VERBS, next_step
from states.vaulting import reckon
from tasks.errors import NotYet
from tasks.perform import perform

WAITING = "Waiting for Azure Data Box job to be completed"
NO_LOGIN = "ID 100230: unable to make service calls to Azure"


def told(world: FakeWorld, verb: str, days: float = 0.1) -> str:
    """Look once, so many days after the run's last milestone, and return what the run is explained as."""
    world.time += timedelta(days=days)
    book = world.book()
    run = book.settle(perform(verb, book, world.site))
    return explain(run, next_step(run, world.time, dict.fromkeys(VERBS, world.time)), world.time)


def at(state: str, folder: Path, vault: tuple[ItemInVault, ...] = (), **said: Any) -> FakeWorld:
    """A run that came to *state* an hour ago, a vault that shows *vault*, and an agent that says so."""
    world = FakeWorld(folder, state)
    world.vault = FakeVault(known=vault)
    usual = {"items": (), "incremental_at": None, "last_job": WAITING, "last_job_class": "waiting"}
    world.office = world.office.with_agent(agent(world.time, **{**usual, **said}))
    return world


def landed_of(world: FakeWorld):
    """When the seed was ingested."""
    return world.journal.run(RUN_ID).since


def test_the_order_is_not_complete(tmp_path: Path):
    """The datacenter is still at work; the agent could not move anything yet."""
    world = at("shipped", tmp_path)
    world.orders.jobs["perth0123"] = job("DataCopy", "InProgress")

    assert "because order perth0123 is at DataCopy, not Completed; wait for the datacenter" in told(
        world, "watch-ingestion"
    )


def test_the_next_schedule_is_not_reached(tmp_path: Path):
    """The agent's job says that it waits for the order, which is complete: it will look at its next backup."""
    world = at("ingested", tmp_path)
    due = landed_of(world) + timedelta(hours=24)

    text = told(world, "watch-vault")

    assert f"the agent moves the seed at its next scheduled backup, {due:%Y-%m-%d %H:%M} UTC; wait for it" in text
    assert "waiting for the next scheduled backup" in text and "[" not in text


def test_the_schedule_was_reached_and_nothing_ran(tmp_path: Path):
    """Row 91: the task is disabled, or its account may not."""
    world = at("ingested", tmp_path)

    assert "was due 2026-11-0" in (text := told(world, "watch-vault", days=2.5))
    assert "has not run; enable its task in the Task Scheduler" in text
    assert "[warn] vault-late: two scheduled backups passed without a recovery point" in text


def test_the_agent_cannot_authenticate(tmp_path: Path):
    """Row 90, error 100230: it waits for ever, and its job `completes`."""
    world = at("ingested", tmp_path, last_job=NO_LOGIN, last_job_class="cannot-authenticate", cannot_authenticate=True)

    text = told(world, "watch-vault")

    assert "It is stopped by agent-not-signed-in" in text and "100230" in text
    assert "sign in again in the backup console" in text


def test_the_schedule_is_paused(tmp_path: Path):
    """Row 100, before the seed has moved and after."""
    (tmp_path / "later").mkdir()
    for state, verb, folder in (
        ("ingested", "watch-vault", tmp_path),
        ("vaulted", "schedule-incrementals", tmp_path / "later"),
    ):
        text = told(at(state, folder, schedule_enabled=False), verb)

        assert "It is stopped by schedule-paused. the online schedule is paused: server PER-DPM01" in text
        assert "enable it in the backup console" in text


def test_the_server_is_silent(tmp_path: Path):
    """Row 96: nobody at the office's server answers; why not, in the office's own words."""
    world = at("ingested", tmp_path)
    world.office.trouble.before["agent"] = [NotYet("the worker of perth has not answered")]

    text = told(world, "watch-vault")
    world.office.trouble.before["agent"] = [NotYet("the worker of perth has not answered")]
    again = told(world, "watch-vault")

    assert "[warn] agent-silent: the backup agent does not answer: the worker of perth has not answered" in text
    assert "the backup server PER-DPM01 is silent; look whether it is up and its worker runs" in again


def test_a_witness_is_missing(tmp_path: Path):
    """Which one, what the other shows, and until when it may keep silent."""
    (tmp_path / "agent").mkdir()
    vault_alone = at("ingested", tmp_path)
    vault_alone.vault = FakeVault(known=points(landed_of(vault_alone)))
    agent_alone = at("ingested", tmp_path / "agent")
    good = agent(landed_of(agent_alone), incremental_at=None)
    agent_alone.office = agent_alone.office.with_agent(good)

    for world, speaker, silent in ((vault_alone, "vault", "agent"), (agent_alone, "agent", "vault")):
        due = landed_of(world) + timedelta(hours=27)
        text = told(world, "watch-vault")
        assert f"mail: the {speaker} shows a point of" in text
        assert f"the {silent} shows none yet; wait, it is expected by {due:%Y-%m-%d %H:%M} UTC" in text
        assert "[warn] witness-missing" in text


def test_the_first_incremental_has_not_run(tmp_path: Path):
    """And when it will."""
    world = at("vaulted", tmp_path)
    landed = world.journal.run(RUN_ID).reached("ingested")
    world.vault = FakeVault(known=points(landed))
    world.office = world.office.with_agent(
        replace(agent(world.time, incremental_at=None), items=points(landed, sizes=True))
    )

    assert "no incremental backup of PER-DPM01 has run yet; wait for its schedule, 2026-11-0" in told(
        world, "schedule-incrementals"
    )


def test_the_page_and_the_table_say_the_same(tmp_path: Path):
    """Vault against manifest: item, sealed, landed, points, verdict; on the run's page once the seed is ingested."""
    world = at("ingested", tmp_path)
    world.vault = FakeVault(known=points(landed_of(world)))
    world.office = world.office.with_agent(agent(landed_of(world), incremental_at=None))
    told(world, "watch-vault")
    run = world.journal.run(RUN_ID)

    page = timeline(run, next_step(run, world.time, {}), world.time)

    assert "| mail | 600 | 600 | 1 | 1 | seen-once |\n| sql | 400 | 400 | 1 | 1 | seen-once |" in page
    assert [(row.item, row.verdict) for row in reckon(run)] == [("mail", "seen-once"), ("sql", "seen-once")]
    (tmp_path / "shipped").mkdir()
    before = FakeWorld(tmp_path / "shipped", "shipped").journal.run(RUN_ID)
    assert "bytes landed" not in timeline(before, next_step(before, world.time, {}), world.time)
