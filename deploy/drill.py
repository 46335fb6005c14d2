"""The drill: in a rehearsal a device is lost on its way back, and the clock tells how long the fleet was blind.

Passes come when they would come: every hour the hub looks at what is due, and nothing else. People answer at once, so
what is measured is the product and the clocks it follows, not the people.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from deploy.rehearse import GOAL
from deploy.scenarios.stage import Differs, Stage, must
from flows.passing import run_pass
from states.conditions import blocking
from states.steps import Ask
from tasks import answers

OFFICE, FAULT = "lyon", "device-lost"
PATIENCE = timedelta(days=60)  # a loss nobody has seen by then counts as never seen
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Drilled:
    """What a drill measured, on the simulated clock (UTC)."""

    run_id: str
    lost_at: datetime
    detected_at: datetime
    code: str  # the condition that showed it
    asked: str  # who was asked
    command: str  # what they were told to type
    recovered_at: datetime  # every item is in the vault, by another device

    @property
    def to_detect(self) -> timedelta:
        """From the loss to the condition."""
        return self.detected_at - self.lost_at

    @property
    def to_recover(self) -> timedelta:
        """From the condition to the vault."""
        return self.recovered_at - self.detected_at


def drill(azure: dict[str, Any], home: Path, patience: timedelta = PATIENCE) -> Drilled:
    """Lose a device on its way back, and seed its office all the same.

    Raises Differs when that does not come about, or when nobody has seen the loss within *patience*.
    """
    stage = Stage(azure, home, OFFICE)
    try:
        stage.until("copied")
        stage.control.add_faults({"world": FAULT, "job": stage.now_run.job_name, "when": "PickedUp"})
        stage.until_question("carrier taken")
        stage.be_the_office()
        stage.let_happen(f"mishap: {FAULT}")
        lost_at = stage.rehearsal.clock.now()
        code = _until_seen(stage, lost_at, patience)
        run, step = stage.now_run, stage.step
        must(isinstance(step, Ask) and step.code == code, f"{code} stands, and nobody is asked")
        assert isinstance(step, Ask)
        answers.reorder(stage.book, "drill: the device is lost")
        again = stage.until(GOAL, limit=90)
        recovered_at = again.reached("vaulted")
        must(recovered_at and again.attempt == 2, f"attempt {again.attempt} is {again.state}")
        assert recovered_at is not None
        detected_at = run.conditions[code].at
        return Drilled(run.run_id, lost_at, detected_at, code, step.who, step.command, recovered_at)
    finally:
        stage.close()


def _until_seen(stage: Stage, lost_at: datetime, patience: timedelta) -> str:
    """Let hours pass, each with the pass a hub would make, until something blocks; return its code."""
    while stage.rehearsal.clock.now() - lost_at < patience:
        stage.let_pass(HOUR)
        stage.step = run_pass(stage.world, stage.run_id, look_now=False).step
        if codes := blocking(stage.now_run):
            return codes[0]
    raise Differs(f"nobody saw within {patience.days} days that the device was lost")
