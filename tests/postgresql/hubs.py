"""Hubs as processes of their own: real passes on a journal in PostgreSQL, and a vendor whom they share.

The vendor is a folder: a name is taken by making its file, which only one can; each booking is one more line.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from fakes import FakeOrders, FakeWorld
from stories import ACTOR, PLAN, T0, after, brought_in, first_lines, job

from flows.passing import run_pass
from flows.world import World
from states.facts import JobSeen, PickupBooked
from states.lines import Line
from states.plan import Plan
from states.run import Run
from states.settle import settle
from tasks.errors import AlreadyExists, NotFound, Overtaken
from tasks.journal import Journal
from tasks.ports import OrderRequest


class SharedOrders(FakeOrders):
    """A vendor whom several processes order from. `attempts` and `bookings` lie in files for the test to count."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def create(self, request: OrderRequest) -> None:
        """Take the name once, whoever asks; the order is there with its tags, or not at all."""
        self._note("attempts", request.job_name)
        aside = self._folder / f"{request.job_name}.{os.getpid()}"
        aside.write_text("\n".join(f"{key}={value}" for key, value in request.tags.items()), "utf-8")
        try:
            (self._folder / f"{request.job_name}.job").hardlink_to(aside)
        except FileExistsError:
            raise AlreadyExists(f"{request.job_name} exists") from None

    def find(self, plan: Plan, job_name: str, known: JobSeen | None = None) -> JobSeen | None:
        """Show the order to everybody once it is there."""
        return job(job_name=job_name) if (self._folder / f"{job_name}.job").exists() else None

    def tags(self, plan: Plan, job_name: str) -> dict[str, str]:
        """Show an order's tags."""
        try:
            lines = (self._folder / f"{job_name}.job").read_text("utf-8").splitlines()
        except FileNotFoundError:
            raise NotFound(job_name) from None
        return dict(line.split("=", 1) for line in lines)

    def book_pickup(self, plan: Plan, job_name: str, start: datetime, end: datetime, location: str) -> PickupBooked:
        """Send the carrier: every call sends one."""
        self._note("bookings", job_name)
        return PickupBooked("CONF-1", end)

    def count(self, what: str, job_name: str) -> int:
        """Return how many "attempts" or "bookings" there were."""
        with suppress(FileNotFoundError):
            return (self._folder / f"{job_name}.{what}").read_text("ascii").count("\n")
        return 0

    def _note(self, what: str, job_name: str) -> None:
        with (self._folder / f"{job_name}.{what}").open("a", encoding="ascii") as file:
            file.write("x\n")  # one small write: whole, whoever writes at the same time


class Later:
    """A clock some days after the story, the same for every hub."""

    def now(self) -> datetime:
        """Return that moment."""
        return T0 + timedelta(days=9)


class CountingJournal(Journal):
    """A journal that counts the races it lost."""

    lost = 0

    def add(self, run: Run | None, lines: list[Line], *more: Any) -> None:
        """Add, and count when somebody was faster."""
        try:
            super().add(run, lines, *more)
        except Overtaken:
            self.lost += 1
            raise


@dataclass
class Hub:
    """One hub: its journal, and a world whose vendor is the shared folder."""

    journal: Journal
    orders: SharedOrders
    world: World


def hub(url: str, folder: Path, name: str) -> Hub:
    """Open a hub on the journal at *url*, with the vendor in *folder*."""
    journal, orders = CountingJournal(url), SharedOrders(folder)
    own = folder / name
    own.mkdir(exist_ok=True)
    site = FakeWorld(own, orders=orders).site
    return Hub(journal, orders, World(journal, Later(), lambda plan: site, name, retry_delays=()))


def race(url: str, folder: Path, name: str, run_ids: Iterable[str], start: Barrier, told: Connection) -> None:
    """Pass over each run in the same moment as the others do; tell how many commits were lost to them."""
    mine = hub(url, folder, name)
    for run_id in run_ids:
        start.wait(timeout=60)
        with suppress(Overtaken):  # three times in one pass: the next pass is due anyway
            run_pass(mine.world, run_id, look_now=True)
    told.send(mine.journal.lost)
    mine.journal.close()


def open_run(journal: Journal, run_id: str, state: str) -> None:
    """Open a run with an order name of its own, told to *state* as in the good story, in one commit."""
    plan = replace(PLAN, job_name=f"job{run_id}")
    lines = first_lines(run_id, plan)
    run = after(None, lines)
    while run.state != state:
        for outcome in brought_in(run.state, run.since):
            facts = [replace(f, job_name=plan.job_name) if isinstance(f, JobSeen) else f for f in outcome.evidence]
            new = settle(run, replace(outcome, evidence=tuple(facts)), T0, ACTOR)
            lines, run = lines + new, after(run, new)
    journal.add(None, lines)
