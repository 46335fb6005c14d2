"""The sample restore: a random sample comes back from the vault and is compared with what was sealed or drawn.

The `files` agent restores it by its own command; with DPM, MABS and MARS a person does, and records the hashes.
"""

from __future__ import annotations

from states.clean_up import by_hand
from states.facts import Evidence
from states.release import SampleDrawn, SampleRestored
from states.run import Run
from states.settle import Outcome
from tasks.errors import NotYet
from tasks.job import Found
from tasks.journal import Logbook
from tasks.on_site import work_for
from tasks.ports import Site
from tasks.sample import confidence, from_manifest


def restore_sample(book: Logbook, site: Site) -> Outcome:
    """Return what the agent restored, compared; or ask a person for it. Raises AgentRefuses, NotYet."""
    run = book.run
    if by_hand(run):
        return Outcome("restore-sample", raised=_asked(run))
    sample = from_manifest(run, site)
    seen = site.samples.restore(work_for(run, book.now()), sample)
    if seen is None:
        raise NotYet(f"the office of {run.run_id} is still restoring the sample")
    evidence: tuple[Evidence, ...] = (sample, seen)
    notes = (f"sample restore: {confidence(len(seen.good), seen.of_files)}",)
    return Outcome("restore-sample", evidence, differing(seen), notes=notes)


def differing(seen: SampleRestored) -> tuple[Found, ...]:
    """Return the condition that a wrong hash is."""
    wrong = ", ".join(seen.wrong[:5])
    return (("restore-differs", f"{len(seen.wrong)} of {seen.drawn}: {wrong}"),) if seen.wrong else ()


def _asked(run: Run) -> tuple[Found, ...]:
    sample, seen = run.get(SampleDrawn), run.get(SampleRestored)
    if sample is None:
        return (("restore-by-hand", "no sample was drawn before the copy, so there is nothing to compare with"),)
    if seen and seen.wrong:
        return differing(seen)
    done = {*seen.good} if seen else set()
    left = [file.name for file in sample.files if file.name not in done]
    if not left:
        return ()
    product = "Recovery view of the DPM console" if run.plan.agent == "dpm" else "Recover Data wizard of the MARS agent"
    steps = (
        f"In the {product} on {run.plan.server} choose the oldest online recovery point, restore to an empty folder, "
        f"and hash each file with `Get-FileHash -Algorithm SHA256`. Still to be recorded, {len(left)} of "
        f"{len(sample.files)}: {', '.join(left)}"
    )
    return (("restore-by-hand", steps),)
