"""A whole seeding by two hubs at once: real processes, real SDK clients on the rehearsal Azure, one journal."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from journey_host import Journey
from postgresql_host import Server

from deploy.rehearse import answer_all, jump
from tasks.journal import Journal
from tasks.journal.migration import migrate

SCRIPT = Path(__file__).with_name("racing_hub.py")


class Hubs:
    """Two hubs on one home, told to pass over a run in the same moment."""

    def __init__(self, home: Path) -> None:
        pipe = subprocess.PIPE
        self.processes = [
            subprocess.Popen([sys.executable, str(SCRIPT), str(home), name], stdin=pipe, stdout=pipe, text=True)
            for name in ("one", "two")
        ]
        self.answers()

    def answers(self) -> list[str]:
        """Return what each says next."""
        return [json.loads(process.stdout.readline()) for process in self.processes if process.stdout]

    def race(self, run_id: str) -> list[str]:
        """Let both pass over the run; return where each says it ended."""
        for process in self.processes:
            assert process.stdin
            process.stdin.write(f"{run_id}\n")
            process.stdin.flush()
        return self.answers()


@pytest.fixture
def on_postgresql(journey: Journey, server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journey]:
    """A planned journey whose journal was moved to PostgreSQL."""
    url = server.url()
    moved = Journal(url)
    migrate(journey.rehearsal.journal, moved)
    journey.rehearsal.journal.close()
    monkeypatch.setenv("SEEDING_JOURNAL", url)
    yield Journey(replace(journey.rehearsal, journal=moved), journey.azure)
    moved.close()


@pytest.mark.slow
def test_two_hubs_seed_an_office_once(on_postgresql: Journey) -> None:
    """One order, one pick-up, each move once, a whole chain, and nobody is asked what a hub knows."""
    journey = on_postgresql
    run_id, said = journey.run("lyon").run_id, list[str]()
    hubs = Hubs(journey.rehearsal.where.home)
    for _ in range(12):
        said += hubs.race(run_id)
        if journey.run("lyon").state == "shipped" or journey.run("lyon").conditions:
            break
        if not answer_all(journey.rehearsal):
            jump(journey.rehearsal)
    for process in hubs.processes:
        process.communicate(timeout=30)

    run, lines = journey.run("lyon"), journey.rehearsal.journal.lines(run_id)
    moves = Counter((line.payload["source"], line.payload["target"]) for line in lines if line.kind == "transition")
    assert run.state == "shipped" and "pickup-uncertain" not in run.conditions, (run.state, run.conditions, said)
    assert set(moves.values()) == {1} and journey.rehearsal.journal.check(run_id) == len(lines)
    stats = journey.rehearsal.control.stats()
    assert stats["orders"][run.job_name] == 1 and stats["pickups"].get(run.job_name, 0) <= 1
    assert {"one", "two"} <= {line.actor for line in lines}
