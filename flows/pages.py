"""What people read in the Prefect UI, as text: a run's timeline and the fleet's table. Rendering only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from states.diagram import mermaid
from states.explain import ago, explain, short, stamp
from states.guards import nothing_blocks
from states.lifecycle import EDGES, STATES
from states.playbook import Step
from states.run import Passage, Run
from states.sizes import show_size
from states.vaulting import Reckoned, reckon
from tasks.journal.rows import RunRow

FLEET_ROWS = 200  # an artifact lives in Prefect's database: keep it small


def timeline(run: Run, step: Step, now: datetime) -> str:
    """Return the run's page: where it stands, the way so far and why it could go it, the diagram."""
    pairs = zip((None, *run.history), run.history, strict=False)
    rows = "\n".join(_row(before, here) for before, here in pairs)
    parts = [
        f"# {run.run_id}: {run.state}",
        explain(run, step, now),
        f"| state | reached (UTC) | after | because |\n|---|---|---|---|\n{rows}",
        *([vaulting(reckon(run, now))] if run.reached("ingested") else []),
        f"{run.seq} journal lines; the chain ends in `{run.head[:16]}`.",
        f"```mermaid\n{mermaid(run.state)}\n```",
    ]
    return "\n\n".join(parts)


def vaulting(rows: Iterable[Reckoned]) -> str:
    """Return vault against manifest as a table, a row an item; sizes are bytes."""
    cells = "\n".join(
        f"| {row.item} | {row.sealed_bytes:,} | {'-' if row.landed_bytes is None else f'{row.landed_bytes:,}'} "
        f"| {row.vault_points} | {row.agent_points} | {row.verdict} |"
        for row in rows
    )
    heads = "| item | bytes sealed | bytes landed | points in the vault | points by the agent | verdict |"
    return f"{heads}\n|---|---|---|---|---|---|\n{cells}"


def _row(before: Passage | None, here: Passage) -> str:
    attempt = f" (attempt {here.attempt})" if here.attempt > 1 else ""
    after = ago(here.at - before.at) if before else "-"
    return f"| **{here.state}**{attempt} | {here.at:%Y-%m-%d %H:%M} | {after} | {_because(before, here)} |"


def _because(before: Passage | None, here: Passage) -> str:
    """Return the guards that agreed, as sentences; the trigger, where a person decided."""
    if before is None:
        return STATES[here.state].means
    edge = next((e for e in EDGES if (e.trigger, e.source) == (here.trigger, before.state)), None)
    agreed = [need.__name__.replace("_", " ") for need in edge.needs if need is not nothing_blocks] if edge else []
    return "; ".join(agreed) or here.trigger


def fleet(rows: list[RunRow], now: datetime) -> list[dict[str, str]]:
    """Return the fleet's table, blocked and waiting runs first, at most FLEET_ROWS rows; what matters stands left."""
    order = sorted(rows, key=lambda row: (row.over, not row.conditions, row.since))
    return [
        {
            "run": row.run_id,
            "state": row.state,
            "turn": STATES[row.state].turn.name.lower(),
            "days": f"{(now - row.since).total_seconds() / 86400:.1f}",
            "conditions": ", ".join(row.conditions) or "-",
            "since": stamp(row.since),
            "size": show_size(row.bytes),
            "mode": row.mode,
        }
        for row in order[:FLEET_ROWS]
    ]


def state_message(step: Step) -> str:
    """Return the line that stands beside the pass's state in the UI."""
    until = getattr(step, "until", None)
    return short(step) + (f" until {stamp(until)}" if until else "")
