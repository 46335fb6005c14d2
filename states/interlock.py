"""The interlock of the clean-up: every reason why nothing of a run may be released yet.

Rule 1. It asks the guards of the edges that lead here, again, on the evidence of now: a point may have gone since.
Rule 2. All reasons, not the first. None means that a person may be asked; `close` asks once more before each deletion.
"""

from __future__ import annotations

from states import clean_up as c
from states.lifecycle import FORWARD, MILESTONES
from states.run import Run

READY = MILESTONES[-2]
PROVING = ("vault", "schedule")  # the edges whose guards prove that the seed is not needed any more


def reasons_to_keep(run: Run) -> tuple[str, ...]:
    """Return every reason against releasing staging, containers and order of *run*; empty when there is none."""
    here = () if run.state == READY else (f"{run.run_id} is {run.state}, not {READY}; wait until it is",)
    proofs = dict.fromkeys(need for edge in FORWARD if edge.trigger in PROVING for need in edge.needs_in(run.plan.mode))
    needs = (*proofs, c.a_sample_was_restored, c.the_papers_are_filed)
    return (*here, *(reason for need in needs if (reason := need(run)) is not None))
