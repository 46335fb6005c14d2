"""What the journey tests do by hand: pass, be the office, jump, look."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from rehearsal_host import Rehearsal as Azure

from deploy.rehearse import Rehearsal, answer_all, jump, play, set_up
from deploy.scenarios.stage import flip_one_byte
from deploy.settings import settings
from deploy.wiring import world
from flows.passing import Passed, run_pass
from flows.world import World
from states.run import Run

__all__ = ["Journey", "begun", "flip_one_byte"]

SAMPLE_BYTES = 4 * 1024 * 1024


def begun(azure: Azure, home: Path, only: tuple[str, ...] = (), sample_bytes: int = SAMPLE_BYTES) -> Rehearsal:
    """The sample offices (or those in *only*) laid out in *home* on a rehearsal Azure that runs, with little data."""
    return set_up(settings(home), dict(azure.known), None, sample_bytes, only)


class Journey:
    """A rehearsal under way: `sweep` passes over the runs, `until` plays on until a run has come to a state."""

    def __init__(self, rehearsal: Rehearsal, azure: Azure) -> None:
        self.rehearsal, self.azure = rehearsal, azure

    @cached_property
    def world(self) -> World:
        return world(self.rehearsal.where)

    def sweep(self, run_ids: list[str] | None = None) -> list[Passed]:
        ids = run_ids or self.rehearsal.journal.run_ids()
        return [run_pass(self.world, run_id, look_now=True) for run_id in ids]

    def play(self) -> list[Run]:
        """Play to the end."""
        return play(self.rehearsal, self.sweep)

    def until(self, office: str, state: str, limit: int = 60) -> Run:
        """Play on until *office* has come to *state*; fail when it does not within *limit* rounds."""
        for _ in range(limit):
            self.sweep()
            if self.run(office).state == state:
                return self.run(office)
            if not answer_all(self.rehearsal):
                jump(self.rehearsal)
        raise AssertionError(f"{office} is {self.run(office).state}, not {state}: {self.run(office).conditions}")

    def let_happen(self, what: str) -> None:
        """Let time jump until something like *what* has happened, without any pass of ours."""
        self.rehearsal.control.jump_until(what)
        self.rehearsal.clock.set(self.rehearsal.control.now())

    def run(self, office: str) -> Run:
        return next(run for run in self.rehearsal.runs() if run.plan.office == office)

    def device(self, office: str) -> Path:
        """The device's folder, while it is at the office."""
        orders = self.rehearsal.control.orders()
        job = self.run(office).job_name
        return Path(next(o["devices"][0]["path"] for o in orders if o["job"] == job))

    def a_file_on(self, office: str) -> Path:
        """The biggest file on the device: where a flipped byte is easiest to overlook."""
        files = [path for path in self.device(office).rglob("*") if path.is_file()]
        return max(files, key=lambda path: path.stat().st_size)
