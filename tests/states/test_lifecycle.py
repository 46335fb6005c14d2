"""The lifecycle table, tested by looping over it: tomorrow's row is tested before it is written."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import get_args

import pytest

from states.diagram import edges_table, mermaid, table
from states.guards import nothing_blocks
from states.lifecycle import (
    BACKWARD,
    EDGES,
    ENDINGS,
    FIRST,
    FORWARD,
    MILESTONES,
    STATES,
    Edge,
    State,
    Turn,
    check,
    forward_from,
    is_later,
)
from states.plan import Mode
from states.playbook import PLAYBOOK

OVER = {state.name for state in STATES.values() if state.turn is Turn.OVER}


def test_every_edge_joins_two_states_that_exist():
    """`transitions` does not check this; a misspelt target would fail weeks later."""
    assert {end for edge in EDGES for end in (edge.source, edge.target)} <= set(STATES)


def test_no_trigger_leaves_a_state_twice():
    """What a trigger does must not depend on the order of the table's rows."""
    leaving = [(edge.trigger, edge.source) for edge in EDGES]

    assert len(leaving) == len(set(leaving))


def test_only_finished_states_have_no_way_out():
    """A run can be stuck only where nothing more is meant to happen."""
    assert set(STATES) - {edge.source for edge in EDGES} == OVER


def test_the_forward_edges_are_the_milestones_one_by_one():
    """No edge skips a milestone, none is missing, and each but the last has exactly one way on."""
    steps = [(edge.source, edge.target) for edge in FORWARD]

    assert steps == list(pairwise(MILESTONES))
    assert [forward_from(state).target for state in MILESTONES[:-1]] == list(MILESTONES[1:])
    assert [forward_from(state) for state in OVER] == [None] * len(OVER)


def test_every_forward_edge_asks_whether_something_blocks_and_for_evidence():
    """A row without guards would move a run on nothing."""
    for edge, mode in product(FORWARD, get_args(Mode)):
        needs = edge.needs_in(mode)
        assert needs[0] is nothing_blocks and len(needs) > 1, (edge.trigger, mode)
        assert len(set(needs)) == len(needs), (edge.trigger, mode)


def test_backward_edges_lead_back():
    """A way back that leads forward would be a way round the guards."""
    for edge in BACKWARD:
        assert is_later(edge.source, edge.target), edge


def test_a_run_can_be_given_up_everywhere_and_reordered_wherever_a_device_is_under_way():
    """A lost box must never leave an operator without a command."""
    assert {edge.source for edge in ENDINGS if edge.trigger == "abandon"} == set(STATES) - OVER
    assert {edge.source for edge in BACKWARD if edge.trigger == "reorder"} == set(MILESTONES[1:6])
    assert {edge.source for edge in ENDINGS if edge.trigger == "cancel"} == {"planned", "ordered"}
    assert [(edge.source, edge.target) for edge in BACKWARD if edge.trigger == "reopen"] == [("copied", "delivered")]


def test_every_state_can_be_reached_from_the_first():
    """A state nobody arrives in is a misspelling."""
    reached, before = {FIRST}, set()
    while reached != before:
        before = set(reached)
        reached |= {edge.target for edge in EDGES if edge.source in reached}

    assert reached == set(STATES)


def test_the_playbook_has_rows_for_every_state_that_is_not_over():
    """A state without rows would wait for nobody."""
    assert set(PLAYBOOK) == set(STATES) - OVER
    assert all(PLAYBOOK.values())


@pytest.mark.parametrize("state", STATES.values(), ids=lambda state: state.name)
def test_a_state_is_named_by_its_key_and_says_what_it_means(state: State):
    """The name is printed, stored and compared; the meaning is what people read."""
    assert STATES[state.name] is state
    assert state.name == state.name.lower() and " " not in state.name
    assert len(state.means) > 15


def test_is_later_orders_the_milestones_and_nothing_else():
    """Endings are neither before nor after anything."""
    for first, early in enumerate(MILESTONES):
        for second, late in enumerate(MILESTONES):
            assert is_later(late, early) == (second > first)
    assert not any(is_later(end, FIRST) or is_later(FIRST, end) for end in ("cancelled", "abandoned", "nowhere"))


EXTRA = Edge("again", "planned", "ordered")
BROKEN = {
    "a source that is no state": (STATES, (*EDGES, replace(EXTRA, source="plannd")), "'plannd', which is no state"),
    "a target that is no state": (STATES, (*EDGES, replace(EXTRA, target="orderd")), "'orderd', which is no state"),
    "an ambiguous trigger": (STATES, (*EDGES, replace(FORWARD[0], target="copied")), "leaves planned twice"),
    "a doubled edge": (STATES, (*EDGES, FORWARD[0]), "leaves planned twice"),
    "a dead end": ({**STATES, "x": State("x", Turn.OURS, "?")}, (*EDGES, replace(EXTRA, target="x")), "not OVER: x"),
    "no way out": (STATES, tuple(edge for edge in EDGES if edge.source != "vaulted"), "vaulted"),
    "a way out of an end": (STATES, (*EDGES, replace(EXTRA, source="closed")), "closed"),
}


@pytest.mark.parametrize("states, edges, says", BROKEN.values(), ids=BROKEN)
def test_a_broken_table_is_refused_by_name(states, edges, says):
    """The check that runs at import rings, and names what is wrong."""
    with pytest.raises(ValueError) as refusal:
        check(states, edges)

    assert says in str(refusal.value).replace("but not OVER, or OVER with one", "not OVER")


def test_the_table_as_it_is_passes_its_check():
    """An alarm that always rings is none."""
    check(STATES, EDGES)


def test_pictures_and_tables_show_every_state_and_edge():
    """Docs drawn from the table cannot leave a row out."""
    picture, states, edges = mermaid("copied"), table(), edges_table()

    assert "class copied here" in picture and "class" not in mermaid()
    assert all(f"`{name}`" in states for name in STATES)
    for edge in (*FORWARD, *BACKWARD):
        arrow = f"{edge.source} --> {edge.target}: {edge.trigger}".replace("incremental-s", "incremental_s")
        assert arrow in picture, edge
        assert f"| `{edge.trigger}` | `{edge.source}` | `{edge.target}` |" in edges


def test_the_page_shows_what_the_table_says() -> None:
    """Diagram, states and edges stand in docs/lifecycle.md as they are drawn; one state is lit on demand."""
    page = (Path(__file__).parents[2] / "docs" / "lifecycle.md").read_text("utf-8")

    assert [part for part in (mermaid(), table(), edges_table()) if part not in page] == []
    assert mermaid("incremental-scheduled").removeprefix(mermaid()) == (
        "\n    classDef here fill:#2f6fde,color:#fff\n    class incremental_scheduled here"
    )
