"""Order the device: once, whatever is killed when.

The job's name is the idempotency key: it is derived from the run and the attempt, and Azure takes a name only once.
So the world is always looked at first, and an order of ours that is there is adopted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from states.lines import Draft
from states.run import Run
from states.settle import Outcome
from states.slots import why_to_wait
from tasks.errors import AlreadyExists, NotYet, Rejected
from tasks.journal import Logbook
from tasks.journal.store import Against, Withheld
from tasks.ports import ImportDisk, OrderRequest, Site

TAG_RUN, TAG_ATTEMPT = "seeding-run", "seeding-attempt"


def order(book: Logbook, site: Site) -> Outcome:
    """Return the order as Azure shows it, or that it waits for a slot. Raises Transient, NotYet (not visible yet)."""
    slots = site.slots
    if slots is None:
        return place("order", book, site)
    return place("order", book, site, against=lambda: why_to_wait(book.run.plan, book.orderings(), slots))


def place(
    verb: str,
    book: Logbook,
    site: Site,
    disks: Callable[[], tuple[ImportDisk, ...]] = tuple,
    secrets: tuple[str, ...] = (),
    against: Against | None = None,
) -> Outcome:
    """Place an order or an import job of this run's name, or adopt the one that is there.

    *disks* reads keys, late; *secrets* says which, and stands in the journal before they are read. *against* says why
    not yet; it is asked before Azure is, and again in the moment of the intent.
    """
    run, key = book.run, f"order/{book.run.attempt}"
    job = site.orders.find(run.plan, run.job_name)
    if job is None:
        if against and key not in run.intents and (why := against()):
            return _waits(verb, why)
        if secrets:
            book.write(*(Draft("secret-read", {"what": what}) for what in secrets))
        request = request_for(run, site, disks())
        if objections := site.orders.objections(request):
            text = "; ".join(f"{o.code}: {o.message}" for o in objections)
            only_a_slot = all(objection.passes for objection in objections)
            return _waits(verb, text) if only_a_slot else Outcome(verb, raised=(("order-refused", text),))
        try:
            book.intend(key, verb, {"job": run.job_name, "sku": run.plan.sku}, against)
            site.orders.create(request)
        except Withheld as taken:
            return _waits(verb, taken.message)
        except NotYet as full:  # Azure counts orders that we do not know of
            return replace(_waits(verb, full.message), done=((key, "no slot"),))
        except AlreadyExists:
            pass  # our own call went through before, or somebody was faster: what is there now decides
        except Rejected as refused:
            return Outcome(verb, raised=(("order-refused", refused.message),), done=((key, "refused"),))
        job = site.orders.find(run.plan, run.job_name)
        if job is None:
            raise NotYet(f"Azure accepted order {run.job_name} and does not show it yet")
    open_intent = key in book.run.intents
    if not is_ours(run, site):
        foreign = ("order-foreign", f"{run.job_name} carries no tag of {run.run_id}")
        return Outcome(verb, raised=(foreign,), done=((key, "the name is taken"),) if open_intent else ())
    done = ((key, f"order {job.job_name} exists"),) if open_intent else ()
    return Outcome(verb, evidence=(job,), done=done)


def _waits(verb: str, why: str) -> Outcome:
    return Outcome(verb, raised=(("waits-for-slot", why),))


def request_for(run: Run, site: Site, disks: tuple[ImportDisk, ...] = ()) -> OrderRequest:
    """Return the order this run needs; the tags say whose it is when a crash has made us forget."""
    return OrderRequest(
        job_name=run.job_name,
        plan=run.plan,
        contact=site.contact,
        address=site.address,
        expected_bytes=run.plan.bytes,
        tags={TAG_RUN: run.run_id, TAG_ATTEMPT: str(run.attempt)},
        disks=disks,
        return_carrier=site.return_carrier() if site.return_carrier and disks else None,
    )


def is_ours(run: Run, site: Site) -> bool:
    """Say whether the job of this run's name is tagged as of this run and attempt. Raises NotFound without a job."""
    tags = site.orders.tags(run.plan, run.job_name)
    return tags.get(TAG_RUN) == run.run_id and tags.get(TAG_ATTEMPT) == str(run.attempt)
