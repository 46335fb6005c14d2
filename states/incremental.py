"""The hand-over to incrementals: what the first one should send, and what looks like a full upload instead.

The forecast is the daily change of each item for the days since the copy. An incremental may send MARGIN_PERCENT of it,
but at least LEAST_PERCENT of an item (a forecast of an office may be too low) and never over MOST_PERCENT of it.
So a job that sends the seed again over the line is seen while little of it has gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from states.facts import KIND_OF, Copied
from states.landing import AgentSeen, JobRunning, JobStopped
from states.plan import Item
from states.run import Run

MARGIN_PERCENT = 150
LEAST_PERCENT, MOST_PERCENT = 5, 50


def forecast_bytes(run: Run, at: datetime, items: Iterable[Item] | None = None) -> int:
    """Return the bytes that changed by *at* (UTC) since the copy, in *items* (default: all), by the plan."""
    since = run.evidence_at.get(KIND_OF[Copied], run.opened_at)
    seconds = max(0, int((at - since) / timedelta(seconds=1)))
    return sum(item.daily_change_bytes for item in (run.plan.items if items is None else items)) * seconds // 86_400


def most_bytes(run: Run, at: datetime, items: Iterable[Item] | None = None) -> int:
    """Return how many bytes an incremental of *items* (default: all) may send at *at* (UTC)."""
    chosen = run.plan.items if items is None else tuple(items)
    return sum(
        min(
            max(forecast_bytes(run, at, [item]) * MARGIN_PERCENT // 100, item.bytes * LEAST_PERCENT // 100),
            item.bytes * MOST_PERCENT // 100,
        )
        for item in chosen
    )


def full_uploads(run: Run) -> list[str]:
    """Return, in words that stay the same while it goes on, every online job that looks like a full upload.

    A job that was stopped counts until a person has resumed the run: its next one would do the same.
    """
    agent, stopped = run.get(AgentSeen), run.get(JobStopped)
    told = [why for job in (agent.running if agent else ()) if (why := _too_much(run, job))]
    if agent and agent.incremental_at and agent.incremental_bytes > most_bytes(run, agent.incremental_at):
        told.append(_told(run, "the first incremental", agent.incremental_at, run.plan.items))
    if stopped and not told:
        told.append(f"{stopped.item}: the job of {stopped.started:%Y-%m-%d %H:%M} UTC was stopped by {stopped.by}")
    return told


def the_schedule_runs_ahead(run: Run) -> str | None:
    """The online schedule is enabled and its next run lay ahead when the agent was asked."""
    agent = run.get(AgentSeen)
    if agent is None:
        return f"the backup agent of {run.plan.server} has not answered yet; run `seeding advance {run.run_id}`"
    if not agent.schedule_enabled:
        return f"the online schedule of {run.plan.server} is paused; enable it in the backup console"
    asked_at = run.evidence_at.get(KIND_OF[AgentSeen])
    if agent.next_run and (asked_at is None or agent.next_run > asked_at):
        return None
    named = f"the next run as {agent.next_run:%Y-%m-%d %H:%M} UTC, which is over" if agent.next_run else "no next run"
    return f"the backup agent of {run.plan.server} names {named}; set its schedule in the backup console"


def a_first_incremental_succeeded(run: Run) -> str | None:
    """A scheduled job ended well after the seed had landed, and it sent no more than the forecast allows."""
    agent, landed = run.get(AgentSeen), run.reached("ingested")
    if agent is None or agent.incremental_at is None or landed is None or agent.incremental_at <= landed:
        ahead = f", {agent.next_run:%Y-%m-%d %H:%M} UTC" if agent and agent.next_run else ""
        return f"no incremental backup of {run.plan.server} has run yet; wait for its schedule{ahead}"
    most = most_bytes(run, agent.incremental_at)
    if agent.incremental_bytes > most and "full-upload" not in run.waivers:
        return (
            f"the first incremental sent {agent.incremental_bytes:,} bytes, and {most:,} are the most that fit the "
            f"forecast: that looks like a full upload; run `seeding explain {run.run_id}`"
        )
    return None


def _too_much(run: Run, job: JobRunning) -> str | None:
    """Only for items whose seed is in the vault: the job that moves a seed there sends as much by right."""
    landed, agent = run.reached("ingested"), run.get(AgentSeen)
    there = {i.name for i in agent.items if landed and i.latest and i.latest > landed} if agent else set()
    items = [item for item in run.plan.items if item.name == job.item] or list(run.plan.items)
    if not {item.name for item in items} <= there or job.bytes <= most_bytes(run, job.started, items):
        return None
    return _told(run, f"the job of {job.started:%Y-%m-%d %H:%M} UTC", job.started, items)


def _told(run: Run, job: str, at: datetime, items: Iterable[Item]) -> str:
    items = tuple(items)
    names = ", ".join(item.name for item in items)
    most, due = most_bytes(run, at, items), forecast_bytes(run, at, items)
    return f"{names}: {job} sent more than {most:,} bytes, where about {due:,} have changed since the copy"
