"""Watch the seed land in the vault. The datacenter never does this: the office's own agent does, at its next backup."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from states.facts import AgentSeen, Evidence, VaultSeen
from states.guards import items_without_a_point
from states.run import Run
from states.settle import Outcome
from tasks.errors import NotYet
from tasks.job import Found
from tasks.journal import Logbook
from tasks.on_site import work_for
from tasks.ports import Site

TWO_BACKUPS = timedelta(days=2)


def watch_vault(book: Logbook, site: Site) -> Outcome:
    """Return what both witnesses see: the vault, and the agent where it answers."""
    evidence, found = ask_witnesses(book, site)
    landed = book.run.reached("ingested")
    if landed and _late(book, landed) and items_without_a_point(book.run):
        found.append(("vault-late", f"{', '.join(items_without_a_point(book.run))} since {landed:%Y-%m-%d %H:%M} UTC"))
    return Outcome("watch-vault", tuple(evidence), tuple(found), pending=is_silent(evidence))


def ask_witnesses(book: Logbook, site: Site) -> tuple[list[Evidence], list[Found]]:
    """Return what the vault and the agent say, and what is wrong with the agent."""
    run = book.run
    evidence: list[Evidence] = [VaultSeen(site.vault.items(run.plan))]
    try:
        agent = site.office.agent(work_for(run, book.now()))
    except NotYet as silent:
        return evidence, [("agent-silent", silent.message)]
    if agent is None:
        return evidence, []
    return [*evidence, agent], conditions_of(run, agent)


def is_silent(evidence: Sequence[Evidence]) -> bool:
    """Say whether the agent gave no answer: then what it complained of before still stands."""
    return not any(isinstance(fact, AgentSeen) for fact in evidence)


def conditions_of(run: Run, agent: AgentSeen) -> list[Found]:
    """Return what the agent's own account of things shows to be wrong."""
    found: list[Found] = []
    if agent.last_job_class == "failed":
        code = "seed-not-found" if items_without_a_point(run) else "agent-refuses"
        found.append((code, agent.last_job))
    if not agent.schedule_enabled:
        found.append(("schedule-paused", f"server {run.plan.server}"))
    return found


def _late(book: Logbook, landed: datetime) -> bool:
    return book.now() - landed > TWO_BACKUPS
