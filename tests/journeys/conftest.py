"""Journeys: the sample offices on the rehearsal Azure, without Prefect, with little data; one home per test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rehearsal_host import Rehearsal as Azure

from deploy.rehearse import Rehearsal, set_up
from deploy.settings import settings
from journeys import Journey

SAMPLE_BYTES = 4 * 1024 * 1024


@pytest.fixture
def journey(rehearsal: Azure, tmp_path: Path) -> Iterator[Journey]:
    """Both sample offices, planned, on a rehearsal Azure as on its first day."""
    started: Rehearsal = set_up(settings(tmp_path / "home"), dict(rehearsal.known), None, SAMPLE_BYTES)
    yield Journey(started, rehearsal)
    started.journal.close()
