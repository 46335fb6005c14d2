"""Opening a home from the command line: its journal, its clock, and a run by its id or its office's id."""

from __future__ import annotations

import getpass
import socket
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from deploy.clocks import clock_of
from deploy.settings import Settings, settings
from states.run import Run
from tasks.errors import NotFound
from tasks.journal.finding import run_named
from tasks.journal.rows import RunRow

if TYPE_CHECKING:
    from tasks.journal import Journal, Logbook


class Shown(Protocol):
    """As much of a journal as a command needs that only shows."""

    def rows(self, *, open_only: bool = False) -> list[RunRow]:
        """Return the projection of all runs."""

    def run(self, run_id: str) -> Run:
        """Return one run."""

    def looked(self, run_id: str) -> dict[str, datetime]:
        """Return when each verb was last performed."""


class Seen:
    """A home to look at. Raises NotFound when there is no journal."""

    def __init__(self, home: Path | None) -> None:
        self.where: Settings = settings(home)
        self.clock = clock_of(self.where)
        self.shown: Shown = self._reader()

    def _reader(self) -> Shown:
        if not self.where.journal_url.startswith("sqlite:///"):
            from tasks.journal import Journal

            return Journal(self.where.journal_url, make=False)
        from tasks.journal.glance import Glance

        path = Path(self.where.journal_url.removeprefix("sqlite:///"))
        _insist_on(path)
        return Glance(path.absolute())

    def run_id(self, given: str) -> str:
        """Return the run's id: as given, or the newest open run of that office. Raises NotFound, InvalidInput."""
        return run_named(self.shown.rows(), given)


class Opened(Seen):
    """A home to work on: its journal can be written. Raises NotFound when there is none (unless *make*)."""

    def __init__(self, home: Path | None, *, make: bool = False) -> None:
        self._make = make
        super().__init__(home)

    def _reader(self) -> Shown:
        from tasks.journal import Journal

        if not self._make and self.where.journal_url.startswith("sqlite:///"):
            _insist_on(Path(self.where.journal_url.removeprefix("sqlite:///")))
        self.where.make()
        self.journal: Journal = Journal(self.where.journal_url, make=self._make)
        return self.journal

    def book(self, given: str, actor: str) -> Logbook:
        """Open one run's journal for writing."""
        from tasks.journal import Logbook

        return Logbook(self.journal, self.run_id(given), self.clock.now, actor)


def _insist_on(path: Path) -> None:
    if not path.exists():
        raise NotFound(
            f"there is no journal in {path.parent}",
            next="seeding rehearse, or seeding start OFFICE; --home names another place",
        )


def person() -> str:
    """Return the actor of a command's journal lines: who typed it, and where."""
    return f"{getpass.getuser()}@{socket.gethostname()}"
