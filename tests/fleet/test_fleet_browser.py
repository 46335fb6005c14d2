"""The form as a person meets it: the real Prefect UI in a headless Chromium, from the run's page to the answer."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from journey_host import Journey
from prefect_host import Prefect

from deploy.rehearse import serial_on_the_label
from flows.advance import show_run
from flows.home_run import Home
from flows.prefect_api import prefect_api

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests" / "browser" / "fill_delivered.mjs"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="needs a Chromium")
def test_the_office_answers_in_the_browser_and_the_run_advances(prefect: Prefect, hub: Journey, tmp_path: Path) -> None:
    """Two clicks and two fields from the run's page; the hub's worker does the rest."""
    with prefect_api() as api:
        for passed in hub.sweep():
            show_run(hub.world, Home(api), passed)
    serial = serial_on_the_label(hub.rehearsal, hub.run("lyon"))
    picture = str(tmp_path / "form.png")
    filled = subprocess.run(
        ["node", str(SCRIPT), prefect.ui, serial, picture], cwd=ROOT, capture_output=True, text=True
    )
    assert filled.returncode == 0, filled.stderr
    prefect.seeding("work", "--once", "--home", str(hub.rehearsal.where.home))

    assert hub.run("lyon").state == "delivered"
