"""Bringing a Prefect server to what is wanted: read, compare, write only what differs. Nothing is ever deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.fleet.wanted import POOL, Wanted
from flows.desk import TAG
from flows.prefect_api import Api

PAGE = 200


@dataclass(frozen=True)
class Change:
    """One difference: what will be done to which thing, in which fields, and how."""

    what: str  # create, update or pause
    kind: str
    name: str
    fields: tuple[str, ...]
    write: Callable[[Api], None]

    def __str__(self) -> str:
        changed = f": {', '.join(self.fields)}" if self.what == "update" else ""
        return f"{self.what} {self.kind} {self.name}{changed}"


@dataclass(frozen=True)
class Kind:
    """How one kind of thing is read (None: not there), made and changed. What is read is shaped as a wanted body."""

    read: Callable[[Api, str], dict[str, Any] | None]
    make: Callable[[Api, Wanted], None]
    change: Callable[[Api, Wanted, dict[str, Any]], None]


def changes(api: Api, things: Sequence[Wanted]) -> Iterator[Change]:
    """Yield what must be done so that the server holds *things*; what it holds beyond them is paused."""
    for thing in things:
        kind = KINDS[thing.kind]
        found = kind.read(api, thing.name)
        if found is None:
            yield Change("create", thing.kind, thing.name, (), lambda api, k=kind, t=thing: k.make(api, t))  # type: ignore[misc]
            continue
        fields = tuple(sorted(name for name, value in thing.body.items() if not _same(name, value, found.get(name))))
        if fields:
            write = lambda api, k=kind, t=thing, f=found: k.change(api, t, f)  # noqa: E731
            yield Change("update", thing.kind, thing.name, fields, write)
    yield from _paused(api, {thing.name for thing in things if thing.kind == "deployment"})


def _same(name: str, wish: Any, found: Any) -> bool:
    return _within(wish, found) if name in _FILLED_UP else bool(wish == found)


def _within(wish: Any, found: Any) -> bool:
    """Say whether *found* is what was wished, perhaps with more keys."""
    if isinstance(wish, dict):
        return isinstance(found, dict) and all(_within(inner, found.get(key)) for key, inner in wish.items())
    if isinstance(wish, list):
        return isinstance(found, list) and len(wish) == len(found) and all(map(_within, wish, found))
    return bool(wish == found)


_FILLED_UP = ("schedules", "concurrency_options", "trigger", "actions")  # the server adds ids and defaults in these


def _paused(api: Api, known: set[str]) -> Iterator[Change]:
    """Yield the pause of every deployment of ours that no office of the inventory stands behind any more."""
    flows: dict[str, str] = {}
    for found in _deployments(api):
        flow = flows.setdefault(found["flow_id"], (api.get(f"/flows/{found['flow_id']}") or {}).get("name", ""))
        name = f"{flow}/{found['name']}"
        if name not in known and not found["paused"]:
            path = f"/deployments/{found['id']}/pause_deployment"
            yield Change("pause", "deployment", name, ("paused",), lambda api, path=path: api.post(path, {}))  # type: ignore[misc]


def _deployments(api: Api) -> Iterator[dict[str, Any]]:
    for offset in range(0, 100_000, PAGE):
        which = {"deployments": {"tags": {"all_": [TAG]}}, "limit": PAGE, "offset": offset}
        rows = api.post("/deployments/filter", which)
        yield from rows
        if len(rows) < PAGE:
            return


def _read_deployment(api: Api, name: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = api.get(f"/deployments/name/{name}")
    if found is None:
        return None
    return {**found, "concurrency_limit": (found["global_concurrency_limit"] or {}).get("limit")}


def _put_deployment(api: Api, thing: Wanted) -> None:
    flow, _, name = thing.name.partition("/")
    flow_id = api.post("/flows/", {"name": flow})["id"]
    api.post("/deployments/", {**thing.body, "name": name, "flow_id": flow_id})


def _read_automation(api: Api, name: str) -> dict[str, Any] | None:
    rows = api.post("/automations/filter", {"automations": {"name": {"any_": [name]}}})
    return rows[0] if rows else None


def _queues(name: str = "") -> str:
    return f"/work_pools/{POOL}/queues" + (f"/{name}" if name else "")


KINDS = {
    "work pool": Kind(
        lambda api, name: api.get(f"/work_pools/{name}"),
        lambda api, thing: api.post("/work_pools/", {"name": thing.name, **thing.body}) and None,
        lambda api, thing, _: api.patch(
            f"/work_pools/{thing.name}", {k: v for k, v in thing.body.items() if k != "type"}
        ),
    ),
    "work queue": Kind(
        lambda api, name: api.get(_queues(name)),
        lambda api, thing: api.post(_queues(), {"name": thing.name, **thing.body}) and None,
        lambda api, thing, _: api.patch(_queues(thing.name), thing.body),
    ),
    "concurrency limit": Kind(
        lambda api, name: api.get(f"/v2/concurrency_limits/{name}"),
        lambda api, thing: api.post("/v2/concurrency_limits/", {"name": thing.name, **thing.body}) and None,
        lambda api, thing, _: api.patch(f"/v2/concurrency_limits/{thing.name}", thing.body),
    ),
    "deployment": Kind(_read_deployment, _put_deployment, lambda api, thing, _: _put_deployment(api, thing)),
    "automation": Kind(
        _read_automation,
        lambda api, thing: api.post("/automations/", {"name": thing.name, **thing.body}) and None,
        lambda api, thing, found: api.put(f"/automations/{found['id']}", {"name": thing.name, **thing.body}),
    ),
}
