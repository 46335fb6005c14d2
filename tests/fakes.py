"""Small fakes of the ports: a world in memory that does what it is told to, or dies where it is told to.

Fakes, not mocks: they keep state like the real thing (a name is taken once, a pick-up can be booked twice), and tests
look at that state. `trouble` maps a call's name to what happens in it, once each, in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from stories import ACTOR, CHECKED, COPIED, RUN_ID, SEALED, SERIAL, VERIFIED, job, lines_to

from deploy.data import limits
from states.facts import JobSeen, PickupBooked
from states.freeze import AccountSeen, AppSeen
from states.landing import AgentSeen, ItemInVault, VaultSeen
from states.lines import Line
from states.plan import Plan
from states.release import SampleDrawn, SampleRestored
from tasks.archive import FolderArchive
from tasks.errors import AlreadyExists, NotFound
from tasks.journal import Journal, Logbook
from tasks.ports import Address, BlobSeen, Contact, Objection, OrderRequest, Paper, Site


@cache
def journal_file(state: str) -> bytes:
    """Return the journal of the good run up to *state*, as its file's bytes: made once, copied for each test."""
    with TemporaryDirectory() as folder:
        journal = Journal(f"sqlite:///{Path(folder) / 'journal.db'}")
        journal.add(None, lines_to(state))
        journal.close()
        return (Path(folder) / "journal.db").read_bytes()


class Crash(BaseException):
    """The process dies here. No `except Exception` sees it."""


