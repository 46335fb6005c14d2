"""The crash matrix of the own-disk mode: formatting, import job, shipment mark, staging, and every look once killed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from crash_matrix import OWN_DISK, Bench, Cell, cells
from crash_story import Story
from rehearsal_host import Rehearsal as Azure

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bench(running_rehearsal: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The seeding of nairobi, from moment to moment."""
    running_rehearsal.control.reset()
    story = Story(running_rehearsal, tmp_path_factory.mktemp("own-disk"), "nairobi")
    yield Bench(story, OWN_DISK)
    story.close()


@pytest.mark.parametrize("cell", cells(OWN_DISK), ids=str)
def test_the_run_ends_as_if_nothing_had_happened(bench: Bench, cell: Cell) -> None:
    """Same state, same evidence, and as many import jobs, shipment marks and deletions as Azure counts for the twin."""
    assert bench.wrong(cell) == []
