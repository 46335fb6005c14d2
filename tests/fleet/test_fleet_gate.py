"""A real worker works for its office through the gate, before a real Prefect server, and reaches nothing else there."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import httpx
import pytest
import yaml
from journey_host import Journey, begun
from prefect_host import Prefect
from rehearsal_host import Rehearsal as Azure

from deploy.fleet.server import changes
from deploy.fleet.wanted import wanted
from deploy.inventory import load
from deploy.processes import free_port
from deploy.rehearse import answer_all, jump
from flows.prefect_api import prefect_api
from states.facts import Copied

pytestmark = pytest.mark.slow
PASSWORD = "lyons-own-password"


@pytest.fixture
def gate(prefect: Prefect, tmp_path: Path) -> Iterator[str]:
    """The gate, as it is started beside a server; yields its address for clients."""
    offices, port = tmp_path / "offices", free_port()
    offices.write_text(f"lyon {hashlib.sha256(PASSWORD.encode()).hexdigest()}\n")
    command = [sys.executable, "-m", "deploy.gate", "--offices", str(offices), "--server", prefect.ui]
    served = subprocess.Popen([*command, "--port", str(port)])
    try:
        until_it_answers(f"http://127.0.0.1:{port}/api/health")
        yield f"http://127.0.0.1:{port}/api"
    finally:
        served.terminate()
        served.wait(30)


def until_it_answers(url: str) -> None:
    for _ in range(600):
        try:
            urlopen(url)
        except URLError as answer:
            if getattr(answer, "code", 0) == 401:
                return
        time.sleep(0.1)
    raise AssertionError("the gate did not start")


def test_an_office_copies_through_the_gate_and_reaches_nothing_else(
    prefect: Prefect, gate: str, rehearsal: Azure, tmp_path: Path
) -> None:
    """Asked, worked and answered with the office's own password; lists, blocks and other queues stay shut."""
    started = begun(rehearsal, tmp_path / "hub", ("lyon",))
    inventory = started.where.inventory_at_home
    document = yaml.safe_load(inventory.read_text("utf-8"))
    document["offices"][0]["worker"] = "office"
    inventory.write_text(yaml.safe_dump(document), "utf-8")
    with prefect_api() as api:
        for change in changes(api, wanted(load(inventory))):
            change.write(api)
    journey, home = Journey(started, rehearsal), tmp_path / "office"
    home.mkdir()
    env = {"PREFECT_API_URL": gate, "PREFECT_API_AUTH_STRING": f"lyon:{PASSWORD}"}
    worker = prefect.start("work", "lyon", "--home", str(home), env=env, log=home / "worker.log")
    try:
        copied = until_copied(journey)
    except AssertionError as failed:
        raise AssertionError(f"{failed}: {(home / 'worker.log').read_text()[-3000:]}") from None
    finally:
        worker.terminate()
        worker.wait(60)
    started.journal.close()

    assert copied.items
    assert refused(gate, "block_documents/filter", {}) and refused(gate, "flow_runs/filter", {})
    assert refused(gate, "work_pools/seeding/get_scheduled_flow_runs", {"work_queue_names": ["hub"]})
    widened = {"flow_runs": {"operator": "or_", "work_queue_name": {"any_": ["office-lyon"]}, "id": {"not_any_": []}}}
    assert refused(gate, "flow_runs/filter", widened)
    with prefect_api() as api:  # the same question to the server itself: there the filter does widen
        everything = api.post("/flow_runs/filter", widened)
    assert {run["work_queue_name"] for run in everything} - {"office-lyon"} != set()


def until_copied(journey: Journey) -> Copied:
    """Let time pass until the office is asked, then pass after pass until its answer says that the copy is done."""
    journey.sweep()
    while not asked():
        if not answer_all(journey.rehearsal):
            jump(journey.rehearsal)
        journey.sweep()
    end = time.monotonic() + 240
    while time.monotonic() < end:
        journey.sweep()
        if copied := journey.run("lyon").get(Copied):
            return copied
        time.sleep(0.5)
    raise AssertionError(f"the office never copied: {journey.run('lyon').state}")


def asked() -> int:
    """Return how many questions the office has been asked."""
    with prefect_api() as api:
        return int(api.post("/flow_runs/count", {"flows": {"name": {"any_": ["office-work"]}}}))


def refused(gate: str, path: str, body: object) -> bool:
    """Say whether the gate keeps that from the office."""
    answer = httpx.post(f"{gate}/{path}", json=body, auth=("lyon", PASSWORD))
    return answer.status_code == 403
