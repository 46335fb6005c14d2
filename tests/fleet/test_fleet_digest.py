"""Quiet hours and the digest in Prefect: what is told when, one artifact, one event, and who hears it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import yaml
from fakes import FakeOrders, FakeWorld
from prefect.blocks.notifications import SlackWebhook
from prefect.server.events.schemas.automations import EventTrigger
from prefect_host import Prefect
from pydantic import SecretStr
from stories import RUN_ID, job
from test_fleet_automations import FLEET_PAGE, received

from deploy.cli.deploying import block_named, deploy
from deploy.fleet.server import changes
from deploy.fleet.wanted import TELLS, wanted
from deploy.inventory import Inventory, load
from deploy.inventory.offices import OperatorsEntry
from flows.advance import show_run
from flows.digest import event_of, tell
from flows.home_run import Home, News, Page
from flows.passing import run_pass
from flows.prefect_api import prefect_api
from flows.telling import worth_telling
from flows.world import World
from states.digest import digest_of
from states.lines import Draft
from states.quiet import hours_of
from states.run import Run
from tasks import answers
from tasks.errors import InvalidInput

SAMPLE = Path("deploy/offices/sample.yaml")


@pytest.fixture
def fake(tmp_path: Path) -> FakeWorld:
    """A run whose device is on its way."""
    return FakeWorld(tmp_path, "ordered", orders=FakeOrders(jobs={"perth0123": job()}))


@pytest.fixture
def world(fake: FakeWorld) -> World:
    """A hub on fakes; from four to six in the morning, UTC, its operators sleep."""
    quiet = hours_of("04:00-06:00", "UTC")
    return World(fake.journal, fake, lambda plan: fake.site, "hub@test", quiet_of=lambda office: quiet)


def at(fake: FakeWorld, hour: int) -> datetime:
    """Set the clock to that hour of the next day."""
    fake.time = fake.time.replace(hour=hour, minute=0) + timedelta(days=1)
    return fake.time


def test_at_night_only_what_cannot_wait_is_told(world: World, fake: FakeWorld) -> None:
    """An arrival and a warning wait for the digest; a lost device waits for the morning; a full upload wakes people."""
    now = at(fake, 5)
    book = world.book(RUN_ID)
    for code in ("order-delayed", "device-lost", "full-upload"):
        book.write(Draft("condition-raised", {"code": code, "detail": "", "by": "tests"}))
    lines, quiet = world.journal.lines(RUN_ID), world.quiet_of("perth")

    assert [line.payload["code"] for line in worth_telling(lines, now, quiet)] == ["full-upload"]
    assert worth_telling(lines, now + timedelta(hours=1), quiet) == worth_telling(lines, now, None) == lines


class Told(Home):
    """A home that keeps what it was told, with no server behind it."""

    def __init__(self) -> None:
        self.page, self.events, self.shown = Page(uuid4(), 0, ""), list[str](), dict[str, Any]()

    def project(self, run: Run, question: str = "") -> Page:
        """Return the page."""
        return self.page

    def forms(self, names: Iterable[str]) -> dict[str, str]:
        """There are none."""
        return {}

    def show(self, key: str, home: UUID | None, kind: str, data: Any, description: str) -> None:
        """Keep it."""
        self.shown[key] = data

    def announce(self, news: Sequence[News]) -> None:
        """Remember up to where it told, as Prefect's label does."""
        for one in news:
            self.events += [event["event"] for event in one.events]
            self.page = Page(one.page.id, one.told, one.asked)


def test_a_question_of_the_night_is_asked_in_the_morning(world: World, fake: FakeWorld) -> None:
    """It stands on the run's page at once; the event that rings comes with the first pass after the quiet hours."""
    book = world.book(RUN_ID)
    book.write(Draft("condition-raised", {"code": "device-lost", "detail": "", "by": "operator"}))
    home = Told()
    at(fake, 5)
    show_run(world, home, run_pass(world, RUN_ID))
    assert "## Asked of the operator" in home.shown[f"timeline-{RUN_ID}"] and home.events == []
    for _ in range(2):
        fake.time += timedelta(hours=2)
        show_run(world, home, run_pass(world, RUN_ID))

    assert home.events == ["seeding.asked"]


def test_the_digest_tells_each_change_once_and_the_artifact_stays_one(
    prefect: Prefect, world: World, fake: FakeWorld
) -> None:
    """What the night kept quiet stands in it; the next one begins where this one ended."""
    at(fake, 5)
    answers.hold(world.book(RUN_ID), "move of the server room")
    run_pass(world, RUN_ID)
    with prefect_api() as api:
        first = tell(world)
        fake.time += timedelta(days=1)
        second = tell(world)
        artifacts = api.post("/artifacts/filter", {"artifacts": {"key": {"any_": ["digest"]}}})
        payload = events(api, "seeding.fleet", "seeding.digest", 2)[0]["payload"]

    assert [need.run_id for need in first.needs] == [RUN_ID] == [need.run_id for need in second.needs]
    assert "held stands: move of the server room" in [change.what for change in first.changes]
    assert second.since == first.until and second.changes == ()
    assert len(artifacts) == 1 and "## Needs a person" in artifacts[0]["data"] and "server room" in artifacts[0]["data"]
    assert payload["needs"] == 1 and payload["text"].startswith("# Digest of")


