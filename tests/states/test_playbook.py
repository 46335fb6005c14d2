"""The next step: there is always one, it is the same for the same run, and a blocked run does nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest
from stories import ACTOR, STEP, VERIFIED, added, after, brought_in, condition, evidence, ready_in, run_in

from states.clean_up import a_sample_is_drawn
from states.conditions import CATALOGUE, ENDS_THE_ORDER, row_of
from states.lifecycle import FORWARD, MILESTONES, STATES, Turn
from states.own_disk import the_drives_hold_the_seed
from states.playbook import (
    BESIDE,
    PLAYBOOK,
    VERBS,
    Ask,
    Do,
    Move,
    Over,
    Wait,
    a_pickup_is_booked,
    next_step,
    rows_of,
    the_device_is_at_the_office,
)
from states.run import Run
from states.settle import settle
from tasks.perform import VERBS as PERFORMED

LIVE = [name for name, state in STATES.items() if state.turn is not Turn.OVER]
ROWS = [(state, row) for state, rows in PLAYBOOK.items() for row in rows]
BLOCKING = [code for code, row in CATALOGUE.items() if row.severity == "blocks"]


def just_before(state: str, row) -> Run:
    """Return the good run in *state* at the moment *row* is what it waits for."""
    alike = run_in(state)
    if row.until is a_sample_is_drawn:  # only where a person will restore the sample
        alike = replace(alike, plan=replace(alike.plan, agent="dpm"))
    story = [fact for outcome in brought_in(state, run_in(state).since) for fact in outcome.evidence]
    for run in (alike, replace(alike, evidence={}, evidence_at={})):
        for count in range(len(story) + 1):
            here = added(run, *(evidence(fact) for fact in story[:count]))
            if next((r for r in PLAYBOOK[state] if r.until(here)), None) is row:
                return here
    raise AssertionError(f"the good run never waits for {row.until.__name__}")


def everything_looked(now: datetime) -> dict[str, datetime]:
    """Return looks that were all made just now."""
    return dict.fromkeys(VERBS, now)


def test_every_verb_of_the_playbook_can_be_performed_and_no_other_exists():
    """A row without a verb would stop every run; a verb without a row is never used."""
    assert set(VERBS) == set(PERFORMED)


def test_looks_and_questions_use_verbs_that_are_never_acts():
    """Looks go on while a run is blocked, so they must not change the world."""
    acts = {row.verb for _, row in ROWS if row.kind == "act"}

    assert not acts & {row.verb for _, row in ROWS if row.kind != "act"}


@pytest.mark.parametrize("mode", ["data-box", "own-disk"])
@pytest.mark.parametrize("edge", FORWARD, ids=lambda edge: edge.trigger)
def test_an_edge_asks_for_all_that_its_rows_worked_for(edge, mode: str):
    """The rows lead to the edge; they do not stand in for its guards."""
    run = replace(run_in(edge.source), plan=replace(run_in(edge.source).plan, mode=mode))
    worked_for = {row.until for row in rows_of(run)}

    of_rows_alone = {the_device_is_at_the_office, a_pickup_is_booked, the_drives_hold_the_seed}
    assert worked_for - set(edge.needs_in(mode)) <= of_rows_alone


@pytest.mark.parametrize("edge", FORWARD, ids=lambda edge: edge.trigger)
def test_the_rows_of_a_state_cover_the_guards_of_its_edge(edge):
    """When every row is done the edge is free: a run never waits for something no row works on."""
    run = ready_in(edge.source)

    assert all(row.until(run) is None for row in PLAYBOOK[edge.source])
    assert next_step(run, run.since, {}) == Move(edge.trigger)


@pytest.mark.parametrize("state, row", ROWS, ids=lambda part: getattr(part, "verb", part))
def test_every_row_has_its_moment(state: str, row):
    """Due: do it. Done a moment ago: wait or ask, and until when. Due again: do it again."""
    run = just_before(state, row)
    now = run.since + 10 * STEP

    step = next_step(run, now, {})
    assert step == Do(row.verb)
    later = next_step(run, now, everything_looked(now))
    assert type(later) is (Ask if row.kind == "ask" else Wait)
    beside = [one for one in BESIDE.get(state, ()) if one.until(run) and one.verb != row.verb]
    assert later.until == now + min(one.every for one in (row, *beside))
    quiet = everything_looked(now) | {one.verb: later.until for one in beside} if row.every <= timedelta(days=1) else {}
    assert next_step(run, now + row.every, quiet) == Do(row.verb)
    assert next_step(run, now + row.every - timedelta(seconds=1), everything_looked(now)) != Do(row.verb)


@pytest.mark.parametrize("state, row", ROWS, ids=lambda part: getattr(part, "verb", part))
def test_a_row_says_whom_it_waits_for_and_a_question_what_to_type(state: str, row):
    """PERSON has a question, THEIRS a deadline."""
    run = just_before(state, row)
    step = next_step(run, run.since, everything_looked(run.since))

    assert row.every > timedelta(0) and row.on
    if isinstance(step, Ask):
        assert step.question == row.question and step.who == row.on and not step.code
        assert step.command.startswith("seeding ") and run.run_id in step.command
    else:
        assert isinstance(step, Wait) and step.why == row.until(run) and step.on == row.on
        assert not row.question and not row.command


@pytest.mark.parametrize("state, row", ROWS, ids=lambda part: getattr(part, "verb", part))
def test_a_blocked_run_looks_but_never_acts(state: str, row):
    """Whatever the condition, whatever the row."""
    before = just_before(state, row)
    for code in BLOCKING:
        run = added(before, condition(code))
        due = next_step(run, run.since, {})
        quiet = next_step(run, run.since, everything_looked(run.since))

        beside = [Do(one.verb) for one in BESIDE.get(state, ()) if one.until(run)]
        assert due == Do(row.verb) if row.kind != "act" else isinstance(due, Ask) or due in beside
        assert isinstance(quiet, Ask) and quiet.code == code
        assert quiet.until > run.since and quiet.since == run.conditions[code].at
        assert row_of(code).whose in quiet.who and row_of(code).means in quiet.question


@pytest.mark.parametrize("state", LIVE)
def test_a_run_with_everything_in_place_still_stops_for_a_condition(state: str):
    """Not moved, not acted upon: asked about."""
    for code in BLOCKING:
        run = added(ready_in(state), condition(code))
        step = next_step(run, run.since, everything_looked(run.since))

        assert isinstance(step, Ask) and step.code == code and "{" not in step.command


@pytest.mark.parametrize("state", LIVE)
def test_a_warning_changes_no_step(state: str):
    """Hints do not stop a run."""
    warnings = [code for code in CATALOGUE if code not in BLOCKING]
    for run, code in product((run_in(state), ready_in(state)), warnings):
        assert next_step(added(run, condition(code)), run.since, {}) == next_step(run, run.since, {})


def test_the_first_condition_raised_is_the_one_asked_about():
    """One question at a time, the oldest first; `explain` tells the others."""
    run = added(run_in("shipped"), condition("copy-halted"), condition("account-differs"))

    assert next_step(run, run.since, everything_looked(run.since)).code == "copy-halted"


def test_a_condition_this_version_does_not_know_blocks():
    """An older or newer journal's trouble is trouble."""
    run = added(ready_in("planned"), condition("of-tomorrow"))

    step = next_step(run, run.since, {})

    assert isinstance(step, Ask) and step.command == "seeding explain perth-2026-11"


