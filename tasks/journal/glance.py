"""A quick look at a SQLite journal, for commands that only show: without SQLAlchemy, which takes longer than they do.

Reads what docs/journal-format.md describes, writes nothing, and shares its row readers with the journal itself.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

from states.codec import read_utc
from states.run import Run
from tasks.errors import JournalDamaged, Transient
from tasks.journal.rows import RunRow, read_line, read_run_row, run_of


class Glance:
    """A journal file, opened for reading. Raises Transient when it cannot be read, JournalDamaged when it is wrong."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self, *, open_only: bool = False) -> list[RunRow]:
        """Return the projection of all runs, by name."""
        where = " WHERE NOT over" if open_only else ""
        return [read_run_row(row) for row in self._read(f"SELECT * FROM runs{where} ORDER BY run_id")]  # noqa: S608

    def run(self, run_id: str) -> Run:
        """Return the run its lines tell of. Raises NotFound, JournalDamaged."""
        rows = self._read("SELECT * FROM lines WHERE run_id = ? ORDER BY seq", run_id)
        return run_of(run_id, [read_line(row) for row in rows])

    def looked(self, run_id: str) -> dict[str, datetime]:
        """Return when each verb was last performed for the run (a cache: may be empty)."""
        rows = self._read("SELECT verb, at_utc FROM looks WHERE run_id = ?", run_id)
        return {row["verb"]: read_utc(row["at_utc"]) for row in rows}

    def _read(self, query: str, *values: str) -> list[Any]:
        connection = None
        try:
            connection = sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, timeout=10)
            connection.row_factory = sqlite3.Row
            return connection.execute(query, values).fetchall()
        except sqlite3.Error as wrong:
            raise Transient(f"the journal {self._path} cannot be read: {wrong}", next="seeding doctor") from None
        except UnicodeDecodeError as wrong:
            damaged = f"the journal {self._path} is damaged: {wrong}"
            raise JournalDamaged(damaged, next="restore it from a backup") from None
        finally:
            if connection:
                connection.close()
