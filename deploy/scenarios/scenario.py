"""What a row of the scenario table is, and how one is played."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from deploy.scenarios.stage import Stage, must
from states.conditions import row_of
from states.run import Run
from states.steps import Ask

Deed = Callable[[Any], object]  # does something to a Stage, or to the Bench of the own-disk mode
Kind = Literal["goes on by itself", "waits for a person", "is given up", "is refused"]


@dataclass(frozen=True)
class Ending:
    """How a scenario ends: who ends it, by what deed, and where the run stands then (and in which attempt)."""

    kind: Kind
    deed: Deed
    then: str
    attempt: int = 1


@dataclass(frozen=True)
class Scenario:
    """One fault, from the moment before it strikes to its end.

    *rows* are the numbers of the trade's faults it shows. `start` brings the stage to where it strikes, `harm` lets
    it, *happens* is what time brings before anybody can see it. Then *code* must stand while the run is *state*, its
    detail hold *says*, and what the product tells people to do hold *helps*.
    """

    rows: tuple[int, ...]
    code: str
    what: str
    start: Deed
    harm: Deed
    state: str
    helps: str
    ending: Ending
    office: str
    says: str = ""
    happens: str = ""
    answering: bool = True

    @property
    def expected(self) -> Seen:
        """What a play of this row must show."""
        row = row_of(self.code)
        asked = ("Azure" if row.whose == "Azure" else f"the {row.whose}") if row.severity == "blocks" else ""
        return Seen(self.state, self.code, asked, self.ending.kind, self.ending.then, self.ending.attempt)


@dataclass(frozen=True)
class Seen:
    """What a play showed: where the run stood with which code, whom it asked ("" when it did not stop), its end."""

    state: str
    code: str
    asked: str
    kind: Kind
    then: str
    attempt: int

    def __str__(self) -> str:
        """Return it as one cell of the table."""
        told = f"{self.asked} is asked" if self.asked else "a warning"
        again = f" (attempt {self.attempt})" if self.attempt > 1 else ""
        return f"{self.state}: {self.code}, {told}; {self.kind}: {self.then}{again}"


def played(scenario: Scenario, stage: Stage) -> Seen:
    """Play *scenario* on its fresh *stage* to its end; return what was seen. Raises Differs, and what deeds raise."""
    scenario.start(stage)
    scenario.harm(stage)
    if scenario.happens:
        stage.let_happen(scenario.happens)
    run = stage.until_condition(scenario.code, answering=scenario.answering)
    remedy = row_of(scenario.code).remedy.format(run=run.run_id)
    detail = run.conditions[scenario.code].detail
    must(scenario.helps in remedy, f"{scenario.code} does not tell to {scenario.helps!r}: {remedy}")
    must(scenario.says in detail, f"{scenario.code} does not say {scenario.says!r}: {detail}")
    asked = stage.step.who if isinstance(stage.step, Ask) and stage.step.code == scenario.code else ""
    scenario.ending.deed(stage)
    after = stage.now_run
    nothing_is_lost_or_done_twice(stage, after)
    return Seen(run.state, scenario.code, asked, scenario.ending.kind, after.state, after.attempt)


def nothing_is_lost_or_done_twice(stage: Stage, run: Run) -> None:
    """Check the journal's chain, and that Azure did each effect at most once for each order. Raises Differs."""
    checked = stage.rehearsal.journal.check(run.run_id)
    must(checked == run.seq, f"the journal of {run.run_id} holds to line {checked} of {run.seq}")
    most = max(1, sum(passage.state == "copied" for passage in run.history))  # a reopened run may send its job anew
    for effect, counts in stage.control.stats().items():
        for job, count in counts.items():
            must(count <= most, f"{effect} of {job} was done {count} times")
