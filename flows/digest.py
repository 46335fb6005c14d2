"""The digest of the fleet: once a day one artifact, updated in place, and one event that automations notify with.

The journal has everything in it; Prefect only remembers until when the last one told. Where that is lost, a day is
told again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.events.schemas.events import Event, Resource
from prefect.states import Completed

from flows.desk import collapse_late
from flows.home_run import Home
from flows.pages import cell, cut
from flows.prefect_api import Api, prefect_api
from flows.world import World, current
from states.codec import read_utc, utc_text
from states.deadlines import deadlines
from states.digest import Digest, Story, digest_of
from states.explain import stamp
from states.playbook import VERBS, next_step
from tasks.errors import SeedingError
from tasks.journal.rows import run_of
from tasks.perform import text_of

KEY, EVENT = "digest", "seeding.digest"
FIRST_SPAN = timedelta(days=1)
ROWS, WORDS = 100, 200  # of a table; characters of a cell


@flow(name="digest", flow_run_name="digest", log_prints=False, persist_result=False)
async def digest() -> State:
    """Tell what needs a person first, what changed since the last digest, and what is due soon."""
    await asyncio.to_thread(collapse_late, runtime.deployment.id)
    told = await asyncio.to_thread(tell, current())
    return Completed(name="told", message=told.headline)


def tell(world: World) -> Digest:
    """Send the digest of now, keep it as an artifact, and return it. One that was cut off is told again."""
    with prefect_api() as api:
        now = world.clock.now()
        since, unread = _last(api, now), list[tuple[str, str]]()
        found = digest_of(_stories(world, since, now, unread), since, now)
        found = replace(found, unread=tuple(unread))
        api.post("/events", [event_of(found)])
        Home(api).show(KEY, None, "markdown", page(found), f"until {utc_text(now)}")
    return found


def event_of(found: Digest) -> dict[str, Any]:
    """Return the event of a digest, ready for the API; its payload's `text` is what a notification may say."""
    resource = {
        "prefect.resource.id": "seeding.fleet",
        "prefect.resource.name": "fleet",
        "seeding.needs": str(len(found.needs)),
    }
    counts = {"needs": len(found.needs), "changes": len(found.changes), "due": len(found.due)}
    payload = {**counts, "since": utc_text(found.since), "until": utc_text(found.until), "text": page(found)}
    id = uuid5(NAMESPACE_URL, f"{EVENT}:{utc_text(found.since)}:{utc_text(found.until)}")
    event = Event(event=EVENT, resource=Resource(root=resource), related=[], payload=payload, id=id)
    return event.model_dump(mode="json")


def page(found: Digest) -> str:
    """Return the digest as Markdown, at most ROWS rows a table."""
    needs = [
        (need.run_id, need.ask.who, need.ask.question, stamp(need.ask.since), _due(need.due), f"`{need.ask.command}`")
        for need in found.needs
    ]
    changes = [(stamp(change.at), change.run_id, change.what) for change in found.changes]
    due = [(stamp(one.due), one.run_id, one.owner, one.consequence) for one in found.due]
    parts = [
        f"# Digest of {stamp(found.until)}",
        f"{found.headline}.",
        *_table("Needs a person", ("run", "who", "what", "since", "first clock", "what helps"), needs),
        *_table("Cannot be read", ("run", "why"), found.unread),
        *_table(f"Changed since {stamp(found.since)}", ("at", "run", "what"), changes),
        *_table("Due soon", ("at", "run", "whose", "or else"), due),
    ]
    return "\n\n".join(parts)


def _table(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    if not rows:
        return
    yield f"## {title}"
    lines = ["| " + " | ".join(cell(cut(text, WORDS)) for text in row) + " |" for row in rows[:ROWS]]
    more = [f"\n{len(rows) - ROWS} more."] if len(rows) > ROWS else []
    yield "\n".join([f"| {' | '.join(heads)} |", "|---" * len(heads) + "|", *lines, *more])


def _due(at: datetime | None) -> str:
    return stamp(at) if at else "-"


def _stories(world: World, since: datetime, now: datetime, unread: list[tuple[str, str]]) -> Iterator[Story]:
    """Yield the runs that are open, or have ended since. What cannot be read goes to *unread*, and hides no other."""
    for row in world.journal.rows():
        if row.over and row.since <= since:
            continue
        try:
            lines = world.journal.lines(row.run_id)
            run = run_of(row.run_id, lines)
            clocks = () if row.over else deadlines(run, world.site_of(run.plan).clocks)
            step = next_step(run, now, dict.fromkeys(VERBS, now))  # as if just looked: what a pass would stop at
        except SeedingError as wrong:
            unread.append((row.run_id, text_of(wrong)))
            continue
        yield Story(run, lines, step, clocks)


def _last(api: Api, now: datetime) -> datetime:
    """Return until when the last digest told (UTC)."""
    found = api.get(f"/artifacts/{KEY}/latest")
    text = str((found or {}).get("description") or "").removeprefix("until ")
    try:
        return min(read_utc(text), now)
    except ValueError:
        return now - FIRST_SPAN
