"""`seeding deadlines` as an operator types it, on a journal on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import journal_file
from stories import RUN_ID
from typer.testing import CliRunner

from deploy.cli.app import app


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in which one run's device has been at the office since 2026-11."""
    (tmp_path / "journal.db").write_bytes(journal_file("delivered"))
    return tmp_path


def test_the_worst_clock_comes_first_with_its_sum_and_the_exposure_below(home: Path) -> None:
    """The charge for a lost device before the fee, and where one would restore from today."""
    told = CliRunner().invoke(app, ["deadlines", "--home", str(home)])
    text = told.stdout
    assert text.index("device-not-returned") < text.index("free-use")
    assert "USD a device" in text and "the office's own backup, on site" in text


def test_json_has_dates_owners_and_seconds(home: Path) -> None:
    """One envelope; every clock says what started it."""
    told = CliRunner().invoke(app, ["deadlines", RUN_ID, "--home", str(home), "--json"])
    envelope = json.loads(told.stdout)
    rows = {row["clock"]: row for row in envelope["data"]["deadlines"]}
    assert envelope["ok"] and {"free-use", "device-not-returned", "device-certificate"} <= set(rows)
    assert all(row["started_by"] and row["owner"] and isinstance(row["seconds_left"], int) for row in rows.values())
    assert envelope["data"]["exposure"][0]["protected"] is False
    assert told.exit_code == (3 if any(row["near"] for row in rows.values()) else 0)
