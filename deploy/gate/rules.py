"""What an office's worker may ask a Prefect server: one row a kind of request, and what must be the office's own in it.

Whatever is not here is refused: blocks, variables, other offices' flow runs, new deployments, deletions. The rows are
what a worker was seen to ask on the wire. Pure: who owns a flow run is asked of `Owned`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

ANSWERED = "answered"  # the one deployment an office may start: it tells the hub to look


class Owned(Protocol):
    """Looks an id up in the server."""

    async def queue_of_run(self, flow_run_id: str) -> str:
        """Return the work queue of a flow run, "" when there is none."""

    async def deployment(self, deployment_id: str) -> tuple[str, str]:
        """Return name and work queue of a deployment."""

    async def artifact(self, artifact_id: str) -> dict[str, Any]:
        """Return an artifact, empty when there is none."""


@dataclass(frozen=True)
class Asked:
    """One request of an office: the names in its path, and its body as JSON."""

    office: str
    names: tuple[str, ...]
    body: Any
    owned: Owned

    @property
    def queue(self) -> str:
        """The office's work queue."""
        return f"office-{self.office}"

    def member(self, *path: str) -> Any:
        """Return what stands in the body at that path; None when there is nothing."""
        found = self.body
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found


Check = Callable[[Asked], Awaitable[bool]]


async def anybody(asked: Asked) -> bool:
    """The same for all offices, and no secret."""
    return True


async def its_queue(asked: Asked) -> bool:
    """The queue in the path is the office's."""
    return asked.names[-1] == asked.queue


async def its_queue_only(asked: Asked) -> bool:
    """The body asks for the office's queue and for no other."""
    return bool(asked.member("work_queue_names") == [asked.queue])


async def its_worker(asked: Asked) -> bool:
    """The worker calls itself after the office's queue."""
    return str(asked.member("name")).startswith(f"{asked.queue}@")


async def its_run(asked: Asked) -> bool:
    """The flow run in the path lies in the office's queue."""
    return await _own_runs(asked, [asked.names[0]])


async def its_deployment(asked: Asked) -> bool:
    """The deployment in the path works off the office's queue."""
    return (await asked.owned.deployment(asked.names[0]))[1] == asked.queue


async def its_answer_told(asked: Asked) -> bool:
    """The hub is told to look at runs of this office, and nothing else of the hub's is started."""
    name, _ = await asked.owned.deployment(asked.names[0])
    extra = (
        set(asked.body) - {"name", "parameters", "idempotency_key", "tags"} if isinstance(asked.body, dict) else {""}
    )
    parameters, only = asked.member("parameters") or {}, asked.member("parameters", "only")
    fits = isinstance(parameters, dict) and set(parameters) <= {"only", "look_now"}
    return name == ANSWERED and not extra and fits and _its_run_ids(asked, only)


async def its_runs_listed(asked: Asked) -> bool:
    """The list is narrowed to the office's queue, to flow runs of its own, or to the page of a run of its own."""
    if _widened(asked.body):
        return False
    if asked.member("flow_runs", "work_queue_name") == {"any_": [asked.queue]}:
        return True
    if (ids := _only_any(asked.member("flow_runs", "id"))) is not None:
        return await _own_runs(asked, ids)
    return _its_run_ids(asked, _only_any(asked.member("flow_runs", "name")))


async def its_artifacts_listed(asked: Asked) -> bool:
    """The list is narrowed to flow runs of its own, or to the progress of a run of its own."""
    if _widened(asked.body):
        return False
    if ids := _only_any(asked.member("artifacts", "flow_run_id")):
        return await _own_runs(asked, ids)
    keys = _only_any(asked.member("artifacts", "key"))
    return bool(keys) and all(_its_key(asked, key) for key in keys or ())


async def its_artifact_made(asked: Asked) -> bool:
    """A new artifact belongs to a flow run of its own, or is the progress of a run of its own, and nobody else's."""
    return await _own_artifact(asked, asked.body)


async def its_artifact(asked: Asked) -> bool:
    """The artifact in the path is its own, and stays so."""
    moved = isinstance(asked.body, dict) and {"key", "flow_run_id"} & set(asked.body)
    return not moved and await _own_artifact(asked, await asked.owned.artifact(asked.names[0]))


