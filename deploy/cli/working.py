"""`seeding work`: the worker of an office, or of the hub. A Prefect worker on its own queue, started with one line."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from pathlib import Path

from deploy.cli.envelope import Answer
from deploy.prefect_env import prepare
from deploy.settings import settings
from tasks.errors import InvalidInput, NotYet

HEARTBEAT_SECONDS = 30


def work(home: Path | None, office: str, *, once: bool) -> Answer:
    """Work off the queue of *office* ("" is the hub) until stopped; with *once* only what waits now.

    Flow runs that a worker killed here left behind are started again first. One worker a home: a second one raises
    NotYet.
    """
    where = settings(home)
    if not os.environ.get("PREFECT_API_URL"):
        raise InvalidInput("PREFECT_API_URL is not set", next="name your Prefect server, such as http://host:4200/api")
    where.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ["SEEDING_HOME"] = str(where.home)
    os.environ.setdefault("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", str(HEARTBEAT_SECONDS))
    prepare(where)
    from deploy.fleet.wanted import HUB_QUEUE, POOL, office_queue
    from flows.desk import start_again
    from flows.prefect_api import prefect_api
    from tasks.office.afar.background import held

    queue = office_queue(office) if office else HUB_QUEUE
    with held(where.home / f"worker-{queue}.lock") as mine:
        if not mine:
            raise NotYet(f"a worker for {queue} runs already in {where.home}", next="stop it first")
        with prefect_api() as api:
            found = api.get(f"/work_pools/{POOL}/queues/{queue}")
            if found is None:
                raise InvalidInput(f"Prefect has no queue {queue}", next="run `seeding deploy` on the hub")
            again = start_again(api, POOL, queue)
        print(f"working off {queue}; {again} flow runs that were under way are started again", flush=True)
        _work_off(POOL, queue, once)
    return Answer({"queue": queue})


def _work_off(pool: str, queue: str, once: bool) -> None:
    from prefect.utilities.processutils import setup_signal_handlers_worker
    from prefect.workers.process import ProcessWorker

    setup_signal_handlers_worker(os.getpid(), f"the worker of {queue}", print)
    worker = ProcessWorker(work_pool_name=pool, work_queues=[queue], name=f"{queue}@{socket.gethostname()}")
    with suppress(KeyboardInterrupt):
        asyncio.run(worker.start(run_once=once, printer=print))
