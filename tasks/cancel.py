"""Cancel a run: the Azure order first, while Azure still allows it, then the run."""

from __future__ import annotations

from states.machine import move
from states.run import Run
from states.settle import Outcome, moved
from tasks.journal import Logbook
from tasks.ports import Site


def cancel(book: Logbook, site: Site, reason: str) -> Run:
    """Return the cancelled run. Raises Refused when it is too late, and whatever the order's adapter raises.

    Safe to call twice: the order is looked at first, and an intent marks the one call to Azure.
    """
    key = f"cancel/{book.run.attempt}"
    job = site.orders.find(book.run.plan, book.run.job_name)
    if job is not None:
        book.settle(Outcome("cancel", evidence=(job,)))
    move(book.run, "cancel")
    if job is not None and job.stage != "Cancelled":
        book.intend(key, "cancel", {"job": book.run.job_name})
        site.orders.cancel(book.run.plan, book.run.job_name, reason)
        job = site.orders.find(book.run.plan, book.run.job_name)
    done = ((key, "cancelled"),) if key in book.run.intents else ()
    shown = (job,) if job is not None and job.stage == "Cancelled" else ()  # Azure may show it a little later
    book.settle(Outcome("cancel", evidence=shown, done=done))
    return book.commit(moved(book.run, "cancel", reason, book.now(), book.actor))
