"""The flows: one pass over one run, and one pass over every run that is due. Both end within seconds or minutes.

Written async: a sync flow costs a second each in Prefect 3.8 (its heartbeat thread is joined).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.charts import CHARTED, funnel, gantt
from flows.desk import answered_meanwhile, collapse_late, withdraw
from flows.home_run import RUNS_AT_ONCE, Home, News
from flows.hub import show_hub
from flows.pages import fleet, forms_of, question, record, state_message, timeline
from flows.passing import Passed, run_pass
from flows.prefect_api import one_connection, prefect_api
from flows.telling import asked_event, events_of, may_ask, worth_telling
from flows.verb_task import perform_as_task
from flows.world import World, current
from states.deadlines import deadlines
from states.playbook import Ask
from states.run import Run
from tasks.errors import SeedingError
from tasks.journal.finding import run_named
from tasks.journal.store import due_ids
from tasks.perform import text_of

AT_ONCE = 8  # runs of one fleet pass worked on at the same time


@flow(name="advance", flow_run_name="{run_id}", log_prints=False, persist_result=False)
async def advance(run_id: str, look_now: bool = False) -> State:
    """Advance one seeding run as far as the world allows. Ends in a state named after the run's lifecycle state."""
    run_id = run_named(current().journal.rows(), run_id)
    passed = await asyncio.to_thread(_pass_and_show, current(), run_id, look_now, runtime.flow_run.id)
    return Completed(name=passed.run.state, message=state_message(passed.step))


@flow(name="advance-fleet", flow_run_name="fleet", log_prints=False, persist_result=False)
async def advance_fleet(look_now: bool = False, only: list[str] | None = None, office: str = "") -> State:
    """Advance every run that is due (of one *office*, or those in *only*). One run's trouble never ends another's."""
    with one_connection():
        return await _advance_fleet(current().for_many(), look_now, only, office)


async def _advance_fleet(world: World, look_now: bool, only: list[str] | None, office: str) -> State:
    await asyncio.to_thread(collapse_late, runtime.deployment.id)
    rows = [row for row in world.journal.rows(open_only=True) if office in ("", row.office)]
    answered = await asyncio.to_thread(answered_meanwhile, runtime.deployment.id)
    run_ids = [*dict.fromkeys([*only, *answered])] if only is not None else due_ids(rows, world.clock.now())
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(run_id: str) -> Passed | str:
        async with gate:
            try:
                return await asyncio.to_thread(_pass, world, run_id, look_now)
            except SeedingError as wrong:
                return f"{run_id}: {text_of(wrong)}"

    results = await asyncio.gather(*(one(run_id) for run_id in run_ids))
    failed = [result for result in results if isinstance(result, str)]
    passed = [result for result in results if isinstance(result, Passed)]
    await asyncio.to_thread(_show_fleet, world, passed)
    moved = sum(result.moved for result in passed)
    message = f"{len(passed)} runs passed, {moved} moved, {len(failed)} failed"
    if failed:
        return Failed(name="runs-failed", message=f"{message}: {'; '.join(failed[:5])}")
    return Completed(name="swept", message=message)


def _pass(world: World, run_id: str, look_now: bool) -> Passed:
    performer = partial(perform_as_task, delays=world.retry_delays)
    return run_pass(world, run_id, look_now=look_now, performer=performer)


def pass_and_show(world: World, run_id: str, *, look_now: bool) -> Run:
    """Make one pass over a run inside another flow, and bring its pages up to date. Raises as `run_pass` does."""
    return _pass_and_show(world, run_id, look_now, None).run


def _pass_and_show(world: World, run_id: str, look_now: bool, flow_run_id: str | None) -> Passed:
    passed = _pass(world, run_id, look_now)
    with prefect_api() as api:
        home = Home(api)
        show_run(world, home, passed)
        if flow_run_id:
            home.rename(UUID(flow_run_id), f"{passed.run.run_id}/{passed.run.state}")
    return passed


def _show_fleet(world: World, passed: list[Passed]) -> None:
    with prefect_api() as api:
        home = Home(api)
        for start in range(0, len(passed), RUNS_AT_ONCE):
            some = passed[start : start + RUNS_AT_ONCE]
            home.look_up([one.run for one in some])
            show_runs(world, home, some)
        withdraw(api, {row.run_id for row in world.journal.rows(open_only=True)})
        rows, now = world.journal.rows(), world.clock.now()
        home.show("fleet", None, "table", json.dumps(fleet(rows, now)), "Every seeding run")
        waiting = sorted((row for row in rows if not row.over), key=lambda row: row.since)[:CHARTED]
        chart = gantt([world.journal.run(row.run_id) for row in waiting], now)
        home.show("fleet-chart", None, "markdown", f"{funnel(rows)}\n\n{chart}", "How far the runs are")
        show_hub(world, api, sum(not row.over for row in rows))


def show_run(world: World, home: Home, passed: Passed) -> None:
    """Bring a run's pages up to date, and tell what happened to it. Safe to repeat."""
    show_runs(world, home, [passed])


def show_runs(world: World, home: Home, passed: Sequence[Passed]) -> None:
    """Bring the pages of runs up to date, and tell what happened to them, in one go. Safe to repeat."""
    news: list[News] = []
    try:
        for one in passed:
            news.append(_shown(world, home, one))
    finally:
        home.announce(news)


def _shown(world: World, home: Home, passed: Passed) -> News:
    """Bring a run's pages up to date; return what is to be told of it."""
    run, step, now = passed.run, passed.step, world.clock.now()
    forms, quiet = home.forms(forms_of(step)), world.quiet_of(run.plan.office)
    clocks = deadlines(run, world.site_of(run.plan).clocks)
    page = home.project(run, question(run, step, forms, clocks) if isinstance(step, Ask) else "")
    text = timeline(run, step, now, forms, clocks)
    home.show(f"timeline-{run.run_id}", page.id, "markdown", text, f"Where {run.run_id} stands")
    asked = asked_event(run, step, page.id) if may_ask(step, now, quiet) else None
    events, told_of = ([asked], asked["id"]) if asked and asked["id"] != page.asked else ([], page.asked)
    if run.seq > page.told:
        lines = world.journal.lines(run.run_id)
        home.show(f"record-{run.run_id}", page.id, "markdown", record(run, lines), f"What {run.run_id} knows")
        events = [*events_of(run, worth_telling(lines[page.told :], now, quiet), page.id), *events]
    return News(page, run.seq, told_of, events)
