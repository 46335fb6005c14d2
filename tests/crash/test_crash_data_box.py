"""The crash matrix of the Data Box mode: whatever dies when, the run ends as its undisturbed twin, each effect once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from crash_matrix import DATA_BOX, Bench, Cell, cells
from crash_story import Story
from rehearsal_host import Rehearsal as Azure
from trap import EFFECT, INTENDED, KILL

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bench(running_rehearsal: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The seeding of lyon, from moment to moment."""
    running_rehearsal.control.reset()
    story = Story(running_rehearsal, tmp_path_factory.mktemp("data-box"), "lyon")
    yield Bench(story, DATA_BOX)
    story.close()


@pytest.mark.parametrize("cell", cells(DATA_BOX), ids=str)
def test_the_run_ends_as_if_nothing_had_happened(bench: Bench, cell: Cell) -> None:
    """Same state, same evidence, and as many orders, pick-ups, cancels and deletions as Azure counts for the twin."""
    assert bench.wrong(cell) == []


def test_the_matrix_rings_for_an_effect_without_an_intent(bench: Bench) -> None:
    """A verb that books before it says so books twice; and it never comes to where the matrix expects an intent."""
    row = next(row for row in DATA_BOX if row.verb == "book-pickup")

    twice = bench.wrong(Cell(row, EFFECT, KILL), broken=True)
    unsaid = bench.wrong(Cell(row, INTENDED, KILL), broken=True)

    assert any(wrong.startswith("/pickups/") and wrong.endswith("2 instead of 1") for wrong in twice), twice
    assert unsaid == ["the pass never came to book-pickup | after the intent | SIGKILL"]
