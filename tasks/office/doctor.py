"""Is an office's backup agent ready for this plan? Reads only; every finding says what was seen and what to do.

Meant to be run on the backup server itself, as the account the worker runs as: only there the device's path means
what it will mean to the copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from states.landing import AgentSeen
from states.plan import Plan
from states.witnesses import same_host
from tasks.errors import SeedingError
from tasks.findings import Finding
from tasks.office.agent import CommandMissing, Witness
from tasks.office.answer import AgentAnswer
from tasks.office.job_texts import explained
from tasks.office.witness import agent_seen, kind_of, named

Look = Callable[[AgentAnswer, AgentSeen, Plan], Iterator[Finding]]


def checks(witness: Witness, plan: Plan, device_path: str = "") -> tuple[Finding, ...]:
    """Return the findings about command, version, account, device, items, method, schedule, jobs and points.

    *device_path* is looked at too; "" where it is known only once the device is there. Raises nothing of the agent's.
    """
    try:
        answer = witness.answer(plan, "facts", *(("-Device", device_path) if device_path else ()))
    except SeedingError as silent:
        return (_no_answer(silent, plan),)
    seen = agent_seen(answer, plan, None, witness.rules)
    said = Finding("agent", "ok", f"{answer.server} answers for {answer.kind}: {seen.version or 'no version told'}")
    return (said, *(finding for look in LOOKS for finding in look(answer, seen, plan)))


def _no_answer(silent: SeedingError, plan: Plan) -> Finding:
    if isinstance(silent, CommandMissing):
        return Finding("agent", "warn", silent.message, f"seeding doctor --office {plan.office}, on {plan.server}")
    return Finding("agent", "blocks", silent.message, "run the agent command with `facts` by hand; docs/agents.md")


def _server(answer: AgentAnswer, seen: AgentSeen, plan: Plan) -> Iterator[Finding]:
    if not same_host(plan.server, [answer.server]):
        told = f"the server calls itself {answer.server}, the inventory {plan.server}"
        yield Finding("agent-server", "blocks", told, "correct `agent.server`; a backup server must keep its name")


def _version(answer: AgentAnswer, seen: AgentSeen, plan: Plan) -> Iterator[Finding]:
    if seen.version_wanted:
        told = f"too old for {plan.mode}: {seen.version}; needed is {seen.version_wanted}"
        yield Finding("agent-version", "blocks", told, "update it before anything is configured")
    elif answer.products:
        yield Finding("agent-version", "ok", f"new enough for {plan.mode}")


def _account(answer: AgentAnswer, seen: AgentSeen, plan: Plan) -> Iterator[Finding]:
    who = answer.account
    if plan.agent == "files" or who.system:
        yield Finding("agent-account", "ok", f"the script ran as {who.name}")
    else:
        told = f"the script ran as {who.name}; the backup service is Local System and may not see what it sees"
        yield Finding("agent-account", "warn", told, "run the office's worker as Local System; docs/agents.md")


def _device(answer: AgentAnswer, seen: AgentSeen, plan: Plan) -> Iterator[Finding]:
    device = answer.device
    if device is None:
        yield Finding("agent-device", "ok", "the device's path is known once it is delivered: look again then")
    elif device.trap or not device.page_blobs:
        told = f"{device.path}: {device.trap or 'no folder for page blobs'}"
        yield Finding("agent-device", "warn", told, f"seeding doctor --office {plan.office}, once the device is there")
    else:
        yield Finding("agent-device", "ok", f"{device.path} is seen, with its folder for page blobs")


def _items(answer: AgentAnswer, seen: AgentSeen, plan: Plan) -> Iterator[Finding]:
    known = ", ".join(source.name for source in answer.protected) or "nothing"
    for item in plan.items:
        if any(named(item, source.name) for source in answer.protected):
            yield Finding("agent-items", "ok", f"{item.name} is protected online")
        else:
            told = f"{item.name} is not among what is protected online: {known}"
            yield Finding("agent-items", "warn", told, "protect it, or give its name there as the item's `vault_item`")


def _method(answer: AgentAnswer, seen: AgentSeen, plan: Plan) -> Iterator[Finding]:
    method = answer.offline_method
    if plan.agent == "files" or method.configured:
        yield Finding("agent-method", "ok", f"offline method: {method.way}")
    else:
        know = "is not set" if method.configured is False else "cannot be read here"
        told = f"the offline method {know} ({method.way}); a backup without it goes over the network"
        yield Finding("agent-method", "warn", told, "choose it in the product's wizard once the order is delivered")


def _schedule(answer: AgentAnswer, seen: AgentSeen, plan: Plan) -> Iterator[Finding]:
    if not seen.schedule_enabled:
        yield Finding("agent-schedule", "blocks", "the online schedule is off", "enable it in the backup console")
    elif seen.next_run is None:
        yield Finding("agent-schedule", "warn", "no next run is told", "compare with the backup console")
    else:
        yield Finding("agent-schedule", "ok", f"the next online backup is due {seen.next_run:%Y-%m-%d %H:%M} UTC")


def _jobs(answer: AgentAnswer, seen: AgentSeen, plan: Plan) -> Iterator[Finding]:
    if seen.cannot_authenticate:
        told, next = explained(seen.last_job), "mend its app and certificate in Entra ID: nothing lands without"
        yield Finding("agent-jobs", "blocks", told, next)
    elif seen.last_job_class != "none":
        bad = seen.last_job_class in ("failed", "stopped", "paused")
        told = f"the last online job is {seen.last_job_class}: {explained(seen.last_job) or 'no text'}"
        yield Finding("agent-jobs", "warn" if bad else "ok", told, "look at it in the backup console" if bad else "")
    if any(job.bytes is None for job in answer.jobs if kind_of(job) in ("running", "done")):
        told = "jobs do not say how much they sent: a full upload over the line would not be seen while it runs"
        yield Finding("agent-bytes", "warn", told, "watch the first incremental in the backup console")


def _points(answer: AgentAnswer, seen: AgentSeen, plan: Plan) -> Iterator[Finding]:
    for item in seen.items:
        if item.latest:
            told = f"{item.name}: {item.points} online points, the latest of {item.latest:%Y-%m-%d %H:%M} UTC"
            yield Finding("agent-points", "ok", told)


LOOKS: tuple[Look, ...] = (
    _server,
    _version,
    _account,
    _device,
    _items,
    _method,
    _schedule,
    _jobs,
    _points,
)
