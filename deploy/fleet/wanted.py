"""What Prefect shall hold for an inventory, as values: decided here, compared and written in server.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from prefect import Flow
from prefect.utilities.callables import parameter_schema
from prefect.workers.process import ProcessWorker

from deploy.data import limits
from deploy.drill_flow import drill
from deploy.inventory import Inventory
from deploy.inventory.offices import Office, ScheduleEntry
from flows.advance import advance, advance_fleet
from flows.answering import FORMS
from flows.desk import ANSWERED, TAG
from flows.digest import digest
from flows.office_work import office_work
from flows.verb_task import order_slots

POOL = "seeding"
HUB_QUEUE = "hub"
ANSWERS_QUEUE = "hub-answers"  # one pass at a time: what is answered meanwhile is the next one's
DRILL_CRON = "30 5 1 * *"  # the first of the month, by the operators' clocks
FLEET_CRON = ScheduleEntry().advance  # the hub's pass over every due run; an office's own schedule adds to it
LOST_SECONDS = 90  # three heartbeats
# What the notification block of the inventory is told: automation, resource, event, subject and text.
TELLS = (
    (
        "seeding: somebody is asked",
        "seeding.run.*",
        "seeding.asked",
        "{{ event.resource.name }}: {{ event.payload.who }} is asked",
        "{{ event.payload.question }}\n\nWhat helps: {{ event.payload.command }}",
    ),
    ("seeding: the digest", "seeding.fleet", "seeding.digest", "Offline seeding", "{{ event.payload.text }}"),
)


@dataclass(frozen=True)
class Wanted:
    """One thing in Prefect. *body* holds what is compared and written; its keys are the API's."""

    kind: str  # a key of server.KINDS
    name: str
    body: dict[str, Any]


def wanted(inventory: Inventory, block_id: str = "") -> tuple[Wanted, ...]:
    """Return everything the inventory asks for, in the order in which it can be made.

    *block_id* is that of the notification block which the inventory names, "" where it names none.
    """
    tells = [_tells(block_id, *row) for row in TELLS] if block_id else []
    return (*_things(inventory), *tells)


def office_queue(office: str) -> str:
    """Return the name of an office's own work queue."""
    return f"office-{office}"


def _things(inventory: Inventory) -> Iterator[Wanted]:
    template = ProcessWorker.get_default_base_job_template()
    pool = {"type": "process", "base_job_template": template, "description": "Offline seeding: the hub and the offices"}
    yield Wanted("work pool", POOL, pool)
    yield Wanted("work queue", HUB_QUEUE, {"description": "Passes, forms", "concurrency_limit": None})
    yield Wanted("work queue", ANSWERS_QUEUE, {"description": "Passes after answers", "concurrency_limit": 1})
    for office in inventory.offices:
        if office.worker == "office":
            body = {"description": f"Work at {office.id}", "concurrency_limit": 4}
            yield Wanted("work queue", office_queue(office.id), body)
    for name in dict.fromkeys(order_slots(o.azure.subscription_id, o.country) for o in inventory.offices):
        yield Wanted("concurrency limit", name, {"limit": limits().orders.most, "active": True})
    fleet = {"schedules": [_schedule(FLEET_CRON, "UTC", active=True)], **_one_at_a_time()}
    yield _deployment(advance_fleet, "all", HUB_QUEUE, [], "Every run that is due, of all offices", fleet)
    yield _deployment(advance_fleet, ANSWERED, ANSWERS_QUEUE, [], "Runs that an office has just answered", {})
    yield _deployment(advance, "one-run", HUB_QUEUE, [], "One run, now", {})
    yield _digest(inventory)
    yield _drill(inventory)
    for office in inventory.offices:
        yield _passes_of(office)
        if office.worker == "office":
            about = f"What the hub asks {office.id} to do"
            yield _deployment(office_work, office.id, office_queue(office.id), _tags(office), about, {})
    for form in FORMS:
        yield _deployment(form, "form", HUB_QUEUE, ["form"], form.description or "", {})
    yield Wanted("automation", "seeding: a flow run whose process is gone has crashed", _crashed_when_silent())


