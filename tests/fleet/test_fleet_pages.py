"""What the operator sees in Prefect: the run's pages, the fleet's charts, and the events that automations hear."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeOrders, FakeWorld
from prefect_host import Prefect
from stories import ACTOR, PLAN, RUN_ID, job

from deploy.fleet.server import changes
from deploy.fleet.wanted import wanted
from deploy.inventory import Inventory
from flows.advance import advance_fleet, show_run
from flows.answering import FORMS
from flows.charts import funnel, gantt
from flows.home_run import Home, home_of
from flows.pages import FORM_NAMES, forms_of, record
from flows.passing import Passed, run_pass
from flows.prefect_api import Api, prefect_api
from flows.progress import show
from flows.world import World, use
from states.codec import to_json
from states.lines import Draft
from states.plan import Plan
from states.playbook import Ask
from tasks import answers
from tasks.errors import InvalidInput
from tasks.media import Progress
from tasks.ports import Site

AT = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def api(prefect: Prefect) -> Iterator[Api]:
    """The server, with the forms deployed."""
    with prefect_api() as opened:
        for change in changes(opened, wanted(Inventory(()))):
            change.write(opened)
        yield opened


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A run whose device is on its way, on fakes."""
    fake = FakeWorld(tmp_path, "ordered")
    return World(fake.journal, fake, lambda plan: fake.site, "hub@test")


def test_the_pages_know_every_form() -> None:
    """A form nobody can be sent to would stay unused."""
    assert set(FORM_NAMES) == {form.name for form in FORMS}


@pytest.mark.parametrize(
    ("command", "forms"),
    [
        ("seeding record lyon/2026-11 delivered --serial SERIAL", ("delivered",)),
        ("seeding close lyon/2026-11", ("close",)),
        ("mend what `seeding explain lyon/2026-11` names, then `seeding resume lyon/2026-11`", ("resume",)),
        ("`seeding stop-job lyon/2026-11`; find out why, then `seeding resume lyon/2026-11`", ("stop-job", "resume")),
        ("find out who wrote to it", ()),
    ],
)
def test_a_question_leads_to_the_forms_that_answer_it(command: str, forms: tuple[str, ...]) -> None:
    """Whatever command the question names."""
    assert forms_of(Ask("the office", "?", command, AT, AT)) == forms


def test_what_happened_to_a_run_is_told_once_however_often_it_is_shown(api: Api, world: World) -> None:
    """Passes without news tell nothing more; the record stands beside the page."""
    passed = held(world)
    for _ in range(2):
        show_run(world, Home(api), passed)
    told = events(api, 4)
    raised = [line for line in world.journal.lines(RUN_ID) if line.kind == "condition-raised"]
    answers.resume(world.book(RUN_ID))
    show_run(world, Home(api), run_pass(world, RUN_ID))

    assert sorted(told) == sorted(["seeding.condition.raised"] * len(raised) + ["seeding.run.ordered", "seeding.asked"])
    assert "seeding.condition.cleared" in events(api, 5)


def test_the_record_holds_evidence_and_custody_as_tables(world: World) -> None:
    """What a stranger wrote cannot break the table it stands in."""
    answers.hold(world.book(RUN_ID), "a | b `c`")
    text = record(world.journal.run(RUN_ID), world.journal.lines(RUN_ID))

    assert "| job-seen |" in text and "condition-raised" in text and "a \\| b 'c'" in text
    cells = {line.replace("\\|", "").count("|") for line in text.partition("## Custody")[2].splitlines() if "|" in line}
    assert cells == {6}


def test_the_question_stands_on_the_page_with_a_link_to_its_form(api: Api, world: World) -> None:
    """One click from the waiting run to the answer, with the run filled in."""
    show_run(world, Home(api), held(world))
    form = api.get("/deployments/name/resume/form")["id"]
    page = artifact(api, "timeline")["data"]

    assert "## Asked of the operator" in page and "server room" in page
    assert f"/v2/deployments/deployment/{form}/run?parameters=%7B%22answer%22" in page and RUN_ID in page


