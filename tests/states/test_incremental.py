"""What a first incremental may send, and which online job looks like a full upload: at and beside each mark."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from stories import PLAN, STEP, T0, added, agent, evidence, ready_in

from states.fold import forget
from states.incremental import forecast_bytes, full_uploads, most_bytes, the_schedule_runs_ahead
from states.landing import JobRunning, JobStopped
from states.plan import Item
from states.run import Run

LANDED = ready_in("vaulted").reached("ingested")
COPIED = ready_in("vaulted").evidence_at["copied"]
DAY = timedelta(days=1)


def changing(**daily: int) -> Run:
    """The good run in `vaulted`, its items (mail 600 bytes, sql 400) changing by so much a day."""
    run = ready_in("vaulted")
    items = tuple(replace(item, daily_change_bytes=daily.get(item.name, 0)) for item in PLAN.items)
    return replace(run, plan=replace(run.plan, items=items))


@pytest.mark.parametrize("days, expected", [(0, 0), (0.5, 5), (1, 10), (20, 200), (-1, 0)])
def test_the_forecast_is_the_daily_change_for_the_days_since_the_copy(days: float, expected: int):
    """Not since the landing: what changed on the road must travel, too."""
    assert forecast_bytes(changing(mail=8, sql=2), COPIED + days * DAY) == expected


def test_without_a_copy_on_record_the_days_count_from_the_opening():
    """Too long a time forecasts too much, which never calls a good job a bad one."""
    run = forget(changing(mail=10), ("copied",))

    assert forecast_bytes(run, T0 + 3 * DAY) == 30


@pytest.mark.parametrize("daily, days, most", [
    (0, 30, 30),    # nothing forecast: a twentieth of 600
    (1, 10, 30),    # 15 are fewer than a twentieth
    (2, 10, 30),    # half as much again as 20 is the same
    (4, 10, 60),    # half as much again as 40
    (20, 10, 300),  # half as much again as 200 is half of it
    (50, 30, 300),  # never over the half
])  # fmt: skip
def test_an_item_may_send_half_as_much_again_as_its_forecast_within_bounds(daily: int, days: int, most: int):
    """At least a twentieth of it, at most the half."""
    mail = Item("mail", 600, daily)

    assert most_bytes(changing(mail=daily), COPIED + days * DAY, [mail]) == most


def test_each_item_has_bounds_of_its_own():
    """A big item that hardly changes does not lend its room to a small one."""
    run = changing(mail=0, sql=20)

    assert most_bytes(run, COPIED + 10 * DAY) == 30 + 200


def running(run: Run, item: str, sent: int, **said) -> list[str]:
    """Return what looks like a full upload when this job runs."""
    job = JobRunning(item, COPIED + 10 * DAY, sent)
    return full_uploads(added(run, evidence(agent(LANDED, incremental_at=None, running=(job,), **said))))


@pytest.mark.parametrize("item, most", [("mail", 60), ("sql", 20), ("", 80), ("of-tomorrow", 80)])
def test_a_running_job_is_held_against_the_items_it_covers(item: str, most: int):
    """One that names no item of the plan covers the whole server."""
    run = changing(mail=4)

    assert running(run, item, most) == []
    (told,) = running(run, item, most + 1)
    assert f"sent more than {most} bytes, where about {0 if item == 'sql' else 40} have changed" in told


def test_the_words_stay_the_same_while_it_sends_on():
    """A condition is told once, not once a look."""
    assert running(changing(), "mail", 31) == running(changing(), "mail", 500)


def test_the_job_that_moves_the_seed_into_the_vault_sends_it_all_by_right():
    """Until an item has its recovery point, its bytes are the seed's."""
    assert running(changing(), "mail", 600, items=()) == []


def test_a_finished_first_incremental_is_held_against_the_same_marks():
    """Nobody looked while it ran: it is told all the same."""
    run = added(ready_in("vaulted"), evidence(agent(LANDED, incremental_bytes=51)))

    assert "the first incremental sent more than 50 bytes" in full_uploads(run)[0]
    assert full_uploads(added(run, evidence(agent(LANDED, incremental_bytes=50)))) == []


def test_a_stopped_job_is_remembered_until_somebody_clears_it():
    """Its schedule starts the next one, which would do the same."""
    stopped = added(ready_in("vaulted"), evidence(JobStopped("mail", LANDED + STEP, 70, "ann")))

    assert "was stopped by ann" in full_uploads(stopped)[0]
    assert full_uploads(forget(stopped, ("agent-seen",))) == full_uploads(stopped)
    assert full_uploads(forget(stopped, ("job-stopped",))) == []


@pytest.mark.parametrize("ahead, runs", [(timedelta(0), False), (timedelta(seconds=1), True)])
def test_the_next_run_lies_ahead_of_the_look_that_saw_it(ahead: timedelta, runs: bool):
    """One that was due at that very moment has not run: its task may be switched off."""
    run = ready_in("vaulted")
    seen = agent(LANDED, next_run=run.evidence_at["agent-seen"] + ahead)

    told = the_schedule_runs_ahead(replace(run, evidence={**run.evidence, "agent-seen": seen}))
    assert (told is None) == runs
