"""The hub's side of an office's work queue: a question becomes a flow run of the office's deployment.

Flow run and answer live in Prefect, so hub and office need nothing between them but its API. One question has one flow
run at a time; its idempotency key is the question's key with a number, which goes up when the same is asked anew.
"""

from __future__ import annotations

import base64
import json
import zlib
from datetime import datetime, timedelta
from typing import Any

from flows.prefect_api import Api, prefect_api
from states.codec import read_utc, utc_text
from tasks.errors import NotYet, SeedingError
from tasks.office.afar.questions import VERBS, Question, Reply, to_text
from tasks.office.afar.remote import Asked, OfficeSilent

FLOW = "office-work"
TAG = "seeding"  # on every deployment and flow run of ours
ANSWERED = "answered"  # the final state of a flow run that holds an answer, and the hub's pass that takes answers in
COLLAPSED = "collapsed"  # the final state of what somebody else did as well
TOOK, SINCE = "seeding.taken", "seeding.since"  # labels: when the answer was first read; when it was first asked
ANSWER, PART = "office-answer", "office-content"  # the artifacts' types
BULK = 50  # flow runs whose state the server sets in one call
MOST_CALLS = 1000  # more than that waits for nobody: it is the server that does not do what it says
MOST_QUESTION_BYTES = 500_000  # the server takes 512 KiB of parameters
PART_BYTES = 1024 * 1024
MOST_PARTS = 128
LOST_AFTER = timedelta(hours=1)  # a flow run never takes that long: office_work.PATIENCE_SECONDS
# How long an answer from which the run learnt nothing counts as new: a look is cheap, long work is dear, and what it
# did well still holds while the next work of the same verb takes days.
STAYS_NEW = {"look": timedelta(minutes=10), "failed": timedelta(days=1), "done": timedelta(days=30)}
_WAITING = ("SCHEDULED", "PENDING", "RUNNING", "PAUSED", "CANCELLING")


class PrefectDesk:
    """The Desk of `tasks/office/afar` on the Prefect API."""

    def ask(self, question: Question) -> Asked:
        """Lay the question down, or find its answer; see the port."""
        with prefect_api() as api:
            last = _last(api, question)
            if last is None or _is_used(last, question):
                return self._lay(api, question, last, question.work.now)
            since = _since(last, question)
            if last["state_type"] == "COMPLETED" and last["state_name"] == ANSWERED:
                return Asked(since, _taken(api, last, question))
            if last["state_type"] in _WAITING and not _is_lost(last):
                return Asked(since)
            return self._lay(api, question, last, since)

    def _lay(self, api: Api, question: Question, last: dict[str, Any] | None, since: datetime) -> Asked:
        deployment = api.get(f"/deployments/name/{FLOW}/{question.office}")
        if deployment is None:
            raise OfficeSilent(f"Prefect has no deployment {FLOW}/{question.office}", next="run `seeding deploy`")
        text = to_text(question)
        if (size := len(text)) > MOST_QUESTION_BYTES:
            raise SeedingError(f"{question.verb}: {size:,} bytes; a question to an office has {MOST_QUESTION_BYTES:,}")
        _withdraw_others(api, question)
        number = int(last["idempotency_key"].rpartition("#")[2]) + 1 if last else 1
        api.post(
            f"/deployments/{deployment['id']}/create_flow_run",
            {
                "name": question.key,
                "idempotency_key": f"{question.key}#{number}",
                "parameters": {"question": text},
                "tags": [TAG, f"office:{question.office}", _run_tag(question.work.run_id)],
                "labels": {SINCE: utc_text(since)},
                "state": {"type": "SCHEDULED", "name": "waiting for the office"},
            },
        )
        return Asked(since)


def withdraw(api: Api, run_ids: set[str]) -> None:
    """Take back what still waits for an office on behalf of any run that is not one of *run_ids*, the open ones."""
    mine = {_run_tag(run_id) for run_id in run_ids}
    waiting = api.post("/flow_runs/filter", {"flows": _named(FLOW), "flow_runs": _scheduled()})
    if over := [row["id"] for row in waiting if not mine & set(row["tags"])]:
        cancel_waiting(api, {"id": {"any_": over}}, "withdrawn")


def collapse_late(deployment_id: str | None) -> None:
    """Cancel what a deployment has missed: after an outage each of it would start, oldest first. One does for all."""
    if not deployment_id:
        return
    with prefect_api() as api:
        cancel_waiting(api, {"deployment_id": {"any_": [deployment_id]}}, COLLAPSED, state_name="Late")


def cancel_waiting(api: Api, which: dict[str, Any], name: str, state_name: str = "") -> None:
    """Cancel every flow run of *which* that nobody has begun (with *state_name*: only those in that state)."""
    named = {"name": {"any_": [state_name]}} if state_name else {}
    waiting = {**which, "state": {"type": {"any_": ["SCHEDULED"]}, **named}}
    body = {"flow_runs": waiting, "state": {"type": "CANCELLED", "name": name}, "force": True}
    for _ in range(MOST_CALLS):
        if len(api.post("/flow_runs/bulk_set_state", body)["results"]) < BULK:
            return


def start_again(api: Api, pool: str, queue: str) -> int:
    """Schedule anew what a worker of that queue had begun when it died; return how many. Any may then run twice."""
    body = {
        "flow_runs": {"state": {"type": {"any_": ["RUNNING", "PENDING"]}}, "work_queue_name": {"any_": [queue]}},
        "work_pools": {"name": {"any_": [pool]}},
        "limit": 200,
    }
    begun = [row["id"] for row in api.post("/flow_runs/filter", body)]
    for flow_run_id in begun:
        schedule_again(api, flow_run_id)
    return len(begun)


