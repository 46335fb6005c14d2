"""The support summary of the overview page, row by row, for one way of seeding: what it says, whether it holds here.

Enforced by the rules of `states/planning.py`: a row only knows which of their codes are about it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from states.planner.figures import TableRow
from states.problems import Problem


@dataclass(frozen=True)
class Row:
    """One row for one way: `holds` is "yes", "no", or "mind" where something is to be done or known."""

    name: str
    says: str
    holds: Literal["yes", "no", "mind"]
    why: tuple[str, ...] = ()
    next: tuple[str, ...] = ()


def rows(table: Iterable[TableRow], mode: str, problems: Iterable[Problem]) -> tuple[Row, ...]:
    """Return every row of the table for that mode; problems that no row knows come in a last one, "the plan itself"."""
    found, out, known = list(problems), list[Row](), set[str]()
    for row in table:
        out.append(_row(row.name, row.says[mode], [p for p in found if p.code in row.codes]))
        known |= row.codes
    if rest := [problem for problem in found if problem.code not in known]:
        out.append(_row("the plan itself", "names and sizes that can be right", rest))
    return tuple(out)


def _row(name: str, says: str, found: list[Problem]) -> Row:
    if not found:
        return Row(name, says, "yes")
    blocks = [problem for problem in found if problem.severity == "blocks"]
    shown = blocks or found
    return Row(
        name,
        says,
        "no" if blocks else "mind",
        tuple(p.message for p in shown),
        tuple(dict.fromkeys(p.next for p in shown)),
    )
