"""A journal moved to PostgreSQL and back is the same journal, wherever it was interrupted."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from postgresql_host import Server
from stories import ACTOR, RUN_ID, STEP, T0, lines_to, opening

from deploy.cli.moving import migrate_journal
from deploy.settings import settings
from states.lines import BrokenChain, Draft
from tasks.errors import InvalidInput, NotFound, NotYet
from tasks.journal import Journal, Logbook
from tasks.journal.migration import Migrated, migrate

OTHERS = ("lyon/2026-11", "nairobi/2026-11", "Zürich/2026-11")
LINES = len(lines_to("shipped")) + 2 * len(OTHERS)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a journal of four runs in SQLite, one of them looked at."""
    monkeypatch.delenv("SEEDING_JOURNAL", raising=False)
    journal = Journal(settings(tmp_path).journal_url)
    journal.add(None, lines_to("shipped"))
    for run_id in OTHERS:
        journal.open(run_id, opening(run_id), T0, ACTOR)
    journal.remember(RUN_ID, {"watch-return": T0}, T0 + STEP)
    journal.close()
    return tmp_path


@pytest.fixture
def source(home: Path) -> Iterator[Journal]:
    """The home's journal, opened."""
    journal = Journal(settings(home).journal_url)
    yield journal
    journal.close()


@pytest.fixture
def target(server: Server) -> Iterator[Journal]:
    """An empty journal in PostgreSQL."""
    journal = Journal(server.url())
    yield journal
    journal.close()


def contents(journal: Journal) -> list[object]:
    """Return all that a journal holds, caches too."""
    runs = [(run_id, journal.lines(run_id), journal.looked(run_id)) for run_id in journal.run_ids()]
    return [runs, journal.rows()]


def test_a_journal_that_went_to_postgresql_and_back_is_the_same(server: Server, home: Path, monkeypatch) -> None:
    """Through the command, there and back: every line and hash, the list, the looks; with counts, without addresses."""
    url, back = server.url(), home / "back.db"
    there = migrate_journal(home, url)
    monkeypatch.setenv("SEEDING_JOURNAL", url)
    again = migrate_journal(home, f"sqlite:///{back}")

    counts = {"runs": 4, "lines": LINES, "brought": LINES}
    assert {key: there.data[key] for key in counts} == {key: again.data[key] for key in counts} == counts
    journals = [Journal(where) for where in (settings(home / ".").journal_url, f"sqlite:///{home}/journal.db")]
    assert contents(journals[0]) == contents(journals[1]) == contents(Journal(f"sqlite:///{back}"))
    assert "every chain is whole" in there.human and str(home / "journal.db") in there.human
    assert "postgres@" not in there.human and "database test_" in there.human


def test_a_second_migration_brings_nothing_and_a_later_one_only_what_is_new(source: Journal, target: Journal) -> None:
    """So it can run while the hub works, and once more when it has stopped."""
    assert migrate(source, target) == Migrated(4, LINES, LINES)
    assert migrate(source, target) == Migrated(4, LINES, 0)
    Logbook(source, RUN_ID, lambda: T0, ACTOR).write(Draft("note", {"text": "later"}))
    source.open("perth/2026-12", opening("perth/2026-12"), T0, ACTOR)

    assert migrate(source, target) == Migrated(5, LINES + 3, 3)
    assert contents(source) == contents(target)


@pytest.mark.slow
def test_a_migration_that_was_killed_anywhere_is_ended_by_the_next(server: Server, home: Path, source: Journal) -> None:
    """SIGKILL before its first commit, then before its second, and so on; nothing is there twice."""
    url = server.url()
    processes = multiprocessing.get_context("spawn")
    for number in range(1, 40):
        child = processes.Process(target=migrate_and_die, args=(settings(home).journal_url, url, number))
        child.start()
        child.join()
        if child.exitcode == 0:
            break
    target = Journal(url)

    assert number > len(OTHERS)
    assert contents(target) == contents(source) and migrate(source, target).brought == 0
    target.close()


