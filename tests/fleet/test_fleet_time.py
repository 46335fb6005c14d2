"""How a rehearsed fleet's time passes: to what happens next, past no look that is due, and to what is planned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from deploy.rehearse_fleet import HUB_IS_OFF, LONGEST_WAIT, let_time_pass

BEGUN = datetime(2026, 11, 2, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
LYON = SimpleNamespace(
    run_id="lyon/2026-11", job_name="lyon-job", state="ingested", plan=SimpleNamespace(office="lyon")
)


class Days:
    """The clock and the agenda of an embedded Azure, and the file that tells our processes the time."""

    def __init__(self, agenda: dict[datetime, str]) -> None:
        self.at, self.told, self.agenda = BEGUN, BEGUN, sorted(agenda.items())

    def now(self) -> datetime:
        return self.at

    def next(self) -> tuple[datetime, str] | None:
        return next(((at, what) for at, what in self.agenda if at > self.at), None)

    def jump(self, to: datetime) -> None:
        assert to > self.at
        self.at = to

    def set(self, at: datetime) -> None:
        self.told = at


def passed(due: timedelta, agenda: dict[timedelta, str]) -> timedelta:
    """Return how far time went, with one run open that is due then."""
    days = Days({BEGUN + at: what for at, what in agenda.items()})
    row = SimpleNamespace(run_id=LYON.run_id, state=LYON.state, due=BEGUN + due)
    journal = SimpleNamespace(rows=lambda open_only: [row], run=lambda run_id: LYON)
    rehearsal = SimpleNamespace(control=days, clock=days, journal=journal)
    fleet: Any = SimpleNamespace(rehearsal=rehearsal, stations=[], begun=BEGUN, hub_was_off=False, now=BEGUN)
    let_time_pass(fleet)
    return days.told - BEGUN


def test_time_goes_to_what_the_run_waits_for_and_on_until_it_is_due() -> None:
    """A minute after the event when the run is due by then; not a moment earlier than that."""
    assert passed(due=HOUR, agenda={3 * HOUR: "lyon-job: accepted"}) == 3 * HOUR + timedelta(minutes=1)
    assert passed(due=12 * HOUR, agenda={3 * HOUR: "lyon-job: accepted"}) == 12 * HOUR


def test_a_look_that_is_due_is_made_though_nothing_happens() -> None:
    """A second look waits for nothing but time; other offices' backups must not carry time past it."""
    backups = {day * 24 * HOUR: "oslo: backup" for day in range(1, 5)}

    assert passed(due=HOUR, agenda=backups) == HOUR + LONGEST_WAIT
    assert passed(due=HOUR, agenda={}) == HOUR + LONGEST_WAIT


def test_what_is_planned_is_not_jumped_over() -> None:
    """The hub goes off on its day, whatever Azure has in mind for later."""
    assert passed(due=300 * HOUR, agenda={299 * HOUR: "lyon-job: accepted"}) == HUB_IS_OFF[0]
