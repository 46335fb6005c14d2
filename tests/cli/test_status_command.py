"""`seeding status` tells of a hub that is silent, without any server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import journal_file
from typer.testing import CliRunner

from deploy.cli.app import app
from tasks.pulse import MARK, Pulse


@pytest.mark.parametrize("silent, code", [(True, 3), (False, 0)])
def test_a_pass_that_is_overdue_is_a_problem_and_exit_code_3(tmp_path: Path, silent: bool, code: int) -> None:
    """What watches the hub from outside needs one command and its exit code."""
    (tmp_path / "journal.db").write_bytes(journal_file("ordered"))
    Pulse(tmp_path).beat()
    if silent:
        mark = json.loads((tmp_path / MARK).read_text())
        (tmp_path / MARK).write_text(json.dumps({**mark, "at": "2026-01-01T00:00:00Z", "boot": "an earlier start"}))

    told = CliRunner().invoke(app, ["status", "--home", str(tmp_path), "--json"])

    envelope = json.loads(told.stdout)
    codes = [problem["code"] for problem in envelope["problems"] if problem["code"] != "disk-filling"]
    assert codes == ["pass-overdue"] * silent and (told.exit_code == code or "disk-filling" in told.stdout)
    assert len(envelope["data"]) == 1
