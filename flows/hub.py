"""The hub's own page and events: what it noticed of its silence, its disk, its journal and its clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from prefect.events.schemas.events import Event, Resource

from flows.home_run import Home
from flows.pages import cell
from flows.prefect_api import Api
from flows.world import World
from states.codec import utc_text
from states.conditions import row_of
from states.explain import stamp
from states.health import Ailment

KEY, EVENT, RESOURCE = "hub", "seeding.hub.condition", "seeding.hub"


def show_hub(world: World, api: Api, open_runs: int) -> None:
    """Bring the hub's page up to date, tell what is wrong with it, and leave the mark that a pass has ended."""
    if world.pulse is None:
        return
    now, found = world.clock.now(), world.pulse.look(open_runs)
    Home(api).show(KEY, None, "markdown", page(found, now), "Whether the hub itself is well")
    if found:
        api.post("/events", [event_of(one, now) for one in found])
    world.pulse.beat()


def page(found: Sequence[Ailment], now: datetime) -> str:
    """Return the hub's page as Markdown."""
    if not found:
        return f"# The hub is well\n\nLast pass: {stamp(now)}."
    told = [(row_of(code), detail) for code, detail in found]
    rows = [f"| `{row.code}` | {row.severity} | {cell(f'{row.means}: {detail}')} | {cell(row.remedy)} |"
            for row, detail in told]  # fmt: skip
    heads = "| condition | severity | what is the matter | what helps |"
    return "\n".join(["# The hub is not well", "", heads, "|---|---|---|---|", *rows, "", f"Last pass: {stamp(now)}."])


def event_of(one: Ailment, now: datetime) -> dict[str, Any]:
    """Return the event of one finding, ready for the API. It has one id a day: nobody is told of it every hour."""
    code, detail = one
    row = row_of(code)
    labels = {"seeding.condition": code, "seeding.severity": row.severity}
    resource = {"prefect.resource.id": RESOURCE, "prefect.resource.name": "hub", **labels}
    payload = {"code": code, "detail": detail, "means": row.means, "helps": row.remedy, "at": utc_text(now)}
    id = uuid5(NAMESPACE_URL, f"{RESOURCE}:{code}:{now:%Y-%m-%d}")
    event = Event(event=EVENT, resource=Resource(root=resource), related=[], payload=payload, id=id)
    return event.model_dump(mode="json")
