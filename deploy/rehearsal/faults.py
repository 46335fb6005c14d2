"""The list of scripted faults: a row each, counted down as they strike. Request faults act here, at the door.

A row that names `world` is a mishap of the world (see mishaps.py). Every other row is about requests:
`method`, `path_regex` (searched in path and query), `after` (let this many pass first), `times` (then strike this
often), and one of `status` with `headers` and `body`, or `drop`: "before-effect" or "after-effect", or `spoil`: a row
of spoils.py, with `dice` and what that row needs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from deploy.rehearsal.device import Found
from deploy.rehearsal.records import Order
from deploy.rehearsal.spoils import SPOILS
from deploy.rehearsal.wire import Answer, ArmError, Ask, same
from deploy.rehearsal.world import World

DROPS = ("before-effect", "after-effect")
REQUEST_FIELDS = {
    "method", "path_regex", "after", "times", "status", "headers", "body", "drop",
    "spoil", "dice", "hours", "bytes",
}  # fmt: skip


def check(row: dict[str, Any]) -> None:
    """Raise ArmError 400 when *row*, a request fault, could never act or names a field nobody knows."""
    unknown = set(row) - REQUEST_FIELDS
    one = sum(act in row for act in ("status", "drop", "spoil")) == 1
    acts = one and row.get("drop", DROPS[0]) in DROPS and row.get("spoil", "cut") in SPOILS
    needs = {"skewed": "hours", "swell": "bytes"}.get(row.get("spoil", ""), "spoil")
    if unknown or not acts or ("spoil" in row and needs not in row):
        told = f"unknown fields {sorted(unknown)}" if unknown else "give one of `status`, `drop` and `spoil`, whole"
        raise ArmError(400, "BadFault", f"{told}: {row}")
    try:
        re.compile(row.get("path_regex", ""))
    except re.error as error:
        raise ArmError(400, "BadFault", f"path_regex: {error}") from error


def at_the_door(world: World, ask: Ask) -> dict[str, Any] | None:
    """Return the row that strikes this request, counted down, or None. Rows are tried in the order they were given."""
    with world.reading() as records:
        if not any("world" not in row for row in records.faults):
            return None
    target = ask.path + "".join(f"&{key}={value}" for key, value in sorted(ask.query.items()))
    with world.reading() as records:  # nothing here can fail half-way, so nothing need be put back
        meant = [row for row in records.faults if "world" not in row and _meant(row, ask.method, target)]
        struck = next((dict(row) for row in meant if _strikes(row)), None)
        if meant:
            world.save()
        return struck


def answer(row: dict[str, Any]) -> Answer:
    """Return the scripted answer of a row with `status`; a body that is not given is ARM's error shape."""
    status = int(row["status"])
    error = {"error": {"code": "ScriptedFault", "message": "A scripted fault answered this request."}}
    return Answer(status, row.get("body", error), {str(k): str(v) for k, v in (row.get("headers") or {}).items()})


def take(world: World, mishap: str, order: Order) -> dict[str, Any] | None:
    """Return the armed row for *mishap* of *order*, counted down, or None."""
    for row in world.records.faults:
        if row.get("world") == mishap and same(row.get("job", ""), order.name) and _strikes(row):
            return dict(row)
    return None


def on_stage(world: World, order: Order, stage: str) -> None:
    """Put every mishap that waits for *order* to reach *stage* on the agenda, now."""
    for row in world.records.faults:
        if row.get("when") == stage and same(row.get("job", ""), order.name) and _strikes(row):
            world.plan(world.now, "mishap", row["id"])


def spoiler(world: World, order: Order) -> Callable[[Found], bool]:
    """Return the test that says which files of *order* shall fail to upload."""
    row = take(world, "complete-with-errors", order)
    if row is None:
        return lambda _: False
    pattern, left = re.compile(row.get("path_regex", "")), [int(row.get("count", 1))]

    def spoiled(found: Found) -> bool:
        if left[0] <= 0 or not pattern.search(found.on_device):
            return False
        left[0] -= 1
        return True

    return spoiled


def _meant(row: dict[str, Any], method: str, target: str) -> bool:
    return row.get("method", method).upper() == method and bool(
        re.search(row.get("path_regex", ""), target, re.IGNORECASE)
    )


def _strikes(row: dict[str, Any]) -> bool:
    if row.get("after", 0) > 0:
        row["after"] -= 1
        return False
    if row.get("times", 1) <= 0:
        return False
    row["times"] = row.get("times", 1) - 1
    return True
