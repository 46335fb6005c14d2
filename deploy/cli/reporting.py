"""`seeding report`: a run, the fleet or the office's kit as one file: HTML to look at, JSON and CSV for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from deploy.calendars import Holidays
from deploy.cli.envelope import Answer
from deploy.cli.opening import Opened
from deploy.data import limits
from deploy.figures import figures
from deploy.inventory import load
from deploy.inventory.offices import Office
from deploy.report import facts, kit, pages
from deploy.settings import Settings
from states.codec import to_json
from states.conditions import blocking
from states.deadlines import Deadline, by_harm, deadlines
from states.explain import short
from states.exposure import exposure
from states.lines import BrokenChain
from states.planner.needs import Needs
from states.planner.timing import Clockwork
from states.playbook import next_step
from states.run import Run
from tasks.errors import InvalidInput, NotFound, SeedingError


@dataclass(frozen=True)
class Asked:
    """What was asked for: one run or, with "", the fleet; where to; a kit; and where its code leads."""

    run_id: str
    out: Path | None
    kit: bool
    link: str


def report(home: Path | None, asked: Asked) -> Answer:
    """Write the report; the file's ending says its form. Raises InvalidInput, NotFound."""
    opened = Opened(home)
    clock = Clockwork(figures(), Holidays())
    if asked.kit:
        return _written(asked, "kit", {".html": lambda: _kit(opened, asked)})
    if asked.run_id:
        run_id = opened.run_id(asked.run_id)
        one = _run(opened, run_id, clock)
        forms = {".html": lambda: pages.run_page(one), ".json": lambda: _json(_run_data(one)),
                 ".csv": lambda: _custody_csv(one)}  # fmt: skip
        return _written(asked, run_id.replace("/", "-"), forms)
    fleet = _fleet(opened, clock)
    forms = {".html": lambda: pages.fleet_page(fleet), ".json": lambda: _json(_fleet_data(fleet)),
             ".csv": lambda: _fleet_csv(fleet)}  # fmt: skip
    return _written(asked, "fleet", forms)


def _written(asked: Asked, name: str, forms: dict[str, Callable[[], str]]) -> Answer:
    place = asked.out or Path(f"{name}.html")
    make = forms.get(place.suffix.lower())
    if make is None:
        raise InvalidInput(f"{place} ends in none of {', '.join(forms)}", next=f"--out {place.stem}.html")
    text = make()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise SeedingError(f"cannot write {place}: {error.strerror}", next="name another place with --out") from error
    return Answer({"file": str(place), "bytes": len(text.encode())}, f"{place} is written")


def _office(where: Settings, name: str) -> Office | None:
    """Return the office of the inventory; None where it, or the whole inventory, is not there any more."""
    return load(where.inventory).office(name) if where.inventory.exists() else None


def _needs(opened: Opened, run: Run) -> Needs:
    entry = _office(opened.where, run.plan.office)
    return replace(entry.needs(), plan=run.plan) if entry else Needs(run.plan, limits())


def _run(opened: Opened, run_id: str, clock: Clockwork) -> facts.RunReport:
    run, now = opened.journal.run(run_id), opened.clock.now()
    try:
        opened.journal.check(run_id)
        whole = True
    except (BrokenChain, SeedingError):
        whole = False
    step = next_step(run, now, opened.journal.looked(run_id))
    return facts.run_report(run, opened.journal.lines(run_id), step, now, _needs(opened, run), clock, whole=whole)


def _fleet(opened: Opened, clock: Clockwork) -> facts.FleetReport:
    now = opened.clock.now()
    rows: list[facts.FleetRow] = []
    clocks: list[Deadline] = []
    for row in opened.journal.rows(open_only=True):
        run = opened.journal.run(row.run_id)
        needs = _needs(opened, run)
        step = next_step(run, now, opened.journal.looked(run.run_id))
        clocks += deadlines(run, needs.limits.clocks)
        rows.append(facts.FleetRow(run, short(step), facts.stretches(run, now, needs, clock), bool(blocking(run)),
                                   exposure(run, now)))  # fmt: skip
    rows.sort(key=lambda one: (not one.blocked, one.run.run_id))
    return facts.FleetReport(now, tuple(rows), by_harm(clocks))


def _kit(opened: Opened, asked: Asked) -> str:
    if not asked.run_id:
        raise InvalidInput("a kit is one office's: name its run", next="seeding report OFFICE --kit")
    run = opened.journal.run(opened.run_id(asked.run_id))
    entry = _office(opened.where, run.plan.office)
    if entry is None:
        raise NotFound(f"{opened.where.inventory} has no office {run.plan.office} any more: nobody to call",
                       next="put it back: a run is open")  # fmt: skip
    return kit.kit_page(kit.kit(run, entry.contact, entry.address, limits(), asked.link))


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _run_data(one: facts.RunReport) -> dict[str, Any]:
    run = one.run
    return {
        "run_id": run.run_id, "at": to_json(one.at), "state": run.state, "since": to_json(run.since),
        "attempt": run.attempt, "plan": to_json(run.plan), "explanation": one.paragraph,
        "stretches": _all(one.stretches), "checks": _all(one.checks), "vaulting": _all(one.vaulting),
        "conditions": [{**to_json(raised), "severity": row.severity, "waived": waived}
                       for raised, row, waived in one.conditions],
        "deadlines": _all(one.clocks), "exposure": to_json(one.exposure),
        "costs": [_cost(line) for line in one.bill.lines], "currency": one.bill.currency,
        "custody": {"whole": one.whole, "head": run.head, "lines": len(one.custody)},
    }  # fmt: skip


def _cost(line: Any) -> dict[str, Any]:
    amounts = {"each": line.each, "amount": line.amount}
    told = {name: None if value is None else str(value) for name, value in amounts.items()}
    return {"key": line.key, "what": line.what, "quantity": str(line.quantity), **told}


def _all(values: Any) -> list[Any]:
    return [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_json(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "__dataclass_fields__"):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    return value


def _fleet_data(fleet: facts.FleetReport) -> dict[str, Any]:
    return {"at": to_json(fleet.at), "runs": [_fleet_row(row) for row in fleet.rows],
            "funnel": [{"state": s, "reached": r, "here": h} for s, r, h in fleet.funnel],
            "deadlines": _all(fleet.clocks)}  # fmt: skip


def _fleet_row(row: facts.FleetRow) -> dict[str, Any]:
    run = row.run
    return {"run_id": run.run_id, "office": run.plan.office, "state": run.state, "since": to_json(run.since),
            "sku": run.plan.sku, "bytes": run.plan.bytes, "blocked": row.blocked,
            "conditions": " ".join(sorted(run.conditions)), "now": row.words,
            "hours_without_off_site_copy": round(row.exposure.span.total_seconds() / 3600, 1)}  # fmt: skip


def _fleet_csv(fleet: facts.FleetReport) -> str:
    return _csv([_fleet_row(row) for row in fleet.rows])


def _custody_csv(one: facts.RunReport) -> str:
    return _csv([{"line": line.seq, "at_utc": to_json(line.at), "by": line.actor, "kind": line.kind,
                  "what": pages.told(line), "hash": line.hash} for line in one.custody])  # fmt: skip


def _csv(rows: list[dict[str, Any]]) -> str:
    """Return rows as RFC 4180 text. A cell that a spreadsheet would run as a formula is quoted with an apostrophe."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else ["run_id"])
    writer.writeheader()
    for row in rows:
        writer.writerow({k: f"'{v}" if isinstance(v, str) and v[:1] in "=+-@\t\r" else v for k, v in row.items()})
    return out.getvalue()
