"""`seeding close`: approve the clean-up, or see what it would delete. The next pass deletes."""

from __future__ import annotations

from pathlib import Path

from deploy.cli.answering import answered, sure
from deploy.cli.envelope import Answer, Exit, Trouble
from deploy.cli.opening import Opened, person
from deploy.inventory import load
from deploy.wiring import site
from states.interlock import reasons_to_keep
from tasks import answers
from tasks.left_overs import left_overs


def close(home: Path | None, given: str, *, yes: bool) -> Answer:
    """Approve the clean-up. Raises Refused with every reason against it."""
    opened = Opened(home)
    book = opened.book(given, person())
    if not reasons_to_keep(book.run):  # a refusal needs no question first
        sure(yes, f"delete the seed's containers, its staging place and the order's record of {book.run.run_id}?")
    return answered(home, given, lambda book: answers.approve_close(book, person()))


def dry_run(home: Path | None, given: str, *, yes: bool) -> Answer:
    """List what would go and what would stay, and every reason against it now. Deletes nothing, writes nothing."""
    opened = Opened(home)
    run = opened.shown.run(opened.run_id(given))
    there = left_overs(run, site(opened.where, load(opened.where.inventory), run.plan), opened.clock.now())
    goes, stays = [one for one in there if not one.stays], [one for one in there if one.stays]
    reasons = reasons_to_keep(run)
    lines = [f"would be deleted: {one.text}" for one in goes]
    lines += [f"would stay: {one.text}: {one.stays}" for one in stays]
    lines += [f"not now: {reason}" for reason in reasons]
    data = {
        "run_id": run.run_id,
        "goes": [one.text for one in goes],
        "stays": [{"what": one.text, "why": one.stays} for one in stays],
        "refused": list(reasons),
    }
    troubles = tuple(Trouble("refused", reason, f"seeding explain {run.run_id}") for reason in reasons)
    code = Exit.REFUSED if reasons else (Exit.WITH_GAPS if stays else Exit.DONE)
    return Answer(data, "\n".join(lines) or "nothing is left to be deleted", troubles, code)