def migrate_and_die(source: str, target: str, number: int) -> None:
    """Migrate, and kill ourselves just before the target's commit *number*; end well when there are not as many."""
    seen: list[sa.Connection] = []

    def count(connection: sa.Connection) -> None:
        if connection.dialect.name == "postgresql":
            seen.append(connection)
            if len(seen) == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(sa.Engine, "commit", count)
    migrate(Journal(source), Journal(target))
    os._exit(0)


def test_a_damaged_journal_is_not_copied(home: Path, source: Journal, target: Journal) -> None:
    """The line is named, and the target stays empty: damage must not get a new home and a clean look."""
    with closing(sqlite3.connect(home / "journal.db")) as hand, hand:
        hand.execute("UPDATE lines SET actor = 'x' WHERE run_id = ? AND seq = 5", (RUN_ID,))

    with pytest.raises(BrokenChain, match=f"{RUN_ID}, line 5: was changed"):
        migrate(source, target)
    assert target.known_ids() == []


def test_a_target_that_holds_anything_else_is_refused_untouched(source: Journal, target: Journal) -> None:
    """The same run, told otherwise: nothing of it is mixed, and nothing else is written either."""
    target.open(RUN_ID, opening(), T0 + STEP, "another operator")

    with pytest.raises(InvalidInput, match=f"the target holds another journal: its run {RUN_ID} is not") as refused:
        migrate(source, target)
    assert refused.value.next == "name an empty database" and target.known_ids() == [RUN_ID]


def test_a_target_that_went_on_is_refused(source: Journal, target: Journal) -> None:
    """Or one with a run that nobody knows here: a person must say which journal is true."""
    migrate(source, target)
    Logbook(target, RUN_ID, lambda: T0, ACTOR).write(Draft("note", {"text": "over there"}))

    with pytest.raises(InvalidInput, match="the target holds another journal"):
        migrate(source, target)
    with pytest.raises(InvalidInput, match="the target holds another journal"):
        other = Journal("sqlite://")
        migrate(other, target)


def test_a_target_that_is_damaged_afterwards_is_noticed(server: Server, source: Journal) -> None:
    """The check on the other side rings: here somebody without triggers edits a line in the moment of its commit."""
    url = server.url()
    target = Journal(url)
    with server.hand(url) as hand:
        hand.execute(
            "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN new.actor := 'x'; RETURN new; END $$; "
            "CREATE TRIGGER spoil BEFORE INSERT ON lines FOR EACH ROW EXECUTE FUNCTION spoil()"
        )

    with pytest.raises(BrokenChain, match="line 1: was changed"):
        migrate(source, target)
    target.close()


def test_a_source_that_went_on_meanwhile_is_said_to_have(server: Server, source: Journal) -> None:
    """Exit code 5, and what to do; the next call brings the rest."""
    writes = [Draft("note", {"text": "the hub is still at work"})]

    class Busy(Journal):
        def remember(self, *args) -> None:
            super().remember(*args)
            if writes:
                Logbook(source, source.run_ids()[0], lambda: T0, "hub").write(writes.pop())

    busy = Busy(server.url())
    with pytest.raises(NotYet, match="somebody wrote to the journal while it was copied") as meanwhile:
        migrate(source, busy)
    assert "repeat the same command" in meanwhile.value.next
    assert migrate(source, busy).lines == LINES + 1
    busy.close()


def test_there_must_be_a_journal_to_migrate(tmp_path: Path, monkeypatch) -> None:
    """Otherwise a misspelt home would give an empty database a clean bill."""
    monkeypatch.delenv("SEEDING_JOURNAL", raising=False)

    with pytest.raises(NotFound, match="there is no journal in"):
        migrate_journal(tmp_path, "postgresql://nobody@127.0.0.1:1/nothing")
