"""The journal as a store: what goes in comes out, caches can be made anew, and errors are in our words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import ACTOR, RUN_ID, STEP, T0, after, brought_in, condition, evidence, job, lines_to, opening, run_in
from trials import tries

from states.facts import DeviceChecked
from states.fold import fold
from states.lifecycle import MILESTONES
from states.lines import GENESIS, Draft, chained
from states.settle import Outcome
from tasks.errors import InvalidInput, JournalDamaged, NotFound, Overtaken, Transient
from tasks.journal import Journal, Logbook
from tasks.journal.store import due_ids

STORY = lines_to("closed")
NOTES = st.builds(Draft, st.just("note"), st.fixed_dictionaries({"text": st.text(max_size=9)}))


@tries(10)
@given(cuts=st.lists(st.integers(1, len(STORY) - 1), max_size=6), notes=st.lists(NOTES, max_size=3))
def test_lines_come_back_as_they_went_however_they_were_committed(new_url, cuts, notes):
    """Any split of a journal into commits gives the same lines, the same run and a whole chain."""
    journal = Journal(new_url())
    marks = sorted({0, *cuts, len(STORY)})
    for start, end in pairwise(marks):
        journal.add(fold(STORY[:start]), STORY[start:end])
    book = Logbook(journal, RUN_ID, lambda: T0, ACTOR)
    after_notes = book.write(*notes)

    assert journal.lines(RUN_ID)[: len(STORY)] == STORY
    assert journal.run(RUN_ID) == after_notes == book.run
    assert journal.check(RUN_ID) == len(STORY) + len(notes)
    journal.close()


def test_a_journal_is_there_again_after_it_was_closed(url: str):
    """The only memory is the database."""
    first = Journal(url)
    first.add(None, STORY)
    first.close()

    again = Journal(url)
    assert again.run(RUN_ID) == fold(STORY)
    again.close()


def test_the_projection_made_anew_from_the_lines_equals_the_old_one(told):
    """A cache may be lost at any time, wholly or in part."""
    journal, hand = told
    before = journal.rows()

    for harm in ("DELETE FROM runs", "UPDATE runs SET state='vaulted', attempt=9, over=false", "DELETE FROM looks"):
        hand.execute(harm)
        assert journal.rebuild() == 2
        assert journal.rows() == before
    assert journal.rows(open_only=True) == [row for row in before if not row.over] != before


@pytest.mark.parametrize("state", MILESTONES)
def test_the_projection_says_what_the_fold_says(journal: Journal, state: str):
    """Every commit brings its own row up to date."""
    journal.add(None, lines_to(state))
    run, (row,) = run_in(state), journal.rows()

    assert (row.state, row.attempt, row.since, row.over) == (run.state, 1, run.since, state == "closed")
    assert (row.office, row.mode, row.bytes, row.conditions, row.due) == ("perth", "data-box", 1_000, (), None)


def test_a_stale_writer_loses_and_writes_nothing(journal: Journal):
    """The loser reads again and decides again."""
    journal.open(RUN_ID, opening(), T0, ACTOR)
    first, second = (Logbook(journal, RUN_ID, lambda: T0, actor) for actor in ("first", "second"))
    first.write(Draft("note", {"text": "mine"}))

    with pytest.raises(Overtaken, match=f"another worker wrote to {RUN_ID} first"):
        second.write(Draft("note", {"text": "mine"}))
    assert [line.actor for line in journal.lines(RUN_ID)] == [ACTOR, ACTOR, "first"]
    assert second.run.seq == 2


def test_a_run_is_opened_once(journal: Journal):
    """Two plans of one name would be two orders of one name."""
    journal.open(RUN_ID, opening(), T0, ACTOR)

    with pytest.raises(InvalidInput, match=f"run {RUN_ID} exists already"):
        journal.open(RUN_ID, opening(), T0, "somebody else")
    assert len(journal.lines(RUN_ID)) == 2


def test_lines_that_do_not_follow_are_refused_before_they_are_written(journal: Journal):
    """Whoever made them: a gap, another run's, another head, a forged hash, or one that cannot be read back."""
    run = journal.open(RUN_ID, opening(), T0, ACTOR)
    note = Draft("note", {"text": "x"})
    leap = Draft("transition", {"trigger": "x", "source": "planned", "target": "vaulted"})
    good = chained(RUN_ID, run.seq, run.head, T0, ACTOR, [note])
    bad = {
        "gap": chained(RUN_ID, run.seq + 1, run.head, T0, ACTOR, [note]),
        "alien": chained("other", run.seq, run.head, T0, ACTOR, [note]),
        "head": chained(RUN_ID, run.seq, GENESIS, T0, ACTOR, [note]),
        "hash": [replace(good[0], hash="1" * 64)],
        "payload": [replace(good[0], payload={"text": "y"})],
        "unreadable": chained(RUN_ID, run.seq, run.head, T0, ACTOR, [Draft("evidence", {"kind": "x", "facts": {}})]),
        "no edge": chained(RUN_ID, run.seq, run.head, T0, ACTOR, [leap]),
    }  # fmt: skip

    for lines in bad.values():
        with pytest.raises(JournalDamaged, match="refused to write a line"):
            journal.add(run, lines)
    journal.add(run, [])
    assert journal.lines(RUN_ID) == journal.lines(RUN_ID)[:2]
    journal.add(run, good)
    assert journal.check(RUN_ID) == 3


