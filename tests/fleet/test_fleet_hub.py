"""The hub's own page in Prefect: one artifact in place, one event a day for what is wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeWorld
from prefect_host import Prefect

from flows.hub import event_of, show_hub
from flows.prefect_api import prefect_api
from flows.world import World
from tasks.pulse import MARK, Pulse


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A hub whose last pass was long ago, by the machine's own time."""
    fake = FakeWorld(tmp_path, "ordered")
    long_ago = {"at": "2026-01-01T00:00:00Z", "uptime_seconds": 0, "boot": "an earlier start"}
    (tmp_path / MARK).write_text(json.dumps(long_ago))
    return World(fake.journal, fake, lambda plan: fake.site, "hub@test", pulse=Pulse(tmp_path))


def test_an_overdue_pass_is_on_the_hubs_page_and_off_it_after_the_next(prefect: Prefect, world: World) -> None:
    """The pass that comes at last tells it, leaves its mark, and the one after finds all well; one page throughout."""

    def shown(api) -> list[str]:
        found = api.post("/artifacts/filter", {"artifacts": {"key": {"any_": ["hub"]}}})
        return [one["data"] for one in found]

    with prefect_api() as api:
        show_hub(world, api, 1)
        ((ill,), _) = shown(api), show_hub(world, api, 1)
        (well,) = shown(api)
        show_hub(replace(world, pulse=None), api, 1)

    assert "`pass-overdue`" in ill and "seeding advance" in ill
    assert "`pass-overdue`" not in well


def test_the_same_trouble_has_one_event_a_day(world: World) -> None:
    """Nobody is told every hour of a disk that fills; another trouble is another event."""
    now = world.clock.now()
    ids = [event_of((code, detail), now)["id"] for code, detail in
           (("disk-filling", "1 GB"), ("disk-filling", "2 GB"), ("clock-jumped", ""))]  # fmt: skip
    assert ids[0] == ids[1] != ids[2]
    assert event_of(("disk-filling", ""), now)["resource"]["seeding.severity"] == "warn"
