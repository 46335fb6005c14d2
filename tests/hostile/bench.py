"""One full run against a hostile Azure: the office's people and time are played, everything else is the product.

A schedule strikes while the run goes on. When it has spent itself (or after MOST_STORMY_ROUNDS), the sky clears, and
a person follows the remedies that the run names. What must never be is asked after every pass (`ground_truth`).
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import ground_truth
from azure_here import AzureHere, azure_here

from deploy import wiring
from deploy.data import oldest_versions
from deploy.inventory import load
from deploy.rehearse import enter, lay_out
from deploy.scenarios.agent_here import AgentHere
from deploy.settings import settings
from flows.passing import run_pass
from flows.world import World
from states.codec import to_json
from states.conditions import blocking
from states.lifecycle import MILESTONES, STATES, Turn
from states.lines import Draft, Line
from states.playbook import Ask, Wait
from states.refused import Refused
from states.run import Run
from tasks import answers
from tasks.azure.account import BlobAccount
from tasks.azure.bounded import BoundedTransport, Bounds
from tasks.azure.clients import AzureClients
from tasks.azure.databox import DataBoxOrders
from tasks.azure.left_overs import AzureLeftOvers
from tasks.azure.surroundings import AzureSurroundings
from tasks.azure.vault import RecoveryServicesVault
from tasks.errors import SeedingError
from tasks.journal import Journal, Logbook
from tasks.layout import container_of
from tasks.office.agent import Witness
from tasks.office.files import FilesAgent
from tasks.office.local import LocalOffice
from tasks.office.sample import LocalSamples
from tasks.ports import Site

OFFICE, PERSON = "lyon", "ann"
SOURCES = {"projects/plan.txt": 700, "projects/deep/er/drawing.bin": 60_000, "archive/old.bin": 50_000}
BOUNDS = Bounds(seconds=0.25, most_bytes=256 * 1024)
READ_TIMEOUT_SECONDS = 0.2
MOST_STORMY_ROUNDS, MOST_ROUNDS, MOST_RESUMES, MOST_REFUSALS = 25, 100, 2, 3
LONG_QUIET = 14  # the same for a run that only waits: parcels are on their way for days
QUIET_ROUNDS = 3  # passes over a clear sky without a new line, after which a run counts as waiting
NAP, A_MOMENT = timedelta(minutes=20), timedelta(minutes=1)


class OwnClock:
    """A clock that only the bench moves; the SDK's naps between tries move it, too."""

    def __init__(self, azure: AzureHere) -> None:
        self._azure, self.napped = azure, 0.0
        self.skew = timedelta(0)

    def now(self) -> datetime:
        """Return the moment in the rehearsal world, as this machine's clock would tell it."""
        return self._azure.world.now + timedelta(seconds=self.napped) + self.skew

    def seconds(self) -> float:
        """Return a number that only grows, as time.monotonic does."""
        return self.now().timestamp()


class NoNaps(BoundedTransport):
    """The product's transport, whose naps cost no time."""

    def __init__(self, clock: OwnClock, *rest: Any, **options: Any) -> None:
        super().__init__(*rest, **options)
        self._clock = clock

    def close(self) -> None:
        """Stay open: here one transport serves every client of a run."""

    def sleep(self, duration: float) -> None:
        """Let the owned clock go on."""
        self._clock.napped += duration


@dataclass
class Ended:
    """How a run ended under a schedule: the run, what is wrong with it (nothing, one hopes), and what it asks for."""

    run: Run
    wrong: list[str] = field(default_factory=list)
    asks: Ask | None = None
    resumed: int = 0
    there: bool = False  # as far as its schedule goes
    rounds: int = 0
    lines: list[Line] = field(default_factory=list)


