"""The guards between a run whose incrementals run and its clean-up: the sample restore, the papers, the approval.

The interlock over all of them, and over everything that came before, is `reasons_to_keep` in states/interlock.py.
"""

from __future__ import annotations

from states.release import CloseApproved, PapersFiled, Released, SampleDrawn, SampleRestored
from states.run import Run


def a_sample_is_drawn(run: Run) -> str | None:
    """Where a sample restore is asked for, files were drawn and hashed before the agent's copy."""
    if not by_hand(run) or run.get(SampleDrawn):
        return None
    return f"no sample of {run.plan.office} is drawn yet; run `seeding advance {run.run_id}`"


def a_sample_was_restored(run: Run) -> str | None:
    """Where it is asked for, a random sample came back from the vault equal to what was sealed or drawn."""
    if not run.plan.restore_sample:
        return None
    seen = run.get(SampleRestored)
    if seen is None:
        return f"no sample of {run.plan.office} was restored from the vault yet; run `seeding advance {run.run_id}`"
    if seen.wrong:
        named = ", ".join(seen.wrong[:3])
        return f"{len(seen.wrong)} of {seen.drawn} restored files differ: {named}; run `seeding explain {run.run_id}`"
    if len(seen.good) >= seen.drawn > 0:
        return None
    return f"{len(seen.good)} of {seen.drawn} files of the sample are restored; run `seeding explain {run.run_id}`"


def the_papers_are_filed(run: Run) -> str | None:
    """The order's history and its erasure certificate are in the archive, or somebody waived what is missing."""
    papers = run.get(PapersFiled)
    if papers and (not papers.missing or "papers-missing" in run.waivers):
        return None
    missing = ", ".join(papers.missing) if papers else "history and erasure certificate"
    return f"not in the archive: {missing} of {run.job_name}; wait, or run `seeding explain {run.run_id}`"


def somebody_approved_the_close(run: Run) -> str | None:
    """A person agreed that the left-overs may be released."""
    return None if run.get(CloseApproved) else f"nobody approved the clean-up; run `seeding close {run.run_id}`"


def the_left_overs_are_released(run: Run) -> str | None:
    """The clean-up ran to its end."""
    if run.get(Released):
        return None
    return f"the clean-up of {run.job_name} has not run yet; run `seeding advance {run.run_id}`"


def by_hand(run: Run) -> bool:
    """Say whether a person restores the sample: where the agent keeps a format of its own, files are drawn before."""
    return run.plan.restore_sample and run.plan.agent != "files"
