"""What `seeding validate` finds out: is this inventory sound, and could each office be ordered as planned?

Reads one file and changes nothing. Imports neither Prefect nor Azure: the answer must come in under half a second.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deploy.cli.envelope import Answer, Exit, Trouble
from deploy.data import limits
from deploy.inventory import Placed, Problem, read
from deploy.settings import settings
from states.planning import job_name
from states.planning import problems as plan_problems
from states.sizes import show_size


def validate(path: Path) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """Return what the inventory at *path* holds, and every problem with it, in the order of the file. Raises nothing.

    `data` has `file`, `limits_version` and `offices`: one row each with id, country, mode, sku, agent, items, bytes and
    device_bytes. Problems that block mean exit code 2, warnings 3; what is only to be known (info) none.
    """
    reading = read(path)
    found = list(reading.problems)
    for placed in reading.offices:
        found += _planning(placed, str(path))
    data = {
        "file": str(path),
        "limits_version": limits().version,
        "offices": [_row(placed) for placed in reading.offices if placed.whole],
    }
    return data, tuple(sorted(found, key=lambda p: (p.line, p.column)))


def answer(home: Path | None, inventory: Path | None) -> Answer:
    """Return every problem of an inventory and of the plans it leads to."""
    path = inventory or settings(home).inventory
    data, problems = validate(path)
    troubles = tuple(Trouble(p.code, f"{p.where}: {p.message}", p.next) for p in problems)
    blocks = any(p.severity == "blocks" for p in problems)
    warns = any(p.severity == "warn" for p in problems)
    rows = [
        f"{o['id']}: {o['mode']}, {o['sku']}, {o['agent']}, {o['items']} items, {show_size(o['bytes'])}"
        for o in data["offices"]
    ]
    verdict = "cannot be used" if blocks else ("can be used, with warnings" if warns else "is sound")
    human = "\n".join([*rows, f"{path} {verdict}: {sum(p.severity != 'info' for p in problems)} problems"])
    return Answer(data, human, troubles, Exit.USAGE if blocks else (Exit.WITH_GAPS if warns else Exit.DONE))


def _planning(placed: Placed, file: str) -> list[Problem]:
    plan = placed.office.plan(job_name(placed.office.id))
    found = []
    for problem in plan_problems(plan, placed.office.limits):
        at = placed.place_of(problem.item)
        found.append(Problem(problem.code, problem.message, problem.next, file, at.line, at.column, problem.severity))
    return found


def _row(placed: Placed) -> dict[str, Any]:
    office = placed.office
    plan = office.plan(job_name(office.id))
    return {
        "id": office.id,
        "country": office.country,
        "mode": office.mode,
        "sku": plan.sku,
        "agent": office.agent.kind,
        "items": len(plan.items),
        "bytes": plan.bytes,
        "device_bytes": plan.device_bytes,
    }
