"""Opening a home from the command line: its journal, its clock, and a run by its id or its office's id."""

from __future__ import annotations

import getpass
import socket
from pathlib import Path

from deploy.clocks import clock_of
from deploy.settings import Settings, settings
from tasks.errors import InvalidInput, NotFound
from tasks.journal import Journal, Logbook


class Opened:
    """A home that exists. Raises NotFound when there is no journal yet (unless *make*)."""

    def __init__(self, home: Path | None, *, make: bool = False) -> None:
        self.where: Settings = settings(home)
        if not make and self.where.journal_url.startswith("sqlite") and not (self.where.home / "journal.db").exists():
            raise NotFound(
                f"there is no journal in {self.where.home}",
                next="seeding rehearse, or seeding start OFFICE; --home names another place",
            )
        self.where.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.journal = Journal(self.where.journal_url)
        self.clock = clock_of(self.where)

    def run_id(self, given: str) -> str:
        """Return the run's id: as given, or the newest open run of that office. Raises NotFound, InvalidInput."""
        rows = self.journal.rows()
        if any(row.run_id == given for row in rows):
            return given
        mine = [row.run_id for row in rows if row.office == given and not row.over] or [
            row.run_id for row in rows if row.office == given
        ]
        if len(mine) == 1:
            return mine[0]
        if mine:
            raise InvalidInput(f"{given} has several runs: {', '.join(mine)}", next="name one of them")
        raise NotFound(f"the journal has no run or office {given}", next="seeding status --all")

    def book(self, given: str, actor: str) -> Logbook:
        """Open one run's journal for writing."""
        return Logbook(self.journal, self.run_id(given), self.clock.now, actor)


def person() -> str:
    """Return the actor of a command's journal lines: who typed it, and where."""
    return f"{getpass.getuser()}@{socket.gethostname()}"
