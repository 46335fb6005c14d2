"""The Prefect server is killed in the middle of a copy, and started again: nothing is lost, nothing is done twice."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from journey_host import Journey
from prefect_host import Prefect, running, settings_for
from rehearsal_host import Rehearsal as Azure
from test_fleet_office import answers_to, children, flow_runs, kill, the_copier, wait_for, worked_at_the_office

from deploy.processes import prefect_child, wait_for_prefect
from flows.prefect_api import prefect_api
from states.facts import Copied, Verified
from tasks.errors import Transient
from tasks.office.afar.background import held

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds a server's processes in /proc"),
]
VERBS = ("check-device", "copy", "seal", "manifest", "verify")


@pytest.fixture
def server(tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[Prefect]:
    """A Prefect server that this test alone uses, and may kill."""
    started = running(tmp_path / "prefect", pytestconfig.cache.mkdir("prefect"))
    server = next(started)
    with settings_for(server):
        yield server
    next(started, None)


@pytest.fixture
def lyon(server: Prefect, rehearsal: Azure, tmp_path: Path) -> Iterator[Journey]:
    """The office of lyon, to be worked by a worker of its own; its device has been delivered and confirmed."""

    def deploy(home: Path) -> None:
        assert server.seeding("deploy", "--home", str(home)).returncode == 0

    yield from worked_at_the_office(rehearsal, tmp_path / "hub", deploy)


def test_a_server_killed_in_the_middle_of_a_copy_and_started_again_loses_and_repeats_nothing(
    server: Prefect, lyon: Journey, tmp_path: Path
) -> None:
    """Hub and office work on: the copy ends while nobody can be told, its answer comes when the server is back."""
    home = tmp_path / "office"
    hub, office = workers(server, lyon.rehearsal.where.home, home)
    try:
        with held(home / "work" / "office.lock"):
            wait_for(lambda: the_copier(home), 240)
            kill_the_server(server)
        wait_for(lambda: list(home.glob("work/*_copy_*/answer.json")), 240)
        with pytest.raises(Transient, match="cannot be reached"):
            flow_runs("copy")
        start_again(server, tmp_path)
        wait_for(lambda: lyon.run("lyon").get(Verified), 400)
        assert hub.poll() is None and office.poll() is None
    finally:
        kill(hub)
        kill(office)
    run, kinds = lyon.run("lyon"), Counter[str]()
    for verb in VERBS:
        kinds[verb] = len([a for a in answers_to(verb) if a["type"] == "office-answer"])

    assert kinds == dict.fromkeys(VERBS, 1) and run.get(Copied) and run.conditions == {}
    assert lyon.rehearsal.control.stats()["orders"] == {run.job_name: 1}
    assert lyon.rehearsal.journal.check(run.run_id) == run.seq
    assert still_open() == []


def workers(server: Prefect, hub: Path, office: Path) -> tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]:
    """Start hub and office as their services do; they look every few seconds."""
    slow = {"PREFECT_WORKER_QUERY_SECONDS": "4"}
    office.mkdir()
    log = hub / "worker.log"
    return (
        server.start("work", "--home", str(hub), env=slow, log=log),
        server.start("work", "lyon", "--home", str(office), env=slow, log=office / "worker.log"),
    )


def kill_the_server(server: Prefect) -> None:
    """SIGKILL the server and everything it started."""
    port = str(urlsplit(server.ui).port)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode().split("\0")
        except (OSError, UnicodeDecodeError):
            continue
        if "prefect" in words and port in words:
            for pid in (int(folder.name), *children(int(folder.name))):
                os.kill(pid, signal.SIGKILL)


def start_again(server: Prefect, tmp_path: Path) -> None:
    """Start it on the same port and database. It ends with this process."""
    port = urlsplit(server.ui).port
    assert port is not None
    wait_for_prefect(prefect_child(tmp_path / "prefect", port, {}), server.ui)


def still_open() -> list[str]:
    """The office's flow runs that nobody has ended."""
    which = {"flows": {"name": {"any_": ["office-work"]}}}
    states = {"state": {"type": {"not_any_": ["COMPLETED", "CANCELLED", "FAILED", "CRASHED"]}}}
    with prefect_api() as api:
        return [row["name"] for row in api.post("/flow_runs/filter", {**which, "flow_runs": states})]