def test_a_journal_begins_with_its_plan(journal: Journal):
    """Nothing can be told of a run without one."""
    with pytest.raises(JournalDamaged, match="begins with an `opened` line"):
        journal.open(RUN_ID, [Draft("note", {"text": "x"})], T0, ACTOR)
    assert journal.known_ids() == []


def test_what_is_not_there_is_said_to_be_not_there(journal: Journal):
    """With the command that shows what is."""
    assert journal.lines("nobody") == [] and journal.looked("nobody") == {} and journal.rows() == []
    for ask in (journal.run, journal.check):
        with pytest.raises(NotFound, match="the journal has no run nobody") as missing:
            ask("nobody")
        assert missing.value.next == "seeding status"


def test_a_reader_waits_for_no_writer_and_stops_none(told):
    """A list of a thousand offices must not stand in the way of a pass, nor the other way round."""
    journal, hand = told
    hand.execute("BEGIN IMMEDIATE")
    hand.execute("UPDATE runs SET state = 'planned'")

    assert journal.check(RUN_ID) == len(STORY) == journal.run(RUN_ID).seq
    assert {row.state for row in journal.rows()} == {"planned", "closed"}
    hand.execute("ROLLBACK")
    hand.execute("BEGIN")
    assert hand.execute("SELECT count(*) FROM lines").fetchone() == (len(STORY) + 2,)
    Logbook(journal, RUN_ID, lambda: T0, ACTOR).write(Draft("note", {"text": "while somebody reads"}))
    assert hand.execute("SELECT count(*) FROM lines").fetchone() == (len(STORY) + 2,)
    hand.execute("COMMIT")


def test_looks_and_due_times_are_kept_and_forgotten_together(journal: Journal):
    """They steer when to look next, never what is true; each commit makes a run due again."""
    journal.add(None, lines_to("ordered"))
    book = Logbook(journal, RUN_ID, lambda: T0, ACTOR)
    book.looked_at("order")
    book.leave(T0 + STEP)

    assert journal.looked(RUN_ID) == {"order": T0} and journal.rows()[0].due == T0 + STEP
    assert due_ids(journal.rows(), T0) == [] and due_ids(journal.rows(), T0 + STEP) == [RUN_ID]
    book.write(Draft("note", {"text": "news"}))
    assert due_ids(journal.rows(), T0) == [RUN_ID]
    book.looked.clear()
    book.leave(None)
    assert journal.looked(RUN_ID) == {} and due_ids(journal.rows(), T0 - timedelta(days=9)) == [RUN_ID]


