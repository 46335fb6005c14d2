"""The forms of the Prefect UI: what they ask, what they refuse, and what an answer does to a run."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeOffice, FakeWorld
from journey_host import Journey
from prefect_host import Prefect
from stories import RUN_ID, T0, agent

from deploy.rehearse import serial_on_the_label
from flows.answering import FORMS, stop_job
from flows.forms import StopJob
from flows.prefect_api import Api, prefect_api
from flows.world import World, use
from states.conditions import CATALOGUE
from states.facts import Delivered
from states.landing import JobRunning
from tasks.errors import SeedingError


def test_every_form_says_what_it_wants_in_words() -> None:
    """A title and a help text for each field; who answers is always asked."""
    for form in FORMS:
        fields = next(iter(form.parameters.definitions.values()))["properties"]  # type: ignore[union-attr]
        assert {"run", "by"} <= set(fields), form.name
        assert all(field.get("title") and field.get("description") for field in fields.values()), form.name
    waive = next(form for form in FORMS if form.name == "waive")
    assert waive.parameters.definitions["Waive"]["properties"]["code"]["enum"] == sorted(CATALOGUE)  # type: ignore[index]


def test_an_answer_in_a_form_moves_the_run_and_names_who_gave_it(prefect: Prefect, hub: Journey) -> None:
    """What the office types in Prefect is evidence like any other; the pass comes at once."""
    serial = serial_on_the_label(hub.rehearsal, hub.run("lyon"))
    hub_home = str(hub.rehearsal.where.home)
    with prefect_api() as api:
        for wrong in ({"serial": "x"}, {"serial": serial, "by": "a\nb"}, {"serial": serial, "more": 1}):
            with pytest.raises(SeedingError, match="409"):
                fill(api, "delivered", {"run": "lyon", "by": "Jo", **wrong})
        good = fill(api, "delivered", {"run": "lyon", "by": "Jo Martin", "serial": serial})
        done = prefect.seeding("work", "--once", "--home", hub_home)
        state = api.get(f"/flow_runs/{good}")["state"]

    run = hub.run("lyon")
    given = run.get(Delivered)
    lines = hub.rehearsal.journal.lines(run.run_id)
    assert given == Delivered(serial, "Jo Martin"), (state, done.stdout, done.stderr)
    assert [line.actor for line in lines if line.payload.get("kind") == "delivered"] == ["Jo Martin"]
    assert state["name"] == run.state == "delivered" and run.history[-1].state == "delivered"


def test_the_brake_against_a_full_upload_is_a_form(prefect: Prefect, tmp_path: Path) -> None:
    """Whoever sees the line fill up need not find a command line: the office's agent is told to stop."""
    fake = FakeWorld(tmp_path, "vaulted")
    seen = agent(fake.journal.run(RUN_ID).reached("ingested") or T0, incremental_at=None)
    fake.office = FakeOffice().with_agent(replace(seen, running=(JobRunning("", fake.time, 60),)))
    fake.office.answers["stop_online_job"] = seen
    use(lambda: World(fake.journal, fake, lambda plan: fake.site, "hub@test", retry_delays=()))
    answer = StopJob(run=RUN_ID, by="Jo Martin", stop="stop the online job that runs now")

    state = asyncio.run(stop_job.fn(answer))

    stops = [line for line in fake.journal.lines(RUN_ID) if line.payload.get("key", "").startswith("stop-job/")]
    assert (state.name, fake.office.trouble.calls.count("stop_online_job")) == ("vaulted", 1)
    assert [(line.kind, line.actor) for line in stops] == [("intent", "Jo Martin"), ("outcome", "Jo Martin")]


def fill(api: Api, form: str, answer: dict[str, Any]) -> str:
    """Submit a form as the UI does; raises what the server refuses. Returns the flow run's id."""
    deployment = api.get(f"/deployments/name/{form}/form")
    body = {"parameters": {"answer": answer}, "state": {"type": "SCHEDULED"}}
    return str(api.post(f"/deployments/{deployment['id']}/create_flow_run", body)["id"])
