"""Who may do what to a journal in PostgreSQL: the hub adds, the auditor reads, and nobody changes what is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from postgresql_host import Logins, Server
from stories import ACTOR, RUN_ID, T0, opening

from deploy.cli.looking import custody, explained, status
from deploy.postgresql.tables import PUBLISHED, main, text
from states.lines import Draft
from tasks.errors import NotAllowed, NotFound
from tasks.journal import Journal, Logbook

FORBIDDEN = {
    "an edit": "UPDATE lines SET actor = 'somebody else'",
    "an edit through the key": "UPDATE lines SET seq = seq + 100",
    "a deletion": "DELETE FROM lines WHERE seq = 2",
    "an emptying": "TRUNCATE lines",
    "a head set back": "UPDATE heads SET seq = seq - 1",
    "another head": "UPDATE heads SET hash = 'x'",
    "a head renamed": "UPDATE heads SET run_id = 'x'",
    "a head dropped": "DELETE FROM heads",
    "heads emptied": "TRUNCATE heads",
}
WRITING = {
    "a line": "INSERT INTO lines SELECT run_id, 99, at_utc, actor, kind, payload, prev_hash, hash FROM lines LIMIT 1",
    "a head": "UPDATE heads SET seq = seq + 1",
    "the list": "UPDATE runs SET state = 'closed'",
    "the looks": "INSERT INTO looks VALUES ('x', 'y', 'z')",
    "the list dropped": "DELETE FROM runs",
}
BUILDING = {
    "a table": "CREATE TABLE mine (x int)",
    "no table": "DROP TABLE looks",
    "no guard": "ALTER TABLE lines DISABLE TRIGGER ALL",
    "another guard": "CREATE OR REPLACE FUNCTION seeding_refuses() RETURNS trigger LANGUAGE sql AS 'select null'",
    "guards asleep": "SET session_replication_role = replica",
}


@pytest.fixture(scope="module")
def opened(logins: Logins) -> Iterator[Logins]:
    """A prepared database whose hub has opened one run; whatever the tests tried, its chain is whole at the end."""
    journal = Journal(logins.hub)
    journal.open(RUN_ID, opening(), T0, ACTOR)
    yield logins
    assert journal.check(RUN_ID) == journal.run(RUN_ID).seq
    journal.close()


def refusal(url: str, statement: str) -> str:
    """Return what the database says to a statement of that login; fails when it does it."""
    with psycopg.connect(url, autocommit=True) as door, pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
        door.execute(statement)
    return str(refused.value).splitlines()[0]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_line_is_changed_and_no_chain_shortened_by_anybody_with_the_triggers_on(opened: Logins, what: str) -> None:
    """Not by the hub, not by the auditor, nor by the owner, who would have to take a guard away first."""
    for login in (opened.owner, opened.hub, opened.auditor):
        words = refusal(login, FORBIDDEN[what])

        assert "permission denied" in words or "a journal is only ever added to" in words
    assert "a journal is only ever added to" in refusal(opened.owner, FORBIDDEN[what])


@pytest.mark.parametrize("what", WRITING)
def test_an_auditor_writes_nothing(opened: Logins, what: str) -> None:
    """Neither record nor cache; the hub may do each of these, so the refusal is the role's."""
    assert "permission denied" in refusal(opened.auditor, WRITING[what])

    with psycopg.connect(opened.hub) as door:
        door.execute(WRITING[what])
        door.rollback()


@pytest.mark.parametrize("what", BUILDING)
def test_neither_hub_nor_auditor_builds_or_unbuilds(opened: Logins, what: str) -> None:
    """What they may do cannot be widened by themselves."""
    for login in (opened.hub, opened.auditor):
        assert refusal(login, BUILDING[what])


def test_a_hub_does_all_that_a_journal_does(server: Server) -> None:
    """Write, look, remember, and make the list anew: least privilege is enough privilege."""
    journal = Journal(server.prepared().hub)
    journal.open(RUN_ID, opening(), T0, ACTOR)
    book = Logbook(journal, RUN_ID, lambda: T0, ACTOR)
    book.write(Draft("note", {"text": "x"}))
    book.looked_at("order")
    book.leave(T0)

    assert journal.rebuild() == 1 and journal.rows()[0].run_id == RUN_ID
    assert journal.looked(RUN_ID) == {"order": T0} and journal.check(RUN_ID) == 3
    journal.close()


def test_an_auditor_sees_everything_through_the_commands(opened: Logins, tmp_path: Path, monkeypatch) -> None:
    """`status`, `explain` and `custody --check` with the auditor's address."""
    monkeypatch.setenv("SEEDING_JOURNAL", opened.auditor)

    assert [row["run_id"] for row in status(tmp_path, all_runs=True).data] == [RUN_ID]
    assert explained(tmp_path, RUN_ID).data["run_id"] == RUN_ID
    assert custody(tmp_path, "", check=True).data == {"chains": [{"run_id": RUN_ID, "lines": 2, "whole": True}]}
    assert len(custody(tmp_path, RUN_ID, check=False).data) == 2


def test_an_auditor_who_tries_to_write_is_told_so_in_our_words(opened: Logins) -> None:
    """The page to read is named, no statement is."""
    journal = Journal(opened.auditor)
    book = Logbook(journal, RUN_ID, lambda: T0, "auditor")

    for attempt in (lambda: book.write(Draft("note", {"text": "x"})), lambda: book.leave(None), journal.rebuild):
        with pytest.raises(NotAllowed, match="permission denied for table") as refused:
            attempt()
        assert "docs/postgresql.md" in refused.value.next and "INSERT" not in str(refused.value)
    journal.close()


def test_where_there_is_no_journal_a_command_that_looks_makes_none(server, tmp_path: Path, monkeypatch) -> None:
    """An empty database stays empty; the message names it, without login or password."""
    url = server.url()
    monkeypatch.delenv("PGPASSFILE")
    monkeypatch.setenv("SEEDING_JOURNAL", url.replace("postgres@", f"postgres:{server.password}@"))

    with pytest.raises(NotFound, match="there is no journal in database") as nothing:
        status(tmp_path, all_runs=True)
    assert server.password not in str(nothing.value) and "127.0.0.1" in str(nothing.value)


def test_the_published_tables_are_what_the_code_makes(tmp_path: Path, monkeypatch, capsys) -> None:
    """The check rings for a file that was edited."""
    assert PUBLISHED.read_text("utf-8") == text()
    stale = tmp_path / "tables.sql"
    stale.write_text(text().replace("NOT NULL", "", 1), "utf-8")
    monkeypatch.setattr("deploy.postgresql.tables.PUBLISHED", stale)

    assert main(["--check"]) == 1 and "make docs" in capsys.readouterr().err
    assert main([]) == 0 and main(["--check"]) == 0
