"""The commands that only look: status, explain, custody. None of them imports Prefect or Azure."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy.cli import hub
from deploy.cli.envelope import Answer, Exit, Trouble
from deploy.cli.opening import Opened, Seen
from deploy.cli.results import run_data
from deploy.data import limits
from deploy.figures import figures
from states.codec import to_json
from states.conditions import row_of
from states.deadlines import deadlines
from states.explain import explain, stamp
from states.lines import BrokenChain, Line, canonical
from states.planner.needs import Needs
from states.playbook import Ask, next_step
from states.usual import usual
from states.vaulting import reckon
from tasks.errors import JournalDamaged, SeedingError

if TYPE_CHECKING:
    from tasks.journal import Journal


def status(home: Path | None, *, all_runs: bool) -> Answer:
    """Return the list of runs, blocked ones first."""
    opened = Seen(home)
    rows = opened.shown.rows(open_only=not all_runs)
    now = opened.clock.now()
    data = [{**to_json_row(row), "days": round((now - row.since).total_seconds() / 86400, 1)} for row in rows]
    blocked = [row for row in rows if any(row_of(code).severity == "blocks" for code in row.conditions)]

    def human() -> None:
        from deploy.cli.tables import fleet

        fleet(rows, now, sys.stdout)

    ill = hub.troubles(opened.where, sum(not row.over for row in rows))
    code = Exit.NEEDS_PERSON if blocked else (Exit.WITH_GAPS if ill else Exit.DONE)
    return Answer(data, human, ill, exit=code)


def to_json_row(row: Any) -> dict[str, Any]:
    """Return a row of the projection as data."""
    found: dict[str, Any] = to_json(row)
    return found


def explained(home: Path | None, given: str) -> Answer:
    """Return the paragraph about one run. Exit code 4 when it waits for a person."""
    opened = Seen(home)
    run = opened.shown.run(opened.run_id(given))
    now = opened.clock.now()
    step = next_step(run, now, opened.shown.looked(run.run_id))
    normally = usual(run, Needs(run.plan, limits()), figures())
    text = explain(run, step, now, normally, deadlines(run, limits().clocks))
    rows = reckon(run, now) if run.reached("ingested") else ()
    data = {**run_data(run), "explanation": text, "step": type(step).__name__.lower(), "waits_for": to_json(step)}

    def human() -> None:
        print(text)
        if rows:
            from deploy.cli.tables import vaulting

            vaulting(rows, sys.stdout)

    code = Exit.NEEDS_PERSON if isinstance(step, Ask) else Exit.DONE
    return Answer({**data, "vaulting": to_json(rows)}, human, exit=code)


def custody(home: Path | None, given: str, *, check: bool) -> Answer:
    """Return the lines of one run or all, or whether each chain is whole."""
    opened = Opened(home)
    run_ids = [opened.run_id(given)] if given and not check else ([given] if given else opened.journal.known_ids())
    if check:
        return _checked(opened.journal, run_ids)
    lines = [line for run_id in run_ids for line in opened.journal.lines(run_id)]
    return Answer([_line_data(line) for line in lines], "\n".join(_line_text(line) for line in lines))


def _checked(journal: Journal, run_ids: list[str]) -> Answer:
    chains: list[dict[str, Any]] = []
    troubles: list[Trouble] = []
    for run_id in run_ids:
        try:
            chains.append({"run_id": run_id, "lines": journal.check(run_id), "whole": True})
        except BrokenChain as broken:
            chains.append({"run_id": run_id, "whole": False, "line": broken.seq})
            troubles.append(Trouble("journal-damaged", str(broken), "restore the journal from a copy; do not write on"))
        except JournalDamaged as damaged:
            chains.append({"run_id": run_id, "whole": False})
            troubles.append(Trouble(damaged.code, damaged.message, "restore the journal from a copy; do not write on"))
        except SeedingError as wrong:
            chains.append({"run_id": run_id, "whole": False})
            troubles.append(Trouble(wrong.code, wrong.message, wrong.next))
    whole = [chain for chain in chains if chain["whole"]]
    human = f"{len(whole)} of {len(chains)} chains are whole, {sum(c['lines'] for c in whole):,} lines checked"
    return Answer({"chains": chains}, human, tuple(troubles), Exit.FAILED if troubles else Exit.DONE)


def _line_data(line: Line) -> dict[str, Any]:
    return {
        "run_id": line.run_id,
        "seq": line.seq,
        "at": to_json(line.at),
        "actor": line.actor,
        "kind": line.kind,
        "payload": line.payload,
        "hash": line.hash,
    }


def _line_text(line: Line) -> str:
    text = canonical(line.payload)
    shown = text if len(text) <= 160 else f"{text[:157]}..."
    return f"{line.run_id} {line.seq:4} {stamp(line.at)} {line.actor} {line.kind} {shown}"
