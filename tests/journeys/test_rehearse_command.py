"""`seeding rehearse` as a newcomer runs it: its own Azure, its own Prefect server, one envelope at the end."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import canary
import pytest

from states.lifecycle import MILESTONES

pytestmark = pytest.mark.slow  # a whole rehearsal with Prefect takes a minute
GOAL = "incremental-scheduled"
MODES = {"sydney": "data-box", "lyon": "data-box", "nairobi": "own-disk"}


@dataclass(frozen=True)
class Rehearsed:
    """A rehearsal that has ended: its home, its envelope, and everything it printed."""

    home: Path
    envelope: dict[str, Any]
    output: str


def seeding(*arguments: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "SEEDING_", "AZURE_"))}
    command = [str(Path(sys.executable).with_name("seeding")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    """One rehearsal with Prefect, shared by the tests of this file: it takes half a minute."""
    home = tmp_path_factory.mktemp("newcomer")
    data = home / "my data"
    (data / "odd names").mkdir(parents=True)
    (data / "odd names" / "ümläut\u00a0& 100% [x].txt").write_bytes(b"x" * 1000)
    (data / "empty").write_bytes(b"")
    (data / "link").symlink_to("empty")
    arguments = ["--home", str(home), "--data", str(data), "--size", "6 MiB"]
    done = seeding("rehearse", "--json", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return Rehearsed(home / "rehearsal", json.loads(done.stdout), done.stdout + done.stderr)


def test_the_envelope_tells_of_every_run_in_one_shape(rehearsed: Rehearsed) -> None:
    """Scripts rely on these names; both offices end where incrementals run."""
    assert set(rehearsed.envelope) == {"ok", "command", "data", "problems"} and rehearsed.envelope["ok"] is True
    runs = rehearsed.envelope["data"]["runs"]
    assert {run["office"]: run["mode"] for run in runs} == MODES
    for run in runs:
        assert {"run_id", "office", "mode", "state", "attempt", "history", "items", "conditions"} <= set(run)
        assert (run["state"], run["attempt"]) == (GOAL, 1)
        assert [row["state"] for row in run["history"]] == list(MILESTONES[:-1])
        assert all({"state", "at", "evidence"} <= set(row) for row in run["history"])
        for item in run["items"]:
            assert item["bytes"] > 0 and item["device"] and item["recovery_points"] >= 1


def test_the_given_directory_is_the_first_offices_data(rehearsed: Rehearsed) -> None:
    """Any directory will do: odd names, empty files and links are the backup agent's daily bread."""
    (sydney,) = (run for run in rehearsed.envelope["data"]["runs"] if run["office"] == "sydney")

    assert [(item["name"], item["bytes"]) for item in sydney["items"]] == [("data", 1000)]


def test_every_chain_is_whole_and_one_changed_byte_is_named(rehearsed: Rehearsed, tmp_path: Path) -> None:
    """`custody --check` says yes; after one byte of one payload changed it exits 1 and names the line."""
    sound = seeding("custody", "--check", "--json", "--home", str(rehearsed.home))
    forged = tmp_path / "forged"
    forged.mkdir()
    with opened(rehearsed.home / "journal.db") as original, opened(forged / "journal.db") as copy, copy:
        original.backup(copy)
        changed = copy.execute("UPDATE lines SET payload = replace(payload, 'lyon', 'lyom') WHERE seq = 4").rowcount
    broken = seeding("custody", "--check", "--home", str(forged))

    assert sound.returncode == 0 and all(c["whole"] for c in json.loads(sound.stdout)["data"]["chains"])
    assert changed and broken.returncode == 1
    assert "lyon/2026-11, line 4" in broken.stderr


def test_no_secret_of_the_rehearsal_is_anywhere_in_what_the_product_wrote(rehearsed: Rehearsed) -> None:
    """No pass key, share password, account key, client secret, drive's key or token: in no spelling, not in Prefect."""
    secrets = {f"secret {number}": text for number, text in enumerate(secrets_of(rehearsed.home / "azure"))}
    texts = canary.contents(rehearsed.home, but=[rehearsed.home / "azure"]) | {"output": rehearsed.output.encode()}

    assert len(secrets) >= 5
    assert {Path(name).name for name in texts} >= {"journal.db", "prefect.db", "prefect.db, its rows", "offices.yaml"}
    assert canary.found(secrets, texts) == []


def test_prefect_shows_each_office_under_its_lifecycle_names(rehearsed: Rehearsed) -> None:
    """The run list has one home run an office, which walked through the lifecycle's own words."""
    with opened(rehearsed.home / "prefect" / "prefect.db") as prefect:
        homes = dict(prefect.execute("SELECT name, id FROM flow_run WHERE name LIKE '%/2026-11'"))
        states = {
            name: [row[0] for row in prefect.execute(
                "SELECT name FROM flow_run_state WHERE flow_run_id = ? ORDER BY timestamp, rowid", (home,)
            )]
            for name, home in homes.items()
        }  # fmt: skip
        timeline = dict(prefect.execute("SELECT key, data FROM artifact WHERE key LIKE 'timeline-%'"))

    assert set(homes) == {f"{office}/2026-11" for office in MODES}
    for name, seen in states.items():
        names = [state for state, _ in groupby(state for state in seen if state in MILESTONES)]  # paused keeps the name
        assert names == list(MILESTONES[:-1])
        assert GOAL in timeline[f"timeline-{name.replace('/', '-')}"]


def test_looking_at_a_rehearsals_home_needs_no_server(rehearsed: Rehearsed) -> None:
    """`status` and `explain` answer from the journal alone, and say what to type next."""
    status = seeding("status", "--json", "--home", str(rehearsed.home))
    explain = seeding("explain", "lyon", "--home", str(rehearsed.home))

    assert [row["state"] for row in json.loads(status.stdout)["data"]] == [GOAL] * len(MODES)
    assert explain.returncode == 4 and "seeding close lyon/2026-11" in explain.stdout


def opened(path: Path) -> closing[sqlite3.Connection]:
    """A connection that is closed at the end of its block: SQLite's own leaves that to the collector."""
    return closing(sqlite3.connect(path))


def secrets_of(azure: Path) -> list[str]:
    """Every secret the rehearsal Azure made: its own files know them, ours must not."""
    found: list[str] = []

    def walk(value: Any, key: str = "") -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(inner, name)
        elif isinstance(value, list):
            for inner in value:
                walk(inner, key)
        elif (
            isinstance(value, str)
            and len(value) >= 8
            and not re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z?", value)  # when a key was made
            and any(word in key.lower() for word in ("secret", "password", "passkey", "pass_key", "key", "bitlocker"))
        ):
            found.append(value)

    for path in azure.glob("*.json"):
        walk(json.loads(path.read_text("utf-8")))
    return found


def test_serve_prints_one_envelope_and_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    """Any client can practise against it: how to reach it is one line of JSON."""
    command = [str(Path(sys.executable).with_name("seeding")), "rehearse", "--serve", "--json", "--home", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        envelope = json.loads(server.stdout.readline())
        alive = server.poll() is None
        server.send_signal(signal.SIGINT)
        server.wait(timeout=30)

    needed = (
        "arm authority ca tenant_id client_id client_secret subscription_id resource_group vault blob storage_account"
    )
    assert envelope["ok"] and alive and set(needed.split()) <= set(envelope["data"])
    assert Path(envelope["data"]["ca"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
