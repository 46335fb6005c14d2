"""A journal on a real SQLite file, and a hand that may do to the file whatever a disk or a person could."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kept_journals import filled

from tasks.journal import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """An empty journal."""
    made = Journal(f"sqlite:///{tmp_path / 'journal.db'}")
    yield made
    made.close()


@pytest.fixture
def told(tmp_path: Path) -> Iterator[tuple[Journal, sqlite3.Connection]]:
    """A filled journal, and a second door to its file that knows nothing of us."""
    made = filled(tmp_path / "journal.db")
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as hand:
        hand.execute("PRAGMA synchronous=OFF")
        yield made, hand
    made.close()