def schedule_again(api: Api, flow_run_id: str) -> None:
    """Have a worker make a flow run anew whose end nobody knows, unless the server knows one."""
    found = api.get(f"/flow_runs/{flow_run_id}")
    if found and found["state_type"] in ("RUNNING", "PENDING"):
        state = {"type": "SCHEDULED", "name": "started again", "message": "its worker or the server had gone"}
        api.post(f"/flow_runs/{flow_run_id}/set_state", {"state": state, "force": True})


def answered_meanwhile(deployment_id: str | None) -> list[str]:
    """Take over the passes of this deployment that wait because offices answered: return the ids of their runs.

    They are cancelled as `collapsed`. Should whoever took them over die, the fleet's own passes come to these runs.
    """
    if not deployment_id:
        return []
    which = {**_scheduled(), "name": {"any_": [ANSWERED]}, "deployment_id": {"any_": [deployment_id]}}
    with prefect_api() as api:
        waiting = api.post("/flow_runs/filter", {"flow_runs": which, "limit": 200})
        cancel_waiting(api, {"id": {"any_": [row["id"] for row in waiting]}}, COLLAPSED)
    return [run_id for row in waiting for run_id in row["parameters"].get("only") or ()]


def put_reply(api: Api, flow_run_id: str, reply: Reply) -> None:
    """Attach an office's answer to its flow run, contents first. Raises SeedingError when they are too large."""
    packed = zlib.compress(reply.content, 6) if reply.content else b""
    parts = [packed[at : at + PART_BYTES] for at in range(0, len(packed), PART_BYTES)]
    if len(parts) > MOST_PARTS:
        limit = MOST_PARTS * PART_BYTES
        raise SeedingError(f"{len(packed):,} compressed bytes are more than the {limit:,} that go through Prefect")
    for number, part in enumerate(parts):
        _attach(api, flow_run_id, PART, {"part": number, "content": base64.b64encode(part).decode()})
    _attach(api, flow_run_id, ANSWER, {"json": json.dumps(reply.data), "parts": len(parts)})


def reply_of(api: Api, flow_run_id: str) -> Reply | None:
    """Return the answer attached to a flow run, None when there is none yet. Raises NotYet when parts are missing."""
    answers = _attached(api, flow_run_id, ANSWER)
    if not answers:
        return None
    wanted = range(answers[0]["parts"])
    found = {row["part"]: row["content"] for row in _attached(api, flow_run_id, PART)} if wanted else {}
    if set(wanted) - set(found):
        raise NotYet(f"{len(set(wanted) - set(found))} parts of an answer are missing from Prefect")
    packed = b"".join(base64.b64decode(found[number]) for number in wanted)
    return Reply(json.loads(answers[0]["json"]), zlib.decompress(packed) if packed else b"")


def _last(api: Api, question: Question) -> dict[str, Any] | None:
    body = {
        "flows": _named(FLOW),
        "flow_runs": {"name": {"any_": [question.key]}},
        "sort": "EXPECTED_START_TIME_DESC",
        "limit": 200,
    }
    found = api.post("/flow_runs/filter", body)
    return max(found, key=lambda row: int(row["idempotency_key"].rpartition("#")[2]), default=None)


def _is_used(row: dict[str, Any], question: Question) -> bool:
    """Say whether the answer was read before, and the run has learnt something since or the reading is long past."""
    taken = (row["labels"] or {}).get(TOOK)
    if taken is None:
        return False
    mark, at, *came = taken.split(" ")
    kind = (came or ["failed"])[0] if VERBS[question.verb].long else "look"
    return mark != question.work.mark or question.work.now - read_utc(at) > STAYS_NEW[kind]


def _taken(api: Api, row: dict[str, Any], question: Question) -> Reply:
    reply = reply_of(api, row["id"])
    if reply is None:
        raise NotYet(f"the answer of {question.office} to {question.verb} is gone from Prefect")
    if TOOK not in (row["labels"] or {}):
        came = "failed" if "error" in reply.data else "done"
        taken = f"{question.work.mark} {utc_text(question.work.now)} {came}"
        api.patch(f"/flow_runs/{row['id']}/labels", {TOOK: taken})
    return reply


def _is_lost(row: dict[str, Any]) -> bool:
    """Say whether a run that seems at work cannot be: its process died with its worker, and nobody could say so."""
    return row["state_type"] == "RUNNING" and timedelta(seconds=row["estimated_run_time"]) > LOST_AFTER


def _since(row: dict[str, Any], question: Question) -> datetime:
    text = (row["labels"] or {}).get(SINCE)
    return read_utc(text) if text else question.work.now


def _withdraw_others(api: Api, question: Question) -> None:
    """A run asks one thing at a time: what it asked before and nobody has begun is out of date."""
    cancel_waiting(api, {"tags": {"all_": [_run_tag(question.work.run_id)]}}, "superseded")


def _attach(api: Api, flow_run_id: str, kind: str, data: dict[str, Any]) -> None:
    api.post("/artifacts/", {"type": kind, "data": data, "flow_run_id": flow_run_id})


def _attached(api: Api, flow_run_id: str, kind: str) -> list[dict[str, Any]]:
    which = {"flow_run_id": {"any_": [flow_run_id]}, "type": {"any_": [kind]}}
    found = api.post("/artifacts/filter", {"artifacts": which, "sort": "CREATED_DESC", "limit": 200})
    return [row["data"] for row in found]


def _named(flow: str) -> dict[str, Any]:
    return {"name": {"any_": [flow]}}


def _scheduled() -> dict[str, Any]:
    return {"state": {"type": {"any_": ["SCHEDULED"]}}}


def _run_tag(run_id: str) -> str:
    return f"run:{run_id}"
