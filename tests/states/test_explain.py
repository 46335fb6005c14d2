"""What a run is told as: for every state, step and condition there is a whole sentence."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import product

import pytest
from stories import added, condition, ready_in, run_in

from deploy.data import limits
from deploy.figures import figures
from states.conditions import CATALOGUE, Condition, row_of
from states.deadlines import deadlines
from states.explain import ago, explain, short
from states.lifecycle import STATES
from states.lines import Draft
from states.planner.needs import Needs
from states.playbook import VERBS, Ask, Do, next_step
from states.usual import usual

CODES = [*CATALOGUE, "of-tomorrow"]


def told(run, looked=False, days=0.0) -> str:
    """Return what is said of *run* an hour, or that and so many days, after its last milestone."""
    now = run.since + timedelta(days=days, hours=1)
    step = next_step(run, now, dict.fromkeys(VERBS, now) if looked else {})
    return explain(run, step, now, usual(run, Needs(run.plan, limits()), figures()), deadlines(run, limits().clocks))


def is_whole(text: str) -> bool:
    """Say whether a text has no hole: no braces, no None, no empty part, no doubled stop."""
    return not re.search(r"\{|\}|None|: \.|  |\(\)|``|\.\.|\?\.|; \.|, \.| \.", text) and text.endswith(".")


@pytest.mark.parametrize("looked", [False, True])
@pytest.mark.parametrize("state", STATES)
def test_every_state_is_told_in_whole_sentences(state: str, looked: bool):
    """What stands, for whom it waits, since when, what to type."""
    for run in (run_in(state), ready_in(state) if state in ("planned", "copied") else run_in(state)):
        text = told(run, looked)
        assert is_whole(text), text
        assert text.startswith(f"perth-2026-11 is {state}: {STATES[state].means}.")
        assert len(text) > 80


@pytest.mark.parametrize("state", STATES)
def test_every_condition_is_told_in_every_state_whether_it_stops_or_not(state: str):
    """Its meaning, its detail where there is one, and what helps."""
    for code, detail, looked in product(CODES, ("", "disk 1 of 2"), (False, True)):
        run, row = added(run_in(state), condition(code, detail)), row_of(code)
        text = told(run, looked)

        assert is_whole(text), text
        assert row.means in text and row.remedy.format(run=run.run_id) in text
        assert detail in text and code in text


def test_a_waived_condition_says_why_it_no_longer_stops():
    """Who reads it must not wonder why the run goes on."""
    run = added(run_in("shipped"), condition("copy-halted"), Draft("waiver", {"code": "copy-halted", "reason": "seen"}))

    assert "[blocks] copy-halted (waived: seen): the datacenter halted" in told(run, looked=True)


def test_every_standing_condition_is_told_the_one_that_stops_only_once():
    """The step tells the first, the list the others."""
    run = added(run_in("shipped"), *(condition(code) for code in CATALOGUE))
    text = told(run, looked=True)

    assert text.count("an operator put the run on hold") == 1
    assert "It is stopped by held." in text
    assert all(row.means in text for row in CATALOGUE.values())


@pytest.mark.parametrize("state", STATES)
def test_a_table_cell_names_the_step_in_a_few_words(state: str):
    """Short enough for a list of a thousand offices."""
    for code in CODES:
        run = added(run_in(state), condition(code))
        for looked in ({}, dict.fromkeys(VERBS, run.since)):
            cell = short(next_step(run, run.since, looked))
            assert 3 < len(cell) < 60 and is_whole(cell + "."), cell


@pytest.mark.parametrize("question, command, words", [
    ("Is it intact?", "seeding record r prepared", "Is it intact? What to type: `seeding record r prepared`."),
    ("Look at it.", "seeding record r --serials A,B", "Look at it. What to type: `seeding record r --serials A,B`."),
    ("The job is gone", "wait for the carrier", "The job is gone. What helps: wait for the carrier."),
    ("Stop!", "seeding resume r, or ask support", "Stop! What helps: seeding resume r, or ask support."),
    ("Why?", "seeding resume r or `seeding reorder r`", "Why? What helps: seeding resume r or `seeding reorder r`."),
])  # fmt: skip
def test_a_question_ends_once_and_only_a_bare_command_is_to_be_typed(question: str, command: str, words: str):
    """What is copied into a shell is a command and nothing else."""
    run = run_in("copied")

    assert explain(run, Ask("the office", question, command, run.since, run.since), run.since).endswith(f". {words}")


def test_every_kind_of_step_has_its_cell():
    """Do, Move, Ask, Wait and Over."""
    run, at = run_in("planned"), run_in("planned").since
    cells = [short(next_step(ready_in(state), at, {})) for state in ("planned", "closed")]

    assert cells == ["due: order", "closed"]
    assert short(Do("copy")) == "due: copy"
    assert short(next_step(run, at, {"order": at})) == "waits for Azure"
    assert short(Ask("the office", "?", "x", at, at)) == "asks the office"


@pytest.mark.parametrize("minutes, words", [
    (-5, "0 minutes"), (0, "0 minutes"), (1, "1 minute"), (59, "59 minutes"), (60, "1 hour"), (119, "1 hour"),
    (120, "2 hours"), (1440, "24 hours"), (2879, "47 hours"), (2880, "2 days"), (100_000, "69 days"),
])  # fmt: skip
def test_spans_are_told_in_the_largest_unit_a_person_would_use(minutes: int, words: str):
    """At and just under each mark."""
    assert ago(timedelta(minutes=minutes)) == words


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=lambda row: row.code)
def test_every_row_of_the_catalogue_is_complete(row: Condition):
    """A code people search for, a meaning, a remedy that formats, evidence that exists to forget."""
    from states.facts import EVIDENCE

    assert CATALOGUE[row.code] is row and re.fullmatch(r"[a-z]+(-[a-z]+)*", row.code)
    assert is_whole(f"{row.means}. {row.remedy.format(run='r')}.")
    assert set(row.forgets) <= set(EVIDENCE)
    assert row.clock is None or row.clock > timedelta(0)


def test_what_blocks_tells_the_operator_a_way_on():
    """A run that is stopped for good needs a command or a hand in the world that ends it."""
    ways = ("seeding resume", "seeding reorder", "seeding reopen", "seeding record", "in the portal", "seeding explain",
            "seeding advance", "seeding waive")  # fmt: skip

    for row in CATALOGUE.values():
        assert row.severity != "blocks" or any(way in row.remedy for way in ways), row.code


@pytest.mark.parametrize("days, words", [
    (0, "That is normal: one in two is through by"), (9, "That is slow, and still normal: one in two was"),
    (11, "That is not normal: nine in ten were"),
])  # fmt: skip
def test_a_wait_is_compared_with_what_others_took(days: int, words: str):
    """Ordered on a Monday: half of the disks are there on the Tuesday of the next week, nine in ten two days later."""
    assert words in told(run_in("ordered"), days=days)


@pytest.mark.parametrize("state", ["planned", "vaulted", "incremental-scheduled", "closed"])
def test_nothing_is_called_normal_where_nobody_published_how_long_it_takes(state: str):
    """No figure is invented."""
    assert "normal" not in told(run_in(state))


def test_the_next_clock_is_told_with_what_happens_then_and_every_one_that_ran_out():
    """The fee before the charge; past the fee, the fee as a fact and the charge as what comes."""
    fresh, late = told(run_in("delivered")), told(run_in("delivered"), days=40)

    assert "(free-use), then: a fee for each further day." in fresh and "device-not-returned" not in fresh
    assert "(free-use): a fee for each further day." in late and "(device-not-returned), then: the charge" in late
    assert is_whole(fresh) and is_whole(late)
