"""The hub's machine without containers: PostgreSQL, Prefect on it and the hub; killed, started again, stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from urllib.request import Request, urlopen

import pytest

from deploy.local.cluster import binaries
from deploy.processes import free_port

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed here")]


class Machine:
    """`python -m deploy.local` on a home of its own, and what an operator sees of it."""

    def __init__(self, home: Path) -> None:
        self.home, self._ports = home, [str(free_port()), str(free_port())]

    def start(self) -> None:
        """Return when it says that everything runs."""
        options = ["--home", str(self.home), "--postgresql-port", self._ports[0], "--prefect-port", self._ports[1]]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "SEEDING_"))}
        command = [sys.executable, "-m", "deploy.local", *options]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=ROOT, env=kept, stdout=pipe, stderr=pipe, text=True)
        assert self.process.stdout
        first = self.process.stdout.readline()
        assert first.startswith("Prefect: http://127.0.0.1:"), self.process.communicate()

    @property
    def environment(self) -> dict[str, str]:
        """What the file for shells holds."""
        lines = (self.home / "local.env").read_text("utf-8").splitlines()
        return dict(line.removeprefix("export ").split("=", 1) for line in lines)

    def seeding(self, *arguments: str, role: str = "hub") -> dict:
        """Run a command with that environment, as that login, and return its envelope."""
        env = {**os.environ, **self.environment}
        env["SEEDING_JOURNAL"] = env["SEEDING_JOURNAL"].replace("hub@", f"{role}@")
        command = [str(Path(sys.executable).with_name("seeding")), *arguments, "--json"]
        return json.loads(subprocess.run(command, capture_output=True, text=True, env=env).stdout)

    def prefect(self, what: str) -> list[dict]:
        """Ask the Prefect API for all of a kind."""
        address = f"{self.environment['PREFECT_API_URL']}/{what}/filter"
        asked = Request(address, b"{}", {"Content-Type": "application/json"})
        with urlopen(asked, timeout=20) as answer:
            return json.load(answer)

    def killed(self, number: int) -> str:
        """Send a signal to PostgreSQL, wait for the end of the rest, and return what was said."""
        postmaster = (self.home / "postgresql" / "data" / "postmaster.pid").read_text().split()[0]
        os.kill(int(postmaster), number)
        return self.process.communicate(timeout=60)[1]


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A machine with the sample inventory."""
    home = Path(mkdtemp(prefix="seeding-hub-"))
    home.chmod(0o711)
    shutil.copyfile(ROOT / "deploy" / "offices" / "sample.yaml", home / "offices.yaml")
    made = Machine(home)
    yield made
    if made.process.poll() is None:
        made.process.terminate()
        made.process.communicate(timeout=60)
    shutil.rmtree(home, ignore_errors=True)


def running_in(home: Path) -> list[str]:
    """Return the processes whose command line names this home."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        found += [words] if str(home) in words else []
    return found


def passwords_shown(machine: Machine) -> list[str]:
    """Return the passwords that stand anywhere but in the one file that only its owner may read."""
    kept = machine.home / "postgresql" / "pgpass"
    words = [line.split(":")[4] for line in kept.read_text("utf-8").splitlines()]
    logs = [path.read_text("utf-8", "replace") for path in machine.home.rglob("*.log")]
    shown = [*running_in(machine.home), (machine.home / "local.env").read_text("utf-8"), *logs]
    assert len(words) == 4 and kept.stat().st_mode & 0o077 == 0
    return [word for word in words if any(word in text for text in shown)]


def test_a_hubs_machine_starts_survives_a_killed_database_and_stops(machine: Machine) -> None:
    """Prefect is on PostgreSQL, deployments and scheduled runs are there, the journal takes a run, and all stays."""
    machine.start()
    opened = machine.seeding("start", "lyon", "--month", "2026-11")
    tables = Path(machine.home / "prefect" / "prefect.db")
    before = sorted(row["name"] for row in machine.prefect("deployments"))
    said = machine.killed(signal.SIGKILL)
    first_end = machine.process.returncode

    assert opened["ok"] and not tables.exists() and len(before) > 3
    assert first_end == 1 and "PostgreSQL has ended" in said and "Traceback" not in said
    machine.start()
    assert sorted(row["name"] for row in machine.prefect("deployments")) == before
    assert machine.prefect("flow_runs")
    assert machine.seeding("status", "--all")["data"][0]["run_id"] == "lyon/2026-11"
    assert machine.seeding("custody", "--check", role="auditor")["ok"]
    assert machine.seeding("hold", "lyon", "--reason", "x", role="auditor")["problems"][0]["code"] == "not-allowed"
    assert passwords_shown(machine) == []
    machine.process.send_signal(signal.SIGTERM)
    assert machine.process.wait(timeout=60) == 0
    assert running_in(machine.home) == []
