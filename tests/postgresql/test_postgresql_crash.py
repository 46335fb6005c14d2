"""The database goes away in the middle of a pass and comes back: nothing is lost, nothing is done or written twice."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import sqlalchemy as sa
from hubs import Hub, hub, open_run
from postgresql_host import Server
from stories import T0

from flows.passing import run_pass
from states.lines import Draft
from tasks.errors import Overtaken, Transient
from tasks.journal import Journal, Logbook

pytestmark = pytest.mark.slow
CRASHES = 4
RUN = "crash-1"


@contextmanager
def listening(event: str, listener: Callable[..., None]) -> Iterator[None]:
    """Call *listener* at each *event* of any engine."""
    sa.event.listen(sa.Engine, event, listener)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, event, listener)


def hang_up(connection: sa.Connection) -> None:
    """End the server's side of a connection, as a server that goes away does."""
    driver = connection.connection.driver_connection
    with connection.engine.connect() as other:
        other.exec_driver_sql(f"SELECT pg_terminate_backend({driver.info.backend_pid}, 5000)")


class At:
    """Hangs up at statement number *number* of an engine: before it, or, for a commit, after it was taken."""

    def __init__(self, number: int, after_commit: bool) -> None:
        self.left, self._after_commit, self._busy = number, after_commit, False

    def statement(self, connection: sa.Connection, _cursor: object, statement: str, *_: object) -> None:
        """Count a statement that writes."""
        if not self._after_commit and not statement.startswith("SELECT"):
            self._count(connection)

    def commit(self, connection: sa.Connection) -> None:
        """Count a commit; its answer is lost when it is the one."""
        if self._after_commit and self.left == 1 and not self._busy:
            driver = connection.connection.driver_connection
            driver.commit()
            driver.execute("SELECT 1")  # a transaction is open again, so that its COMMIT finds nobody
        self._count(connection)

    def _count(self, connection: sa.Connection) -> None:
        if self._busy or not self.left:
            return
        self.left -= 1
        if not self.left:
            self._busy = True
            hang_up(connection)
            self._busy = False


def done_once(mine: Hub, run_id: str, kind: str) -> None:
    """Assert that the run's effect happened once at the vendor's, and each line and move once in the journal."""
    lines = mine.journal.lines(run_id)
    effects = Counter((line.kind, line.payload["key"]) for line in lines if line.kind in ("intent", "outcome"))
    moves = Counter((line.payload["source"], line.payload["target"]) for line in lines if line.kind == "transition")
    assert mine.journal.check(run_id) == len(lines)
    assert set(effects.values()) <= {1} and set(moves.values()) <= {1}
    assert mine.journal.run(run_id).intents == {}
    assert mine.orders.count(kind, f"job{run_id}") <= 1


@pytest.mark.parametrize(("state", "effect"), [("planned", "attempts"), ("copied", "bookings")])
@pytest.mark.parametrize("after_commit", [False, True], ids=["before a statement", "after a commit was taken"])
def test_a_connection_lost_anywhere_in_a_pass_orders_and_books_once(
    server: Server, tmp_path: Path, state: str, effect: str, after_commit: bool
) -> None:
    """Before each statement that writes, or with a commit whose answer never came; the next pass mends it."""
    mine, failed = hub(server.url(), tmp_path, "hub"), 0
    for number in range(1, 60):
        run_id = f"{state}-{number}"
        open_run(mine.journal, run_id, state)
        at = At(number, after_commit)
        with listening("before_cursor_execute", at.statement), listening("commit", at.commit):
            try:
                run_pass(mine.world, run_id, look_now=True)
            except Transient:
                failed += 1
        if at.left:
            break
        run = run_pass(mine.world, run_id, look_now=True).run

        assert run == run_pass(mine.world, run_id, look_now=True).run
        assert run.state == {"planned": "ordered"}.get(state, state)
        done_once(mine, run_id, effect)
    assert failed >= (2 if after_commit else 6) and at.left
    mine.journal.close()


def test_a_server_that_is_gone_is_told_in_our_words_and_back_again_goes_on(server: Server, tmp_path: Path) -> None:
    """It crashes while the vendor takes the order. The error is ours, with what to type; then the order is adopted."""
    mine = hub(server.url(), tmp_path, "hub")
    open_run(mine.journal, RUN, "planned")
    create = mine.orders.create

    def crash_behind(request) -> None:
        create(request)
        server.cluster.stop("immediate")

    mine.orders.create = crash_behind  # type: ignore[method-assign]
    with pytest.raises(Transient, match="the journal") as gone:
        run_pass(mine.world, RUN, look_now=True)
    with pytest.raises(Transient, match="the journal cannot be opened: connection failed") as closed:
        Journal(server.cluster.url("postgres", "postgres"))
    server.cluster.start()
    run = run_pass(mine.world, RUN, look_now=True).run

    for told in (gone.value, closed.value):
        assert told.next == "seeding doctor" and told.exit_code == 5
        assert server.password not in str(told) and "INSERT" not in str(told)
    assert run.state == "ordered" and list(run.outcomes) == ["order/1"]
    done_once(mine, RUN, "attempts")
    mine.journal.close()


def write_through_crashes(url: str, count: int, told: Connection) -> None:
    """Write numbered pairs of notes whatever happens to the database; tell each pair that was answered."""
    journal = Journal(url)
    for number in range(count):
        pair = [f"{number}{half}" for half in "ab"]
        while True:
            try:
                book = Logbook(journal, RUN, lambda: T0, "writer")
                if pair[0] not in (line.payload.get("text") for line in journal.lines(RUN)):
                    book.write(*(Draft("note", {"text": text}) for text in pair))
                break
            except (Transient, Overtaken):
                continue
        told.send(number)
    journal.close()


def test_a_server_that_crashes_again_and_again_keeps_every_commit_it_answered(server: Server) -> None:
    """A writer that reads again after each error ends with every pair, once, in order, on a whole chain."""
    url = server.url()
    journal = Journal(url)
    open_run(journal, RUN, "planned")
    before = journal.run(RUN).seq
    processes = multiprocessing.get_context("spawn")
    ours, theirs = processes.Pipe(duplex=False)
    count = 30 * (CRASHES + 1)
    writer = processes.Process(target=write_through_crashes, args=(url, count, theirs))
    writer.start()
    for crash in range(CRASHES):
        while ours.recv() < 30 * (crash + 1):
            pass
        server.cluster.stop("immediate")
        server.cluster.start()
    writer.join(timeout=120)

    texts = [line.payload["text"] for line in journal.lines(RUN)[before:]]
    assert writer.exitcode == 0
    assert texts == [f"{number}{half}" for number in range(count) for half in "ab"]
    assert journal.check(RUN) == before + 2 * count
    journal.close()
