"""Bringing a Prefect server to what is wanted: read, compare, write only what differs. Nothing is ever deleted.

What there is one of for each office is read by the hundred; Prefect takes new things one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import groupby
from typing import Any, TypeAlias

from deploy.fleet.wanted import POOL, TELLS, Wanted
from flows.desk import TAG
from flows.prefect_api import Api

PAGE = 200  # the most that the server gives at once
NAMES = 50  # in one question: a name may belong to several flows

Found: TypeAlias = dict[str, dict[str, Any]]  # by name, each shaped as a wanted body


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
    """How things of one kind are read (as far as they are there), made and changed."""

    read: Callable[[Api, Sequence[str]], Found]
    make: Callable[[Api, Wanted], None]
    change: Callable[[Api, Wanted, dict[str, Any]], None]


def changes(api: Api, things: Sequence[Wanted]) -> Iterator[Change]:
    """Yield what must be done so that the server holds *things*; what it holds beyond them is paused."""
    for name, group in groupby(things, key=lambda thing: thing.kind):
        kind, some = KINDS[name], list(group)
        found = kind.read(api, [thing.name for thing in some])
        yield from (change for thing in some if (change := _change(kind, thing, found.get(thing.name))))
    yield from _paused(api, {thing.name for thing in things if thing.kind == "deployment"})
    yield from _silenced(api, {thing.name for thing in things if thing.kind == "automation"})


def _change(kind: Kind, thing: Wanted, found: dict[str, Any] | None) -> Change | None:
    if found is None:
        return Change("create", thing.kind, thing.name, (), lambda api: kind.make(api, thing))
    fields = tuple(sorted(name for name, value in thing.body.items() if not _same(name, value, found.get(name))))
    if not fields:
        return None
    return Change("update", thing.kind, thing.name, fields, lambda api: kind.change(api, thing, found))


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
    for found in _pages(api, "/deployments/filter", {"deployments": {"tags": {"all_": [TAG]}}}):
        flow = flows.setdefault(found["flow_id"], (api.get(f"/flows/{found['flow_id']}") or {}).get("name", ""))
        name = f"{flow}/{found['name']}"
        if name not in known and not found["paused"]:
            path = f"/deployments/{found['id']}/pause_deployment"
            yield Change("pause", "deployment", name, ("paused",), lambda api, path=path: api.post(path, {}))  # type: ignore[misc]


def _silenced(api: Api, known: set[str]) -> Iterator[Change]:
    """Yield the pause of each automation of ours whose notification block the inventory names no more."""
    for name in (row[0] for row in TELLS if row[0] not in known):
        if (found := _read_automation(api, name)) and found["enabled"]:
            yield Change("pause", "automation", name, ("enabled",), partial(_silence, f"/automations/{found['id']}"))


def _silence(path: str, api: Api) -> None:
    api.patch(path, {"enabled": False})


def _singly(read: Callable[[Api, str], dict[str, Any] | None]) -> Callable[[Api, Sequence[str]], Found]:
    """Return how to read things of which there are only a few."""
    return lambda api, names: {name: found for name in names if (found := read(api, name)) is not None}


def _read_deployments(api: Api, names: Sequence[str]) -> Found:
    flows = {name.partition("/")[0] for name in names}
    which = {"flows": {"name": {"any_": sorted(flows)}}}
    flow_names = {row["id"]: row["name"] for row in api.post("/flows/filter", {**which, "limit": PAGE})}
    own_names = sorted({name.partition("/")[2] for name in names})
    found: Found = {}
    for some in _by_the_fifty(own_names):
        for row in _pages(api, "/deployments/filter", {**which, "deployments": {"name": {"any_": some}}}):
            limit = (row["global_concurrency_limit"] or {}).get("limit")
            found[f"{flow_names[row['flow_id']]}/{row['name']}"] = {**row, "concurrency_limit": limit}
    return found


def _put_deployment(api: Api, thing: Wanted) -> None:
    flow, _, name = thing.name.partition("/")
    api.post("/deployments/", {**thing.body, "name": name, "flow_id": _flow_id(api, flow)})


@lru_cache(maxsize=64)
def _flow_id(api: Api, name: str) -> str:
    """Return the flow's id, which it keeps; a flow that is not there is made."""
    return str(api.post("/flows/", {"name": name})["id"])


def _read_queues(api: Api, names: Sequence[str]) -> Found:
    found: Found = {}
    for some in _by_the_fifty(names):
        rows = _pages(api, "/work_queues/filter", {"work_queues": {"name": {"any_": some}}})
        found |= {row["name"]: row for row in rows if row["work_pool_name"] == POOL}
    return found


def _read_automation(api: Api, name: str) -> dict[str, Any] | None:
    rows = api.post("/automations/filter", {"automations": {"name": {"any_": [name]}}})
    return rows[0] if rows else None


def _by_the_fifty(names: Sequence[str]) -> Iterator[Sequence[str]]:
    yield from (names[start : start + NAMES] for start in range(0, len(names), NAMES))


def _pages(api: Api, path: str, which: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for offset in range(0, 100_000, PAGE):
        rows = api.post(path, {**which, "limit": PAGE, "offset": offset})
        yield from rows
        if len(rows) < PAGE:
            return


def _queues(name: str = "") -> str:
    return f"/work_pools/{POOL}/queues" + (f"/{name}" if name else "")


KINDS = {
    "work pool": Kind(
        _singly(lambda api, name: api.get(f"/work_pools/{name}")),
        lambda api, thing: api.post("/work_pools/", {"name": thing.name, **thing.body}) and None,
        lambda api, thing, _: api.patch(
            f"/work_pools/{thing.name}", {k: v for k, v in thing.body.items() if k != "type"}
        ),
    ),
    "work queue": Kind(
        _read_queues,
        lambda api, thing: api.post(_queues(), {"name": thing.name, **thing.body}) and None,
        lambda api, thing, _: api.patch(_queues(thing.name), thing.body),
    ),
    "concurrency limit": Kind(
        _singly(lambda api, name: api.get(f"/v2/concurrency_limits/{name}")),
        lambda api, thing: api.post("/v2/concurrency_limits/", {"name": thing.name, **thing.body}) and None,
        lambda api, thing, _: api.patch(f"/v2/concurrency_limits/{thing.name}", thing.body),
    ),
    "deployment": Kind(_read_deployments, _put_deployment, lambda api, thing, _: _put_deployment(api, thing)),
    "automation": Kind(
        _singly(_read_automation),
        lambda api, thing: api.post("/automations/", {"name": thing.name, **thing.body}) and None,
        lambda api, thing, found: api.put(f"/automations/{found['id']}", {"name": thing.name, **thing.body}),
    ),
}
