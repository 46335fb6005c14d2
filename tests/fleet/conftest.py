"""A hub whose forms are deployed, for the tests that answer one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from journey_host import Journey, begun
from prefect_host import Prefect
from rehearsal_host import Rehearsal as Azure


@pytest.fixture
def hub(prefect: Prefect, rehearsal: Azure, tmp_path: Path) -> Iterator[Journey]:
    """A hub whose run of lyon asks whether the device has arrived, and whose forms are deployed."""
    from deploy.fleet.server import changes
    from deploy.fleet.wanted import wanted
    from deploy.inventory import load
    from deploy.rehearse import jump
    from flows.prefect_api import prefect_api
    from states.playbook import Ask

    started = begun(rehearsal, tmp_path / "hub", ("lyon",))
    with prefect_api() as api:
        for change in changes(api, wanted(load(started.where.inventory_at_home))):
            change.write(api)
    journey = Journey(started, rehearsal)
    while not isinstance(journey.sweep()[0].step, Ask):
        jump(started)
    yield journey
    started.journal.close()
