"""What happened to a run, as Prefect events: the feed in its UI, and what automations notify people by.

`seeding.run.STATE` for each arrival in a state, `seeding.condition.raised` and `.cleared`, `seeding.asked` when a
person is needed. Each is told once: the run's home remembers up to which journal line. An event may be lost with the
server; nothing relies on one. In quiet hours only what cannot wait is told: a question is told afterwards, the rest
stands in the digest.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from prefect.events.schemas.events import Event, RelatedResource, Resource

from states.codec import utc_text
from states.conditions import row_of
from states.lines import Line
from states.playbook import Ask, Step
from states.quiet import QuietHours, cannot_wait
from states.run import Run


def worth_telling(lines: Iterable[Line], now: datetime, quiet: QuietHours | None) -> list[Line]:
    """Return the lines that are told at *now* (UTC): all of them, or in quiet hours those that cannot wait."""
    if quiet is None or not quiet.at(now):
        return list(lines)
    raised = (line for line in lines if line.kind == "condition-raised")
    return [line for line in raised if cannot_wait(line.payload["code"], line.at, now)]


def may_ask(step: Step, now: datetime, quiet: QuietHours | None) -> bool:
    """Say whether a person is told of a question at *now* (UTC). One that must wait is told once it is not quiet."""
    if not isinstance(step, Ask) or quiet is None or not quiet.at(now):
        return True
    return bool(step.code) and cannot_wait(step.code, step.since, now)


def events_of(run: Run, lines: Iterable[Line], home: UUID) -> list[dict[str, Any]]:
    """Return the events that these lines of the run's journal are, ready for the API."""
    found = []
    for line in lines:
        code = line.payload.get("code", "")
        if line.kind == "transition":
            found.append(_event(run, home, f"seeding.run.{line.payload['target']}", line.hash, _said(line), {}))
        elif line.kind in ("condition-raised", "condition-cleared"):
            row = row_of(code)
            labels = {"seeding.condition": code, "seeding.severity": row.severity, "seeding.whose": row.whose}
            found.append(_event(run, home, f"seeding.{line.kind.replace('-', '.')}", line.hash, _said(line), labels))
    return found


def asked_event(run: Run, step: Step, home: UUID) -> dict[str, Any] | None:
    """Return the event that a person is needed, None when nobody is. The same question has the same id."""
    if not isinstance(step, Ask):
        return None
    said = {"who": step.who, "question": step.question, "command": step.command, "since": utc_text(step.since)}
    labels = {"seeding.who": step.who, "seeding.condition": step.code}
    return _event(run, home, "seeding.asked", f"{run.attempt} {step.question}", said, labels)


def _said(line: Line) -> dict[str, Any]:
    names = ("source", "target", "code", "detail", "reason")
    kept = {name: line.payload[name] for name in names if name in line.payload}
    return {**kept, "at": utc_text(line.at), "by": line.actor, "line": line.seq}


def _event(
    run: Run, home: UUID, name: str, about: str, payload: dict[str, Any], labels: dict[str, str]
) -> dict[str, Any]:
    plan, run_resource = run.plan, f"seeding.run.{run.run_id}"
    resource = {
        "prefect.resource.id": run_resource,
        "prefect.resource.name": run.run_id,
        "seeding.office": plan.office,
        "seeding.state": run.state,
        **labels,
    }
    related = [
        {"prefect.resource.id": f"seeding.office.{plan.office}", "prefect.resource.role": "office"},
        {"prefect.resource.id": f"seeding.country.{plan.country}", "prefect.resource.role": "country"},
        {"prefect.resource.id": f"prefect.flow-run.{home}", "prefect.resource.role": "flow-run"},
    ]
    event = Event(
        event=name,
        resource=Resource(root=resource),
        related=[RelatedResource(root=one) for one in related],
        payload=payload,
        id=uuid5(NAMESPACE_URL, f"{run_resource}:{utc_text(run.opened_at)}:{name}:{about}"),
    )
    return event.model_dump(mode="json")
