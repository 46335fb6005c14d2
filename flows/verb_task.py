"""A verb as a Prefect task: it shows in the UI, and only what is transient is tried again."""

from __future__ import annotations

from prefect import runtime, task
from prefect.cache_policies import NO_CACHE
from prefect.concurrency.sync import concurrency

from states.settle import Outcome
from tasks.errors import Transient
from tasks.journal import Logbook
from tasks.perform import perform
from tasks.ports import Site

ORDER = "order"


def perform_as_task(verb: str, book: Logbook, site: Site, delays: tuple[float, ...]) -> Outcome:
    """Return what the verb brought back, after at most `len(delays)` further tries, so many seconds apart.

    Raises Transient when they are used up, and Overtaken. Nothing is cached or persisted: the journal is the memory.
    """

    @task(
        name=verb,
        task_run_name=f"{book.run.run_id}: {verb}",
        retries=len(delays),
        retry_delay_seconds=list(delays),
        retry_condition_fn=lambda _task, _run, state: _soon(state.result(raise_on_failure=False), delays),
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    def performed() -> Outcome:
        if verb != ORDER or not runtime.deployment.id:  # `seeding deploy` makes deployments and limits alike
            return perform(verb, book, site)
        with concurrency(order_slots(book.run.plan.subscription_id, book.run.plan.country), occupy=1):
            return perform(verb, book, site)

    return performed()


def _soon(result: object, delays: tuple[float, ...]) -> bool:
    """Say whether trying again is worth it in this pass: not when the service wants more time than that."""
    return isinstance(result, Transient) and (result.after_seconds or 0.0) <= max(delays, default=0.0)


def order_slots(subscription_id: str, country: str) -> str:
    """Return the name of Prefect's limit on orders placed at once; Azure counts by subscription and country.

    Passes outside a deployment are not limited.
    """
    return f"orders-{country}-{subscription_id}"
