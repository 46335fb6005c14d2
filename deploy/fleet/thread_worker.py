"""The worker behind `seeding work`: a Prefect worker that makes the flow runs of its queues in its own process.

A Prefect process worker starts an interpreter a flow run: seconds, and 150 MB. Most passes and questions take less than
one. What takes hours has a process of its own anyway. Whatever a deployment names, only known flows are made.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import sys
import time
from abc import ABC
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Thread
from typing import Any

from prefect import Flow
from prefect.client.schemas.objects import FlowRun
from prefect.flow_engine import run_flow
from prefect.workers.base import BaseWorker
from prefect.workers.process import ProcessJobConfiguration, ProcessVariables, ProcessWorkerResult

from flows.desk import schedule_again
from flows.prefect_api import prefect_api
from tasks.errors import Transient

UNKNOWN = 1  # the exit status of a flow run whose flow is none of this worker's
LOOK_SECONDS = 5.0


_Base = BaseWorker[ProcessJobConfiguration, ProcessVariables, ProcessWorkerResult]


class ThreadWorker(_Base, ABC):  # ABC keeps Prefect from registering it in place of the process worker
    """Takes flow runs as the process worker does, and makes each one in a thread with a loop of its own.

    The threads end with the worker, as processes would: the next worker takes up what was under way.
    """

    type = "process"
    job_configuration = ProcessJobConfiguration
    job_configuration_variables = ProcessVariables
    _flows: dict[str, Flow[..., Any]]
    _before_each: Callable[[], None]

    def knows(self, flows: Iterable[Flow[..., Any]], before_each: Callable[[], None] = lambda: None) -> None:
        """Say which flows this worker makes, and what it does before each flow run."""
        self._flows, self._before_each = {flow.name: flow for flow in flows}, before_each

    async def run(
        self, flow_run: FlowRun, configuration: ProcessJobConfiguration, task_status: Any = None
    ) -> ProcessWorkerResult:
        """Return when the flow run has ended; status 0 unless its flow is unknown."""
        found = await self.client.read_flow(flow_run.flow_id)
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[int] = loop.create_future()

        def make() -> None:
            status = self._make(self._flows[found.name], flow_run) if found.name in self._flows else UNKNOWN
            with suppress(RuntimeError):  # the worker has ended meanwhile
                loop.call_soon_threadsafe(_set, ended, status)

        Thread(target=contextvars.copy_context().run, args=(make,), name=flow_run.name, daemon=True).start()
        if task_status is not None:
            task_status.started(os.getpid())
        return ProcessWorkerResult(status_code=await ended, identifier=str(os.getpid()))

    def _make(self, flow: Flow[..., Any], flow_run: FlowRun) -> int:
        try:
            self._before_each()
            made: Any = run_flow(flow, flow_run=flow_run, return_type="state")
            asyncio.run(made)
        except Exception as lost:  # a server that went away: nobody knows how the flow run ended, so it is made again
            print(f"{flow_run.name}: {type(lost).__name__}: {lost}", file=sys.stderr, flush=True)
            _again(flow_run)
        return 0


def _again(flow_run: FlowRun) -> None:
    """Schedule a flow run anew as soon as the server is there; every flow of ours may run twice."""
    while True:
        try:
            with prefect_api() as api:
                return schedule_again(api, str(flow_run.id))
        except Transient:
            time.sleep(LOOK_SECONDS)


def _set(ended: asyncio.Future[int], status: int) -> None:
    if not ended.done():
        ended.set_result(status)
