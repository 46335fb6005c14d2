"""A backup of a journal, taken by a login that may only read, is the journal again when it is restored."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from hubs import open_run
from postgresql_host import Server
from stories import ACTOR, T0

from states.lines import BrokenChain, Draft
from tasks.journal import Journal, Logbook

RUNS = {"lyon/2026-11": "shipped", "perth/2026-11": "closed", "Zürich/2026-11": "planned"}


def contents(journal: Journal) -> list[object]:
    """Return all lines and the list."""
    return [[journal.lines(run_id) for run_id in journal.run_ids()], journal.rows()]


def restored(server: Server, name: str, dump: Path) -> None:
    """Restore a dump into a new database, as docs/postgresql.md says."""
    owner = server.cluster.url("postgres", name)
    server.cluster.tool("createdb", "--maintenance-db", server.cluster.url("postgres", "postgres"), name)
    server.cluster.tool("pg_restore", "--exit-on-error", "--no-owner", "--dbname", owner, str(dump))


def test_a_restored_journal_is_whole_guarded_and_goes_on(server: Server, tmp_path: Path) -> None:
    """pg_dump by the auditor while the hub writes, pg_restore into a fresh database, every chain checked there."""
    logins, dump = server.prepared(), tmp_path / "journal.dump"
    journal = Journal(logins.hub)
    for run_id, state in RUNS.items():
        open_run(journal, run_id, state)
    before = contents(journal)
    server.cluster.tool("pg_dump", "--format=custom", f"--file={dump}", logins.auditor)
    Logbook(journal, "lyon/2026-11", lambda: T0, ACTOR).write(Draft("note", {"text": "after the backup"}))
    restored(server, "restored", dump)

    again = Journal(server.cluster.url("hub", "restored"))
    assert [again.check(run_id) for run_id in again.known_ids()] == [len(lines) for lines in before[0]]
    assert contents(again) == before
    with (
        psycopg.connect(server.cluster.url("postgres", "restored")) as owner,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="only ever added to"),
    ):
        owner.execute("DELETE FROM lines")
    Logbook(again, "lyon/2026-11", lambda: T0, ACTOR).write(Draft("note", {"text": "goes on"}))
    assert again.check("lyon/2026-11") == len(before[0][1]) + 1
    again.close()
    journal.close()


def test_a_backup_in_which_a_line_was_changed_is_found_after_the_restore(server: Server, tmp_path: Path) -> None:
    """The chains are checked where the journal will be used, and the check rings."""
    logins, dump = server.prepared(), tmp_path / "journal.sql"
    journal = Journal(logins.hub)
    open_run(journal, "lyon/2026-11", "shipped")
    journal.close()
    server.cluster.tool("pg_dump", f"--file={dump}", logins.auditor)
    text = dump.read_text("utf-8")
    dump.write_text(text.replace("DISK-0001", "DISK-0002", 1), "utf-8")
    server.cluster.tool("createdb", "--maintenance-db", server.cluster.url("postgres", "postgres"), "forged")
    server.cluster.sql(dump.read_text("utf-8"), "forged")

    again = Journal(server.cluster.url("hub", "forged"))
    assert text.count("DISK-0001") > 1
    with pytest.raises(BrokenChain, match="was changed after it was written"):
        again.check("lyon/2026-11")
    again.close()
