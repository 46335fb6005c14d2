"""The stage of one scenario: one sample office in a home of its own, on an embedded Azure that already runs.

Passes are made in this process and time jumps, as in a rehearsal; only Prefect is left out.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from deploy.inventory import Office, load
from deploy.rehearsal.control import Control
from deploy.rehearse import GOAL, MOST_DAYS, NothingComes, Rehearsal, answer, jump, serial_on_the_label, set_up
from deploy.scenarios.agent_here import asked_here
from deploy.settings import settings
from deploy.wiring import azure_settings, world
from flows.passing import Passed, run_pass
from flows.world import World
from states.facts import Evidence
from states.run import Run
from states.settle import Outcome
from states.steps import Ask, Step
from tasks.azure.clients import AzureClients
from tasks.journal import Logbook

LITTLE_BYTES = 256 * 1024
MOST_ROUNDS = 60  # of pass, answer or jump; the whole way takes about thirty
LONGEST = timedelta(days=500)  # of the story: a condition that has not come by then does not come


class Differs(Exception):
    """A scenario went another way than its row says; the message says which."""


def must(fact: object, told: str) -> None:
    """Raise Differs with *told* unless *fact* is true."""
    if not fact:
        raise Differs(told)


class Stage:
    """One office under way. Every method that waits raises Differs when what it waits for does not come."""

    def __init__(self, azure: dict[str, Any], home: Path, office: str, sample_bytes: int = LITTLE_BYTES) -> None:
        """Lay out *office* in *home* and open its run. *azure* is what the embedded Azure printed at its start."""
        self.office = office
        self.rehearsal: Rehearsal = set_up(settings(home), dict(azure), None, sample_bytes, (office,))
        self.control: Control = self.rehearsal.control
        self.kept: dict[str, bytes] = {}  # what a harm put away, for its ending to put back
        (self.run_id,) = self.rehearsal.journal.run_ids()
        self.step: Step | None = None  # what the last pass left the run waiting for

    @cached_property
    def world(self) -> World:
        """The product's own wiring of this home, but for the agent's process."""
        wired, entry = world(self.rehearsal.where), self._entry
        return replace(wired, site_of=cache(lambda plan: asked_here(wired.site_of(plan), entry)))

    @property
    def now_run(self) -> Run:
        """The run as its journal tells it now."""
        return self.rehearsal.journal.run(self.run_id)

    @property
    def book(self) -> Logbook:
        """The run's logbook, read anew."""
        return self.world.book(self.run_id)

    def sweep(self, run_ids: list[str] | None = None) -> list[Passed]:
        """Make one pass over the run, due or not."""
        passed = [run_pass(self.world, run_id, look_now=True) for run_id in run_ids or [self.run_id]]
        self.step = passed[0].step
        return passed

    def told(self, verb: str, *facts: Evidence) -> Run:
        """Put these facts on record, as *verb* would have."""
        return self.book.settle(Outcome(verb, facts))

    def passed(self, state: str) -> Run:
        """Make one pass; the run must stand in *state* then."""
        self.sweep()
        return self.is_now(state)

    def is_now(self, state: str) -> Run:
        """Return the run, which must stand in *state*."""
        run = self.now_run
        must(run.state == state, f"{run.state}, not {state}: {_standing(run)}")
        return run

    def until(self, state: str, limit: int = MOST_ROUNDS) -> Run:
        """Pass, be the office, and let time jump until the run has come to *state*."""
        for _ in range(limit):
            self.sweep()
            if self.now_run.state == state:
                return self.now_run
            if not self.be_the_office():
                self.time_goes_on()
        return self.is_now(state)

    def until_state(self, state: str, limit: int = 30) -> Run:
        """Let time jump and pass until the run has come to *state*; nobody answers anything."""
        for _ in range(limit):
            self.sweep()
            if self.now_run.state == state:
                return self.now_run
            self.time_goes_on()
        return self.is_now(state)

    def until_condition(self, code: str, limit: int = MOST_ROUNDS, *, answering: bool = True) -> Run:
        """Let time jump, pass, and be the office (if *answering*) until *code* stands."""
        for _ in range(limit):
            self.sweep()
            run = self.now_run
            if code in run.conditions:
                return run
            if run.state == GOAL:
                break
            if not (answering and self.be_the_office()):
                self.time_goes_on()
        run = self.now_run
        raise Differs(f"{code} never stood: {run.state}, {_standing(run)}")

    def until_question(self, words: str, limit: int = MOST_ROUNDS) -> Run:
        """Play until the run asks something with *words* in it, and leave that unanswered."""
        for _ in range(limit):
            self.sweep()
            if isinstance(self.step, Ask) and words in self.step.question:
                return self.now_run
            if not self.be_the_office():
                self.time_goes_on()
        raise Differs(f"nobody was asked about {words}: {self.now_run.state}")

    def be_the_office(self) -> bool:
        """Answer what the last pass asked, as the office would. False when it asked nothing, or about a condition."""
        step = self.step
        return isinstance(step, Ask) and not step.code and answer(self.rehearsal, self.now_run)

    def let_happen(self, what: str) -> None:
        """Let time jump until something like *what* has happened, without any pass of ours."""
        self.control.jump_until(what)
        self.rehearsal.clock.set(self.control.now())

    def let_pass(self, span: timedelta) -> None:
        """Let that much time pass, without any pass of ours."""
        self.control.jump(self.control.now() + span)
        self.rehearsal.clock.set(self.control.now())

    def time_goes_on(self, most: timedelta = MOST_DAYS) -> None:
        """Let time jump to the next thing that moves the run, but no further than *most*.

        A quarter of an hour passes where nothing at all is to come.
        """
        now = self.rehearsal.clock.now()
        must(
            now - self.now_run.opened_at < LONGEST, f"nothing more came until {now:%Y-%m-%d}: {_standing(self.now_run)}"
        )
        try:
            jump(self.rehearsal, most)
        except NothingComes:
            coming = self.control.next()
            self.let_pass(most if coming and coming[0] > now + most else timedelta(minutes=15))

    @cached_property
    def portal(self) -> Any:
        """The orders as a person with the portal reaches them."""
        return self.clients.databox(self.now_run.plan.subscription_id)

    @cached_property
    def clients(self) -> AzureClients:
        """The SDK's clients, for what people do in the portal."""
        return AzureClients(azure_settings(self.rehearsal.where, self._entry))

    @property
    def _entry(self) -> Office:
        entry = load(self.rehearsal.where.inventory).office(self.office)
        assert entry is not None
        return entry

    @property
    def device(self) -> Path:
        """The device's folder, while it is at the office."""
        job = self.now_run.job_name
        return Path(next(o["devices"][0]["path"] for o in self.control.orders() if o["job"] == job))

    @property
    def serial(self) -> str:
        """The serial number on the label of the device in front of the office."""
        return serial_on_the_label(self.rehearsal, self.now_run)

    @property
    def source(self) -> Path:
        """The folder of the first item's data."""
        return Path(self.now_run.plan.items[0].source)

    @property
    def containers(self) -> Any:
        """The storage account's blobs, as a person with the account's rights reaches them."""
        return self.clients.blobs(self.now_run.plan.storage_account)

    @property
    def biggest_file(self) -> Path:
        """The biggest file on the device: where a flipped byte is easiest to overlook."""
        return max((path for path in self.device.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)

    def forget_world(self) -> None:
        """Let the next pass read the inventory anew, as a new process would."""
        if "world" in self.__dict__:
            self.world.journal.close()
            del self.world

    def close(self) -> None:
        """Give the journals back."""
        self.rehearsal.journal.close()
        self.forget_world()


def flip_one_byte(path: Path) -> None:
    """Flip one bit in the middle of a file; its size and times stay."""
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(before.st_size // 2)
        byte = file.read(1)[0]
        file.seek(before.st_size // 2)
        file.write(bytes([byte ^ 0x10]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _standing(run: Run) -> str:
    return "; ".join(f"{code}: {raised.detail}" for code, raised in run.conditions.items()) or "no condition"
