"""Settling: what a verb brought back becomes lines in one commit, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import (
    ACTOR,
    SEALED,
    STEP,
    VERIFIED,
    added,
    after,
    agent,
    brought_in,
    condition,
    evidence,
    job,
    ready_in,
    run_in,
    sightings,
)
from trials import tries

from states.conditions import CATALOGUE, blocking, row_of
from states.facts import CopyLogRead, JobSeen
from states.lifecycle import FORWARD, MILESTONES
from states.lines import Draft, chained, check_chain
from states.machine import Refused
from states.run import Run
from states.settle import Outcome, cleared, moved, settle, transitions

CODES = sorted(CATALOGUE)


def kinds(run: Run, outcome: Outcome) -> list[str]:
    """Return the kinds of lines *outcome* adds to *run*."""
    return [line.kind for line in settle(run, outcome, run.since + STEP, ACTOR)]


def settled(run: Run, outcome: Outcome) -> Run:
    """Return the run after the outcome."""
    return after(run, settle(run, outcome, run.since + STEP, ACTOR))


def test_nothing_new_adds_no_line():
    """A look every hour for sixty days must not fill the journal."""
    for state in MILESTONES[:-1]:
        run = run_in(state)
        same = tuple(run.evidence.values())
        assert kinds(run, Outcome("look", same)) == []
        assert kinds(run, Outcome("look")) == []


def test_evidence_and_the_transition_it_justifies_are_one_commit():
    """A crash in between cannot happen: there is no in between."""
    run = run_in("planned")
    lines = settle(run, Outcome("order", (job(),), done=(("order/1", "exists"),)), run.since, ACTOR)

    assert [line.kind for line in lines] == ["outcome", "evidence", "transition"]
    assert lines[2].payload == {"trigger": "order", "source": "planned", "target": "ordered"}
    assert check_chain(run.run_id, lines, after=(run.seq, run.head)) == run.seq + 3


@pytest.mark.parametrize("edge", FORWARD, ids=lambda edge: edge.trigger)
def test_the_last_missing_evidence_moves_the_run(edge):
    """And not one piece sooner."""
    run = run_in(edge.source)
    for outcome in brought_in(edge.source, run.since):
        assert run.state == edge.source
        run = settled(run, outcome)

    assert run.state == edge.target


def test_known_evidence_is_written_again_when_it_now_moves_the_run():
    """The line before a transition shows what it was taken on, even where a condition alone was in the way."""
    run = added(ready_in("planned"), condition("order-refused", by="order"))

    lines = settle(run, Outcome("order", (job(),)), run.since + STEP, ACTOR)

    assert [line.kind for line in lines] == ["evidence", "condition-cleared", "transition"]


def test_a_condition_is_raised_once_and_again_only_in_other_words():
    """The same trouble seen twice is one line."""
    raised = Outcome("look", raised=(("copy-halted", "disk 1"),))
    run = settled(run_in("shipped"), raised)

    assert run.conditions["copy-halted"].by == "look"
    assert kinds(run, raised) == []
    assert kinds(run, Outcome("look", raised=(("copy-halted", "disk 2"),))) == ["condition-raised"]


def test_a_verb_clears_what_it_raised_and_no_longer_sees():
    """Its own conditions only: another verb's or a person's are not its to clear."""
    run = added(
        run_in("shipped"), condition("copy-halted", by="look"), condition("order-delayed", by="look"),
        condition("held", by="operator"), condition("cannot-reach", by="other"),
    )  # fmt: skip

    seen = settled(run, Outcome("look", raised=(("order-delayed", "seen"),)))

    assert set(seen.conditions) == {"order-delayed", "held", "cannot-reach"}


def test_a_run_that_got_on_is_no_longer_told_that_something_did_not_answer():
    """The verb that met the silence may never be performed again, least of all once the run is over."""
    silent = added(run_in("planned"), condition("cannot-reach", by="watch-freeze"))

    run = settled(silent, Outcome("order", (job(),)))

    assert (run.state, run.conditions) == ("ordered", {})


@pytest.mark.parametrize("code", CODES)
def test_a_verb_that_saw_nothing_to_its_end_clears_nothing_and_may_raise(code: str):
    """A network fault must not lift a block: not to see a trouble is not to see it gone."""
    run = added(run_in("shipped"), condition("device-lost", by="look"))

    blind = settled(run, Outcome("look", raised=((code, "seen"),), pending=True))

    assert set(blind.conditions) == {"device-lost", code}
    assert blocking(blind)[0] == "device-lost"


def test_a_verb_that_clears_its_own_condition_forgets_no_evidence():
    """It has just read the world anew; only a person's `resume` starts over."""
    run = added(run_in("copied"), condition("device-differs", by="verify"))

    seen = settled(run, Outcome("verify", (VERIFIED,)))

    assert seen.evidence == run.evidence and seen.conditions == {}


