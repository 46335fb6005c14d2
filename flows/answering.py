"""The deployments behind the forms: each takes one answer of a person, tells the run, and makes a pass at once.

The same functions as on the command line, tasks/answers.py. A refusal is the flow run's final state, with its reasons.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows import forms
from flows.advance import pass_and_show
from flows.prefect_api import prefect_api
from flows.world import World, current
from states.refused import Refused
from states.run import Run
from tasks import answers
from tasks.cancel import cancel as cancel_order
from tasks.errors import SeedingError
from tasks.journal import Logbook
from tasks.journal.finding import run_named
from tasks.perform import text_of
from tasks.stop_job import stop_job as stop_online_job

_FLOW: dict[str, Any] = {"flow_run_name": "{answer.run}", "log_prints": False, "persist_result": False}


@flow(name="delivered", **_FLOW)
async def delivered(answer: forms.Delivered) -> State:
    """The device has arrived at the office: which one, and is it intact?"""
    return await _told(answer, lambda b: answers.delivered(b, answer.serial, answer.by, intact=answer.intact))


@flow(name="attached", **_FLOW)
async def attached(answer: forms.Attached) -> State:
    """Own drives are attached, and these may be formatted."""
    return await _told(answer, lambda book: answers.attached(book, tuple(answer.serials), answer.by))


@flow(name="prepared", **_FLOW)
async def prepared(answer: forms.Prepared) -> State:
    """Prepare to ship ended without errors (Data Box), or the disks were removed safely (Data Box Disk)."""
    return await _told(answer, lambda book: answers.prepared(book, answer.by, answer.reference))


@flow(name="handed-over", **_FLOW)
async def handed_over(answer: forms.HandedOver) -> State:
    """The carrier has taken the device or the parcel."""
    tell = answers.handed_over
    return await _told(answer, lambda b: tell(b, answer.by, answer.carrier, answer.tracking, answer.gate_code))


@flow(name="restored", **_FLOW)
async def restored(answer: forms.Restored) -> State:
    """A file of the sample was restored from the vault by hand; its hash decides."""
    return await _told(answer, lambda book: answers.restored(book, {answer.file: answer.sha256}, answer.by))


@flow(name="waive", **_FLOW)
async def waive(answer: forms.Waive) -> State:
    """Record that a condition shall not stop a run."""
    return await _told(answer, lambda book: answers.waive(book, answer.code, answer.reason))


@flow(name="hold", **_FLOW)
async def hold(answer: forms.Hold) -> State:
    """Stop a run where it is."""
    return await _told(answer, lambda book: answers.hold(book, answer.reason))


@flow(name="resume", **_FLOW)
async def resume(answer: forms.Resume) -> State:
    """Clear a hold and every condition that blocks, and let the run try again."""
    return await _told(answer, lambda book: answers.resume(book, answer.reason))


@flow(name="cancel", **_FLOW)
async def cancel(answer: forms.Cancel) -> State:
    """Cancel a run with its order while Azure allows it, or give it up."""
    if answer.how != "cancel the order":
        return await _told(answer, lambda book: answers.abandon(book, answer.reason))
    site_of = current().site_of
    return await _told(answer, lambda book: cancel_order(book, site_of(book.run.plan), answer.reason))


@flow(name="reorder", **_FLOW)
async def reorder(answer: forms.Reorder) -> State:
    """Order again: the device is lost, damaged, or the ingestion was incomplete."""
    return await _told(answer, lambda book: answers.reorder(book, answer.reason))


@flow(name="reopen", **_FLOW)
async def reopen(answer: forms.Reopen) -> State:
    """Go back to the copy before the device leaves the office."""
    return await _told(answer, lambda book: answers.reopen(book, answer.reason))


@flow(name="stop-job", **_FLOW)
async def stop_job(answer: forms.StopJob) -> State:
    """Stop the online job that the office's backup agent runs now."""
    site_of = current().site_of
    return await _told(answer, lambda book: stop_online_job(book, site_of(book.run.plan)))


@flow(name="close", **_FLOW)
async def close(answer: forms.ApproveClose) -> State:
    """Approve the clean-up of a run whose incrementals run."""
    return await _told(answer, lambda book: answers.approve_close(book, answer.by))


FORMS = (
    delivered,
    attached,
    prepared,
    handed_over,
    restored,
    waive,
    hold,
    resume,
    cancel,
    reorder,
    reopen,
    stop_job,
    close,
)


async def _told(answer: forms.Form, tell: Callable[[Logbook], Run]) -> State:
    world = current()
    try:
        run_id = await asyncio.to_thread(_record, world, answer, tell)
        run = await asyncio.to_thread(pass_and_show, world, run_id, look_now=True)
    except Refused as refused:
        return Failed(name="refused", message="; ".join(refused.reasons))
    except SeedingError as wrong:
        return Failed(name="refused", message=text_of(wrong))
    return Completed(name=run.state, message=f"recorded for {run_id}")


def _record(world: World, answer: forms.Form, tell: Callable[[Logbook], Run]) -> str:
    run_id = run_named(world.journal.rows(), answer.run)
    book = Logbook(world.journal, run_id, world.clock.now, _who(answer))
    tell(book)
    book.leave(None)  # something happened: a pass that comes later must look at once, too
    return run_id


def _who(answer: forms.Form) -> str:
    """Return the journal's actor: the user Prefect knows, where its server has users; else the name in the form."""
    with prefect_api() as api:
        found = api.get(f"/flow_runs/{runtime.flow_run.id}") if runtime.flow_run.id else None
    user = (found or {}).get("created_by") or {}
    known = user.get("display_value") if user.get("type") == "USER" else None
    return f"{answer.by} ({known})" if known else answer.by
