"""What people read in the Prefect UI, as text: a run's timeline and the fleet's table. Rendering only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from states.codec import to_json
from states.deadlines import Deadline
from states.diagram import mermaid
from states.explain import ago, explain, short, stamp
from states.guards import nothing_blocks
from states.lifecycle import EDGES, STATES
from states.lines import Line, canonical
from states.playbook import Ask, Step
from states.run import Passage, Run
from states.sizes import show_size
from states.vaulting import Reckoned, reckon
from tasks.journal.rows import RunRow

FLEET_ROWS = CUSTODY_ROWS = 200  # an artifact lives in Prefect's database: keep it small
FACT_CHARACTERS = 300
FORM_NAMES = (
    "delivered", "attached", "prepared", "handed-over", "restored", "waive", "hold", "resume", "cancel", "reorder",
    "reopen", "stop-job", "close",
)  # fmt: skip
NO_FORMS: Mapping[str, str] = {}


def timeline(
    run: Run, step: Step, now: datetime, forms: Mapping[str, str] = NO_FORMS, clocks: Sequence[Deadline] = ()
) -> str:
    """Return the run's page: where it stands, what is asked, the way so far and why it could go it, the diagram.

    *forms* are those that take the answer: the name of each, and the id of its deployment. *clocks* run for the run.
    """
    pairs = zip((None, *run.history), run.history, strict=False)
    rows = "\n".join(_row(before, here) for before, here in pairs)
    parts = [
        f"# {run.run_id}: {run.state}",
        explain(run, step, now),
        *([asked(run, step, forms, clocks)] if isinstance(step, Ask) else []),
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


def asked(run: Run, step: Ask, forms: Mapping[str, str], clocks: Sequence[Deadline]) -> str:
    """Return the question as a paragraph of its own: whom, what, until when, and where to answer."""
    links = [f"[Answer in a form: {name}]({form_link(run, form)})" for name, form in forms.items()]
    typed = f"or type `{step.command}`" if step.command.startswith("seeding ") else step.command
    lines = [f"## Asked of {step.who}", step.question, f"Asked since {stamp(step.since)}."]
    if deadline := deadline_of(step, clocks):
        lines.append(f"**Deadline: {stamp(deadline.due)}** ({deadline.consequence})")
    return "\n\n".join([*lines, f"{', '.join(links)} {typed}".strip().removeprefix("or ")])


def form_link(run: Run, form: str) -> str:
    """Return where that form lies in the Prefect UI, with the run filled in."""
    return f"/v2/deployments/deployment/{form}/run?parameters={quote(json.dumps({'answer': {'run': run.run_id}}))}"


def deadline_of(step: Ask, clocks: Sequence[Deadline]) -> Deadline | None:
    """Return the clock of the question's condition, or else the run's that runs out first; None without any."""
    own = [clock for clock in clocks if step.code and clock.condition == step.code]
    return min(own or clocks, key=lambda clock: clock.due, default=None)


def forms_of(step: Step) -> tuple[str, ...]:
    """Return the names of the forms that take the answer to a step, none when it asks nobody or no form does.

    For `seeding record lyon/2026-11 delivered ...` it is `delivered`, for `seeding close lyon/2026-11` it is `close`.
    """
    typed = re.findall(r"seeding (?:record \S+ )?([a-z-]+)", step.command) if isinstance(step, Ask) else []
    return tuple(dict.fromkeys(word for word in typed if word in FORM_NAMES))


def record(run: Run, lines: Sequence[Line]) -> str:
    """Return what the run knows and how it came to know it: the evidence that stands, the latest journal lines."""
    known = "\n".join(
        f"| {kind} | {stamp(run.evidence_at[kind])} | {_says(to_json(fact))} |" for kind, fact in run.evidence.items()
    )
    log = "\n".join(
        f"| {line.seq} | {stamp(line.at)} | {cell(line.actor)} | {line.kind} | {_says(line.payload)} |"
        for line in reversed(lines[-CUSTODY_ROWS:])
    )
    return (
        f"# {run.run_id}: what it knows\n\n| evidence | read | says |\n|---|---|---|\n{known}\n\n"
        f"## Custody\n\n| line | at | by | kind | says |\n|---:|---|---|---|---|\n{log}\n"
    )


def _says(value: Any) -> str:
    return f"`{cell(cut(canonical(value), FACT_CHARACTERS))}`"


def cell(text: str) -> str:
    """Return *text* as a cell of a Markdown table takes it."""
    return text.replace("|", "\\|").replace("`", "'")


def cut(text: str, most: int) -> str:
    """Return *text*, its end left out where it is longer than *most* characters."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def question(run: Run, step: Ask, forms: Mapping[str, str], clocks: Sequence[Deadline]) -> str:
    """Return what stands beside the state of a home run that is paused: whom, what, until when, where to answer."""
    deadline = deadline_of(step, clocks)
    until = f" Deadline: {stamp(deadline.due)}." if deadline else ""
    where = [form_link(run, form) for form in forms.values()] or [step.command]
    return f"Asked of {step.who} since {stamp(step.since)}: {step.question}{until} Answer: {' or '.join(where)}"


def state_message(step: Step) -> str:
    """Return the line that stands beside the pass's state in the UI."""
    until = getattr(step, "until", None)
    return short(step) + (f" until {stamp(until)}" if until else "")