class Bench:
    """The office, the journal and the adapters; `play` makes one run of them under one schedule."""

    def __init__(self, azure: AzureHere, folder: Path) -> None:
        self.azure, self.where = azure, settings(folder / "home")
        self.where.home.mkdir(parents=True)
        enter(azure.known)
        lay_out(self.where, azure.known, None, 20_000, (OFFICE,))
        self.entry = load(self.where.inventory).offices[0]
        self.plan = replace(self.entry.plan("hostile"), items=tuple(self._items(folder)))
        self._empty = self.where.home / "empty.db"
        Journal(f"sqlite:///{self._empty}").close()
        fixed = [
            "--control",
            "here",
            "--ca",
            "none",
            "--office",
            OFFICE,
            "--kind",
            "files",
            "--server",
            self.plan.server,
        ]
        self.agent = AgentHere(fixed, azure.control)

    def _items(self, folder: Path) -> Iterator[Any]:
        for name, size in SOURCES.items():
            path = folder / "sources" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(size))
        for item in self.entry.plan("x").items:
            root = folder / "sources" / item.name
            size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
            yield replace(item, source=str(root), bytes=size, daily_change_bytes=size // 100)

    def play(self, seed: int, rows: list[dict[str, Any]], change: Callable[[Site], Site] = lambda site: site) -> Ended:
        """Play the run of that number to its end; *change* may put a broken part into the product."""
        return _Play(self, seed, rows, change).to_the_end()

    @cached_property
    def _settings(self) -> Any:
        own = {"blob_url": self.azure.known["arm"] + "/{account}", "blob_nap_seconds": 0}
        return replace(wiring.azure_settings(self.where, self.entry), **own)

    def clients(self, clock: OwnClock) -> AzureClients:
        """Return the real clients, with short patience and naps on the owned clock."""
        options = {"connection_verify": self.azure.known["ca"], "read_timeout": READ_TIMEOUT_SECONDS}
        options["use_env_settings"] = False
        wire = NoNaps(clock, BOUNDS, **options)
        clients = AzureClients(self._settings, transport=wire, now=clock.now, seconds=clock.seconds)
        wire.heard = clients.heard
        return clients

    def site(self, clients: AzureClients, media: Path) -> Site:
        """Return the adapters that production has, over these clients and with the agent called, not started."""
        usual = wiring.site(self.where, load(self.where.inventory), self.plan)
        agent = FilesAgent(Witness(self.agent, ("files", "mars", "dpm"), oldest_versions()))
        return replace(
            usual,
            orders=DataBoxOrders(clients),
            account=BlobAccount(clients, self.plan.storage_account),
            vault=RecoveryServicesVault(clients),
            surroundings=AzureSurroundings(clients),
            left_overs=AzureLeftOvers(clients),
            office=LocalOffice(self.entry.device_path or "", media, agent),
            samples=LocalSamples(media, self.agent),
        )

    def journal(self, number: int) -> Journal:
        """Return a journal with nothing in it: runs that were left where they stood would hold their orders' slots."""
        path = self.where.home / f"journal-{number}.db"
        shutil.copyfile(self._empty, path)
        return Journal(f"sqlite:///{path}")

    def tree(self) -> dict[tuple[str, str], bytes]:
        """Return what must arrive: the bytes by container and blob name."""
        roots = [(container_of(OFFICE, item.name), Path(item.source)) for item in self.plan.items]
        return {
            (container, path.relative_to(root).as_posix()): path.read_bytes()
            for container, root in roots
            for path in root.rglob("*")
            if path.is_file()
        }


class _Play:
    def __init__(self, bench: Bench, seed: int, rows: list[dict[str, Any]], change: Callable[[Site], Site]) -> None:
        self.bench, self.azure, self.control = bench, bench.azure, bench.azure.control
        self.azure.reset()
        self.clock = OwnClock(self.azure)
        self.journal = bench.journal(seed)
        self.run_id, self.job = f"{OFFICE}/{seed}", f"hostile{seed:05d}"
        plan = replace(bench.plan, job_name=self.job)
        drafts = [Draft("opened", {"plan": to_json(plan)}), Draft("planned", {"limits": "hostile", "problems": []})]
        self.journal.open(self.run_id, drafts, self.clock.now(), PERSON)
        self.clients = bench.clients(self.clock)
        site = change(bench.site(self.clients, bench.where.home / f"media-{seed}"))
        self.world = World(self.journal, self.clock, lambda _: site, "hub", retry_delays=())
        self.truth = ground_truth.Truth(self.azure, self.job, bench.tree())
        self.ended = Ended(self.journal.run(self.run_id))
        self.refused = Counter[str]()
        self.rows = rows
        self.clock.skew = timedelta(hours=next((row["ours_off"] for row in rows if "ours_off" in row), 0))
        self.until_state = next((row["until"] for row in rows if "until" in row), "closed")
        faults = [row for row in rows if not {"ours_off", "until"} & set(row)]
        self.control.add_faults(*({**row, **({"job": self.job} if "world" in row else {})} for row in faults))

    def to_the_end(self) -> Ended:
        quiet, clear = 0, False
        try:
            for number in range(MOST_ROUNDS):
                self.ended.rounds = number + 1
                before = self.ended.run.seq
                self._pass()
                if self.ended.wrong or self._is_there():
                    break
                if not clear and (number > MOST_STORMY_ROUNDS or self._spent()):
                    clear = self._clear_the_sky()
                quiet = quiet + 1 if self.ended.run.seq == before and clear else 0
                if quiet > (QUIET_ROUNDS if self._named() else LONG_QUIET) and not self._resumed():
                    break
                self._go_on()
        finally:
            self.clients.close()
        self.ended.wrong += self.truth.at_the_end(
            self.journal, self.bench.where.archive, self.run_id, self.ended, self.rows
        )
        self.ended.lines = self.journal.lines(self.run_id)
        self.journal.close()
        return self.ended

    def _is_there(self) -> bool:
        """Say whether the run is over, or as far as this schedule goes."""
        state = self.ended.run.state
        if STATES[state].turn is Turn.OVER:
            return True
        self.ended.there = MILESTONES.index(state) >= MILESTONES.index(self.until_state)
        return self.ended.there

    def _pass(self) -> None:
        try:
            passed = run_pass(self.world, self.run_id)
        except SeedingError as told:
            self.ended.wrong.append(f"a pass ended in {type(told).__name__} {told.code}: {told}")
            return
        except Exception as bug:
            self.ended.wrong.append(f"a pass crashed: {bug!r}")
            return
        self.ended.run = passed.run
        self.ended.asks = passed.step if isinstance(passed.step, Ask) else None
        self.until = passed.step.until if isinstance(passed.step, Ask | Wait) else self.clock.now()
        self.ended.wrong += self.truth.after_a_pass(passed.run)

    def _spent(self) -> bool:
        left = [row for row in self.azure.world.records.faults if "world" not in row and row.get("times", 1) > 0]
        return not left

    def _clear_the_sky(self) -> bool:
        """From here on Azure is itself again, and somebody has set this machine's clock."""
        faults = self.azure.world.records.faults
        faults[:] = [row for row in faults if "world" in row]
        self.clock.skew = timedelta(0)
        return True

    def _named(self) -> bool:
        return self.ended.asks is not None and bool(self.ended.asks.code)

    def _resumed(self) -> bool:
        """Be the operator: type what clears a blocking condition, a few times at most."""
        if self.ended.resumed >= MOST_RESUMES or not blocking(self.ended.run):
            return False
        self.ended.resumed += 1
        answers.resume(self.world.book(self.run_id), "the operator looked and found Azure well")
        return True

    def _go_on(self) -> None:
        if self._answered():
            return
        coming = self.control.next()
        to = max(self.until - self.clock.skew, self.azure.world.now + NAP)
        self.control.jump(max(to, coming[0] + A_MOMENT) if coming else to)

    def _answered(self) -> bool:
        """Be the people at the office and the operator: answer what is asked. False when nobody was asked."""
        asks, run = self.ended.asks, self.ended.run
        if asks is None or asks.code:
            return False
        try:
            return self._told_to(self.world.book(self.run_id), run)
        except (SeedingError, Refused) as no:  # by what Azure said a moment ago, perhaps; the next look may know better
            self.refused[str(no)] += 1
            if self.refused[str(no)] > MOST_REFUSALS:
                self.ended.wrong.append(f"what a person truthfully said was refused again and again: {no}")
            return False

    def _told_to(self, book: Logbook, run: Run) -> bool:
        order = self.azure.world.order(self.job)
        if run.state == "incremental-scheduled":
            answers.approve_close(book, PERSON)
        elif order is None or not order.stage("Delivered"):
            return False  # nobody hands over or prepares what is not there
        elif run.state == "ordered":
            self._set_the_wizard(order.devices[0].serial)
            answers.delivered(book, order.devices[0].serial, PERSON)
        elif run.state == "delivered":
            answers.prepared(book, PERSON, self.control.prepare_to_ship(order.devices[0].serial))
        elif run.state == "copied" and order.place == "Delivered":
            given = self.control.hand_over(self.job)
            answers.handed_over(book, PERSON, given["carrier"], given.get("tracking") or "")
        else:
            return False
        return True

    def _set_the_wizard(self, serial: str) -> None:
        plan = self.bench.plan
        items = [
            {"name": i.name, "source": i.source, "bytes": i.bytes, "daily_change_bytes": i.daily_change_bytes}
            for i in plan.items
        ]
        containers = [{"name": container_of(OFFICE, i.name), "item": i.name} for i in plan.items]
        device = str(Path(self.azure.known["devices"]) / serial)
        self.bench.agent.ask(
            "configure", "--order", self.job, "--device", device,
            "--items", json.dumps(items), "--containers", json.dumps(containers),
        )  # fmt: skip


@contextmanager
def bench_in(folder: Path) -> Iterator[Bench]:
    """Start everything below *folder*, and stop it again."""
    with azure_here(folder / "azure") as azure:
        yield Bench(azure, folder)
