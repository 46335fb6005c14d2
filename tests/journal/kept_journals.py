"""Journals the tests of this folder share, and what other processes of theirs do to them."""

from __future__ import annotations

import os
import signal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from stories import ACTOR, RUN_ID, T0, lines_to, opening

from states.lines import Draft
from states.settle import Outcome
from tasks.errors import Overtaken
from tasks.journal import Journal, Logbook

OTHER = "lyon-2026-11"


def filled(url: str) -> Journal:
    """Return a new journal with the good run up to `closed` and a second run that was only opened."""
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).write_bytes(_filled_file())
        return Journal(url)
    return _fill(Journal(url))


@cache
def _filled_file() -> bytes:
    with TemporaryDirectory() as folder:
        _fill(Journal(f"sqlite:///{Path(folder) / 'journal.db'}")).close()
        return (Path(folder) / "journal.db").read_bytes()


def _fill(journal: Journal) -> Journal:
    journal.add(None, lines_to("closed"))
    journal.open(OTHER, opening(OTHER), T0, ACTOR)
    return journal


def opened(url: str) -> Journal:
    """Return a new journal with one run that was only opened."""
    journal = Journal(url)
    journal.open(RUN_ID, opening(), T0, ACTOR)
    return journal


def write_in_turn(url: str, name: str, count: int) -> None:
    """Write *count* numbered pairs of notes, each pair one commit, reading anew whenever another was faster."""
    journal, written = Journal(url), 0
    while written < count:
        book = Logbook(journal, RUN_ID, lambda: T0, name)
        try:
            book.write(*(Draft("note", {"text": f"{name} {written}{half}"}) for half in "ab"))
        except Overtaken:
            continue
        written += 1
    journal.close()


def write_until_killed(url: str, done) -> None:
    """Commit intent, outcome and looks without end, and send the last line's number after each commit."""
    journal = Journal(url)
    book = Logbook(journal, RUN_ID, lambda: T0, f"writer {os.getpid()}")
    while True:
        key = f"key/{book.run.seq}"
        book.intend(key, "order", {"job": "perth0123"})
        done.send(book.run.seq)
        book.settle(Outcome("order", done=((key, "done"),), notes=("x" * 5_000,)))
        book.leave(T0)
        done.send(book.run.seq)


def die_before_statement(url: str, number: int, done) -> None:
    """Write three lines in one commit and kill ourselves just before its statement *number* (1 is the first)."""
    journal = Journal(url)
    book = Logbook(journal, RUN_ID, lambda: T0, "short-lived")
    seen = []

    def count(_connection, _cursor, statement, *_rest) -> None:
        seen.append(statement)
        if len(seen) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    sa.event.listen(sa.Engine, "commit", lambda connection: count(connection, None, "COMMIT"))
    book.write(*(Draft("note", {"text": f"{number}{part}"}) for part in "abc"))
    done.send(len(seen))
