"""What counts as a rehearsal that came to its goal. Pure: the rehearsal itself is test_rehearse_command.py's."""

from __future__ import annotations

from stories import added, condition, run_in

from deploy.cli.rehearse import GOAL, is_stuck


def test_a_run_at_the_goal_that_is_blocked_is_no_success() -> None:
    """A sample restore that differs stops a run in its last state; a warning does not."""
    there = run_in(GOAL)

    assert not is_stuck(there)
    assert not is_stuck(added(there, condition("agent-silent")))
    assert is_stuck(added(there, condition("restore-differs")))
    assert is_stuck(run_in("vaulted"))
