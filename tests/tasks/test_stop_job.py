"""Stopping an online job: told before, done once, remembered until a person has looked into it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from fakes import Crash, FakeOffice, FakeVault, FakeWorld, Trouble
from stories import RUN_ID, agent, points

from states.landing import AgentSeen, JobRunning, JobStopped
from states.refused import Refused
from tasks import answers
from tasks.errors import NotYet
from tasks.perform import perform
from tasks.stop_job import stop_job


class BusyOffice(FakeOffice):
    """An office whose backup server is at work on an online job until it is asked to stop."""

    def __init__(self, seen: AgentSeen, job: JobRunning) -> None:
        super().__init__(Trouble())
        self.seen, self.job, self.stops, self.stubborn = seen, job, 0, False

    def agent(self, _: object) -> AgentSeen:
        """Answer with the job while it runs."""
        self.trouble.begin("agent")
        jobs = (self.job,) if not self.stops else ()
        return AgentSeen(**{**vars(self.seen), "running": jobs})

    def stop_online_job(self, work: object) -> AgentSeen:
        """Stop it."""
        self.trouble.begin("stop_online_job")
        self.stops += not self.stubborn
        self.trouble.end("stop_online_job")
        return self.agent(work)


def busy(folder: Path, sent: int) -> FakeWorld:
    """A vaulted run whose first incremental runs and has sent so many bytes of the seed's thousand."""
    world = FakeWorld(folder, "vaulted")
    landed = world.journal.run(RUN_ID).reached("ingested")
    assert landed is not None
    world.vault = FakeVault(known=points(landed))
    world.office = BusyOffice(agent(landed, incremental_at=None), JobRunning("", world.time, sent))
    return world


def seen(world: FakeWorld):
    """Look, settle, and return the run."""
    book = world.book()
    return book.settle(perform("schedule-incrementals", book, world.site))


def test_an_intent_is_written_before_the_agent_is_asked_and_closed_after(tmp_path: Path):
    """The order of the lines is the proof."""
    world = busy(tmp_path, 60)
    seen(world)

    run = stop_job(world.book(), world.site)

    kinds = [line.kind for line in world.journal.lines(RUN_ID) if line.payload.get("key", "").startswith("stop-job/")]
    assert kinds == ["intent", "outcome"] and world.office.stops == 1
    assert run.get(JobStopped) and run.get(JobStopped).bytes == 60


def test_a_full_upload_that_was_stopped_blocks_until_a_person_resumes(tmp_path: Path):
    """The next scheduled job would do the same: that no job runs now mends nothing."""
    world = busy(tmp_path, 60)
    assert "sent more than 50 bytes" in seen(world).conditions["full-upload"].detail
    stop_job(world.book(), world.site)

    run = seen(world)
    assert "was stopped by" in run.conditions["full-upload"].detail
    answers.resume(world.book(), "the seed is used now")
    assert seen(world).conditions == {}


def test_a_job_of_the_size_of_the_forecast_may_go_on(tmp_path: Path):
    """No alarm while it runs; who stops it all the same leaves no condition."""
    world = busy(tmp_path, 50)
    assert seen(world).conditions == {}

    run = stop_job(world.book(), world.site)

    assert run.get(JobStopped) is None and seen(world).conditions == {}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_stop_that_dies_is_ended_by_the_next_one(tmp_path: Path, moment: str):
    """The open intent says that somebody wanted it; the agent says whether it still runs."""
    world = busy(tmp_path, 60)
    getattr(world.office.trouble, moment)["stop_online_job"] = [Crash()]
    with pytest.raises(Crash):
        stop_job(world.book(), world.site)
    assert len(world.journal.run(RUN_ID).intents) == 1

    run = stop_job(world.book(), world.site)

    assert run.intents == {} and world.office.stops == 1


def test_a_job_that_goes_on_is_not_called_stopped(tmp_path: Path):
    """The intent stays open, and the next try ends it."""
    world = busy(tmp_path, 60)
    world.office.stubborn = True
    with pytest.raises(NotYet, match="still stopping"):
        stop_job(world.book(), world.site)
    assert len(world.journal.run(RUN_ID).intents) == 1

    world.office.stubborn = False
    assert stop_job(world.book(), world.site).intents == {}


def test_where_nothing_runs_nothing_is_stopped(tmp_path: Path):
    """Refused with the server's name, and not a word in the journal about a stop."""
    world = busy(tmp_path, 60)
    world.office.stops = 1

    with pytest.raises(Refused, match="no online job runs on PER-DPM01"):
        stop_job(world.book(), world.site)
    assert world.journal.run(RUN_ID).intents == {}


@pytest.mark.parametrize("state", ["ordered", "shipped", "closed"])
def test_a_job_is_stopped_only_after_the_seed_has_landed(tmp_path: Path, state: str):
    """Before that an online job is the copy itself."""
    with pytest.raises(Refused, match="only while the run is ingested or"):
        stop_job(*(lambda world: (world.book(), world.site))(FakeWorld(tmp_path, state)))


def test_a_silent_agent_stops_nothing_and_says_so(tmp_path: Path):
    """The line is open or it is not; a guess would be worse."""
    world = busy(tmp_path, 60)
    world.office.trouble.before["agent"] = [NotYet("no answer")]

    with pytest.raises(NotYet, match="no answer"):
        stop_job(world.book(), world.site)
    assert world.time - world.journal.run(RUN_ID).since < timedelta(hours=1)