@dataclass
class Trouble:
    """What goes wrong in which call: before its effect, after it, or instead of an answer."""

    before: dict[str, list[BaseException]] = field(default_factory=dict)
    after: dict[str, list[BaseException]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def begin(self, call: str) -> None:
        """Note the call, and fail if it is to fail before it has done anything."""
        self.calls.append(call)
        if self.before.get(call):
            raise self.before[call].pop(0)

    def end(self, call: str) -> None:
        """Fail if the call is to fail after it has done everything."""
        if self.after.get(call):
            raise self.after[call].pop(0)


@dataclass
class FakeOrders:
    """Azure's orders: names are unique, bookings are not, and an order may show late."""

    trouble: Trouble = field(default_factory=Trouble)
    jobs: dict[str, JobSeen] = field(default_factory=dict)
    tags_of: dict[str, dict[str, str]] = field(default_factory=dict)
    says_against: tuple[Objection, ...] = ()
    named: tuple[str, ...] = (SERIAL,)
    invisible_for: int = 0  # how many looks after its creation an order does not show yet
    gap: timedelta | None = None
    bookings: int = 0
    cancelled: int = 0
    deleted: int = 0

    def objections(self, request: OrderRequest) -> tuple[Objection, ...]:
        """Answer what was scripted."""
        self.trouble.begin("objections")
        return self.says_against

    def create(self, request: OrderRequest) -> None:
        """Take the name once."""
        self.trouble.begin("create")
        if request.job_name in self.jobs:
            raise AlreadyExists(f"{request.job_name} exists")
        self.jobs[request.job_name] = job(job_name=request.job_name, cancellable=True)
        self.tags_of[request.job_name] = dict(request.tags)
        self.trouble.end("create")

    def find(self, plan: Plan, job_name: str, known: JobSeen | None = None) -> JobSeen | None:
        """Show the order, unless it is not to be seen yet."""
        self.trouble.begin("find")
        if job_name in self.jobs and self.invisible_for:
            self.invisible_for -= 1
            return None
        return self.jobs.get(job_name)

    def clock_gap(self) -> timedelta | None:
        """Answer what was scripted."""
        return self.gap

    def record(self, plan: Plan, job_name: str) -> bytes | None:
        """Show as much of the order as this fake knows."""
        return repr(self.jobs[job_name]).encode() if job_name in self.jobs else None

    def tags(self, plan: Plan, job_name: str) -> dict[str, str]:
        """Show an order's tags."""
        self.trouble.begin("tags")
        if job_name not in self.tags_of:
            raise NotFound(job_name)
        return self.tags_of[job_name]

    def serials(self, plan: Plan, job_name: str) -> tuple[str, ...]:
        """Name the devices."""
        self.trouble.begin("serials")
        return self.named

    def book_pickup(self, plan: Plan, job_name: str, start: datetime, end: datetime, location: str) -> PickupBooked:
        """Send the carrier: every call sends one."""
        self.trouble.begin("book_pickup")
        self.bookings += 1
        self.trouble.end("book_pickup")
        return PickupBooked(f"CONF-{self.bookings}", end)

    def cancel(self, plan: Plan, job_name: str, reason: str) -> None:
        """Cancel once."""
        self.trouble.begin("cancel")
        self.cancelled += 1
        self.jobs[job_name] = replace(self.jobs[job_name], stage="Cancelled", cancellable=False)
        self.trouble.end("cancel")

    def delete(self, plan: Plan, job_name: str) -> None:
        """Forget the order."""
        self.trouble.begin("delete")
        del self.jobs[job_name]
        self.deleted += 1
        self.trouble.end("delete")

    def mark_shipped(self, plan: Plan, job_name: str, carrier: str, tracking: str) -> None:
        """Note the call only."""
        self.trouble.begin("mark_shipped")

    def return_carriers(self, plan: Plan) -> tuple[str, ...]:
        """Answer a carrier that exists."""
        return ("DHL",)


@dataclass
class FakeAccount:
    """A storage account that holds what it was given."""

    trouble: Trouble = field(default_factory=Trouble)
    seen: tuple[BlobSeen, ...] = ()
    texts: dict[str, tuple[bytes, ...]] = field(default_factory=dict)  # "copy" and "verbose" logs

    def blobs(self, containers: Iterable[str]) -> Iterator[BlobSeen]:
        """List what lies in these containers."""
        self.trouble.begin("blobs")
        wanted = set(containers)
        return iter([blob for blob in self.seen if blob.container in wanted])

    def containers(self) -> tuple[str, ...]:
        """List the containers."""
        return tuple(sorted({blob.container for blob in self.seen}))

    def logs(self, job_name: str, kind: Literal["copy", "verbose"]) -> tuple[bytes, ...]:
        """Answer the logs that were scripted."""
        self.trouble.begin("logs")
        return self.texts.get(kind, ())

    def read(self, container: str, name: str, offset: int, length: int) -> bytes:
        """There is nothing to read in a listing."""
        raise NotFound(f"{container}/{name}")


@dataclass
class FakeSurroundings:
    """Azure around the seed: an account that is as it should be, unless told otherwise."""

    trouble: Trouble = field(default_factory=Trouble)
    seen: AccountSeen = field(default_factory=lambda: AccountSeen(group="seeding"))
    known_apps: tuple[AppSeen, ...] | None = ()
    deeds: dict[str, tuple[str, datetime | None]] = field(default_factory=dict)

    def account(self, plan: Plan, containers: tuple[str, ...]) -> AccountSeen:
        """Show the account."""
        self.trouble.begin("account")
        return self.seen

    def apps(self, plan: Plan) -> tuple[AppSeen, ...] | None:
        """Show the agents' apps."""
        return self.known_apps

    def who(self, plan: Plan, changed: tuple[str, ...], since: datetime, until: datetime) -> Any:
        """Name who did it."""
        self.trouble.begin("who")
        return {what: deed for what, deed in self.deeds.items() if what in changed}


@dataclass
class FakeLeftOvers:
    """Papers and containers; `refused` maps a container to the error that keeps it."""

    account: FakeAccount
    trouble: Trouble = field(default_factory=Trouble)
    filed: tuple[Paper, ...] = ()
    refused: dict[str, BaseException] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)

    def papers(self, plan: Plan, job_name: str) -> tuple[Paper, ...]:
        """Show the papers."""
        self.trouble.begin("papers")
        return self.filed

    def delete_container(self, plan: Plan, container: str) -> None:
        """Delete the container from the account."""
        self.trouble.begin("delete_container")
        if container in self.refused:
            raise self.refused[container]
        self.account.seen = tuple(blob for blob in self.account.seen if blob.container != container)
        self.deleted.append(container)
        self.trouble.end("delete_container")