def test_a_run_that_is_over_is_never_due(journal: Journal):
    """A thousand closed offices cost nothing."""
    journal.add(None, STORY)

    assert due_ids(journal.rows(), T0 + timedelta(days=999)) == []


def test_a_logbook_settles_in_one_commit_and_knows_its_open_intents(journal: Journal):
    """Its run is always the fold of what is committed."""
    journal.open(RUN_ID, opening(), T0, ACTOR)
    book = Logbook(journal, RUN_ID, lambda: T0, ACTOR)

    assert book.intend("order/1", "order", {"job": "perth0123"})
    assert not book.intend("order/1", "order", {"job": "perth0123"})
    assert not Logbook(journal, RUN_ID, lambda: T0, ACTOR).intend("order/1", "order", {})
    run = book.settle(Outcome("order", (job(),), done=(("order/1", "exists"),)))
    assert (run.state, run.intents, run.seq) == ("ordered", {}, 6)
    assert book.settle(Outcome("order", (job(),))) is run and book.advance() is run
    assert journal.run(RUN_ID) == run and book.now() == T0


def test_evidence_with_a_file_name_that_is_no_utf8_is_kept(journal: Journal):
    """Office file systems hold any byte; one such name must not stop a run."""
    journal.add(None, lines_to("ordered"))
    book = Logbook(journal, RUN_ID, lambda: T0, ACTOR)
    odd = DeviceChecked("S", "/mnt", True, 1, ("caf\udce9.txt", "zero\x00", "😀"))

    book.write(evidence(odd), condition("device-not-usable", "caf\udce9.txt"))

    assert journal.run(RUN_ID) == book.run
    assert journal.run(RUN_ID).get(DeviceChecked) == odd
    assert journal.check(RUN_ID) == book.run.seq


def test_a_database_that_cannot_be_used_is_told_in_our_words(tmp_path: Path):
    """No file, no journal, no room: never a stack of the library's own words, nor the values of a statement."""
    with pytest.raises(Transient, match="the journal cannot be opened: unable to open database file"):
        Journal(f"sqlite:///{tmp_path / 'nowhere' / 'j.db'}")
    (tmp_path / "text.db").write_bytes(b"this is no database, it is a letter to the operator" * 100)
    with pytest.raises(JournalDamaged, match="the journal cannot be opened: file is not a database"):
        Journal(f"sqlite:///{tmp_path / 'text.db'}")


def test_a_database_that_lost_its_tables_is_told_in_our_words(told):
    """Reading, writing and remembering alike."""
    journal, hand = told
    book = Logbook(journal, RUN_ID, lambda: T0, ACTOR)
    for table in ("runs", "looks", "heads", "lines"):
        hand.execute(f"DROP TABLE {table}")

    for use in (
        lambda: journal.lines(RUN_ID), journal.rows, journal.rebuild, journal.known_ids, lambda: journal.check(RUN_ID),
        lambda: book.write(Draft("note", {"text": "secret-ish"})), lambda: book.leave(T0),
        lambda: journal.looked(RUN_ID),
    ):  # fmt: skip
        with pytest.raises(Transient, match=r"no such table|does not exist") as told_as:
            use()
        assert "secret-ish" not in str(told_as.value) and "INSERT" not in str(told_as.value)


def test_the_shared_story_is_what_a_logbook_would_have_written(journal: Journal):
    """The fast road of the other tests and the real one are the same road."""
    journal.open(RUN_ID, opening(), T0, ACTOR)
    hours = count(1)
    book = Logbook(journal, RUN_ID, lambda: T0 + next(hours) * STEP, ACTOR)
    for state in MILESTONES[:-1]:
        for outcome in brought_in(state, book.run.since):
            book.settle(outcome)

    assert journal.lines(RUN_ID) == STORY
    assert book.run == after(None, STORY)
