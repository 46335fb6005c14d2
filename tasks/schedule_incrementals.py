"""See the hand-over to incrementals: the schedule is on, and the first job after the seed is a small one."""

from __future__ import annotations

from states.facts import AgentSeen
from states.settle import Outcome
from tasks.journal import Logbook
from tasks.ports import Site
from tasks.watch_vault import ask_witnesses, is_silent


def schedule_incrementals(book: Logbook, site: Site) -> Outcome:
    """Return what both witnesses see; a first incremental of more than half the seed's bytes blocks the run."""
    evidence, found = ask_witnesses(book, site)
    agent = next((fact for fact in evidence if isinstance(fact, AgentSeen)), None)
    if agent and agent.incremental_at and agent.incremental_bytes * 2 > book.run.plan.bytes:
        found.append(("full-upload", f"{agent.incremental_bytes:,} bytes of a seed of {book.run.plan.bytes:,}"))
    return Outcome("schedule-incrementals", tuple(evidence), tuple(found), pending=is_silent(evidence))