def test_a_run_that_cannot_be_read_hides_no_other(prefect: Prefect, world: World, fake: FakeWorld) -> None:
    """It stands in the digest itself, with what helps."""

    def gone(plan: object) -> Any:
        raise InvalidInput("offices.yaml has no office perth any more", next="put it back: a run is open")

    told = tell(replace(world, site_of=gone))

    assert told.unread == ((RUN_ID, "offices.yaml has no office perth any more; put it back: a run is open"),)


def test_the_digest_is_deployed_in_the_operators_own_time(prefect: Prefect, tmp_path: Path) -> None:
    """Weekdays at seven in Paris, as the inventory says."""
    document = yaml.safe_load(SAMPLE.read_text("utf-8"))
    document["operators"] = {"digest": "0 7 * * 1-5", "time_zone": "Europe/Paris"}
    document["defaults"]["quiet"] = {"hours": "20:00-07:00"}
    document["offices"][0]["quiet"] = {"time_zone": "Europe/Paris"}
    (tmp_path / "offices.yaml").write_text(yaml.safe_dump(document), "utf-8")
    inventory = load(tmp_path / "offices.yaml")
    body = next(thing.body for thing in wanted(inventory) if thing.name == "digest/all")

    assert [(s["schedule"]["cron"], s["schedule"]["timezone"]) for s in body["schedules"]] == [
        ("0 7 * * 1-5", "Europe/Paris")
    ]
    zones = {office.id: office.quiet_hours.time_zone for office in inventory.offices if office.quiet_hours}
    assert zones == {"sydney": "Europe/Paris", "lyon": "Europe/Paris", "nairobi": "Africa/Nairobi"}


def test_the_block_of_the_inventory_is_told_every_question_and_the_digest(
    prefect: Prefect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The block is made by hand, for it holds a secret; the automations come with it, once."""
    monkeypatch.setenv("PREFECT_API_URL", prefect.api_url)
    text = f"operators: {{notify: slack-webhook/team}}\n{SAMPLE.read_text('utf-8')}"
    (tmp_path / "offices.yaml").write_text(text, "utf-8")
    with pytest.raises(InvalidInput, match="no block slack-webhook/team"):
        deploy(tmp_path, tmp_path / "offices.yaml", dry_run=True)
    SlackWebhook(url=SecretStr("https://hooks.example/x")).save("team", _sync=True)  # type: ignore[call-arg]

    inventory = Inventory((), OperatorsEntry(notify="slack-webhook/team"))
    with prefect_api() as api:
        things = wanted(inventory, block_named(api, "slack-webhook/team"))
        made = [change for change in changes(api, things) if change.kind == "automation"]
        for change in made:
            change.write(api)
        left = [change for change in changes(api, things) if change.kind == "automation"]
        silenced = [change for change in changes(api, wanted(Inventory(()))) if change.kind == "automation"]
        for change in silenced:
            change.write(api)
        again = [change for change in changes(api, wanted(Inventory(()))) if change.kind == "automation"]
    names = [name for name, *_ in TELLS]
    assert set(names) <= {change.name for change in made} and left == []
    assert [str(change) for change in silenced] == [f"pause automation {name}" for name in names] and again == []


def test_the_automations_hear_what_they_are_for(world: World) -> None:
    """The trigger that is deployed, and the one that the page gives people to copy."""
    (ours,) = (thing for thing in wanted(Inventory(()), "block") if thing.name == TELLS[1][0])
    event = event_of(digest_of((), world.clock.now(), world.clock.now()))
    seen = received(event["event"], event["resource"], event["related"])
    snippets = FLEET_PAGE.read_text("utf-8").split("```json\n")[1:]
    copied = [json.loads(snippet.partition("```")[0]) for snippet in snippets]

    for trigger in (ours.body["trigger"], next(one for one in copied if one["expect"] == ["seeding.digest"])):
        heard = EventTrigger(**trigger)
        assert heard.covers(seen) and heard.expects(seen.event)


def events(api: Any, resource: str, name: str, count: int) -> list[dict[str, Any]]:
    """The events of that name, newest first; the server stores them a moment after it took them."""
    which = {"filter": {"resource": {"id": [resource]}}, "limit": 50}
    until = time.monotonic() + 30
    while True:
        found = [row for row in api.post("/events/filter", which)["events"] if row["event"] == name]
        if len(found) >= count or time.monotonic() > until:
            return found
        time.sleep(0.2)
