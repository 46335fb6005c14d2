"""`seeding work`: the worker of the hub, or of offices. A Prefect worker on its own queues, started with one line."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from deploy.cli.envelope import Answer
from deploy.prefect_env import prepare
from deploy.settings import Settings, settings
from tasks.errors import InvalidInput, NotYet

HEARTBEAT_SECONDS = 30


def work(home: Path | None, offices: Sequence[str], *, once: bool) -> Answer:
    """Work off the queues of these offices (none is the hub) until stopped; with *once* only what waits now.

    Flow runs that a worker killed here left behind are started again first. Several offices have a home each, below the
    home. One worker a home: a second one raises NotYet.
    """
    where = settings(home)
    if not os.environ.get("PREFECT_API_URL"):
        address = "https://prefect.example.com/api"
        raise InvalidInput("PREFECT_API_URL is not set", next=f"name your Prefect server, such as {address}")
    homes = {office: where if len(offices) == 1 else Settings(where.home / office) for office in offices}
    for one in (where, *homes.values()):
        one.make()
    os.environ["SEEDING_HOME"] = str(where.home)
    os.environ.setdefault("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", str(HEARTBEAT_SECONDS))
    prepare(where)
    from deploy.fleet.wanted import ANSWERS_QUEUE, HUB_QUEUE, office_queue

    queues = {office_queue(office): one for office, one in homes.items()}
    queues = queues or {HUB_QUEUE: where, ANSWERS_QUEUE: where}
    with ExitStack() as alone:
        for queue, one in queues.items():
            _alone(alone, one, queue)
        print(f"working off {', '.join(queues)}; {_begun_again(queues)} flow runs are started again", flush=True)
        _work_off(list(queues), homes, where, once)
    return Answer({"queues": list(queues)})


def _alone(until_the_end: ExitStack, where: Settings, queue: str) -> None:
    from tasks.office.afar.background import held

    if not until_the_end.enter_context(held(where.home / f"worker-{queue}.lock")):
        raise NotYet(f"a worker for {queue} runs already in {where.home}", next="stop it first")


def _begun_again(queues: Mapping[str, Settings]) -> int:
    from deploy.fleet.wanted import POOL
    from flows.desk import start_again
    from flows.prefect_api import prefect_api

    with prefect_api() as api:
        for queue in queues:
            if api.get(f"/work_pools/{POOL}/queues/{queue}") is None:
                raise InvalidInput(f"Prefect has no queue {queue}", next="run `seeding deploy` on the hub")
        return sum(start_again(api, POOL, queue) for queue in queues)


def _work_off(queues: list[str], homes: Mapping[str, Settings], where: Settings, once: bool) -> None:
    from prefect.utilities.processutils import setup_signal_handlers_worker

    from deploy.fleet.thread_worker import ThreadWorker
    from deploy.fleet.wanted import POOL

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job has it ignored: no way to stop
    setup_signal_handlers_worker(os.getpid(), f"the worker of {queues[0]}", print)
    worker = ThreadWorker(work_pool_name=POOL, work_queues=queues, name=f"{queues[0]}@{socket.gethostname()}")
    if homes:
        from deploy.office_entry import office_work, use_homes

        use_homes(homes)
        worker.knows([office_work])
    else:
        from deploy import entry

        worker.knows([getattr(entry, name) for name in entry.__all__], _up_to_date(where))
    with suppress(KeyboardInterrupt):
        asyncio.run(worker.start(run_once=once, printer=print))


def _up_to_date(where: Settings) -> Callable[[], None]:
    """Return what reads the inventory anew when it has changed."""
    from deploy.wiring import use_home

    seen = _stamp(where)

    def look() -> None:
        nonlocal seen
        if (now := _stamp(where)) != seen:
            seen = now
            use_home(where.home)

    return look


def _stamp(where: Settings) -> tuple[int, int]:
    try:
        found = where.inventory.stat()
    except FileNotFoundError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
