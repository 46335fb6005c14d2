"""One fault at one boundary of one verb: the trap of a cell of the crash matrix, set in a pass that is otherwise real.

It stands between the verb and what it touches: every port of the site and the journal are wrapped, nothing inside them
is changed. A kill is a kill, a lock is another connection's lock, a cut line is cut by the rehearsal Azure.
"""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from deploy.rehearsal.control import Control
from states.lines import Line
from states.run import Run
from tasks.errors import NotYet, Transient
from tasks.journal import Journal
from tasks.ports import Site

BEFORE, IN_INTENT, INTENDED = "before the intent", "in its commit", "after the intent"
EFFECT, IN_OUTCOME, OUTCOME = "after the effect", "in the commit", "after the outcome"
BOUNDARIES = (BEFORE, IN_INTENT, INTENDED, EFFECT, IN_OUTCOME, OUTCOME)
KILL, EXCEPTION, NETWORK, LOCKED, GONE = "SIGKILL", "exception", "no network", "database locked", "database gone"
FAULTS = (KILL, EXCEPTION, NETWORK, LOCKED, GONE)

BY_ARM = ("orders", "vault", "surroundings", "left_overs")  # they knock at the rehearsal Azure's own door
AZURE = (*BY_ARM, "account")
AT_OFFICE = ("office", "samples", "disks")
WRITES = ("PUT", "POST", "PATCH", "DELETE")


class Bug(Exception):
    """What nobody thought of: raised where a cell asks for an exception."""


@dataclass(frozen=True)
class Trap:
    """Where it snaps. *effect* is a port's method; *intent* the beginning of its key, "" for a verb that only looks."""

    effect: str
    intent: str
    boundary: str
    fault: str


class Snare:
    """A trap that is set. `armed` while its verb is performed, `struck` once it has snapped."""

    def __init__(self, trap: Trap | None, control: Control) -> None:
        self.trap, self.control = trap, control
        self.armed = self.struck = self.cut = False
        self.journal: WatchedJournal | None = None
        self._effect_done = trap is not None and not trap.effect  # an answer's effect is its own line
        self._moments, self._committing = set[str](), False
        self._lock: sqlite3.Connection | None = None

    def at(self, *boundaries: str) -> bool:
        """Say whether the trap waits for one of these boundaries."""
        return self.armed and not self.struck and self.trap is not None and self.trap.boundary in boundaries

    def calling(self, port: str, call: str) -> None:
        """A port is about to be asked for *call*."""
        if self.at(BEFORE) and self.trap and self.trap.effect and not self.trap.intent:
            self.strike()
        if self.at(EFFECT) and self.trap and (self.trap.effect, self.trap.fault) == (call, NETWORK) and port in BY_ARM:
            self.struck = self.cut = True  # from its next call on; this one is cut on the wire
            self.control.add_faults(*({"method": m, "drop": "after-effect"} for m in WRITES))
        elif self.cut and port in AZURE:
            raise Transient(f"no answer to {call}: the line is down")
        if self.cut and port in AT_OFFICE:
            raise NotYet(f"no answer to {call}: the office cannot be reached")

    def called(self, call: str) -> None:
        """A port has done *call*; its answer is not with the verb yet."""
        if self.armed and self.trap and call == self.trap.effect:
            self._effect_done = True
            if self.at(EFFECT):
                self.strike()

    def writing(self, lines: Sequence[Line]) -> None:
        """The journal is about to take *lines*."""
        moment = self._moment(lines)
        if moment == ("intent" if self.trap and self.trap.effect else "outcome") and self.at(BEFORE):
            self.strike()
        self._committing = self.at({"intent": IN_INTENT, "outcome": IN_OUTCOME}.get(moment, ""))

    def committing(self) -> None:
        """The lines are with the database, which has not committed them."""
        if self._committing and self.trap and self.trap.fault != NETWORK:
            self._committing = False
            self.strike()

    def written(self, lines: Sequence[Line]) -> None:
        """The journal has taken *lines*."""
        moment = self._moment(lines)
        self._moments.add(moment)
        if self._committing:
            self._committing = False
            self.strike()
        if self.at({"intent": INTENDED, "outcome": OUTCOME}.get(moment, "")):
            self.strike()

    def strike(self) -> None:
        """Do the harm."""
        assert self.trap
        self.struck = True
        match self.trap.fault:
            case "SIGKILL":
                os.kill(os.getpid(), signal.SIGKILL)
            case "exception":
                raise Bug(self.trap.boundary)
            case "no network":
                self._lose_the_network()
            case "database locked":
                assert self.journal
                self._lock = sqlite3.connect(self.journal.path, isolation_level=None)
                self._lock.execute("BEGIN IMMEDIATE")
            case "database gone":
                self._take_the_disk_away()

    def heal(self) -> None:
        """Make good what can be made good from outside: the line, the lock, the disk."""
        self.armed = self.cut = False
        self.control.clear_faults()
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        if self._lock:
            self._lock.close()
        if self.journal:
            self.journal.close()
            self.mend_what_is_gone(self.journal.path)

    @staticmethod
    def mend_what_is_gone(journal: Path) -> None:
        """Bring back the disk with the *journal*, if it was taken away."""
        if away_from(journal).exists():
            away_from(journal).rename(journal.parent)

    def _lose_the_network(self) -> None:
        assert self.trap
        self.cut = True
        if self.trap.boundary in (IN_INTENT, IN_OUTCOME):  # as of a database behind a network: done, and nobody heard
            raise Transient("the database's answer to the commit is lost")
        if self.trap.boundary == EFFECT:
            port = self.trap.effect.partition(".")[0]
            raise (NotYet if port in AT_OFFICE else Transient)(f"the answer to {self.trap.effect} is lost")

    def _take_the_disk_away(self) -> None:
        assert self.journal and self.trap
        if self.trap.boundary in (IN_INTENT, IN_OUTCOME):  # the disk is full: the commit itself cannot be written
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        else:
            self.journal.close()
            self.journal.path.parent.rename(away_from(self.journal.path))

    def _moment(self, lines: Sequence[Line]) -> str:
        """Return "intent" or "outcome" where *lines* are the trap's, the first time; "" otherwise."""
        if not self.armed or self.trap is None:
            return ""
        keys = {line.kind: str(line.payload["key"]) for line in lines if line.kind in ("intent", "outcome")}
        if self.trap.intent and keys.get("intent", "").startswith(self.trap.intent):
            found = "intent"
        elif self._effect_done and (not self.trap.intent or keys.get("outcome", "").startswith(self.trap.intent)):
            found = "outcome"
        else:
            return ""
        return "" if found in self._moments else found