@pytest.mark.parametrize("state", ["closed", "cancelled", "abandoned"])
def test_what_is_over_stays_over(state: str):
    """Even blocked, even long after."""
    run = added(run_in(state), condition("held"))

    assert next_step(run, run.since + timedelta(days=999), {}) == Over(state)


def test_an_edge_that_its_rows_do_not_explain_asks_the_operator_with_the_reasons():
    """Rows done, edge refused (the second reading no longer fits): never silence."""
    run = added(ready_in("copied"), evidence(replace(VERIFIED, digest="e" * 64)))
    step = next_step(run, run.since, everything_looked(run.since))

    assert isinstance(step, Ask) and step.who == "the operator" and not step.code
    assert "has not been read again" in step.question
    assert step.until == run.since + timedelta(hours=24)


def test_waiting_counts_from_the_last_news_that_moved_something():
    """A look that shows the same stage again is no news; a person's answer is."""
    run = run_in("ordered")
    answered = added(run, evidence(brought_in("ordered")[1].evidence[0]), at=run.since + 3 * STEP)
    looked = added(run, evidence(brought_in("ordered")[0].evidence[0]), at=run.since + 5 * STEP)

    assert next_step(run, run.since, everything_looked(run.since)).since == run.since
    assert next_step(looked, run.since, everything_looked(run.since)).since == run.since
    assert next_step(answered, run.since, everything_looked(run.since)).since == run.since + 3 * STEP


def test_the_good_run_is_walked_by_the_playbook_alone():
    """Each step the playbook asks for, answered well, ends in `closed`: no step is missing and none is endless."""
    run, now = run_in("planned"), run_in("planned").since
    while run.state != "closed":
        here = run.state
        for outcome in brought_in(here, run.since):
            now += STEP
            step = next_step(run, now, {})
            assert isinstance(step, Do)
            assert step.verb == outcome.verb or outcome.verb == "record"
            run = after(run, settle(run, outcome, now, ACTOR))
        assert MILESTONES.index(run.state) == MILESTONES.index(here) + 1


@pytest.mark.parametrize("state, row", [(state, row) for state, rows in BESIDE.items() for row in rows],
                         ids=lambda part: getattr(part, "verb", part))  # fmt: skip
def test_what_is_watched_beside_is_looked_at_in_time_whatever_the_run_waits_for(state: str, row):
    """Blocked, asked or waiting: the look goes on beside, and it moves nothing."""
    run = run_in(state)
    assert row.until(run) is not None
    for here in (run, added(run, condition("held"))):
        looked = everything_looked(run.since)

        assert next_step(here, run.since, {**looked, row.verb: run.since - row.every}) == Do(row.verb)
        assert next_step(here, run.since, looked) != Do(row.verb)


def test_an_order_that_ends_while_its_device_is_checked_is_seen():
    """Chaos seed 101: the office was asked for ever to mend a device whose order had failed."""
    run = added(ready_in("ordered"), condition("device-not-usable"))
    looked = everything_looked(run.since)

    assert next_step(run, run.since, {**looked, "watch-delivery": run.since - timedelta(days=1)}) == Do(
        "watch-delivery"
    )


@pytest.mark.parametrize("code", ENDS_THE_ORDER)
def test_what_ends_the_order_is_asked_about_before_what_stood_there_first(code: str):
    """Chaos seed 100: the office was asked to mend its agent for an order that Azure had cancelled."""
    run = added(run_in("delivered"), condition("agent-refuses"), condition(code))
    step = next_step(run, run.since, everything_looked(run.since))

    assert isinstance(step, Ask) and step.code == code
    assert "seeding reorder" in row_of(code).remedy
