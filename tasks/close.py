"""Release what a finished run left behind: the order's record in Azure. Data is a person's to delete.

Runs only behind the edge's guards: every item is vaulted, an incremental succeeded, a person approved.
"""

from __future__ import annotations

from states.facts import Released
from states.settle import Outcome
from tasks.journal import Logbook
from tasks.ports import Site


def close(book: Logbook, site: Site) -> Outcome:
    """Delete the order's record where Azure allows it, and list what a person still has to remove."""
    run, key = book.run, f"delete/{book.run.attempt}"
    job = site.orders.find(run.plan, run.job_name)
    if job is not None and job.deletable:
        book.intend(key, "close", {"job": run.job_name})
        site.orders.delete(run.plan, run.job_name)
    deleted = job is None or job.deletable
    left = (f"the seed's containers in storage account {run.plan.storage_account}",)
    done = ((key, "deleted"),) if key in book.run.intents else ()
    return Outcome("close", evidence=(Released(order_deleted=deleted, left=left),), done=done)