def away_from(journal: Path) -> Path:
    """Return where the journal's folder is while its disk is gone."""
    return journal.parent.with_name("journal.away")


class WatchedPort:
    """A port whose calls pass the snare."""

    def __init__(self, name: str, port: Any, snare: Snare) -> None:
        self._name, self._port, self._snare = name, port, snare

    def __getattr__(self, attribute: str) -> Any:
        real = getattr(self._port, attribute)
        if not callable(real):
            return real
        call = f"{self._name}.{attribute}"

        def watched(*arguments: Any) -> Any:
            self._snare.calling(self._name, call)
            answer = real(*arguments)
            self._snare.called(call)
            return answer

        return watched


class WatchedJournal(Journal):
    """The journal in a file, in a folder of its own, whose commits pass the snare. Nobody waits for a lock here."""

    def __init__(self, path: Path, snare: Snare) -> None:
        super().__init__(f"sqlite:///{path}", make=False)
        self.path, self._snare, snare.journal = path, snare, self
        sa.event.listen(self._engine, "checkout", lambda raw, *_: raw.execute("PRAGMA busy_timeout=0"))
        sa.event.listen(self._engine, "commit", lambda _: snare.committing())

    def add(self, run: Run | None, lines: list[Line], *more: Any) -> None:
        """Commit lines, if the snare lets them through."""
        self._snare.writing(lines)
        super().add(run, lines, *more)
        self._snare.written(lines)


def watched(site: Site, snare: Snare) -> Site:
    """Return the site with every port behind the snare; people and addresses are no ports."""
    ports = (*AZURE, *AT_OFFICE, "archive")
    known = {field.name: getattr(site, field.name) for field in fields(site)}
    return replace(site, **{name: WatchedPort(name, known[name], snare) for name in ports if known[name] is not None})
