"""The office's side of its work queue: one flow run does one piece of work that the hub asked for, and answers.

It needs the Prefect API and nothing else of the hub. What may take hours runs in a process of its own; the flow run
only waits for it, so that a lost worker costs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from prefect import flow, runtime
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Completed

from flows.desk import ANSWERED, FLOW, TAG, put_reply, reply_of
from flows.prefect_api import Api, prefect_api
from flows.progress import ProgressPage
from tasks.errors import SeedingError, Transient
from tasks.media import Progress
from tasks.office.afar.background import Job
from tasks.office.afar.questions import VERBS, Hands, Question, Reply, answered, failed, read_question
from tasks.ports import OnSite

LOOK_SECONDS = 5.0  # between two looks whether a server that is away is back
PATIENCE_SECONDS = 1800.0  # then the flow run ends, the work goes on, and the hub asks again
ADVANCE = f"advance-fleet/{ANSWERED}"  # the hub's deployment that is told of an answer


@dataclass(frozen=True)
class Bench:
    """What an office works with: its adapters by its page of the inventory, and how long work is started and kept.

    *home* holds the folders of long work; *command* and such a folder start its process.
    """

    hands: Callable[[dict[str, Any]], Hands]
    home: Path
    command: Sequence[str]
    patience_seconds: float = PATIENCE_SECONDS


_factory: Callable[[str], Bench] | None = None


def use_bench(factory: Callable[[str], Bench]) -> None:
    """Say how this process gets the bench of an office, by its id."""
    global _factory
    _factory = factory


def _tell_the_hub(flow: Any, flow_run: FlowRun, state: State) -> None:
    """Have the hub take the answer in at once. Its schedule would come to it later anyway."""
    if state.name != ANSWERED:
        return
    question = read_question(flow_run.parameters["question"])
    with prefect_api() as api:
        hub = api.get(f"/deployments/name/{ADVANCE}")
        if hub is not None:
            body = {
                "name": ANSWERED,
                "parameters": {"only": [question.work.run_id], "look_now": True},
                "idempotency_key": f"answered:{flow_run.id}",
                "tags": [TAG, f"office:{question.office}"],
            }
            api.post(f"/deployments/{hub['id']}/create_flow_run", body)


@flow(name=FLOW, log_prints=False, persist_result=False, on_completion=[_tell_the_hub])
async def office_work(question: str) -> State:
    """Do one piece of the hub's work at this office, or wait for it, and answer. Safe to run again at any time."""
    if _factory is None:
        raise RuntimeError("no bench: call flows.office_work.use_bench() first (deploy/office_entry.py does)")
    asked = read_question(question)
    return _work(_factory(asked.office), asked, str(runtime.flow_run.id))  # nobody else is on this loop


def _work(bench: Bench, question: Question, flow_run_id: str) -> State:
    with prefect_api() as api:
        if reply_of(api, flow_run_id) is not None:  # an earlier try of this very flow run got that far
            return Completed(name=ANSWERED)
    reply = _reply(bench, question, ProgressPage())
    if reply is None:
        return Completed(name="at-work", message=f"{question.verb} goes on; the hub asks again")
    _deliver(flow_run_id, reply, time.monotonic() + bench.patience_seconds)
    Job(bench.home, question).take_away()
    return Completed(name=ANSWERED, message=_words(question, reply))


def _deliver(flow_run_id: str, reply: Reply, until: float) -> None:
    """Put the answer where the hub finds it, as soon as the server is there. Raises Transient when it stays away."""
    while True:
        try:
            with prefect_api() as api:
                if reply_of(api, flow_run_id) is None:
                    _put(api, flow_run_id, reply)
                return
        except Transient:
            if time.monotonic() > until:
                raise
            time.sleep(LOOK_SECONDS)


def _put(api: Api, flow_run_id: str, reply: Reply) -> None:
    try:
        put_reply(api, flow_run_id, reply)
    except Transient:
        raise
    except SeedingError as wrong:
        put_reply(api, flow_run_id, failed(wrong.message, wrong.next))


def _reply(bench: Bench, question: Question, tell: Callable[[OnSite, Progress], None]) -> Reply | None:
    """Return the answer to a question, None while the work goes on."""
    if VERBS[question.verb].long:
        return Job(bench.home, question).wait(bench.command, partial(tell, question.work), bench.patience_seconds)
    return answered(question, lambda: bench.hands(question.inventory))


def _words(question: Question, reply: Reply) -> str:
    error = reply.data.get("error")
    return f"{question.verb}: {error['message']}" if error else f"{question.verb} done"
