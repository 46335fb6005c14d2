"""The journal in a database: SQLite by default, PostgreSQL by URL. Lines are only ever added.

`lines` is the record. `heads` says where each run's chain ends, so that lines dropped from the end are missed too.
`runs` and `looks` are caches: `rebuild()` makes the first from the lines, and losing the second only means one look
more at the world.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from states.codec import NotReadable, read_utc, utc_text
from states.facts import Evidence
from states.fold import apply, evidence_of, fold
from states.lifecycle import FIRST, STATES, Turn
from states.lines import GENESIS, BrokenChain, Draft, Line, canonical, chained, check_chain
from states.run import Run
from states.slots import Ordering
from tasks.errors import InvalidInput, JournalDamaged, NotFound, Overtaken, SeedingError
from tasks.journal import tables
from tasks.journal.database import engine_of, in_our_words, place
from tasks.journal.rows import RunRow, read_line, read_plan, read_run_row, row_of_line, run_of
from tasks.journal.tables import HEADS, LINES, LOOKS, RUNS

Against = Callable[[], str]  # what speaks against a commit at this moment, "" when nothing does


class Withheld(SeedingError):
    """Lines were not committed because of what other runs say; the message tells what."""


class Journal:
    """Append-only journal lines behind a database URL. One object may be shared by threads."""

    def __init__(self, url: str, *, make: bool = True) -> None:
        """Open the journal at *url*, and make its tables where there are none. Without *make*: raises NotFound.

        Raises InvalidInput for a URL that names no database, NotAllowed, Transient, JournalDamaged.
        """
        self._engine = engine_of(url)
        with in_our_words("the journal cannot be opened"):
            if tables.missing(self._engine):
                if not make:
                    raise NotFound(f"there is no journal in {place(url)}", next="seeding start OFFICE makes it")
                tables.make(self._engine)

    def close(self) -> None:
        """Give the database back. The object is of no use afterwards."""
        self._engine.dispose()

    def lines(self, run_id: str) -> list[Line]:
        """Return the run's lines in order; empty when there is no such run. Raises JournalDamaged."""
        query = sa.select(LINES).where(LINES.c.run_id == run_id).order_by(LINES.c.seq)
        with self._read() as connection:
            return [read_line(row) for row in connection.execute(query).mappings()]

    def run(self, run_id: str) -> Run:
        """Return the run its lines tell of. Raises NotFound, JournalDamaged."""
        return run_of(run_id, self.lines(run_id))

    def add(self, run: Run | None, lines: list[Line], against: Against | None = None) -> None:
        """Commit *lines* right behind what *run* was folded from (None: a new journal). All of them, or none.

        *against* is asked while nobody else may commit lines that have such a question, and returns what speaks
        against these, or "". Raises Withheld with it, and Overtaken when another writer has added lines since;
        nothing was written then.
        """
        if not lines:
            return
        run_id, seq, last = lines[0].run_id, run.seq if run else 0, lines[-1]
        after = fold_on(run, lines)
        _check_new(run, lines)
        try:
            with in_our_words("the journal did not take the line"), self._engine.begin() as connection:
                if against:
                    tables.one_at_a_time(connection)
                    if reason := against():
                        raise Withheld(reason)
                if run is None:
                    connection.execute(HEADS.insert().values(run_id=run_id, seq=last.seq, hash=last.hash))
                else:
                    here = sa.and_(HEADS.c.run_id == run_id, HEADS.c.seq == seq, HEADS.c.hash == run.head)
                    moved = connection.execute(HEADS.update().where(here).values(seq=last.seq, hash=last.hash))
                    if moved.rowcount != 1:
                        raise _overtaken(run_id)
                connection.execute(LINES.insert(), [row_of_line(line) for line in lines])
                _project(connection, after)
        except IntegrityError:
            raise _overtaken(run_id) from None

    def open(self, run_id: str, drafts: list[Draft], at: datetime, actor: str) -> Run:
        """Begin a run's journal and return the run. Raises InvalidInput when the id is taken."""
        lines = chained(run_id, 0, GENESIS, at, actor, drafts)
        try:
            self.add(None, lines)
        except Overtaken:
            raise InvalidInput(f"run {run_id} exists already", next=f"seeding explain {run_id}") from None
        return self.run(run_id)

    def run_ids(self) -> list[str]:
        """Return every run id, in the order of their names, from the lines themselves."""
        with self._read() as connection:
            return list(connection.scalars(sa.select(LINES.c.run_id).distinct().order_by(LINES.c.run_id)))

    def rows(self, *, open_only: bool = False) -> list[RunRow]:
        """Return the projection of all runs, by name."""
        query = sa.select(RUNS).order_by(RUNS.c.run_id)
        if open_only:
            query = query.where(RUNS.c.over.is_(False))
        with self._read() as connection:
            return [read_run_row(row) for row in connection.execute(query).mappings()]

    def shown(self, kind: str, test: Callable[[Evidence], bool]) -> list[str]:
        """Return, sorted, the ids of the runs that have a line of such evidence. Raises JournalDamaged."""
        wanted = LINES.c.payload.contains(f'"kind":"{kind}"', autoescape=True)  # as canonical JSON spells it
        query = sa.select(LINES).where(LINES.c.kind == "evidence", wanted)
        with self._read() as connection:
            lines = [read_line(row) for row in connection.execute(query).mappings()]
        return sorted({line.run_id for line in lines if line.payload.get("kind") == kind and test(evidence_of(line))})

    def orderings(self, subscription_id: str) -> list[Ordering]:
        """Return the open Data Box runs of a subscription that have ordered, or began to. Raises JournalDamaged."""
        opened, began = LINES.alias("opened"), LINES.c.payload.contains('"key":"order/', autoescape=True)
        intent = sa.exists().where(LINES.c.run_id == RUNS.c.run_id, LINES.c.kind == "intent", began)
        there = opened.c.payload.contains(f'"subscription_id":"{subscription_id}"', autoescape=True)
        query = (
            sa.select(RUNS, opened.c.payload)
            .join(opened, sa.and_(opened.c.run_id == RUNS.c.run_id, opened.c.seq == 1))
            .where(RUNS.c.over.is_(False), RUNS.c.mode == "data-box", there, sa.or_(RUNS.c.state != FIRST, intent))
            .order_by(RUNS.c.run_id)
        )
        with self._read() as connection:
            found = [(read_run_row(row), read_plan(row)) for row in connection.execute(query).mappings()]
        return [
            Ordering(row.run_id, plan, row.state, row.conditions) if row.state != FIRST else self._beginning(row.run_id)
            for row, plan in found
        ]

    def _beginning(self, run_id: str) -> Ordering:
        """Return a run that was about to order when its row was read: it may have gone on since."""
        run = self.run(run_id)
        return Ordering(run_id, run.plan, run.state, tuple(run.conditions), bool(run.intents))

    def looked(self, run_id: str) -> dict[str, datetime]:
        """Return when each verb was last performed for the run (a cache: may be empty)."""
        query = sa.select(LOOKS.c.verb, LOOKS.c.at_utc).where(LOOKS.c.run_id == run_id)
        with self._read() as connection:
            return {verb: read_utc(at) for verb, at in connection.execute(query)}

    def remember(self, run_id: str, looked: Mapping[str, datetime], due: datetime | None) -> None:
        """Keep when verbs were performed and when the run is next due. Losing this costs one look, nothing else."""
        with in_our_words("the journal did not keep the looks"), self._engine.begin() as connection:
            one_at_a_time = sa.select(HEADS.c.seq).where(HEADS.c.run_id == run_id).with_for_update()
            connection.execute(one_at_a_time)
            connection.execute(LOOKS.delete().where(LOOKS.c.run_id == run_id))
            if looked:
                rows = [{"run_id": run_id, "verb": verb, "at_utc": utc_text(at)} for verb, at in looked.items()]
                connection.execute(LOOKS.insert(), rows)
            value = utc_text(due) if due else None
            connection.execute(RUNS.update().where(RUNS.c.run_id == run_id).values(due_utc=value))

    def check(self, run_id: str) -> int:
        """Return the number of lines of a chain that is whole. Raises BrokenChain, JournalDamaged, NotFound."""
        head, rows = self._head_and_rows(run_id)
        lines = [read_line(row) for row in rows]
        if not lines and head is None:
            raise NotFound(f"the journal has no run {run_id}", next="seeding status")
        if head is None:
            raise BrokenChain(run_id, len(lines), "the journal keeps no head for this run")
        count = check_chain(run_id, lines, head=(head.seq, head.hash))
        for line, row in zip(lines, rows, strict=True):
            if canonical(line.payload) != row["payload"] or utc_text(line.at) != row["at_utc"]:
                raise BrokenChain(run_id, line.seq, "was written anew in other words")
        try:
            fold(lines)
        except NotReadable as wrong:
            raise JournalDamaged(str(wrong), next="seeding custody --check") from None
        return count

    def known_ids(self) -> list[str]:
        """Return every run id that lines, heads or the projection know: a run that was deleted leaves a trace."""
        names = [sa.select(table.c.run_id) for table in (LINES, HEADS, RUNS)]
        with self._read() as connection:
            found = set(connection.scalars(sa.union(*names)))
        if odd := [name for name in found if not isinstance(name, str)]:
            raise JournalDamaged(f"a run's id is no text: {odd[0]!r}", next="restore the journal from a backup")
        return sorted(found)

    def heads(self) -> dict[str, tuple[int, str]]:
        """Return where each run's chain ends, as the journal keeps it beside the lines: last number and hash."""
        with self._read() as connection:
            return {run_id: (seq, last) for run_id, seq, last in connection.execute(sa.select(HEADS))}

    def rebuild(self) -> int:
        """Make the projection anew from the lines; return the number of runs."""
        with in_our_words("the projection was not rebuilt"), self._engine.begin() as connection:
            tables.keep_writers_out(connection)
            runs = [self.run(run_id) for run_id in self.run_ids()]
            connection.execute(RUNS.delete())
            for run in runs:
                _project(connection, run)
        return len(runs)

    def _head_and_rows(self, run_id: str) -> tuple[Any, list[Any]]:
        """Return a run's head and lines as of one moment: a writer that commits in between is no damage."""
        head_query = sa.select(HEADS.c.seq, HEADS.c.hash).where(HEADS.c.run_id == run_id)
        query = sa.select(LINES).where(LINES.c.run_id == run_id).order_by(LINES.c.seq)
        with self._read() as connection:
            while True:
                head = connection.execute(head_query).first()
                rows = list(connection.execute(query).mappings())
                if connection.execute(head_query).first() == head:
                    return head, rows

    @contextmanager
    def _read(self) -> Iterator[sa.engine.Connection]:
        with in_our_words("the journal cannot be read"), self._engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")


