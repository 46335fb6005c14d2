"""Many writers and sudden deaths: two never both win, and what a commit began it ends or has never begun."""

from __future__ import annotations

import multiprocessing
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace

import pytest
from kept_journals import die_before_statement, opened, write_in_turn, write_until_killed
from stories import ACTOR, RUN_ID, T0, opening

from states.lines import Draft
from tasks.errors import InvalidInput, Overtaken
from tasks.journal import Journal, Logbook

ROUNDS, KILLS = 10, 15


@pytest.fixture(scope="module")
def processes():
    """Processes of their own; on Linux forked, which costs milliseconds where a new interpreter costs a second."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("fork")

    class Forked(context.Process):
        """Ends with its work: what this process has registered for its end (Prefect does) is not for its children."""

        def run(self):
            super().run()
            os._exit(0)

    return SimpleNamespace(Process=Forked, Pipe=context.Pipe)


def test_of_two_threads_that_read_the_same_exactly_one_wins(url: str):
    """Again and again, from one journal object."""
    journal = opened(url)
    barrier = Barrier(2)

    def race(name: str) -> str | None:
        book = Logbook(journal, RUN_ID, lambda: T0, name)
        barrier.wait()
        try:
            book.write(Draft("note", {"text": name}), Draft("note", {"text": name}))
        except Overtaken:
            return None
        return name

    with ThreadPoolExecutor(2) as pool:
        for turn in range(ROUNDS):
            winners = [name for name in pool.map(race, ("one", "two")) if name]
            assert len(winners) == 1
            assert [line.actor for line in journal.lines(RUN_ID)[-2:]] == winners * 2
            assert journal.check(RUN_ID) == 2 + 2 * (turn + 1)
    journal.close()


def test_of_two_threads_that_open_the_same_run_exactly_one_does(url: str):
    """One name, one plan, one order."""
    journal = Journal(url)
    barrier = Barrier(2)

    def race(run_id: str) -> bool:
        barrier.wait()
        try:
            journal.open(run_id, opening(run_id), T0, ACTOR)
        except InvalidInput:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        for turn in range(ROUNDS):
            assert sorted(pool.map(race, [f"run-{turn}"] * 2)) == [False, True]
    assert all(journal.check(run_id) == 2 for run_id in journal.run_ids())
    journal.close()


def test_processes_that_write_at_once_lose_no_line_and_write_none_twice(url: str, processes):
    """Each pair of lines stands together, once, in the order of its writer; the chain is whole."""
    opened(url).close()
    writers = [processes.Process(target=write_in_turn, args=(url, name, 12)) for name in "xyz"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    journal = Journal(url)
    texts = [line.payload["text"] for line in journal.lines(RUN_ID)[2:]]
    assert journal.check(RUN_ID) == 2 + 3 * 12 * 2
    for name in "xyz":
        mine = [text for text in texts if text.startswith(name)]
        assert mine == [f"{name} {number}{half}" for number in range(12) for half in "ab"]
    assert all(a[:-1] == b[:-1] for a, b in zip(texts[::2], texts[1::2], strict=True))
    journal.close()


def test_processes_may_make_the_same_journal_at_once(url: str, processes):
    """Hub and command line start together on a machine's first day."""
    makers = [processes.Process(target=write_in_turn, args=(url, name, 0)) for name in "abcdef"]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()

    assert [maker.exitcode for maker in makers] == [0] * len(makers)


def test_a_check_while_others_write_raises_no_false_alarm(url: str, processes):
    """Head and lines are read as of one moment."""
    journal = opened(url)
    writer = processes.Process(target=write_in_turn, args=(url, "x", 60))
    writer.start()

    counts = {journal.check(RUN_ID)}
    while writer.is_alive():
        counts.add(journal.check(RUN_ID))

    assert journal.check(RUN_ID) == 122 and all(count % 2 == 0 for count in counts)
    journal.close()


def test_a_writer_that_is_killed_anywhere_leaves_a_whole_journal(url: str, processes):
    """SIGKILL again and again: the chain is whole, and every commit that was answered is there."""
    opened(url).close()
    for turn in range(KILLS):
        ours, theirs = processes.Pipe(duplex=False)
        writer = processes.Process(target=write_until_killed, args=(url, theirs))
        writer.start()
        theirs.close()
        answered = [ours.recv() for _ in range(1 + turn % 4)][-1]
        writer.join(timeout=turn * 0.0003)
        writer.kill()
        writer.join()

        journal = Journal(url)
        run = journal.run(RUN_ID)
        assert journal.check(RUN_ID) == run.seq >= answered
        assert run.seq - answered < 1_000
        journal.rebuild()
        journal.close()


def test_a_death_before_any_statement_of_a_commit_leaves_all_of_it_or_nothing(url: str, processes):
    """Between head and lines, between lines and projection, before the commit itself."""
    opened(url).close()
    for number in range(1, 20):
        ours, theirs = processes.Pipe(duplex=False)
        writer = processes.Process(target=die_before_statement, args=(url, number, theirs))
        writer.start()
        theirs.close()
        writer.join()

        journal = Journal(url)
        assert journal.check(RUN_ID) == journal.run(RUN_ID).seq == 2 + 3 * (writer.exitcode == 0)
        journal.close()
        if writer.exitcode == 0:
            break
    assert ours.recv() == number - 1 >= 4