def _digest(inventory: Inventory) -> Wanted:
    about = "What needs a person, what changed, what is due soon; once a day"
    told = inventory.operators
    more = {"schedules": [_schedule(told.digest, told.time_zone, active=True)], **_one_at_a_time()}
    return _deployment(digest, "all", HUB_QUEUE, [], about, more)


def _drill(inventory: Inventory) -> Wanted:
    about = "Once a month a device is lost in a rehearsal: how long until it is seen, and made good"
    more = {"schedules": [_schedule(DRILL_CRON, inventory.operators.time_zone, active=True)], **_one_at_a_time()}
    return _deployment(drill, "monthly", HUB_QUEUE, [], about, more)


def _passes_of(office: Office) -> Wanted:
    """Return an office's own passes. Its schedule sleeps where it is the fleet's, which passes over its runs anyway."""
    cron = office.schedule.advance
    schedule = _schedule(cron, office.time_zone, active=cron != FLEET_CRON)
    more = {"parameters": {"office": office.id}, "schedules": [schedule], **_one_at_a_time()}
    about = f"The due runs of {office.id} ({office.country}, {office.mode})"
    return _deployment(advance_fleet, office.id, HUB_QUEUE, _tags(office), about, more)


def _deployment(
    flow: Flow[..., Any], name: str, queue: str, tags: list[str], about: str, more: dict[str, Any]
) -> Wanted:
    body = {
        "entrypoint": f"{'deploy.office_entry' if flow is office_work else 'deploy.entry'}.{flow.fn.__name__}",
        "work_pool_name": POOL,
        "work_queue_name": queue,
        "tags": [TAG, *tags],
        "description": about,
        "parameters": {},
        "parameter_openapi_schema": _schema(flow),
        "enforce_parameter_schema": True,
        "schedules": [],
        "paused": False,
        **more,
    }
    return Wanted("deployment", f"{flow.name}/{name}", body)


def _tags(office: Office) -> list[str]:
    return [f"office:{office.id}", f"country:{office.country}", f"mode:{office.mode}"]


def _schedule(cron: str, time_zone: str, *, active: bool) -> dict[str, Any]:
    return {"schedule": {"cron": cron, "timezone": time_zone, "day_or": True}, "active": active}


def _one_at_a_time() -> dict[str, Any]:
    return {"concurrency_limit": 1, "concurrency_options": {"collision_strategy": "CANCEL_NEW"}}


@cache
def _schema(flow: Flow[..., Any]) -> dict[str, Any]:
    return parameter_schema(flow).model_dump_for_openapi()


def _tells(block_id: str, name: str, resource: str, event: str, subject: str, body: str) -> Wanted:
    trigger = {
        "type": "event",
        "match": {"prefect.resource.id": resource},
        "expect": [event],
        "posture": "Reactive",
        "threshold": 1,
        "within": 0.0,
    }
    action = {"type": "send-notification", "block_document_id": block_id, "subject": subject, "body": body}
    about = "Made by `seeding deploy` for the block that the inventory names"
    return Wanted("automation", name, {"description": about, "enabled": True, "trigger": trigger, "actions": [action]})


def _crashed_when_silent() -> dict[str, Any]:
    """A process that is killed cannot say so: its flow run would seem to run for ever."""
    return {
        "description": "Heartbeats have stopped: kill -9, a lost machine. What was under way is looked at again.",
        "enabled": True,
        "trigger": {
            "type": "event",
            "match": {"prefect.resource.id": "prefect.flow-run.*"},
            "match_related": {"prefect.resource.id": f"prefect.tag.{TAG}"},
            "after": ["prefect.flow-run.heartbeat"],
            "expect": ["prefect.flow-run.*"],
            "for_each": ["prefect.resource.id"],
            "posture": "Proactive",
            "threshold": 1,
            "within": float(LOST_SECONDS),
        },
        "actions": [{"type": "change-flow-run-state", "state": "CRASHED", "name": "lost", "message": "no heartbeat"}],
    }
