"""The rehearsal's jumps in time: to what a run waits for, and never on without end."""

from __future__ import annotations

import pytest
from journey_host import Journey

from deploy.rehearse import MOST_DAYS, NothingComes, jump


def test_a_run_that_nothing_can_move_ends_the_jumps_with_its_name(journey: Journey) -> None:
    """Before anything is ordered nothing is on the agenda: time stands, and the message names run and command."""
    before = journey.rehearsal.control.now()

    with pytest.raises(NothingComes, match=r"nothing comes for lyon/2026-11 \(planned\)") as told:
        jump(journey.rehearsal)
    assert told.value.next.startswith("seeding explain ") and journey.rehearsal.control.now() == before


@pytest.mark.slow
def test_days_that_bring_nothing_for_an_open_run_are_counted(journey: Journey) -> None:
    """An office's daily backups go on for ever; a run that waits for a person's answer is moved by none of them."""
    journey.until("sydney", "delivered")
    control, begun = journey.rehearsal.control, journey.rehearsal.clock.now()

    with pytest.raises(NothingComes, match=f"within {MOST_DAYS.days} days nothing happens for"):
        while True:
            jump(journey.rehearsal)
    assert control.now() - begun > MOST_DAYS / 2
