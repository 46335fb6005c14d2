"""Watch the seed land in the vault. The datacenter never does this: the office's own agent does, at its next backup."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from states.facts import KIND_OF, Evidence
from states.incremental import full_uploads
from states.landing import AgentSeen
from states.run import Run
from states.settle import Outcome
from states.vaulting import CONDITIONS, reckon, sighted
from tasks.errors import NotYet
from tasks.job import Found
from tasks.journal import Logbook
from tasks.office.job_texts import explained, failure_code
from tasks.on_site import work_for
from tasks.ports import Site

THE_WITNESSES = "the witnesses"  # the source of what the verbs here find: each may clear what another raised
SHORTEST_PERIOD, LONGEST_PERIOD = timedelta(days=1), timedelta(days=7)


def watch_vault(book: Logbook, site: Site) -> Outcome:
    """Return what both witnesses say, and everything that is wrong with it."""
    return listen(book, site).outcome("watch-vault")


@dataclass(frozen=True)
class Heard:
    """One look: what the witnesses said, as evidence, and what is wrong with it. `silent`: the agent gave no answer."""

    evidence: tuple[Evidence, ...]
    found: tuple[Found, ...]
    silent: bool

    def outcome(self, verb: str) -> Outcome:
        """Return the look as the outcome of *verb*. What a silent agent complained of before still stands."""
        return Outcome(verb, self.evidence, self.found, pending=self.silent, source=THE_WITNESSES)


def listen(book: Logbook, site: Site) -> Heard:
    """Ask the vault and the agent, and judge what they say. An agent that gives no answer clears no condition."""
    run, now = book.run, book.now()
    evidence: list[Evidence] = [site.vault.seen(run.plan)]
    found: list[Found] = []
    try:
        agent = site.office.agent(work_for(run, now))
    except NotYet as silence:
        agent = None
        found.append(("agent-silent", silence.message))
    if agent is not None:
        evidence.append(agent)
        evidence.append(sighted(_with(run, evidence, now), now))
        found += complaints_of(_with(run, evidence, now), agent)
    found += contradictions_in(_with(run, evidence, now), now)
    return Heard(tuple(evidence), tuple(found), silent=agent is None)


def complaints_of(run: Run, agent: AgentSeen) -> Iterator[Found]:
    """Yield what the agent's own account of things shows to be wrong."""
    if agent.last_job_class == "failed":
        yield failure_code(agent.last_job), f"server {run.plan.server}: {explained(agent.last_job)}"
    if agent.cannot_authenticate:
        yield "agent-not-signed-in", f"server {run.plan.server}: {explained(agent.last_job)}"
    if not agent.schedule_enabled:
        yield "schedule-paused", f"server {run.plan.server}"


def contradictions_in(run: Run, now: datetime) -> Iterator[Found]:
    """Yield what does not fit together in the evidence on record at *now* (UTC), waived or not."""
    rows = reckon(replace(run, waivers={}), now)
    for code in CONDITIONS:
        if told := "; ".join(row.why for row in rows if row.verdict == code):
            yield code, told
    if uploads := full_uploads(run):
        yield "full-upload", "; ".join(uploads)
    without, landed = [row.item for row in rows if row.verdict == "not-yet"], run.reached("ingested")
    if without and landed and now - landed > 2 * period(run.get(AgentSeen)):
        yield "vault-late", f"{', '.join(without)} since {landed:%Y-%m-%d %H:%M} UTC"


def period(agent: AgentSeen | None) -> timedelta:
    """Return how far apart two scheduled backups are, as far as the agent's answer tells: a day to a week."""
    if agent is None or agent.next_run is None or agent.last_run is None:
        return SHORTEST_PERIOD
    return min(max(agent.next_run - agent.last_run, SHORTEST_PERIOD), LONGEST_PERIOD)


def _with(run: Run, facts: list[Evidence], now: datetime) -> Run:
    """Return the run as it would be with these facts, read at *now*: for judging them before they are written."""
    told = {KIND_OF[type(fact)]: fact for fact in facts}
    return replace(run, evidence={**run.evidence, **told}, evidence_at={**run.evidence_at, **dict.fromkeys(told, now)})
