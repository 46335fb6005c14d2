"""What the tests of tasks/azure share."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from scripted_azure import ScriptedAzure


@pytest.fixture
def azure() -> ScriptedAzure:
    """An Azure that answers what the test scripts."""
    return ScriptedAzure()


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[dict[str, str]]:
    """A rehearsal Azure of this module's own: what its one line says."""
    home = tmp_path_factory.mktemp("rehearsal")
    command = [sys.executable, "-m", "deploy.rehearsal", "--home", str(home), "--exit-with-parent", "--page-size", "2"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        if not line:
            pytest.fail("the rehearsal did not start")
        yield json.loads(line)
        process.stdin.close()  # it ends with its parent
        process.wait(30)
