"""What came of a rehearsed fleet, counted in three places: the journal, the embedded Azure, and Prefect."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deploy.rehearse_fleet import Fleet, Station
from flows.desk import ANSWER, ANSWERED, FLOW
from flows.prefect_api import Api, prefect_api
from states.run import Run

ONCE = ("copy", "seal", "verify", "prepare-drives")  # work on a device: done twice it would be duplicate work
PAGE = 200


@dataclass(frozen=True)
class Row:
    """One office at the end. *late_days* is how late its worker came; *answers* are those the hub could read."""

    office: str
    mode: str
    station: str
    late_days: int
    state: str
    orders: int
    answers: int
    dropped: int  # questions taken back: overtaken by a later one, or their run was over
    twice: tuple[str, ...]  # work of ONCE that was answered other than once an attempt


@dataclass(frozen=True)
class Report:
    """The offices, and the hub's passes: how many there were, and how many of those that waited were collapsed."""

    rows: tuple[Row, ...]
    passes: int
    collapsed: int


def report(fleet: Fleet) -> Report:
    """Count everything. Raises what the Prefect API raises."""
    orders = fleet.rehearsal.control.stats()["orders"]
    with prefect_api() as api:
        questions = list(_all(api, "/flow_runs/filter", {"flows": {"name": {"any_": [FLOW]}}}))
        artifacts = list(_all(api, "/artifacts/filter", {"artifacts": {"type": {"any_": [ANSWER]}}}))
        passes = list(_all(api, "/flow_runs/filter", {"flows": {"name": {"any_": ["advance-fleet"]}}}))
    good = {a["flow_run_id"] for a in artifacts if "answer" in json.loads(a["data"]["json"])}
    rows = tuple(
        _row(fleet, run, station, orders, [q for q in questions if q["name"].startswith(f"{run.run_id}/")], good)
        for run in fleet.rehearsal.runs()
        for station in fleet.stations
        if run.plan.office in station.offices
    )
    states = Counter(one["state_type"] for one in passes)
    return Report(rows, states["COMPLETED"] + states["FAILED"], states["CANCELLED"])


def _row(
    fleet: Fleet, run: Run, station: Station, orders: dict[str, int], questions: list[dict[str, Any]], good: set[str]
) -> Row:
    states = Counter(one["state_name"] for one in questions)
    done = Counter(_of(one["name"]) for one in questions if one["id"] in good)
    return Row(
        office=run.plan.office,
        mode=run.plan.mode,
        station=station.name,
        late_days=(station.comes - fleet.begun).days,
        state=run.state,
        orders=sum(orders.get(name, 0) for name in run.job_names),
        answers=states[ANSWERED],
        dropped=states["superseded"] + states["withdrawn"],
        twice=tuple(verb for (_, verb), times in sorted(done.items()) if verb in ONCE and times != 1),
    )


def _of(name: str) -> tuple[str, str]:
    """Return attempt and verb of a question, from its flow run's name RUN/ATTEMPT/VERB/DIGEST."""
    *_run, attempt, verb, _digest = name.split("/")
    return attempt, verb


def _all(api: Api, path: str, which: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for offset in range(0, 1_000_000, PAGE):
        found = api.post(path, {**which, "sort": "ID_DESC", "limit": PAGE, "offset": offset})
        yield from found
        if len(found) < PAGE:
            return