@pytest.mark.parametrize("row", [row for row in CATALOGUE.values() if row.forgets], ids=lambda row: row.code)
def test_a_condition_that_a_person_clears_forgets_what_its_row_says(row):
    """Otherwise the same bad evidence would stop the run again, or let it pass."""
    run = added(run_in("copied"), condition(row.code))

    drafts = cleared(run, [row.code, "held"], "mended")
    after_it = added(run, *drafts)

    assert [draft.payload["code"] for draft in drafts] == [row.code]
    assert set(run.evidence) - set(after_it.evidence) == set(row.forgets) & set(run.evidence)


@pytest.mark.parametrize("edge", FORWARD, ids=lambda edge: edge.trigger)
def test_a_blocking_condition_stops_every_edge_and_a_waiver_lets_it_go_on(edge):
    """The same evidence, with and without."""
    for code in [code for code in CODES if row_of(code).severity == "blocks"]:
        run = added(ready_in(edge.source), condition(code))

        assert transitions(run, run.since, ACTOR) == []
        waived = added(run, Draft("waiver", {"code": code, "reason": "seen"}))
        assert [line.payload["target"] for line in transitions(waived, run.since, ACTOR)][:1] == [edge.target]


@pytest.mark.parametrize("edge", FORWARD, ids=lambda edge: edge.trigger)
def test_a_waiver_does_not_replace_evidence(edge):
    """Waiving everything there is still leaves a run where its evidence leaves it."""
    run = added(run_in(edge.source), *(condition(code) for code in CODES))
    run = added(run, *(Draft("waiver", {"code": code, "reason": "all"}) for code in CODES))

    assert blocking(run) == ()
    assert transitions(run, run.since, ACTOR) == []


def test_one_look_may_justify_several_transitions():
    """After days of silence everything may have happened; each milestone still gets its line."""
    run = run_in("ingested")
    outcome = Outcome("look", (*brought_in("vaulted", run.since)[0].evidence, sightings(run.since)))

    assert kinds(run, outcome) == ["evidence", "evidence", "evidence", "transition", "transition"]


@tries(60)
@given(st.lists(st.tuples(st.sampled_from(CODES), st.sampled_from(["a", "b"])), max_size=5), st.booleans())
def test_what_stands_after_a_look_is_what_it_saw_and_what_others_raised(found, pending: bool):
    """The rule in one line, for any set of conditions."""
    run = added(run_in("shipped"), condition("held", by="operator"), condition("copy-halted", by="look"))
    outcome = Outcome("look", raised=tuple(dict(found).items()), pending=pending)

    standing = {code: raised.detail for code, raised in settled(run, outcome).conditions.items()}

    kept = {"held": "seen"} | ({"copy-halted": "seen"} if pending else {})
    assert standing == {**kept, **dict(found)}
    assert settle(settled(run, outcome), outcome, run.since, ACTOR) == []


def test_secrets_read_notes_and_outcomes_are_on_record_each_time():
    """That a secret was read is a fact each time it is."""
    outcome = Outcome("look", done=(("k", "done"),), secrets_read=("credentials",), notes=("asked",))

    assert kinds(run_in("ordered"), outcome) == ["outcome", "secret-read", "note"]


def test_a_persons_edge_carries_the_reason_and_obeys_the_guards():
    """Reorder, reopen, cancel and abandon say why; a refusal writes nothing."""
    run = run_in("ordered")
    line = moved(run, "abandon", "too late", run.since, ACTOR)[0]

    assert line.payload == {"trigger": "abandon", "source": "ordered", "target": "abandoned", "reason": "too late"}
    with pytest.raises(Refused):
        moved(run, "cancel", "too late", run.since, ACTOR)


def test_evidence_of_a_wrong_attempt_moves_nothing():
    """The first order's job may go on living while the second is under way."""
    run = added(
        run_in("shipped"),
        Draft("transition", {"trigger": "reorder", "source": "shipped", "target": "planned", "reason": "lost"}),
    )
    old = Outcome("look", (job("Completed", "Succeeded"), CopyLogRead("Succeeded", 2, 0, 0), SEALED, agent(run.since)))

    assert settled(run, old).state == "planned"
    assert settled(run, Outcome("look", (job(job_name="perth0123r2"),))).state == "ordered"
    assert isinstance(run_in("shipped").get(JobSeen), JobSeen)


def test_evidence_lines_say_who_saw_what():
    """An auditor reads the line alone."""
    run = run_in("ordered")
    line = settle(run, Outcome("watch", (job("Dispatched"),)), run.since, "hub")[0]

    assert (line.actor, line.payload["by"], line.payload["kind"]) == ("hub", "watch", "job-seen")
    assert line.payload == {**evidence(job("Dispatched"), "watch").payload}
    assert line == chained(run.run_id, run.seq, run.head, run.since, "hub", [Draft("evidence", line.payload)])[0]