def fold_on(run: Run | None, lines: Iterable[Line]) -> Run:
    """Return *run* after *lines*. Raises JournalDamaged: such lines must not be written at all."""
    try:
        for line in lines:
            run = apply(run, line)
    except (NotReadable, KeyError, TypeError) as wrong:
        raise JournalDamaged(f"refused to write a line that could not be read back: {wrong}") from None
    assert run is not None
    return run


def _check_new(run: Run | None, lines: list[Line]) -> None:
    """Refuse lines that would not continue the chain, whoever made them. Raises JournalDamaged."""
    try:
        check_chain(lines[0].run_id, lines, after=(run.seq, run.head) if run else (0, GENESIS))
    except BrokenChain as wrong:
        raise JournalDamaged(f"refused to write a line that does not follow: {wrong}") from None


def _project(connection: sa.engine.Connection, run: Run) -> None:
    values: dict[str, Any] = {
        "office": run.plan.office,
        "mode": run.plan.mode,
        "state": run.state,
        "attempt": run.attempt,
        "since_utc": utc_text(run.since),
        "bytes": run.plan.bytes,
        "conditions": json.dumps(sorted(run.conditions)),
        "over": STATES[run.state].turn is Turn.OVER,
        "seq": run.seq,
        "due_utc": None,
    }
    updated = connection.execute(RUNS.update().where(RUNS.c.run_id == run.run_id).values(**values))
    if updated.rowcount == 0:
        connection.execute(RUNS.insert().values(run_id=run.run_id, **values))


def _overtaken(run_id: str) -> Overtaken:
    return Overtaken(f"another worker wrote to {run_id} first", next=f"seeding advance {run_id}")


def due_ids(rows: Iterable[RunRow], now: datetime) -> list[str]:
    """Return the ids of the open runs that are due at *now*: never looked at, or their time has come."""
    return [row.run_id for row in rows if not row.over and (row.due is None or row.due <= now)]
