"""From a backup agent's answer to evidence about a run: what it says of the run's items, and nothing it did not say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from states.agents import OldestVersion, version_wanted
from states.landing import AgentSeen, ItemInVault, JobRunning
from states.plan import Item, Plan
from tasks.office.answer import AgentAnswer, Job, RecoveryPoint, Schedule
from tasks.office.job_texts import JobClass, classify

FILES_NAMED = 20  # of the files a job could not read, so many are kept


def agent_seen(
    answer: AgentAnswer, plan: Plan, landed: datetime | None, rules: Iterable[OldestVersion] = ()
) -> AgentSeen:
    """Return *answer* as evidence about *plan*. *landed* (UTC) is when the seed reached the storage account.

    A server may protect more than the run is about: jobs of other items are not looked at.
    """
    ours = (job for job in answer.jobs if _item_of(job, plan) is not None and kind_of(job) != "planned")
    jobs = sorted(ours, key=lambda job: job.started)
    last = jobs[-1] if jobs else None
    means = kind_of(last) if last else "none"
    at, sent = first_incremental(answer, plan, landed) or (None, 0)
    return AgentSeen(
        kind=plan.agent,
        version=", ".join(f"{product.name} {product.version}" for product in answer.products),
        offline_order=answer.offline_method.order or "",
        last_job=last.text if last else "",
        last_job_class=means,
        schedule_enabled=_enabled(answer.schedule) and means != "paused",
        next_run=answer.schedule.next_run,
        items=tuple(_in_vault(answer, item) for item in plan.items),
        incremental_at=at,
        incremental_bytes=sent,
        running=tuple(
            JobRunning(_item_of(job, plan) or "", job.started, job.bytes or 0)
            for job in jobs
            if kind_of(job) == "running"
        ),
        last_run=max((job.ended for job in jobs if job.ended), default=answer.schedule.last_run),
        failed_files=tuple(f"{file.path}: {file.reason}" for file in answer.failed_files[:FILES_NAMED]),
        version_wanted=version_wanted(((p.name, p.version) for p in answer.products), plan.mode, rules),
        cannot_authenticate=means == "cannot-authenticate",
        server=answer.server,
    )


def kind_of(job: Job) -> JobClass:
    """Return what *job* really is."""
    return classify(job.status, job.text)


def first_incremental(answer: AgentAnswer, plan: Plan, landed: datetime | None) -> tuple[datetime, int] | None:
    """Return when the last item's first incremental ended, and the bytes of them all; None until each item had one.

    The first job that ended well at or after an item's first recovery point moved the seed; the next one is the
    incremental. Where a job covers the whole server, it counts once.
    """
    if landed is None:
        return None
    found = [_incremental_of(answer, item, landed) for item in plan.items]
    jobs = {job.id: job for job in found if job is not None}
    if None in found or not jobs:
        return None
    ends = [job.ended for job in jobs.values() if job.ended]
    return max(ends), sum(job.bytes or 0 for job in jobs.values())


def named(item: Item, name: str | None) -> bool:
    """Say whether the product means *item* by *name*; Windows does not tell capitals apart."""
    return name is not None and name.casefold() in (item.name.casefold(), (item.vault_item or item.name).casefold())


def _incremental_of(answer: AgentAnswer, item: Item, landed: datetime) -> Job | None:
    first = min((point.at for point in _points(answer, item) if point.at and point.at > landed), default=None)
    if first is None:
        return None
    done = [job for job in answer.jobs if job.ended and (job.item is None or named(item, job.item))]
    done = sorted((job for job in done if kind_of(job) == "done"), key=_end)
    after = [job for job in done if _end(job) >= first]
    return after[1] if len(after) > 1 else None


def _end(job: Job) -> datetime:
    return job.ended or job.started


def _item_of(job: Job, plan: Plan) -> str | None:
    """Return the plan's name of what a job is about, "" for the whole server, None for something else."""
    if job.item is None:
        return ""
    return next((item.name for item in plan.items if named(item, job.item)), None)


def _in_vault(answer: AgentAnswer, item: Item) -> ItemInVault:
    points = _points(answer, item)
    dates = sorted(point.at for point in points if point.at)
    protected = any(named(item, source.name) for source in answer.protected)
    return ItemInVault(
        name=item.name,
        points=len(points),
        latest=dates[-1] if dates else None,
        oldest=dates[0] if dates else None,
        protected=protected,
        bytes=max((point.bytes or 0 for point in points), default=0),
        state="" if protected else "not protected",
    )


def _points(answer: AgentAnswer, item: Item) -> Sequence[RecoveryPoint]:
    return [point for point in answer.recovery_points if named(item, point.item)]


def _enabled(schedule: Schedule) -> bool:
    """A product that does not say whether its schedule is on has it on when it names the next run."""
    return schedule.next_run is not None if schedule.enabled is None else schedule.enabled
