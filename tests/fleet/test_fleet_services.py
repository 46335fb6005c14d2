"""The files that start an office's worker say what the program understands."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

SERVICES = Path(__file__).parents[2] / "deploy" / "services"
PROGRAM = "/opt/offline-seeding/.venv/bin/seeding"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """Every directive is known to systemd, and a copy outlives the worker's stop."""
    text = (SERVICES / "seeding-work@.service").read_text("utf-8")
    unit = tmp_path / "seeding-work@lyon.service"
    unit.write_text(text.replace(PROGRAM, sys.executable), "utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "") and PROGRAM in text and "KillMode=process" in text


def test_service_and_container_start_the_same_command() -> None:
    """Unit, Windows service and container differ in everything but what they run."""
    unit = (SERVICES / "seeding-work@.service").read_text("utf-8")
    windows = ElementTree.parse(SERVICES / "seeding-work.xml")
    container = yaml.safe_load((SERVICES / "office.compose.yaml").read_text("utf-8"))["services"]["worker"]

    assert f"ExecStart={PROGRAM} work %i" in unit
    assert (windows.findtext("arguments") or "").split()[0] == "work" and container["command"][:2] == [
        "seeding",
        "work",
    ]
