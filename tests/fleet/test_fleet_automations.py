"""Automations listen to the right events: Prefect's own trigger classes say so, without a server."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect.server.events.schemas.automations import EventTrigger
from prefect.server.events.schemas.events import ReceivedEvent
from stories import ACTOR, lines_to

from deploy.fleet.wanted import wanted
from deploy.inventory import Inventory
from flows.telling import events_of
from states.fold import fold
from states.lines import Draft, chained

FLEET_PAGE = Path(__file__).parents[2] / "docs" / "fleet.md"


@pytest.mark.parametrize("tag", ["seeding", "others"])
def test_silence_after_a_heartbeat_is_noticed_for_our_flow_runs_alone(tag: str) -> None:
    """Another team's flow runs on the same server are none of ours; every end of a run ends the waiting."""
    (body,) = (thing.body for thing in wanted(Inventory(())) if thing.kind == "automation")
    trigger = EventTrigger(**body["trigger"])
    related = [{"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"}]
    beat = received("prefect.flow-run.heartbeat", {"prefect.resource.id": f"prefect.flow-run.{uuid4()}"}, related)

    assert trigger.covers(beat) is (tag == "seeding") and trigger.starts_after(beat.event)
    assert all(trigger.expects(f"prefect.flow-run.{end}") for end in ("Completed", "answered", "refused", "Crashed"))


@pytest.mark.parametrize(("code", "heard"), [("device-lost", True), ("vault-late", False)])
def test_the_trigger_of_the_docs_hears_what_blocks(code: str, heard: bool) -> None:
    """What an operator copies from the page works, and does not ring for a warning."""
    snippet = FLEET_PAGE.read_text("utf-8").partition("```json\n")[2].partition("```")[0]
    trigger = EventTrigger(**json.loads(snippet))
    before = lines_to("ordered")
    run = fold(before)
    assert run is not None
    raised = Draft("condition-raised", {"code": code, "detail": "", "by": "watch-delivery"})
    (event,) = events_of(run, chained(run.run_id, run.seq, run.head, run.since, ACTOR, [raised]), uuid4())
    seen = received(event["event"], event["resource"], event["related"])

    assert (trigger.covers(seen) and trigger.expects(seen.event)) is heard


def received(name: str, resource: dict[str, Any], related: list[dict[str, Any]]) -> ReceivedEvent:
    now = datetime(2026, 11, 2, tzinfo=UTC)
    return ReceivedEvent(event=name, resource=resource, related=related, id=uuid4(), occurred=now, received=now)
