"""The simulated world: one clock that only moves when told, an agenda of what will happen, and a file to remember it.

Nothing happens by itself. A jump does what is due, in order, each on its own time, and writes the file after each.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from deploy.rehearsal.home import Home
from deploy.rehearsal.records import Due, Order, Records, Settings

if TYPE_CHECKING:
    from deploy.rehearsal.storage import Storage

Happening = Callable[["World", str], str]


class World:
    """All that is simulated, behind one lock. `happenings` says what each agenda word does; it returns a sentence."""

    def __init__(
        self, home: Home, start: datetime, happenings: Mapping[str, Happening], settings: Settings | None = None
    ) -> None:
        """Load the home's world, or start a new one at *start* (UTC). Raises ValueError when its file is damaged."""
        self.home = home
        self.storage: Storage
        self.secrets: dict[tuple[str, str], str] = {}  # (vault, name) -> value; never in the world's file
        self._first = Records(now=start, settings=settings or Settings())
        self._happenings = happenings
        self._lock = threading.RLock()
        self.records = self._load()
        if settings is not None:
            self.records.settings = settings

    @property
    def now(self) -> datetime:
        """The simulated time, UTC."""
        return self.records.now

    @property
    def first_settings(self) -> Settings:
        """The settings this process was started with."""
        return self._first.settings

    @contextmanager
    def reading(self) -> Iterator[Records]:
        """Give the records while nobody changes them."""
        with self._lock:
            yield self.records

    @contextmanager
    def changing(self) -> Iterator[Records]:
        """Give the records to change; written at the end, and put back as they were when anything is raised."""
        with self._lock:
            before = self.records.model_dump_json()
            try:
                yield self.records
            except BaseException:
                self.records = Records.model_validate_json(before)
                raise
            self.save()

    def save(self) -> None:
        """Write the records in one step: a reader, or a restart, sees the old file or the new one."""
        aside = self.home.world.with_suffix(".new")
        aside.touch(mode=0o600)
        aside.write_text(self.records.model_dump_json(), "utf-8")
        aside.replace(self.home.world)

    def reset(self, start: datetime | None = None, settings: Settings | None = None) -> None:
        """Forget everything: back to the first day, or to *start*, with the first settings or *settings*."""
        with self._lock:
            self.secrets.clear()
            fresh = self._first.model_copy(deep=True)
            self.records = fresh.model_copy(update={"now": start or fresh.now, "settings": settings or fresh.settings})
            self.save()

    def put_back(self, kept: Records) -> None:
        """Be as *kept* says again, whatever has happened since; what lies in folders and blobs stays as it is."""
        with self._lock:
            self.records = kept
            self.save()

    def plan(self, at: datetime, what: str, subject: str) -> None:
        """Put *what* on the agenda for *subject*; never earlier than now. Raises KeyError when nobody can do it."""
        _ = self._happenings[what]
        self.records.seq += 1
        self.records.agenda.append(Due(at=max(at, self.records.now), seq=self.records.seq, what=what, subject=subject))

    def unplan(self, subject: str, *whats: str) -> None:
        """Take *whats* (or everything) planned for *subject* off the agenda."""
        self.records.agenda = [
            due for due in self.records.agenda if due.subject != subject or (whats and due.what not in whats)
        ]

    def postpone(self, subject: str, by: timedelta) -> None:
        """Move everything planned for *subject* later."""
        for due in self.records.agenda:
            if due.subject == subject:
                due.at += by

    def upcoming(self) -> Due | None:
        """Return the next thing on the agenda, or None."""
        return min(self.records.agenda, key=lambda due: (due.at, due.seq), default=None)

    def jump(self, to: datetime) -> list[tuple[datetime, str]]:
        """Move the clock to *to* (UTC), doing all that is due on the way; return what happened and when.

        Raises ValueError for a time that is past. When something that is due fails, the clock stands at that thing,
        which stays on the agenda; the same jump may be tried again.
        """
        with self._lock:
            if to < self.now:
                raise ValueError(f"the clock stands at {self.now.isoformat()} and cannot go back to {to.isoformat()}")
            happened = []
            while (due := self.upcoming()) is not None and due.at <= to:
                happened.append((due.at, self._let_happen(due)))
            with self.changing() as records:
                records.now = to
            return happened

    def order(self, name: str) -> Order | None:
        """Return the order called *name*, whatever its case."""
        return self.records.orders.get(name.casefold())

    def new_id(self, kind: str) -> str:
        """Return an id that no other has in this world, and that the same world would give again."""
        self.records.seq += 1
        return f"{kind}{self.records.seq:06d}"

    def _let_happen(self, due: Due) -> str:
        with self.changing() as records:
            records.now = due.at
            records.agenda = [other for other in records.agenda if other.seq != due.seq]
            return self._happenings[due.what](self, due.subject)

    def _load(self) -> Records:
        if self.home.world.exists():
            return Records.model_validate_json(self.home.world.read_text("utf-8"))
        return self._first.model_copy(deep=True)


def business_days(at: datetime, days: int, hour: int | None = None) -> datetime:
    """Return the time *days* working days after *at* (Monday to Friday), at *hour* o'clock UTC when one is given."""
    while days > 0:
        at += timedelta(days=1)
        days -= at.weekday() < 5
    return at if hour is None else at.replace(hour=hour, minute=0, second=0, microsecond=0)
