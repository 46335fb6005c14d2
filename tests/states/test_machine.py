"""Moves and refusals: what `transitions` does is what the table says, in every cell."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from stories import added, condition, job, lines_to, ready_in, run_in

from states import machine
from states.clean_up import a_sample_is_drawn
from states.fold import fold, forget
from states.guards import nothing_blocks
from states.lifecycle import EDGES, FORWARD, MILESTONES, STATES, Turn
from states.machine import Refused, move, reasons_against

TRIGGERS = sorted({edge.trigger for edge in EDGES})
CELLS = {(edge.source, edge.trigger): edge for edge in EDGES}
LIVE = [name for name, state in STATES.items() if state.turn is not Turn.OVER]


@pytest.mark.parametrize("state", LIVE)
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_with_every_guard_satisfied_the_machine_agrees_with_the_table(state: str, trigger: str):
    """Each (state, trigger) cell: the table's target, or a refusal that lists what is possible."""
    run, edge = ready_in(state), CELLS.get((state, trigger))
    assert not (edge in FORWARD and reasons_against(edge, run))

    if edge and not reasons_against(edge, run):
        assert move(run, trigger) == edge.target
    else:
        with pytest.raises(Refused) as refusal:
            move(run, trigger)
        assert refusal.value.reasons


@pytest.mark.parametrize("state", ["closed", "cancelled", "abandoned"])
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_nothing_leaves_an_end(state: str, trigger: str):
    """What is over is over, and the refusal says so."""
    with pytest.raises(Refused, match="this run is over"):
        move(run_in(state), trigger)


@pytest.mark.parametrize("edge", FORWARD, ids=lambda edge: edge.trigger)
def test_a_refusal_carries_every_reason(edge):
    """An operator mends everything in one go, not one thing a day."""
    run = added(run_in(edge.source), condition("held"))
    bare = fold(lines_to("planned"))
    expected = reasons_against(edge, run)

    with pytest.raises(Refused) as refusal:
        move(run, edge.trigger)

    assert refusal.value.reasons == expected
    assert expected == tuple(reason for need in edge.needs if (reason := need(run)))
    assert expected[0] == nothing_blocks(run)
    assert all(reason in str(refusal.value) for reason in expected)
    always = {a_sample_is_drawn}  # where nobody asked for a sample restore
    assert len(reasons_against(edge, added(bare, condition("held")))) == len(set(edge.needs) - always)


# What the design's table asks for at each edge; an edge that asks for less would move a run on a status word.
NEEDED = {
    "order": {"job-seen"},
    "deliver": {"job-seen", "devices-named", "delivered", "device-checked"},
    "seal": {"copied", "sealed", "verified", "prepared"},
    "hand-over": {"sealed", "verified", "handed-over", "job-seen"},
    "ingest": {"job-seen", "copy-log-read", "sealed", "reconciled"},
    "vault": {"vault-seen", "agent-seen", "points-seen", "copied"},
    "schedule": {"vault-seen", "agent-seen", "points-seen", "copied"},
    "close": {"sample-restored", "papers-filed", "close-approved", "released"},
}


@pytest.mark.parametrize("edge", FORWARD, ids=lambda edge: edge.trigger)
def test_an_edge_is_refused_without_any_one_of_its_kinds_of_evidence(edge):
    """And without the kinds it does not need it is taken."""
    run = ready_in(edge.source)

    assert {kind for kind in run.evidence if reasons_against(edge, forget(run, (kind,)))} == NEEDED[edge.trigger]


def test_a_machine_made_anew_moves_and_refuses_as_the_first(monkeypatch: pytest.MonkeyPatch):
    """It is made of the table alone."""
    monkeypatch.setattr(machine, "_MACHINE", machine._build())

    for edge in EDGES:
        run = ready_in(edge.source)
        if reasons := reasons_against(edge, run):
            with pytest.raises(Refused) as refusal:
                move(run, edge.trigger)
            assert (refusal.value.state, refusal.value.reasons) == (edge.source, reasons)
        else:
            assert move(run, edge.trigger) == edge.target


def test_a_refusal_names_run_state_and_trigger():
    """What, where and which, for somebody who reads it in a mail."""
    with pytest.raises(Refused, match=r"^cannot order perth-2026-11 while planned: Azure shows no order") as refusal:
        move(run_in("planned"), "order")

    assert (refusal.value.state, refusal.value.trigger, refusal.value.run_id) == ("planned", "order", "perth-2026-11")


def test_an_unknown_trigger_is_refused_with_the_known_ones():
    """`transitions` would raise an AttributeError."""
    with pytest.raises(Refused, match="from here only: order, cancel, abandon"):
        move(run_in("planned"), "teleport")


def test_asking_never_changes_the_run():
    """A run is a value; only a journal line changes it."""
    run, before = ready_in("planned"), ready_in("planned")

    assert move(run, "order") == "ordered"
    assert run == before


@pytest.mark.parametrize("source, cancellable, stage, possible", [
    ("planned", False, "", True),
    ("ordered", True, "DeviceOrdered", True),
    ("ordered", False, "DeviceOrdered", False),
    ("ordered", False, "Cancelled", True),
])  # fmt: skip
def test_cancelling_is_possible_while_azure_says_so(source: str, cancellable: bool, stage: str, possible: bool):
    """Before an order, while Azure calls it cancellable, and when it is cancelled already."""
    from stories import evidence

    run = run_in(source)
    run = added(run, evidence(job(stage, cancellable=cancellable))) if stage else run

    if possible:
        assert move(run, "cancel") == "cancelled"
    else:
        with pytest.raises(Refused, match=r"no longer lets order perth0123 be cancelled .* --abandon"):
            move(run, "cancel")


def test_threads_may_ask_about_equal_runs_at_once():
    """The library finds its models by equality; two equal askers must not be taken for one."""
    runs = [ready_in("planned") for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        targets = list(pool.map(lambda n: move(runs[n % 4], "order"), range(400)))

    assert set(targets) == {"ordered"}


def test_every_milestone_is_reached_by_the_good_run_in_order():
    """The shared story itself is sound: all later tests lean on it."""
    run = run_in("closed")

    assert [passage.state for passage in run.history] == list(MILESTONES)
    assert [passage.attempt for passage in run.history] == [1] * len(MILESTONES)


def test_a_refusal_says_what_where_and_every_reason():
    """On one line, and each reason is also there alone."""
    refused = Refused("perth", "copied", "hand-over", ("nobody said so", "a pick-up is open"))

    assert str(refused) == "cannot hand-over perth while copied: nobody said so; a pick-up is open"
    assert refused.reasons == ("nobody said so", "a pick-up is open")
    assert (refused.run_id, refused.state, refused.trigger) == ("perth", "copied", "hand-over")
