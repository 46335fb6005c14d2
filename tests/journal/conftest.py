"""Journals on a real SQLite file and on a real PostgreSQL server, and a hand that may do to them whatever a disk, a
person or the database's owner could.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kept_journals import filled

from tasks.journal import Journal


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Return the address of an empty database at each call: what a journal promises holds on both."""
    if request.param == "postgresql":
        return request.getfixturevalue("running_postgresql").url
    folder = tmp_path_factory.mktemp("journals")
    return (f"sqlite:///{folder / f'{number}.db'}" for number in count()).__next__


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    """The address of an empty database."""
    return new_url()


@pytest.fixture
def journal(url: str) -> Iterator[Journal]:
    """An empty journal."""
    made = Journal(url)
    yield made
    made.close()


class Hand:
    """A second door to a journal's database that knows nothing of us: SQLite's words, either database."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def execute(self, statement: str, values: tuple = ()) -> Any:
        """Run one statement with `?` for values."""
        if isinstance(self._connection, psycopg.Connection):
            snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ"  # what a transaction is in SQLite
            statement = snapshot if statement.startswith("BEGIN") else statement.replace("?", "%s")
        return self._connection.execute(statement, values)


@pytest.fixture
def told(url: str, request: pytest.FixtureRequest) -> Iterator[tuple[Journal, Hand]]:
    """A filled journal, and a second door to it."""
    made = filled(url)
    if url.startswith("sqlite"):
        door: Any = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        door.execute("PRAGMA synchronous=OFF")
    else:
        door = request.getfixturevalue("running_postgresql").hand(url)
    with closing(door):
        yield made, Hand(door)
    made.close()


@pytest.fixture
def told_in_a_file(tmp_path: Path) -> Iterator[tuple[Journal, sqlite3.Connection]]:
    """A filled journal in a file, and a second door to that."""
    made = filled(f"sqlite:///{tmp_path / 'journal.db'}")
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as hand:
        hand.execute("PRAGMA synchronous=OFF")
        yield made, hand
    made.close()