@dataclass
class FakeSamples:
    """Draws and restores what it was told."""

    sample: SampleDrawn = field(default_factory=lambda: SampleDrawn((), 0))
    restored: SampleRestored | None = None

    def draw(self, work: Any, count: int) -> SampleDrawn:
        """Answer the sample."""
        return self.sample

    def restore(self, work: Any, sample: SampleDrawn) -> SampleRestored | None:
        """Answer what came back."""
        return self.restored


@dataclass
class FakeVault:
    """A vault that knows what it was told."""

    trouble: Trouble = field(default_factory=Trouble)
    known: tuple[ItemInVault, ...] = ()

    def seen(self, plan: Plan) -> VaultSeen:
        """Answer the items."""
        self.trouble.begin("seen")
        return VaultSeen(self.known)


@dataclass
class FakeOffice:
    """An office that answers as scripted; None means that it is still at work."""

    trouble: Trouble = field(default_factory=Trouble)
    answers: dict[str, Any] = field(
        default_factory=lambda: {
            "check_device": CHECKED, "copy": COPIED, "seal": SEALED, "verify": VERIFIED,
            "manifest": b"manifest", "agent": None, "stop_online_job": None,
        }
    )  # fmt: skip

    def __getattr__(self, name: str) -> Any:
        """Answer each call of the Office port from the script."""
        if name not in ("check_device", "copy", "seal", "verify", "manifest", "agent", "stop_online_job"):
            raise AttributeError(name)

        def answer(*_: Any) -> Any:
            self.trouble.begin(name)
            return self.answers[name]

        return answer

    def with_agent(self, seen: AgentSeen) -> FakeOffice:
        """Return the office whose agent says this."""
        return replace(self, answers={**self.answers, "agent": seen})


class MortalLogbook(Logbook):
    """A logbook whose process dies at its commit number *at*, just before or just after it."""

    def __init__(self, *args: Any, at: int = 0, after: bool = False) -> None:
        super().__init__(*args)
        self._left, self._after = at, after

    def _commit(self, lines: list[Line], *more: Any) -> Any:
        if lines and self._left:
            self._left -= 1
            if not self._left and not self._after:
                raise Crash
            run = super()._commit(lines, *more)
            if not self._left:
                raise Crash
            return run
        return super()._commit(lines, *more)


@dataclass
class FakeWorld:
    """One run in a journal on disk, a site in memory, and a clock that goes on a minute each time it is asked."""

    folder: Path
    state: str = "planned"
    orders: FakeOrders = field(default_factory=FakeOrders)
    account: FakeAccount = field(default_factory=FakeAccount)
    vault: FakeVault = field(default_factory=FakeVault)
    office: FakeOffice = field(default_factory=FakeOffice)
    surroundings: FakeSurroundings = field(default_factory=FakeSurroundings)
    samples: FakeSamples = field(default_factory=FakeSamples)

    def __post_init__(self) -> None:
        (self.folder / "journal.db").write_bytes(journal_file(self.state))
        self.left_overs = FakeLeftOvers(self.account)
        self.journal = Journal(f"sqlite:///{self.folder / 'journal.db'}")
        self.time = lines_to(self.state)[-1].at

    @property
    def site(self) -> Site:
        """The ports of the run's office."""
        archive = FolderArchive(self.folder / "archive")
        contact, address = Contact("Jo", "1", ("jo@example.com",)), Address("Road 1", "Perth", "6000", "AU")
        around, left, samples = self.surroundings, self.left_overs, self.samples
        return Site(
            self.orders,
            self.account,
            self.vault,
            self.office,
            archive,
            contact,
            address,
            around,
            left,
            samples,
            limits().clocks,
        )

    def now(self) -> datetime:
        """Return the time, and let a minute pass."""
        self.time += timedelta(minutes=1)
        return self.time

    def book(self, at: int = 0, *, after: bool = False) -> Logbook:
        """Open the run's journal, to die at commit *at* if that is not 0."""
        return MortalLogbook(self.journal, RUN_ID, self.now, ACTOR, at=at, after=after)
