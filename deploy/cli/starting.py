"""`seeding start`: from an office of the inventory to an open run, if the plan allows it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.cli.envelope import Answer
from deploy.cli.opening import Opened, person
from deploy.cli.results import run_data
from deploy.data import limits
from deploy.inventory import InventoryInvalid, load
from deploy.inventory.problems import Problem
from states.codec import to_json
from states.lines import Draft
from states.plan import Plan
from states.planning import job_name, problems
from states.problems import Problem as Breach
from states.run import Run
from tasks.errors import InvalidInput


def start(home: Path | None, office: str, month: str, waive: list[str]) -> Answer:
    """Open a run's journal. Raises InvalidInput or InventoryInvalid (plan problems), and writes nothing then."""
    opened = Opened(home, make=True)
    run = open_run(opened, office, month, dict(_waiver(text) for text in waive))
    text = f"{run.run_id} is planned: {run.plan.sku} for {run.plan.bytes:,} bytes. Next: seeding advance {run.run_id}"
    return Answer(run_data(run), text)


def open_run(opened: Opened, office: str, month: str, waivers: dict[str, str]) -> Run:
    """Plan and open a run of *office*. Raises as `start` does."""
    now = opened.clock.now()
    entry = load(opened.where.inventory).office(office)
    if entry is None:
        raise InvalidInput(f"{opened.where.inventory} has no office {office}", next="seeding validate")
    if month and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        raise InvalidInput(f"{month!r} is not a month such as 2026-11", next="seeding start OFFICE --month YYYY-MM")
    run_id = free_id(opened, f"{office}/{month or format(now, '%Y-%m')}")
    plan = entry.plan(job_name(run_id))
    found = problems(plan, entry.limits)
    refused = [p for p in found if p.severity == "blocks" and p.code not in waivers]
    if refused:
        file = str(opened.where.inventory)
        raise InventoryInvalid(Problem(p.code, p.message, p.next, file) for p in refused)
    return opened.journal.open(run_id, first_lines(plan, found, waivers), now, person())


def first_lines(plan: Plan, found: Sequence[Breach], waivers: Mapping[str, str]) -> list[Draft]:
    """Return the lines a run begins with: its plan, what the rules said of it, and what was waived."""
    return [
        Draft("opened", {"plan": to_json(plan)}),
        Draft("planned", {"limits": limits().version, "problems": [to_json(problem) for problem in found]}),
        *(Draft("waiver", {"code": code, "reason": reason}) for code, reason in waivers.items()),
    ]


def free_id(opened: Opened, wanted: str) -> str:
    """Return *wanted*, or it with a number when runs of that id are over. Raises InvalidInput while one is open."""
    rows = {row.run_id: row for row in opened.journal.rows()}
    taken = [row for row in rows.values() if row.run_id == wanted or row.run_id.startswith(f"{wanted}-")]
    still_open = [row.run_id for row in taken if not row.over]
    if still_open:
        raise InvalidInput(f"run {still_open[0]} is open already", next=f"seeding explain {still_open[0]}")
    return wanted if not taken else f"{wanted}-{len(taken) + 1}"


def _waiver(text: str) -> tuple[str, str]:
    code, _, reason = text.partition("=")
    if not code or not reason.strip():
        raise InvalidInput(f"{text!r} is not CODE=REASON", next="for example --waive sku-retired='confirmed by mail'")
    return code, reason.strip()
