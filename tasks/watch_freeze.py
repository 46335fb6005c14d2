"""Watch what must not change between copy and vaulting: the account, the order, the agent's app, the server, staging.

Reads only. What changed since the look before goes into the evidence, with who did it where Azure says so; a look
that finds nothing new brings the same evidence, and so no line.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from states.drift import LAST, WATCHED, troubles
from states.facts import Copied, JobSeen, Sealed
from states.freeze import AppSeen, Change, FreezeSeen, differences
from states.landing import AgentSeen
from states.run import Run
from states.settle import Outcome
from tasks.errors import NotYet, Transient
from tasks.journal import Logbook
from tasks.layout import locator
from tasks.on_site import work_for
from tasks.ports import Site
from tasks.staged import staged_files

LOG_DELAY = timedelta(hours=1)  # the activity log may name a change a while before we saw it, and late


def watch_freeze(book: Logbook, site: Site) -> Outcome:
    """Return everything a travelling seed depends on, as it is now, and what is wrong with it."""
    run, now = book.run, book.now()
    before = run.get(FreezeSeen)
    seen = _look(run, site, before, now)
    if before is not None and run.state in WATCHED:
        fresh = differences(before, seen)
        seen = replace(seen, changes=(*before.changes, *_attributed(run, site, fresh, now)))
    elif before is not None:
        seen = replace(seen, changes=before.changes)
    return Outcome("watch-freeze", evidence=(seen,), raised=troubles(run, seen, now))


def containers_of(run: Run) -> tuple[str, ...]:
    """Return the containers the seed lies in once it is ingested, as the copy told; empty before it."""
    copied, locate = run.get(Copied), locator(run.plan)
    return tuple(sorted({locate(f"{item.folder}/x")[0] for item in copied.items})) if copied else ()


def _look(run: Run, site: Site, before: FreezeSeen | None, now: datetime) -> FreezeSeen:
    account = site.surroundings.account(run.plan, containers_of(run))
    if run.state in LAST and before is not None:  # the seed is in the vault: only what hinders the clean-up counts
        return replace(before, account=account)
    server, silent_since = _server(run, site, before, now)
    return FreezeSeen(
        account=account,
        order=run.job_name if site.orders.find(run.plan, run.job_name, run.get(JobSeen)) else "",
        server=server,
        silent_since=silent_since,
        staging_bytes=_staging(run, site, before, now),
        apps=_apps(run, site),
    )


def _server(run: Run, site: Site, before: FreezeSeen | None, now: datetime) -> tuple[str, datetime | None]:
    """Return the server's name for itself, and since when it has been silent. The vault's looks ask it themselves."""
    known, silent = (before.server, before.silent_since) if before else ("", None)
    if run.state in ("ingested", "vaulted"):
        agent, raised = run.get(AgentSeen), run.conditions.get("agent-silent")
        return (agent.server if agent and agent.server else known), (raised.at if raised else None)
    try:
        answer = site.office.agent(work_for(run, now))
    except NotYet:
        return known, silent or now
    return (answer.server or known, None) if answer else (known, silent)


def _staging(run: Run, site: Site, before: FreezeSeen | None, now: datetime) -> int | None:
    """Return the seed's bytes in the staging place; what was known before while the office gives no answer."""
    known = before.staging_bytes if before else None
    if site.disks is None or run.get(Sealed) is None:
        return None
    try:
        answer = site.disks.staged_bytes(work_for(run, now), staged_files(site, run))
    except NotYet:
        return known
    return known if answer is None else answer


def _apps(run: Run, site: Site) -> tuple[AppSeen, ...] | None:
    return None if run.plan.agent == "files" else site.surroundings.apps(run.plan)


def _attributed(run: Run, site: Site, fresh: tuple[Change, ...], now: datetime) -> tuple[Change, ...]:
    """Return the changes with who made them. The log may be closed to us, or late: then nobody is named."""
    if not fresh:
        return ()
    since = run.evidence_at.get("freeze-seen", run.since) - timedelta(days=2) - LOG_DELAY
    try:
        who = site.surroundings.who(run.plan, tuple(change.what for change in fresh), since, now)
    except Transient:
        who = {}
    return tuple(replace(one, by=who[one.what][0], at=who[one.what][1]) if one.what in who else one for one in fresh)
