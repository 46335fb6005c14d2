"""Journeys of one office: half the work of two, where only one is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from journey_host import Journey, begun
from rehearsal_host import Rehearsal as Azure


@pytest.fixture
def lyon(rehearsal: Azure, tmp_path: Path) -> Iterator[Journey]:
    """A journey of Lyon alone."""
    yield from _alone("lyon", rehearsal, tmp_path)


def _alone(office: str, azure: Azure, where: Path) -> Iterator[Journey]:
    started = begun(azure, where / "home", (office,))
    yield Journey(started, azure)
    started.journal.close()
