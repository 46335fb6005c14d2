"""How scenarios end, whatever brings the device: by themselves, by what a person types, or by giving the run up.

Each deed does what the product told people to do, and raises Differs when the run does not go on from there.
"""

from __future__ import annotations

from deploy.scenarios.harms import Harm
from deploy.scenarios.scenario import Deed, Ending
from deploy.scenarios.stage import Stage, must
from states.conditions import blocking
from tasks import answers
from tasks.stop_job import stop_job

REORDER, RESUME = "seeding reorder", "seeding resume"


def by_itself(then: str) -> Ending:
    """Return the ending in which nobody does anything, and the run comes to *then*."""
    return Ending("goes on by itself", lambda stage: gone_on(stage, then), then)


def person(deed: Deed, then: str, attempt: int = 1) -> Ending:
    """Return an ending that a person brings about."""
    return Ending("waits for a person", deed, then, attempt)


def resumed(then: str, mend: Harm | None = None) -> Ending:
    """Return the ending in which the cause is mended, somebody types `seeding resume`, and the run comes to *then*."""

    def deed(stage: Stage) -> None:
        if mend:
            mend(stage)
        answers.resume(stage.book)
        gone_on(stage, then)

    return person(deed, then)


def mended(then: str, mend: Harm) -> Ending:
    """Return the ending in which the cause is mended, the next look sees it, and the run comes to *then*."""

    def deed(stage: Stage) -> None:
        mend(stage)
        gone_on(stage, then)

    return person(deed, then)


def waived(code: str, then: str) -> Ending:
    """Return the ending in which a person accepts it, for a reason, and the run comes to *then*."""

    def deed(stage: Stage) -> None:
        answers.waive(stage.book, code, "looked at by hand")
        gone_on(stage, then)

    return person(deed, then)


def gone_on(stage: Stage, then: str) -> None:
    """Play on until the run has come to *then*, and nothing blocks it there."""
    if stage.now_run.state != then:
        stage.until(then)
    nothing_blocks(stage)


def ordered_again(stage: Stage) -> None:
    """`seeding reorder`: a second order, in its own name, while the source still has everything."""
    before = stage.now_run.job_name
    answers.reorder(stage.book, "the first device is no use")
    run = stage.passed("ordered")
    must(run.job_name != before, f"{before} is ordered again")
    nothing_blocks(stage)


def tagged_as_ours(stage: Stage) -> None:
    """A person looked at the order, gave it our tags, and resumes."""
    run, group = stage.now_run, stage.rehearsal.azure["resource_group"]
    tags = {"seeding-run": run.run_id, "seeding-attempt": "1"}
    stage.portal.jobs.begin_update(group, run.job_name, {"tags": tags}, polling=False)
    answers.resume(stage.book)
    gone_on(stage, "ordered")


def chosen_in_the_portal(stage: Stage) -> None:
    """A person chose Resume in the portal; we never choose for them."""
    run = stage.now_run
    stage.portal.mitigate(run.job_name, stage.rehearsal.azure["resource_group"], {"customerResolutionCode": "Resume"})
    landed(stage)


def called_the_carrier(stage: Stage) -> None:
    """The office calls the carrier itself, who takes the device."""
    gone_on(stage, "shipped")


def job_stopped(stage: Stage) -> None:
    """`seeding stop-job`, and once the cause is found `seeding resume`: the next incremental is a small one."""
    run = stop_job(stage.book, stage.world.site_of(stage.now_run.plan))
    must("full-upload" in run.conditions, "the upload does not stop the run any more")
    answers.resume(stage.book)
    gone_on(stage, "incremental-scheduled")


def landed(stage: Stage) -> None:
    """The datacenter finishes, and the run comes to `ingested`."""
    stage.let_happen(": Completed")
    stage.until_state("ingested")
    nothing_blocks(stage)


def nothing_blocks(stage: Stage) -> None:
    """Check that nothing blocks, but for the schedule of an agent that nobody ever configured."""
    left = set(blocking(stage.now_run)) - {"schedule-paused"}
    must(not left, f"still blocked by {', '.join(left)}")


def _given_up(stage: Stage) -> None:
    answers.abandon(stage.book, "another way was found")


AGAIN = person(ordered_again, "ordered", 2)
GIVEN_UP = Ending("is given up", _given_up, "abandoned")
