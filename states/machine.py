"""The `transitions` machine of the lifecycle, built from our own table, behind one typed function.

The library moves the state; the table decides. Guards raise a refusal with every reason, so a trigger either moves
the run or says why not. No callback has an effect on the world.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from transitions import EventData, Machine

from states.lifecycle import EDGES, FIRST, STATES, Edge
from states.refused import Refused
from states.run import Run


@dataclass(eq=False)  # the library looks models up by equality; two threads may ask about the same run
class _Token:
    """What the machine moves for the length of one call: a state and the run the guards look at."""

    run: Run
    state: str = field(default=FIRST)


def reasons_against(edge: Edge, run: Run) -> tuple[str, ...]:
    """Return every reason why *run* may not take *edge* now; empty when it may."""
    return tuple(reason for need in edge.needs_in(run.plan.mode) if (reason := need(run)) is not None)


def move(run: Run, trigger: str) -> str:
    """Return the state after *trigger*. Raises Refused; never changes *run*."""
    here = [edge for edge in EDGES if edge.source == run.state]
    if trigger not in {edge.trigger for edge in here}:
        possible = ", ".join(edge.trigger for edge in here) or "nothing; this run is over"
        raise Refused(run.run_id, run.state, trigger, (f"from here only: {possible}",))
    token = _Token(run)
    _MACHINE.add_model(token, initial=run.state)
    try:
        token.trigger(_event(trigger))  # type: ignore[attr-defined]
        return token.state
    finally:
        _MACHINE.remove_model(token)


def _build() -> Machine:
    machine = Machine(
        model=None,
        states=list(STATES),
        initial=FIRST,
        auto_transitions=False,
        send_event=True,
    )
    for edge in EDGES:
        agrees = partial(_every_guard_agrees, edge)
        machine.add_transition(_event(edge.trigger), edge.source, edge.target, conditions=agrees)
    return machine


def _every_guard_agrees(edge: Edge, event: EventData) -> bool:
    run: Run = event.model.run  # type: ignore[attr-defined]
    if reasons := reasons_against(edge, run):
        raise Refused(run.run_id, run.state, edge.trigger, reasons)
    return True


def _event(trigger: str) -> str:
    """The library makes methods of triggers; a dash cannot stand in one."""
    return "to_" + trigger.replace("-", "_")


_MACHINE = _build()
