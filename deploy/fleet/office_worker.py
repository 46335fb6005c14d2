"""The worker of one or several offices: a Prefect worker that answers the hub's questions in its own process.

A Prefect process worker starts an interpreter a flow run, which takes seconds and 150 MB, and most questions take
milliseconds; what takes hours has a process of its own anyway. Whatever a deployment says, this worker runs one flow.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import sys
from abc import ABC
from contextlib import suppress
from threading import Thread
from typing import Any

from prefect.client.schemas.objects import FlowRun
from prefect.flow_engine import run_flow_async
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker, ProcessWorkerResult

from flows.office_work import office_work

_FLOW: Any = office_work


class OfficeWorker(ProcessWorker, ABC):  # ABC keeps Prefect from registering it in place of the process worker
    """Takes flow runs as the process worker does, and makes each one in a thread of this process.

    The threads end with the worker, as processes would: the next worker takes up what was under way.
    """

    async def run(
        self, flow_run: FlowRun, configuration: ProcessJobConfiguration, task_status: Any = None
    ) -> ProcessWorkerResult:
        """Return when the flow run has ended; status 0 when it could say so itself."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[int] = loop.create_future()

        def make() -> None:
            try:
                asyncio.run(run_flow_async(_FLOW, flow_run, flow_run.parameters, return_type="state"))
                status = 0
            except Exception as lost:  # such as a server that is gone: its state is all that is known of the flow run
                print(f"{flow_run.name}: {type(lost).__name__}", file=sys.stderr, flush=True)
                status = 1
            with suppress(RuntimeError):  # the worker has ended meanwhile
                loop.call_soon_threadsafe(_set, ended, status)

        Thread(target=contextvars.copy_context().run, args=(make,), name=flow_run.name, daemon=True).start()
        if task_status is not None:
            task_status.started(os.getpid())
        return ProcessWorkerResult(status_code=await ended, identifier=str(os.getpid()))


def _set(ended: asyncio.Future[int], status: int) -> None:
    if not ended.done():
        ended.set_result(status)
