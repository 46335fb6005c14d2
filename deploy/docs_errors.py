"""The tables of docs/errors.md: every code, and the trade's faults with what shows them, helps, and rehearses them."""

from __future__ import annotations

from collections.abc import Iterable

from deploy.codes import CodeRow, every_code
from deploy.docs_tables import table
from deploy.scenarios.table import SCENARIOS
from states.faults import FAULTS, Fault, showing

_WHY = {
    "refuse": "refused before it can happen",
    "wait": "wait",
    "retry": "the same again",
    "mend": "mend it, then go on",
    "again": "a new device or job",
    "support": "ask the carrier or Azure support",
}


def codes() -> str:
    """Return every code with its anchor, by where it is said."""
    rows = [
        (
            f'<a id="{row.code}"></a>`{row.code}`',
            row.where,
            row.severity,
            row.whose,
            row.means,
            _helps(row),
            f"{row.clock.days} days" if row.clock else "-",
            ", ".join(_numbered(fault) for fault in showing(row.code)) or "-",
        )
        for row in every_code().values()
    ]
    return table(("code", "said about", "severity", "whose turn", "means", "what helps", "clock", "faults"), rows)


def faults() -> str:
    """Return the trade's faults that the product sees; severity, turn, clock and remedy are those of the first code."""
    rows = every_code()
    return table(
        ("no.", "phase", "what is seen", "cause", "shown as", "severity", "whose turn", "clock", "reaction",
         "what to type", "rehearsed", "source"),
        [_fault(fault, rows[fault.codes[0]] if fault.codes else None) for fault in FAULTS if not fault.unseen],
    )  # fmt: skip


def unseen() -> str:
    """Return the faults that are out of the product's sight, and why."""
    lines = [(_anchor(f), f.phase, f.symptom, f.cause, f.unseen, _source(f)) for f in FAULTS if f.unseen]
    return table(("no.", "phase", "what is seen", "cause", "why not by us", "source"), lines)


def _fault(fault: Fault, row: CodeRow | None) -> Iterable[str]:
    shown = [f"[`{code}`](#{code})" for code in fault.codes]
    if fault.guard:
        shown.append(f"the guard [{fault.guard.replace('_', ' ')}](lifecycle.md#guards)")
    played = sum(fault.number in scenario.rows for scenario in SCENARIOS)
    return (
        _anchor(fault),
        fault.phase,
        fault.symptom,
        fault.cause,
        ", ".join(shown),
        row.severity if row else "refusal",
        row.whose if row else "-",
        f"{row.clock.days} days" if row and row.clock else "-",
        _WHY[fault.reaction],
        _helps(row) if row else "`seeding explain RUN`",
        f"{played} scenario{'s' if played > 1 else ''}" if played else "-",
        _source(fault),
    )


def _helps(row: CodeRow) -> str:
    bare = row.helps.startswith("seeding ") and "`" not in row.helps
    return (f"`{row.helps}`" if bare else row.helps).replace("|", "\\|")


def _numbered(fault: Fault) -> str:
    return f"[{fault.number}](#fault-{fault.number})"


def _anchor(fault: Fault) -> str:
    return f'<a id="fault-{fault.number}"></a>{fault.number}'


def _source(fault: Fault) -> str:
    return f"{fault.source}{', inferred' if fault.inferred else ''}"
