"""Every code that the product can say has a row, every fault of the trade has a place, and what helps can be typed."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest
import typer
from code_walk import codes_in, said, severities

from deploy.cli.app import app
from deploy.codes import error_classes, every_code
from states.conditions import CATALOGUE
from states.faults import FAULTS, Fault
from states.lifecycle import EDGES
from tasks.errors import SeedingError

ROOT = Path(__file__).parents[2]
ROWS = every_code()
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
GUARDS = {need.__name__ for edge in EDGES for need in (*edge.needs, *(edge.own_disk or ()))}


@pytest.mark.parametrize("folder", ["states", "tasks", "flows", "deploy"])
def test_every_code_that_the_source_says_has_a_row(folder: str):
    """A message whose code nobody can look up is found."""
    assert {code: place for code, place in said(folder).items() if code not in ROWS} == {}


def test_a_code_without_a_row_is_found():
    """In a class, a keyword, a problem, and a choice of two."""
    text = """
class Odd(SeedingError):
    code = "odd-class"
raise Bad("x", code="odd-word")
yield Problem("odd-problem", "x", "y")
self.problem(node, "odd-if" if a else "odd-else", "x", "y")
"""
    assert {code for code, _ in codes_in(ast.parse(text))} == {
        "odd-class", "odd-word", "odd-problem", "odd-if", "odd-else",
    }  # fmt: skip


def test_every_error_class_carries_a_code_that_has_a_row():
    """A class that inherits the root's code says nothing; only the roots may."""
    classes = error_classes()

    assert len(classes) > 40
    assert [kind.__name__ for kind in classes if kind.code not in ROWS] == []


def test_a_problem_of_a_plan_is_as_bad_as_its_row_says():
    """The page does not call a block what is only for knowing."""
    told = severities("states")

    assert len(told) > 30
    assert {c: said for c, said in told.items() if len(said) == 1 and said != {ROWS[c].severity}} == {}


def test_every_condition_is_raised_somewhere():
    """A row for what nothing says would be a promise nobody keeps."""
    folders = [path for name in ("states", "tasks", "flows") for path in (ROOT / name).rglob("*.py")]
    text = "".join(
        path.read_text("utf-8") for path in folders if path.name != "conditions.py" and "faults" not in path.parts
    )

    assert [code for code in CATALOGUE if f'"{code}"' not in text] == []


def test_the_107_faults_of_the_trade_are_all_there():
    """Each is shown by codes we have, held back by a guard we have, or out of our sight for a reason."""
    assert [fault.number for fault in FAULTS] == list(range(1, 108))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.number))
def test_a_fault_is_shown_or_held_back_or_out_of_sight_for_a_reason(fault: Fault):
    """And says where it was read."""
    assert bool(fault.codes or fault.guard) != bool(fault.unseen)
    assert [code for code in fault.codes if code not in ROWS] == []
    assert fault.guard in ("", *GUARDS) and fault.source


def test_whatever_a_row_tells_somebody_to_type_is_a_command():
    """Of every code, not of the conditions alone."""
    named = [(row.code, line) for row in ROWS.values() for line in commands_in(row.helps)]

    assert len(named) > 60
    assert [f"{code}: {line}" for code, line in named if shlex.split(line)[1] not in COMMANDS] == []


def commands_in(helps: str) -> list[str]:
    """Return the `seeding ...` lines of a text."""
    return re.findall(r"`(seeding [a-z][^`]*)`", helps) or ([helps] if helps.startswith("seeding ") else [])


def test_an_error_is_told_with_its_code_in_front(capsys: pytest.CaptureFixture[str]):
    """Whoever reads a terminal can search for it."""
    from deploy.cli.envelope import Answer, run

    def fails() -> Answer:
        raise SeedingError("it broke", code="device-lost", next="seeding explain RUN")

    with pytest.raises(SystemExit):
        run("test", fails, as_json=False)

    assert capsys.readouterr().err == "device-lost: it broke\n  next: seeding explain RUN\n"
