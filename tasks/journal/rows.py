"""Rows of the journal's tables as values: what both readers of a journal share. No database in sight."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from states.codec import NotReadable, from_json, read_utc, utc_text
from states.fold import fold
from states.lines import BrokenChain, Line, canonical, check_chain
from states.plan import Plan
from states.run import Run
from tasks.errors import JournalDamaged, NotFound


@dataclass(frozen=True)
class RunRow:
    """One run as the projection shows it: enough for a list, never enough for a decision."""

    run_id: str
    office: str
    mode: str
    state: str
    attempt: int
    since: datetime
    bytes: int
    conditions: tuple[str, ...]
    over: bool
    due: datetime | None


def run_of(run_id: str, lines: list[Line]) -> Run:
    """Return the run these lines tell of, their chain checked. Raises NotFound, JournalDamaged."""
    try:
        check_chain(run_id, lines)
        run = fold(lines)
    except (NotReadable, BrokenChain) as wrong:
        raise JournalDamaged(str(wrong), next=f"seeding custody {run_id} --check") from None
    if run is None:
        raise NotFound(f"the journal has no run {run_id}", next="seeding status")
    return run


def read_line(row: Any) -> Line:
    """Return a row of `lines` as a line. Raises JournalDamaged."""
    where = f"{row['run_id']} line {row['seq']}"
    try:
        payload = json.loads(row["payload"], parse_float=_no_float, parse_constant=_no_float)
        at = read_utc(row["at_utc"])
    except (ValueError, TypeError, RecursionError) as wrong:
        raise JournalDamaged(f"journal of {where} cannot be read: {wrong}", next="seeding custody --check") from None
    if not isinstance(payload, dict):
        raise JournalDamaged(f"journal of {where} was changed after it was written", next="seeding custody --check")
    return Line(row["run_id"], row["seq"], at, row["actor"], row["kind"], payload, row["prev_hash"], row["hash"])


def row_of_line(line: Line) -> dict[str, Any]:
    """Return a line as a row of `lines`: the inverse of `read_line`."""
    return {
        "run_id": line.run_id,
        "seq": line.seq,
        "at_utc": utc_text(line.at),
        "actor": line.actor,
        "kind": line.kind,
        "payload": canonical(line.payload),
        "prev_hash": line.prev_hash,
        "hash": line.hash,
    }


def read_plan(row: Any) -> Plan:
    """Return the plan in the payload of a run's first line. Raises JournalDamaged."""
    try:
        plan: Plan = from_json(Plan, json.loads(row["payload"])["plan"])
    except (ValueError, KeyError, TypeError) as wrong:
        where = f"journal of {row['run_id']} line 1"
        raise JournalDamaged(f"{where} cannot be read: {wrong}", next="seeding custody --check") from None
    return plan


def read_run_row(row: Any) -> RunRow:
    """Return a row of `runs`. Raises JournalDamaged."""
    try:
        return RunRow(
            row["run_id"],
            row["office"],
            row["mode"],
            row["state"],
            row["attempt"],
            read_utc(row["since_utc"]),
            row["bytes"],
            tuple(json.loads(row["conditions"])),
            row["over"],
            read_utc(row["due_utc"]) if row["due_utc"] else None,
        )
    except (ValueError, TypeError, NotReadable, RecursionError) as wrong:
        where = f"the journal's list of runs, {row['run_id']!r}"
        raise JournalDamaged(f"{where} cannot be read: {wrong}", next="seeding custody --check") from None


def _no_float(text: str) -> Any:
    raise ValueError(f"a journal takes no floats: {text}")
