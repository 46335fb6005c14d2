"""Hub and office as separate processes with separate homes, joined by a real Prefect server and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml
from journey_host import Journey, begun
from prefect_host import Prefect
from rehearsal_host import Rehearsal as Azure

from deploy.fleet.server import changes
from deploy.fleet.wanted import wanted
from deploy.inventory import load
from deploy.rehearse import answer_all, jump
from flows.prefect_api import prefect_api
from states.facts import Copied, DeviceChecked
from tasks.office.afar.background import held

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds a worker's children in /proc"),
]
T = TypeVar("T")


@pytest.fixture
def lyon(prefect: Prefect, rehearsal: Azure, tmp_path: Path) -> Iterator[Journey]:
    """The office of lyon, worked by a worker of its own; its device has been delivered and confirmed."""

    def deploy(home: Path) -> None:
        with prefect_api() as api:
            for change in changes(api, wanted(load(home / "offices.yaml"))):
                change.write(api)

    yield from worked_at_the_office(rehearsal, tmp_path / "hub", deploy)


def worked_at_the_office(azure: Azure, home: Path, deploy: Callable[[Path], object]) -> Iterator[Journey]:
    """Play lyon, whose worker is its own, until its device is delivered, confirmed and asked about."""
    started = begun(azure, home, ("lyon",))
    inventory = started.where.inventory_at_home
    document = yaml.safe_load(inventory.read_text("utf-8"))
    document["offices"][0]["worker"] = "office"
    inventory.write_text(yaml.safe_dump(document), "utf-8")
    deploy(started.where.home)
    journey = Journey(started, azure)
    journey.sweep()
    while not flow_runs("check-device"):
        if not answer_all(started):
            jump(started)
        journey.sweep()
    yield journey
    started.journal.close()


def test_a_worker_killed_in_the_middle_of_a_copy_loses_and_repeats_nothing(
    prefect: Prefect, lyon: Journey, tmp_path: Path
) -> None:
    """The copy outlives its worker; the next worker answers for it, in the flow run that was under way."""
    home = tmp_path / "office"
    lyon.sweep()  # asks again while the office is off: one question waits all the same
    with held(home / "work" / "office.lock"), a_worker(prefect, home) as worker:  # the copy begins, and waits there
        heard(lyon, lambda: lyon.run("lyon").get(DeviceChecked))
        kill(worker, spare=heard(lyon, lambda: the_copier(home)))
    wait_for(lambda: list(home.glob("work/*_copy_*/answer.json")))  # nobody runs there but the copy
    with a_worker(prefect, home):
        copied = heard(lyon, lambda: lyon.run("lyon").get(Copied))

    assert copied.items and [len(flow_runs(verb)) for verb in ("check-device", "copy")] == [1, 1]
    assert not list(home.glob("work/*_copy_*/answer.json")) and not (home / "journal.db").exists()
    assert [a["type"] for a in answers_to("copy")] == ["office-answer"]
    assert f"answered:{flow_runs('copy')[0]['id']}" in hub_was_told()


def the_copier(home: Path) -> int | None:
    """The process that is at work on the copy: whoever only looks whether the lock is held names itself there, too."""
    for lock in home.glob("work/*_copy_*/lock"):
        command = Path(f"/proc/{lock.read_text() or 0}/cmdline")
        if command.exists() and str(lock.parent).encode() in command.read_bytes():
            return int(command.parent.name)
    return None


@contextmanager
def a_worker(prefect: Prefect, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An office's worker, as its service starts it: it knows the Prefect server, and has an empty home."""
    home.mkdir(exist_ok=True)
    worker = prefect.start("work", "lyon", "--home", str(home), log=home / "worker.log")
    try:
        yield worker
    except AssertionError as failed:
        raise AssertionError(f"{failed}\n{(home / 'worker.log').read_text()[-3000:]}") from failed
    finally:
        kill(worker)


def kill(process: subprocess.Popen[bytes], spare: int = 0) -> None:
    """SIGKILL a process that runs, and everything it started, but for one; return when it is dead."""
    for one in (process.pid, *children(process.pid)) if process.poll() is None else ():
        if one != spare:
            os.kill(one, signal.SIGKILL)
    process.wait(10)


def children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(") ")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            found += [int(stat.parent.name), *children(int(stat.parent.name))]
    return found


def heard(journey: Journey, look: Callable[[], T | None]) -> T:
    """Let the hub pass until *look* finds something."""

    def passed() -> T | None:
        journey.sweep()
        return look()

    return wait_for(passed)


def wait_for(look: Callable[[], T | None], seconds: float = 90) -> T:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.3)
    raise AssertionError("it did not happen")


def flow_runs(verb: str) -> list[dict[str, Any]]:
    with prefect_api() as api:
        rows = api.post("/flow_runs/filter", {"flows": {"name": {"any_": ["office-work"]}}})
    return [row for row in rows if row["name"].startswith(f"lyon/2026-11/1/{verb}/")]


def hub_was_told() -> list[str]:
    """The keys of the passes that the office asked the hub to make."""
    with prefect_api() as api:
        rows = api.post("/flow_runs/filter", {"flows": {"name": {"any_": ["advance-fleet"]}}})
    return [row["idempotency_key"] for row in rows]


def answers_to(verb: str) -> list[dict[str, Any]]:
    ids = [row["id"] for row in flow_runs(verb)]
    with prefect_api() as api:
        rows: list[dict[str, Any]] = api.post("/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": ids}}})
    return rows
