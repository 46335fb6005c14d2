"""The crash matrix itself: nothing that acts is left out of it, and what is not a cell has a reason."""

from __future__ import annotations

import inspect

from crash_matrix import DATA_BOX, OWN_DISK, cells
from says import SAYS
from trap import BOUNDARIES, FAULTS

from tasks import answers
from tasks.perform import VERBS

ROWS = (*DATA_BOX, *OWN_DISK)
LEFT_OUT: dict[str, str] = {}  # verb -> why no cell of it can be


def test_every_verb_and_every_answer_is_in_the_matrix_or_left_out_with_a_reason() -> None:
    """Tomorrow's verb must say where it may die."""
    said = {name for name, one in inspect.getmembers(answers, inspect.isfunction) if one.__module__ == answers.__name__}
    acting = {*VERBS, *(name for name in said if not name.startswith("_")), "cancel", "stop_job"}

    assert acting - {row.verb for row in ROWS} == set(LEFT_OUT)
    assert {row.verb for row in ROWS} <= acting and set(SAYS) <= acting


def test_the_matrix_has_at_least_two_hundred_cells_over_every_boundary_and_fault() -> None:
    """Of which at least a hundred are real kills of a process."""
    every = [*cells(DATA_BOX), *cells(OWN_DISK)]

    assert len(every) >= 200 and len({str(cell) for cell in cells(DATA_BOX)}) == len(list(cells(DATA_BOX)))
    assert {cell.boundary for cell in every} == set(BOUNDARIES)
    assert {cell.fault for cell in every} == set(FAULTS)
    assert sum(cell.fault == "SIGKILL" for cell in every) >= 100


def test_what_cannot_be_taken_back_has_every_boundary_and_every_fault() -> None:
    """An order, a pick-up, a cancel, a format, an import job, a shipment mark, a stopped job, the clean-up."""
    whole = {row.verb for row in ROWS if row.intent and row.boundaries == BOUNDARIES and row.faults == FAULTS}

    acts = {
        "order",
        "book-pickup",
        "cancel",
        "prepare-drives",
        "create-import-job",
        "mark-shipped",
        "stop_job",
        "close",
    }
    assert whole == acts
