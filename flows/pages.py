"""What people read in the Prefect UI, as text: a run's timeline and the fleet's table. Rendering only."""

from __future__ import annotations

from datetime import datetime

from states.diagram import mermaid
from states.explain import explain, short, stamp
from states.facts import Run
from states.lifecycle import STATES
from states.playbook import Step
from tasks.journal import RunRow

FLEET_ROWS = 200  # an artifact lives in Prefect's database: keep it small


def timeline(run: Run, step: Step, now: datetime) -> str:
    """Return the run's page: where it stands, the way so far, the evidence, the diagram."""
    parts = [
        f"# {run.run_id}: {run.state}",
        explain(run, step, now),
        "| state | reached (UTC) | attempt | on the evidence of |\n|---|---|---|---|",
    ]
    rows = [f"| **{p.state}** | {stamp(p.at)} | {p.attempt} | {', '.join(p.evidence) or '-'} |" for p in run.history]
    parts[-1] += "\n" + "\n".join(rows)
    parts.append(f"{run.seq} journal lines; the chain ends in `{run.head[:16]}`.")
    parts.append(f"```mermaid\n{mermaid(run.state)}\n```")
    return "\n\n".join(parts)


def fleet(rows: list[RunRow], now: datetime) -> list[dict[str, str]]:
    """Return the fleet's table, blocked and waiting runs first, at most FLEET_ROWS rows."""
    order = sorted(rows, key=lambda row: (row.over, not row.conditions, row.since))
    return [
        {
            "run": row.run_id,
            "office": row.office,
            "mode": row.mode,
            "state": row.state,
            "whose turn": STATES[row.state].turn.name.lower(),
            "since": stamp(row.since),
            "days": f"{(now - row.since).total_seconds() / 86400:.1f}",
            "TB": f"{row.bytes / 1e12:.3f}",
            "conditions": ", ".join(row.conditions) or "-",
        }
        for row in order[:FLEET_ROWS]
    ]


def state_message(step: Step) -> str:
    """Return the line that stands beside the pass's state in the UI."""
    until = getattr(step, "until", None)
    return short(step) + (f" until {stamp(until)}" if until else "")
