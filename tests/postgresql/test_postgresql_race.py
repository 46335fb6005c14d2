"""Two hubs started by mistake on one journal in PostgreSQL: no run moves twice, one wins, the other reads again."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hubs import SharedOrders, open_run, race
from postgresql_host import Server
from stories import STEP, T0

from tasks.book_pickup import UNKNOWN
from tasks.journal import Journal

ROUNDS = 20


@pytest.fixture(scope="module")
def raced(server: Server, tmp_path_factory: pytest.TempPathFactory) -> tuple[Journal, SharedOrders, int]:
    """The journal and the vendor after two hubs met on many runs, and how often one of them had to read again.

    Half of the runs are `planned`, where the device is ordered; the other half `copied`, where the carrier is booked.
    """
    url, folder = server.url(), tmp_path_factory.mktemp("vendor")
    journal = Journal(url)
    for turn in range(ROUNDS):
        open_run(journal, f"order-{turn}", "planned")
        open_run(journal, f"pickup-{turn}", "copied")
    processes = multiprocessing.get_context("spawn")
    start, lost = processes.Barrier(2), 0
    ends = []
    for name in ("one", "two"):
        ours, theirs = processes.Pipe(duplex=False)
        arguments = (url, folder, name, journal.run_ids(), start, theirs)
        ends.append((processes.Process(target=race, args=arguments), ours))
    for process, _ in ends:
        process.start()
    for process, told in ends:
        lost += told.recv()
        process.join()
    assert [process.exitcode for process, _ in ends] == [0, 0]
    return journal, SharedOrders(folder), lost


def test_the_hubs_really_met(raced) -> None:
    """Otherwise the other tests here would prove nothing."""
    _, _, lost = raced

    assert lost >= ROUNDS // 2


def test_no_run_moved_twice_and_every_chain_is_whole(raced) -> None:
    """Each run took one way through the lifecycle, with one intent and one outcome for each effect."""
    journal, _, _ = raced
    for run_id in journal.run_ids():
        lines = journal.lines(run_id)
        moves = Counter((line.payload["source"], line.payload["target"]) for line in lines if line.kind == "transition")
        sure = (line for line in lines if line.kind in ("intent", "outcome") and line.payload.get("result") != UNKNOWN)
        effects = Counter((line.kind, line.payload["key"]) for line in sure)

        assert set(moves.values()) <= {1} and set(effects.values()) <= {1}
        assert journal.check(run_id) == len(lines) == journal.run(run_id).seq
    assert {journal.run(f"order-{turn}").state for turn in range(ROUNDS)} == {"ordered"}


def test_nothing_was_ordered_and_no_carrier_booked_twice(raced) -> None:
    """What cannot be taken back happened once at the vendor's, whoever did it."""
    _, orders, _ = raced
    booked = [orders.count("bookings", f"jobpickup-{turn}") for turn in range(ROUNDS)]

    assert set(booked) <= {0, 1} and 1 in booked
    assert all(orders.count("attempts", f"joborder-{turn}") for turn in range(ROUNDS))


def test_both_hubs_wrote(raced) -> None:
    """Neither was shut out: a run's lines are of whoever was faster."""
    journal, _, _ = raced
    writers = Counter(line.actor for run_id in journal.run_ids() for line in journal.lines(run_id)[2:])

    assert writers["one"] and writers["two"]


def test_a_hub_waits_for_another_one_that_is_just_remembering_its_looks(server: Server) -> None:
    """Looks are a cache: whoever is last is kept, and nobody's pass fails over them."""
    url = server.url()
    journal = Journal(url)
    open_run(journal, "looks", "planned")
    with ThreadPoolExecutor(1) as pool, server.hand(url) as other, server.hand(url) as watch:
        other.execute("BEGIN; SELECT seq FROM heads WHERE run_id = 'looks' FOR UPDATE")
        other.execute("INSERT INTO looks VALUES ('looks', 'order', '2026-11-02T06:00:00Z')")
        waiting = pool.submit(journal.remember, "looks", {"order": T0 + STEP}, None)
        while watch.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() == (0,):
            assert not waiting.done()
        other.execute("COMMIT")
        waiting.result(timeout=10)

    assert journal.looked("looks") == {"order": T0 + STEP}
    journal.close()
