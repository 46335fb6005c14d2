"""The drill really loses a device, sees it, and brings the office into the vault by another."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from prefect_host import Prefect
from rehearsal_host import Rehearsal as Azure

from deploy.cli.drilling import KEPT, as_data, past
from deploy.drill import drill
from deploy.drill_flow import drill_and_tell, page
from deploy.scenarios.stage import Differs
from flows.prefect_api import prefect_api


@pytest.mark.slow
def test_a_lost_device_is_seen_by_the_hubs_own_passes_and_replaced_once(rehearsal: Azure, tmp_path: Path) -> None:
    """Seen within a day, two orders in all, and what was measured can be kept and shown."""
    found = drill(dict(rehearsal.known), tmp_path / "home")

    assert timedelta() < found.to_detect <= timedelta(days=1) and found.to_recover > timedelta(days=1)
    assert (found.code, found.asked, found.command) == (
        "device-lost",
        "the operator",
        f"seeding reorder {found.run_id}",
    )
    assert sorted(rehearsal.control.stats()["orders"].values()) == [1, 1]
    row = as_data(found)
    (tmp_path / KEPT).write_text(json.dumps(row) + "\n")
    assert past(tmp_path) == [row]
    assert f"| device-lost | the operator | {row['hours_to_detect']:g} |" in page(past(tmp_path))


def test_a_loss_that_nobody_sees_fails_the_drill(rehearsal: Azure, tmp_path: Path) -> None:
    """The drill rings: with no patience at all, nothing can have been seen in time."""
    with pytest.raises(Differs, match="nobody saw within 0 days"):
        drill(dict(rehearsal.known), tmp_path / "home", timedelta())


PRINTS = "import json,sys; print(json.dumps({}))"
ROW = {"lost_at": "2026-11-05T17:00:00Z", "code": "device-lost", "asked": "the operator", "hours_to_detect": 6.0,
       "hours_to_recover": 212.0}  # fmt: skip


@pytest.mark.parametrize("envelope, state, says", [
    ({"ok": True, "data": {"drill": ROW, "before": [ROW]}, "problems": []}, "drilled", "seen after 6.0 h"),
    ({"ok": False, "data": None, "problems": [{"message": "no emulator"}]}, "Failed", "no emulator"),
])  # fmt: skip
def test_the_scheduled_drill_ends_as_its_command_did_and_shows_the_last_ones(
    prefect: Prefect, tmp_path: Path, envelope: dict, state: str, says: str
) -> None:
    """A drill that fails is a flow run that failed; one that went well is a row of the artifact."""
    ended = drill_and_tell(tmp_path, [sys.executable, "-c", PRINTS.format(envelope)])
    assert ended.name == state and says in (ended.message or "")
    with prefect_api() as api:
        shown = api.post("/artifacts/filter", {"artifacts": {"key": {"any_": ["drill"]}}})
    assert state != "drilled" or shown[0]["data"].count("| device-lost |") == 2


def test_a_drill_that_prints_no_answer_fails_with_its_last_words(tmp_path: Path) -> None:
    """What it died of is in the flow run's message."""
    ended = drill_and_tell(tmp_path, [sys.executable, "-c", "raise SystemExit('out of memory')"])
    assert ended.is_failed() and "out of memory" in (ended.message or "")
