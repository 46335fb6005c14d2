"""`seeding adopt`: an order that was made by hand in the portal becomes a run, in the state its evidence says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from deploy.cli.envelope import Answer, Exit, Trouble
from deploy.cli.opening import Opened, person
from deploy.cli.results import run_data
from deploy.cli.starting import first_lines, free_id
from deploy.inventory import load
from states.plan import Plan
from states.planning import problems
from states.run import Run
from tasks.errors import InvalidInput, Rejected


def adopted(home: Path | None, office: str, job: str, manifest: Path | None) -> Answer:
    """Adopt order *job* for *office*. What the plan breaks is told and does not stop: the order exists already."""
    from deploy.wiring import site as site_of
    from tasks.adopt import adopt, adoptable

    opened = Opened(home, make=True)
    inventory = load(opened.where.inventory)
    entry = inventory.office(office)
    if entry is None:
        raise InvalidInput(f"{opened.where.inventory} has no office {office}", next="seeding validate")
    plan = replace(entry.plan(job), restore_sample=False)  # no sample was drawn while the source was as it is sealed
    site, now = site_of(opened.where, inventory, plan), opened.clock.now()
    begun = _begun(opened, plan)
    run_id = begun or free_id(opened, f"{office}/{now:%Y-%m}")
    found = adoptable(Run(run_id, plan, now), site, manifest)
    breaches = problems(plan, entry.limits)
    if not begun:
        opened.journal.open(run_id, first_lines(plan, breaches, {}), now, person())
    book = opened.book(run_id, person())
    run = adopt(book, site, found)
    book.leave(None)
    told = tuple(Trouble(p.code, p.message, p.next) for p in breaches)
    text = f"{run.run_id} is {run.state}: order {job} is at {found.job.stage}. Next: seeding advance {run.run_id}"
    return Answer(run_data(run), text, told, Exit.WITH_GAPS if told else Exit.DONE)


def _begun(opened: Opened, plan: Plan) -> str:
    """Return the open run that an earlier call opened for this order, "" for none. Raises Rejected for another's."""
    for row in opened.journal.rows(open_only=True):
        if row.office != plan.office:
            continue  # an order of another office's run carries its tag
        run = opened.journal.run(row.run_id)
        if plan.job_name in run.job_names and plan.resource_group == run.plan.resource_group:
            if run.plan == plan and run.state in ("planned", "ordered"):
                return run.run_id
            raise Rejected(f"order {plan.job_name} belongs to {run.run_id} already",
                           next=f"seeding explain {run.run_id}")  # fmt: skip
    return ""