async def its_logs(asked: Asked) -> bool:
    """Every line belongs to a flow run of its own."""
    lines = asked.body if isinstance(asked.body, list) else [None]
    ids = {line.get("flow_run_id") if isinstance(line, dict) else None for line in lines}
    return await _own_runs(asked, list(ids))


# fmt: off
RULES: tuple[tuple[str, str, Check], ...] = (
    ("GET",   "health|ready|csrf-token|admin/version|admin/storage", anybody),
    ("GET",   "work_pools/{}",                                       anybody),
    ("GET",   "work_pools/{}/queues/{}",                             its_queue),
    ("POST",  "work_pools/{}/get_scheduled_flow_runs",               its_queue_only),
    ("POST",  "work_pools/{}/workers/heartbeat",                     its_worker),
    ("GET",   "flows/{}",                                            anybody),
    ("GET",   f"deployments/name/advance-fleet/{ANSWERED}",          anybody),
    ("GET",   "deployments/{}",                                      its_deployment),
    ("POST",  "deployments/{}/create_flow_run",                      its_answer_told),
    ("GET",   "flow_runs/{}",                                        its_run),
    ("PATCH", "flow_runs/{}",                                        its_run),
    ("PATCH", "flow_runs/{}/labels",                                 its_run),
    ("POST",  "flow_runs/{}/set_state",                              its_run),
    ("POST",  "flow_runs/filter",                                    its_runs_listed),
    ("POST",  "artifacts/filter",                                    its_artifacts_listed),
    ("POST",  "artifacts/latest/filter",                             its_artifacts_listed),
    ("POST",  "artifacts",                                           its_artifact_made),
    ("PATCH", "artifacts/{}",                                        its_artifact),
    ("POST",  "logs",                                                its_logs),
)
# fmt: on
_COMPILED = [(method, re.compile(path.replace("{}", "([A-Za-z0-9_-]+)")), check) for method, path, check in RULES]


async def allowed(office: str, method: str, path: str, body: Any, owned: Owned) -> bool:
    """Say whether *office* may send this. *path* is what stands behind `/api/`, without a slash at the end."""
    for its_method, pattern, check in _COMPILED:
        if method == its_method and (found := pattern.fullmatch(path)):
            return await check(Asked(office, tuple(filter(None, found.groups())), body, owned))
    return False


def _widened(body: Any) -> bool:
    """Prefect's filters may say `"operator": "or_"`: then every further condition widens what the others narrow."""
    if isinstance(body, dict):
        return "operator" in body or any(_widened(inner) for inner in body.values())
    return isinstance(body, list) and any(_widened(inner) for inner in body)


def _only_any(condition: Any) -> list[Any] | None:
    """Return what a condition lists when it is `any_` and nothing else, otherwise None."""
    listed = condition.get("any_") if isinstance(condition, dict) and set(condition) == {"any_"} else None
    return listed if isinstance(listed, list) else None


async def _own_runs(asked: Asked, ids: list[Any]) -> bool:
    """Every id is a flow run of the office's queue; an empty list asks for nothing."""
    return all([isinstance(one, str) and await asked.owned.queue_of_run(one) == asked.queue for one in ids])


async def _own_artifact(asked: Asked, artifact: Any) -> bool:
    if not isinstance(artifact, dict):
        return False
    run, key = artifact.get("flow_run_id"), artifact.get("key")
    if not run and not key:
        return False
    return (not run or await _own_runs(asked, [run])) and (not key or _its_key(asked, key))


def _its_run_ids(asked: Asked, names: Any) -> bool:
    """Every name is a seeding run of the office, such as `lyon/2026-11`."""
    own = re.compile(rf"{re.escape(asked.office)}/[0-9A-Za-z-]+")
    return isinstance(names, list) and bool(names) and all(isinstance(n, str) and own.fullmatch(n) for n in names)


def _its_key(asked: Asked, key: Any) -> bool:
    """The progress page of a run of the office. The month ends the guessing whether `lyon-2` is another office."""
    own = re.compile(rf"progress-{re.escape(asked.office)}-\d{{4}}-\d\d(-\d+)?")
    return isinstance(key, str) and own.fullmatch(key) is not None
