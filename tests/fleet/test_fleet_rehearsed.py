"""`seeding rehearse --offices N` as an operator runs it: hub, three workers and Prefect as processes, sixty days."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
GOAL = "incremental-scheduled"


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Six offices, two of them offline for the first twelve days; the envelope at the end."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "SEEDING_", "AZURE_"))}
    command = [
        str(Path(sys.executable).with_name("seeding")),
        "rehearse",
        "--offices",
        "6",
        "--size",
        "3 MiB",
        "--json",
    ]
    home = tmp_path_factory.mktemp("fleet")
    done = subprocess.run([*command, "--home", str(home)], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_office_is_done_with_one_order_and_no_work_done_twice(rehearsed: dict[str, Any]) -> None:
    """Also those whose worker came late: their questions waited, each once."""
    rows = rehearsed["data"]["rows"]

    assert [(row["state"], row["orders"], row["twice"]) for row in rows] == [(GOAL, 1, [])] * 6
    assert Counter(row["late_days"] for row in rows) == {0: 4, 12: 2}
    assert {row["mode"] for row in rows} == {"data-box", "own-disk"} and all(row["answers"] >= 6 for row in rows)


def test_passes_that_were_missed_are_made_once(rehearsed: dict[str, Any]) -> None:
    """The hub was off for three days; of what waited for it one pass is made and the others are collapsed."""
    assert rehearsed["data"]["collapsed"] >= 2 and rehearsed["ok"]


def test_fewer_offices_than_workers_are_refused() -> None:
    """Exit code 2, before anything is started."""
    command = [str(Path(sys.executable).with_name("seeding")), "rehearse", "--offices", "2"]
    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 2 and "seeding rehearse --offices 3" in done.stderr
