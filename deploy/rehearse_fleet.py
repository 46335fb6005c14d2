"""The rehearsal of a fleet: hub and offices as the processes they are in production, joined by a real Prefect server.

The hub's worker makes the passes, three workers serve the offices, one of them comes late, and the hub is off for a few
days. Played here are only time, the people, and the schedule: it makes a pass whenever something has happened.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from deploy.fleet.wanted import ANSWERS_QUEUE, HUB_QUEUE
from deploy.local.stack import COMMAND
from deploy.processes import Child
from deploy.rehearse import Rehearsal, answer_all, open_runs, waits_for
from flows.desk import ANSWERED, FLOW
from flows.prefect_api import Api, prefect_api
from states.run import Run
from tasks.errors import SeedingError

LASTS = timedelta(days=60)
STATIONS = 3
COMES_LATE = timedelta(days=12)  # when the last station's worker starts: its devices have waited for days
HUB_IS_OFF = (timedelta(days=8), timedelta(days=11))
TOGETHER = timedelta(hours=6)  # what happens so close together is one jump of the clock
LONGEST_WAIT = timedelta(days=1)  # then a look that is due is made, though nothing has happened
LOOK_SECONDS = 1.0
LOST_SECONDS = 30.0  # an office asks for a pass within moments of its answer; after that its request is lost
SETTLE_SECONDS = 900.0
AT_WORK = ("PENDING", "RUNNING", "CANCELLING")
OPEN_STATES = ("SCHEDULED", *AT_WORK)
SCHEDULED = "advance-fleet/all"  # the deployment that the schedule starts
# The usual 15 seconds would be most of a rehearsal; each look costs the server as much as a small flow run does.
QUICK = {"PREFECT_WORKER_QUERY_SECONDS": "2"}
NO_AZURE = {"AZURE_CLIENT_ID": "", "AZURE_CLIENT_SECRET": ""}


@dataclass
class Station:
    """One machine that does the work of several offices, from a day of the rehearsal on."""

    name: str
    home: Path
    offices: tuple[str, ...]
    comes: datetime
    child: Child | None = None


@dataclass
class Fleet:
    """A fleet under way: the rehearsal behind it, the hub's worker, the stations, and whether the hub was off.

    *untold* are the answers whose request for a pass was lost: the schedule comes to them.
    """

    rehearsal: Rehearsal
    stations: list[Station]
    hub: Child
    begun: datetime
    hub_was_off: bool = False
    untold: int = 0

    @property
    def now(self) -> datetime:
        """The simulated time, UTC."""
        return self.rehearsal.clock.now()

    @property
    def log(self) -> Path:
        """Where the processes write what they say."""
        return self.rehearsal.where.home / "log"

    def stop(self) -> None:
        """End every process of the fleet and of its rehearsal."""
        for station in self.stations:
            if station.child:
                station.child.stop()
        self.hub.stop()
        self.rehearsal.stop()


def begin_fleet(rehearsal: Rehearsal) -> Fleet:
    """Deploy the rehearsal's inventory, start the hub's worker, and divide the offices among the stations."""
    home, begun = rehearsal.where.home, rehearsal.clock.now()
    done = subprocess.run([COMMAND, "deploy", "--home", str(home)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SeedingError(f"`seeding deploy` failed: {done.stderr.strip()[-300:]}")
    offices = [run.plan.office for run in rehearsal.runs()]
    stations = []
    for number in range(STATIONS):
        name, comes = f"station-{number + 1}", begun + (COMES_LATE if number == STATIONS - 1 else timedelta())
        mine = tuple(offices[number::STATIONS])
        stations.append(Station(name, home / name, mine, comes))
        for office in mine:  # where a rehearsal's office finds its drives
            place = home / name / office if len(mine) > 1 else home / name
            place.mkdir(parents=True, mode=0o700)
            shutil.copyfile(home / "azure.json", place / "azure.json")
    return Fleet(rehearsal, stations, _hub(home), begun)


def play_fleet(fleet: Fleet, tell: Any) -> list[Run]:
    """Let the days pass until every run is at the goal or the time is over; return the runs."""
    while open_runs(fleet.rehearsal) and fleet.now - fleet.begun < LASTS:
        _open_stations(fleet)
        _sweep(fleet)
        _settle(fleet)
        tell(fleet.rehearsal.runs())
        if answer_all(fleet.rehearsal) or not open_runs(fleet.rehearsal):
            continue
        let_time_pass(fleet)
        if not fleet.hub_was_off and fleet.now - fleet.begun >= HUB_IS_OFF[0]:
            _without_hub(fleet)
    return fleet.rehearsal.runs()


def _hub(home: Path) -> Child:
    log = home / "log" / f"hub-{time.time_ns()}.log"
    return Child("the hub's worker", [str(COMMAND), "work", "--home", str(home)], log, QUICK)


def _open_stations(fleet: Fleet) -> None:
    for station in fleet.stations:
        if station.child is None and station.comes <= fleet.now:
            command = [str(COMMAND), "work", *station.offices, "--home", str(station.home)]
            station.child = Child(station.name, command, fleet.log / f"{station.name}.log", {**QUICK, **NO_AZURE})


def _sweep(fleet: Fleet) -> None:
    """Make a pass as the schedule does, and wait for its end."""
    with prefect_api() as api:
        one = _schedule_pass(api)
        _wait(fleet, "the hub's pass", lambda: not _count(api, {"id": {"any_": [one]}}))


def _schedule_pass(api: Api) -> str:
    deployment = api.get(f"/deployments/name/{SCHEDULED}")
    made = api.post(f"/deployments/{deployment['id']}/create_flow_run", {"state": {"type": "SCHEDULED"}})
    return str(made["id"])


def _settle(fleet: Fleet) -> None:
    """Wait until the offices at hand have answered everything, and the hub has taken it in.

    An office asks for a pass a moment after its answer, when nothing is open. So it is settled when nothing is open
    while each answer has its pass, with no answer more at the end of the look than at its beginning.
    """
    at_hand = [f"office-{office}" for station in fleet.stations if station.child for office in station.offices]
    which, passes = ({"work_queue_name": {"any_": names}} for names in ([ANSWERS_QUEUE, *at_hand], [HUB_QUEUE]))
    quiet_since = time.monotonic()

    def busy() -> bool:
        return bool(_count(api, which) or _count(api, passes, AT_WORK))

    def settled() -> bool:
        nonlocal quiet_since
        if busy():
            quiet_since = time.monotonic()
            return False
        answers, told = _answers(api)
        if busy() or _answers(api) != (answers, told):
            return False
        if answers != told + fleet.untold and time.monotonic() - quiet_since < LOST_SECONDS:
            return False
        fleet.untold = answers - told
        return True

    with prefect_api() as api:
        _wait(fleet, "the offices' answers", settled)


def _answers(api: Api) -> tuple[int, int]:
    """Return how many answers there are, and how many passes were asked for because of one."""
    answered = {"flow_runs": {"state": {"name": {"any_": [ANSWERED]}}}, "flows": {"name": {"any_": [FLOW]}}}
    told = {"flow_runs": {"work_queue_name": {"any_": [ANSWERS_QUEUE]}}}
    return int(api.post("/flow_runs/count", answered)), int(api.post("/flow_runs/count", told))


def let_time_pass(fleet: Fleet) -> None:
    """Move time to the next thing that may move a run, and on until a run is due; not past what is planned here."""
    rehearsal, runs = fleet.rehearsal, open_runs(fleet.rehearsal)
    ids = {run.run_id for run in runs}
    due = min(row.due or fleet.now for row in rehearsal.journal.rows(open_only=True) if row.run_id in ids)
    planned = [station.comes for station in fleet.stations if station.child is None]
    if not fleet.hub_was_off:
        planned.append(fleet.begun + HUB_IS_OFF[0])
    end, until = min([*planned, fleet.begun + LASTS, max(due, fleet.now) + LONGEST_WAIT]), None
    while (coming := rehearsal.control.next()) and coming[0] <= (until or end):
        rehearsal.control.jump(coming[0] + timedelta(minutes=1))
        if until is None and any(waits_for(run, coming[1]) for run in runs):
            until = coming[0] + TOGETHER
    now = max(rehearsal.control.now(), min(end, due) if until else end)
    if now > rehearsal.control.now():
        rehearsal.control.jump(now)
    rehearsal.clock.set(rehearsal.control.now())


def _without_hub(fleet: Fleet) -> None:
    """Switch the hub off for some days, with a pass missed on each; then on again."""
    fleet.hub.stop()
    fleet.hub_was_off = True
    rehearsal = fleet.rehearsal
    with prefect_api() as api:
        while fleet.now - fleet.begun < HUB_IS_OFF[1]:
            _schedule_pass(api)
            rehearsal.control.jump(fleet.now + timedelta(days=1))
            rehearsal.clock.set(rehearsal.control.now())
    fleet.hub = _hub(rehearsal.where.home)


def _count(api: Api, which: dict[str, Any], states: Sequence[str] = OPEN_STATES) -> int:
    return int(api.post("/flow_runs/count", {"flow_runs": {**which, "state": {"type": {"any_": list(states)}}}}))


def _wait(fleet: Fleet, what: str, ended: Any) -> None:
    until = time.monotonic() + SETTLE_SECONDS
    children = [fleet.hub, *(station.child for station in fleet.stations if station.child), *fleet.rehearsal.children]
    while not ended():
        if fallen := next((child for child in children if not child.alive()), None):
            raise SeedingError(f"{fallen.name} has ended: {fallen.last_words()}", next=f"read {fallen.log}")
        if time.monotonic() > until:
            raise SeedingError(f"{what} took longer than {SETTLE_SECONDS:.0f} s", next=f"read the logs in {fleet.log}")
        time.sleep(LOOK_SECONDS)
