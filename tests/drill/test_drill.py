"""The drill really loses a device, sees it, and brings the office into the vault by another."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from rehearsal_host import Rehearsal as Azure

from deploy import drill as drills
from deploy.cli.drilling import KEPT, as_data, past
from deploy.drill import drill
from deploy.drill_flow import page
from deploy.scenarios.stage import Differs


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


def test_a_loss_that_nobody_sees_fails_the_drill(
    rehearsal: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The drill rings: with no patience at all, nothing can have been seen in time."""
    monkeypatch.setattr(drills, "PATIENCE", timedelta())
    with pytest.raises(Differs, match="nobody saw within 0 days"):
        drill(dict(rehearsal.known), tmp_path / "home")
