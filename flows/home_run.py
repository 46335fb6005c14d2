"""Each seeding run's home in Prefect: a flow run nobody executes, whose state name is the lifecycle state.

While a person's answer is needed it is Paused, and the question stands beside the state; else it is Running.

It is a view, projected from the journal and rebuildable from it. Every call may be repeated: the flow run is made
with an idempotency key, and each state carries a transition id derived from its journal line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from flows.prefect_api import Api
from states.codec import utc_text
from states.run import Passage, Run

FLOW_NAME = "seeding-run"
TOLD = "seeding.told"
RUNS_AT_ONCE = 100  # runs that one question asks about: two pages each, and the server answers with 200 at most
EVENTS_AT_ONCE = 500
TYPE_OF = {"incremental-scheduled": "COMPLETED", "closed": "COMPLETED", "cancelled": "CANCELLED", "abandoned": "FAILED"}


@dataclass(frozen=True)
class Page:
    """A home run: its id, up to which journal line its events were told, and which question the last one was about."""

    id: UUID
    told: int
    asked: str


@dataclass(frozen=True)
class News:
    """What is to be told of a run beside its page: up to which journal line, about which question, and the events."""

    page: Page
    told: int
    asked: str
    events: list[dict[str, Any]]


class Home:
    """What the projection writes: home runs, their states, and artifacts that are updated in place."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._forms: dict[str, str] = {}
        self._flow_id: str | None = None
        self._homes: dict[str, dict[str, Any]] = {}
        self._artifacts: dict[str, dict[str, Any]] = {}

    def look_up(self, runs: Sequence[Run]) -> None:
        """Find up to RUNS_AT_ONCE home runs and their pages with two questions; what is missing is asked for singly."""
        which = {"idempotency_key": {"any_": [_key_of(run) for run in runs]}}
        rows = self._api.post("/flow_runs/filter", {"flow_runs": which, "limit": RUNS_AT_ONCE})
        self._homes = {row["idempotency_key"]: row for row in rows}
        news = [run for run in runs if run.seq > _told(self._homes.get(_key_of(run), {}))[0]]
        names = [*(f"timeline-{run.run_id}" for run in runs), *(f"record-{run.run_id}" for run in news)]
        keys = {"key": {"any_": [artifact_key(name) for name in names]}}
        found = self._api.post("/artifacts/latest/filter", {"artifacts": keys, "limit": 2 * RUNS_AT_ONCE})
        self._artifacts = {row["key"]: row for row in found}

    def project(self, run: Run, question: str = "") -> Page:
        """Bring the home run to the run's latest state, step by step; return it as it was found.

        *question* is what a person is asked now, "" when nobody is.
        """
        home = self._homes.pop(_key_of(run), None) or self._api.post("/flow_runs/", self._flow_run(run))
        for state in _to_set(run, question, home.get("state") or {}):
            self._api.post(f"/flow_runs/{home['id']}/set_state", {"state": state, "force": True})
        return Page(UUID(home["id"]), *_told(home))

    def announce(self, news: Sequence[News]) -> None:
        """Send the events of these runs together, then remember of each what it was told."""
        events = [event for one in news for event in one.events]
        for start in range(0, len(events), EVENTS_AT_ONCE):
            self._api.post("/events", events[start : start + EVENTS_AT_ONCE])
        for one in news:
            if (one.told, one.asked) != (one.page.told, one.page.asked):
                self._api.patch(f"/flow_runs/{one.page.id}/labels", {TOLD: f"{one.told} {one.asked}"})

    def forms(self, names: Iterable[str]) -> dict[str, str]:
        """Return the ids of the forms of these names, as far as they are deployed. Each is looked up once."""
        for name in names:
            if name not in self._forms:
                found = self._api.get(f"/deployments/name/{name}/form")
                self._forms[name] = str(found["id"]) if found else ""
        return {name: self._forms[name] for name in names if self._forms[name]}

    def show(self, key: str, home: UUID | None, kind: str, data: Any, description: str) -> None:
        """Put an artifact on a page, in place: the same key is updated, never piled up; what says the same is left."""
        key = artifact_key(key)
        known = self._artifacts.pop(key, None) or self._latest(key)
        body = {"data": data, "description": description}
        if known is None:
            page = {"flow_run_id": str(home)} if home else {}
            self._api.post("/artifacts/", {"key": key, "type": kind, **body, **page})
        elif body != {name: known[name] for name in body}:
            self._api.patch(f"/artifacts/{known['latest_id']}", body)

    def _latest(self, key: str) -> dict[str, Any] | None:
        which = {"artifacts": {"key": {"any_": [key]}}, "limit": 1}
        found: list[dict[str, Any]] = self._api.post("/artifacts/latest/filter", which)
        return found[0] if found else None

    def rename(self, flow_run_id: UUID, name: str) -> None:
        """Give a flow run another name."""
        self._api.patch(f"/flow_runs/{flow_run_id}", {"name": name})

    def _flow_run(self, run: Run) -> dict[str, Any]:
        if self._flow_id is None:
            self._flow_id = self._api.post("/flows/", {"name": FLOW_NAME})["id"]
        return {
            "name": run.run_id,
            "flow_id": self._flow_id,
            "idempotency_key": _key_of(run),
            "tags": [f"office:{run.plan.office}", f"country:{run.plan.country}", f"mode:{run.plan.mode}"],
            "parameters": {"run_id": run.run_id},
        }


def home_of(api: Api, run_id: str) -> UUID | None:
    """Return the newest home run of a seeding run, None when there is none."""
    body = {"flows": {"name": {"any_": [FLOW_NAME]}}, "flow_runs": {"name": {"any_": [run_id]}}, "limit": 1}
    found = api.post("/flow_runs/filter", {**body, "sort": "START_TIME_DESC"})
    return UUID(found[0]["id"]) if found else None


def _told(home: dict[str, Any]) -> tuple[int, str]:
    """Return up to which journal line a home run's events were told, and about which question the last one was."""
    told, _, asked = str((home.get("labels") or {}).get(TOLD, "0 ")).partition(" ")
    return int(told), asked


def _key_of(run: Run) -> str:
    return f"seeding:{run.run_id}:{utc_text(run.opened_at)}"


def artifact_key(text: str) -> str:
    """Return *text* as a key Prefect takes: lower-case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _to_set(run: Run, question: str, shown: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the states that bring a home run from *shown* to where the run is.

    Whether it is paused is no passage of its own: the same transition, told in other words. What somebody else set in
    the UI is taken back, and the way there is not told again.
    """
    states = [_state(passage, str(_transition_id(run, passage))) for passage in run.history]
    if question:
        states[-1] |= {"type": "PAUSED", "message": question}
    ids = [state["state_details"]["transition_id"] for state in states]
    at = (shown.get("state_details") or {}).get("transition_id")
    if at in ids[:-1]:
        return states[ids.index(at) + 1 :]
    if at == ids[-1]:
        same = all(shown.get(key) == states[-1][key] for key in ("type", "message"))
        return [] if same else states[-1:]
    return states if shown.get("type") in (None, "PENDING") else states[-1:]


def _state(passage: Passage, transition_id: str) -> dict[str, Any]:
    return {
        "type": TYPE_OF.get(passage.state, "RUNNING"),
        "name": passage.state,
        "message": f"{utc_text(passage.at)}, journal line {passage.seq}, attempt {passage.attempt}",
        "state_details": {"transition_id": transition_id},
    }


def _transition_id(run: Run, passage: Passage) -> UUID:
    return uuid5(NAMESPACE_URL, f"seeding:{run.run_id}:{utc_text(run.opened_at)}:{passage.seq}")