def test_a_run_that_waits_for_a_person_is_paused_until_it_is_answered(api: Api, tmp_path: Path) -> None:
    """The question and its form stand beside the state; Resume in the UI moves nothing, and is taken back."""
    fake = FakeWorld(tmp_path, "ordered", orders=FakeOrders(jobs={"perth0123": job()}))
    world = World(fake.journal, fake, lambda plan: fake.site, "hub@test")
    home, passed = Home(api), held(world)
    for _ in range(2):
        show_run(world, home, passed)
    page = home_of(api, RUN_ID)
    form = api.get("/deployments/name/resume/form")["id"]
    state = api.get(f"/flow_runs/{page}")["state"]
    assert (state["type"], state["name"]) == ("PAUSED", "ordered")
    assert "server room" in state["message"] and form in state["message"]
    api.post(f"/flow_runs/{page}/resume", {})
    assert api.get(f"/flow_runs/{page}")["state"]["type"] != "PAUSED"
    show_run(world, home, passed)
    assert api.get(f"/flow_runs/{page}")["state"]["type"] == "PAUSED"
    answers.resume(world.book(RUN_ID))
    show_run(world, home, run_pass(world, RUN_ID))

    told = [(one["type"], one["name"]) for one in api.get(f"/flow_run_states/?flow_run_id={page}")]
    assert told[-1] == ("RUNNING", "ordered") and told.count(("RUNNING", "planned")) == 1


def test_the_fleets_pages_are_refreshed_in_place_and_one_runs_trouble_is_its_own(api: Api, tmp_path: Path) -> None:
    """Two passes, one table and one chart; a run whose office is gone from the inventory stands in them as well."""
    fake = FakeWorld(tmp_path, "ordered", orders=FakeOrders(jobs={"perth0123": job()}))
    plan = to_json(replace(PLAN, office="derby"))
    fake.journal.open("derby-2026-11", [Draft("opened", {"plan": plan}), Draft("planned")], fake.now(), ACTOR)

    def site_of(plan: Plan) -> Site:
        if plan.office == "derby":
            raise InvalidInput("offices.yaml has no office derby any more", next="put it back: a run is open")
        return fake.site

    use(lambda: World(fake.journal, fake, site_of, "hub@test", retry_delays=()))
    states = [asyncio.run(advance_fleet.fn(look_now=True)) for _ in range(2)]

    assert [state.name for state in states] == ["runs-failed"] * 2 and "no office derby" in str(states[0].message)
    for key, said in (("fleet", "derby-2026-11"), ("fleet-chart", "perth-2026-11")):
        rows = api.post("/artifacts/filter", {"artifacts": {"key": {"any_": [key]}}})
        assert len(rows) == 1 and said in str(rows[0]["data"])


def test_progress_is_one_artifact_that_is_updated_in_place(api: Api, world: World) -> None:
    """A copy of a week must not leave a hundred thousand artifacts behind."""
    show_run(world, Home(api), held(world))
    for done in (1, 2):
        show(RUN_ID, Progress("copy", done, 4, done << 20, 4 << 20, float(1 << 20), 2.0, 3.0))

    rows = api.post("/artifacts/filter", {"artifacts": {"key": {"any_": [f"progress-{RUN_ID}"]}}})
    assert [(row["data"], row["type"]) for row in rows] == [(50.0, "progress")]
    assert rows[0]["flow_run_id"] and "2 of 4 files, 1.0 MiB/s, 2 s to 3 s left" in rows[0]["description"]


def test_the_charts_count_who_came_how_far(world: World) -> None:
    """A run that is ordered has been planned; the time line shows both."""
    rows, run = world.journal.rows(), world.journal.run(RUN_ID)

    assert "| planned | 1 | 0 |" in funnel(rows) and "| ordered | 1 | 1 |" in funnel(rows)
    chart = gantt([run], run.since)
    assert [line.split(" :")[0].strip() for line in chart.splitlines() if " :" in line] == ["planned", "ordered"]


def held(world: World) -> Passed:
    answers.hold(world.book(RUN_ID), "move of the server room")
    return run_pass(world, RUN_ID)


def artifact(api: Api, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/artifacts/{kind}-{RUN_ID}/latest")
    return found


def events(api: Api, wanted_at_least: int) -> list[str]:
    """The names of our run's events; the server stores them a moment after it took them."""
    which = {"filter": {"resource": {"id": [f"seeding.run.{RUN_ID}"]}}, "limit": 50}
    until = time.monotonic() + 30
    while True:
        found = [row["event"] for row in api.post("/events/filter", which)["events"]]
        if len(found) >= wanted_at_least or time.monotonic() > until:
            return found
        time.sleep(0.2)
