"""The rehearsal: the real flows, verbs and SDK clients against the embedded Azure, with the waiting left out.

This file plays the two parts a rehearsal has no people for: time, which jumps to the next thing that will happen,
and the office, which answers what the runs ask. Everything else is what runs in production.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from deploy.cli.opening import Opened
from deploy.cli.starting import open_run
from deploy.clocks import FileClock
from deploy.fleet_database import FleetDatabase, fleet_database
from deploy.many_offices import many_offices
from deploy.processes import Child, prefect_server, rehearsal_azure
from deploy.rehearsal.control import Control
from deploy.settings import Settings, settings
from states.codec import to_json
from states.facts import DrivesReserved
from states.plan import OwnDisk
from states.playbook import Ask, Step, next_step
from states.run import Run
from tasks import answers
from tasks.errors import SeedingError
from tasks.files import write_aside
from tasks.journal import Journal, Logbook
from tasks.layout import container_of
from tasks.office.disks import EnvironmentKeys, new_key

SAMPLE = Path(__file__).parent / "offices" / "sample.yaml"
GOAL = "incremental-scheduled"
DRIVE_SLACK = 1024 * 1024  # beside less than half of the seed: what planning leaves free on a drive
MOST_DAYS = timedelta(days=120)
STALLED_PASSES = 12  # jumps after which a run that did not move and asks for something we do not play is left alone
OFFICE_PERSON = "office-stand-in"
# A rehearsed fleet's server keeps flow runs, states and artifacts, and does nothing about events (automations, feed,
# task runs): nobody asks for them there, and each is a write.
QUIET_SERVER = {
    f"PREFECT_SERVER_SERVICES_{service}_ENABLED": "false"
    for service in ("TRIGGERS", "EVENT_PERSISTER", "TASK_RUN_RECORDER")
}


class NothingComes(SeedingError):
    """Time may go on for ever: nothing that the embedded Azure will do moves an open run."""

    code = "not-there-yet"


@dataclass
class Rehearsal:
    """A running rehearsal: its home, its Azure, and what its office people know."""

    where: Settings
    azure: dict[str, Any]
    control: Control
    clock: FileClock
    journal: Journal
    prefect_url: str = ""
    children: list[Child] = field(default_factory=list)
    database: FleetDatabase | None = None

    def runs(self) -> list[Run]:
        """Return every run as its journal tells it."""
        return [self.journal.run(run_id) for run_id in self.journal.run_ids()]

    def step(self, run: Run) -> Step:
        """Return what the run waits for."""
        return next_step(run, self.clock.now(), self.journal.looked(run.run_id))

    def stop(self) -> None:
        """End every process of the rehearsal; its home stays for a look around."""
        self.journal.close()
        for child in reversed(self.children):
            child.stop()
        self.children.clear()
        if self.database:
            self.database.stop()


def begin(where: Settings, data: Path | None, sample_bytes: int, many: int = 0) -> Rehearsal:
    """Start the embedded Azure and a Prefect server, lay out the sample offices and open their runs.

    *many* are so many offices made of the sample's, each with a worker of its own; see `deploy/many_offices.py`.
    """
    azure_child = rehearsal_azure(where.home / "azure")
    children: list[Child] = [azure_child]
    database = None
    try:
        database = fleet_database() if many else None
        env = {**QUIET_SERVER, **(database.environment if database else {})} if many else {}
        prefect = prefect_server(where.prefect, where.home.parent / "cache", env)
        children.append(prefect.child)
        rehearsal = set_up(where, azure_child.first_line(), data, sample_bytes, many=many)
        prefect.wait()
    except BaseException:
        for child in children:
            child.stop()
        if database:
            database.stop()
        raise
    return replace(rehearsal, prefect_url=prefect.ui, children=children, database=database)


def set_up(
    where: Settings,
    azure: dict[str, Any],
    data: Path | None,
    sample_bytes: int,
    only: Collection[str] = (),
    many: int = 0,
) -> Rehearsal:
    """Lay out the sample offices (those in *only*, or *many*) on an embedded Azure that runs, and open their runs."""
    enter(azure)
    where.make()
    lay_out(where, azure, data, sample_bytes, only, many)
    control = Control(azure["control"], azure["ca"])
    clock = FileClock(where.clock_file)
    clock.set(control.now())
    opened = Opened(where.home, make=True)
    for office in _inventory(where)["offices"]:
        open_run(opened, office["id"], "", {})
    return Rehearsal(where, azure, control, clock, opened.journal)


def fresh_home(home: Path | None) -> Settings:
    """Return the rehearsal's own home, emptied: `rehearsal` below the home. Only what a rehearsal made is removed."""
    root = settings(home).home / "rehearsal"
    marker = root / ".rehearsal"
    if root.exists() and any(root.iterdir()) and not marker.exists():
        raise SeedingError(f"{root} holds something that is no rehearsal", next="choose another --home", code="failed")
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True, mode=0o700)
    marker.touch()
    return settings(root)


def enter(azure: dict[str, Any]) -> None:
    """Put the rehearsal's login into the environment, where the product looks for it."""
    os.environ["AZURE_CLIENT_ID"] = azure["client_id"]
    os.environ["AZURE_CLIENT_SECRET"] = azure["client_secret"]
    for name in ("SEEDING_JOURNAL", "SEEDING_INVENTORY"):
        os.environ.pop(name, None)


def lay_out(
    where: Settings,
    azure: dict[str, Any],
    data: Path | None,
    sample_bytes: int,
    only: Collection[str] = (),
    many: int = 0,
) -> None:
    """Write the home's offices.yaml and azure.json: the sample inventory with this rehearsal's names and real data."""
    ends = {
        key: azure[key] for key in ("arm", "authority", "ca", "blob", "graph", "drives", "key_vault") if key in azure
    }
    ends["blob"] = ends["blob"].replace(azure["storage_account"], "{account}")
    write_aside(where.home / "azure.json", json.dumps(ends, indent=2).encode())
    inventory = yaml.safe_load(SAMPLE.read_text("utf-8"))
    inventory["offices"] = [office for office in inventory["offices"] if not only or office["id"] in only]
    if many:
        inventory["offices"] = many_offices(inventory["offices"], many)
    shared = inventory["defaults"]["azure"]
    for key in ("subscription_id", "tenant_id", "resource_group", "vault"):
        shared[key] = azure[key]
    for name in ("sources", "staging"):  # as private as what they stand in for
        (where.home / name).mkdir(mode=0o700, exist_ok=True)
    share = sample_bytes // len(inventory["offices"])
    for index, office in enumerate(inventory["offices"]):
        office.setdefault("azure", {})["storage_account"] = azure["storage_account"]
        if office.get("mode") == "own-disk":
            _own_disks(office, where.home / "staging" / office["id"], share)
        else:
            office["device_path"] = str(Path(azure["devices"]) / "{serial}")
        office["agent"]["command"] = agent_command(azure, office)
        if data is not None and index == 0:
            office["items"] = [
                {"name": "data", "source": str(data.resolve()), "size": _size(data), "daily_change": "1 %"}
            ]
        else:
            _generate(office, where.home / "sources" / office["id"], share, seed=index)
    write_aside(where.inventory_at_home, yaml.safe_dump(inventory, sort_keys=False, allow_unicode=True).encode())


def _own_disks(office: dict[str, Any], staging: Path, share: int) -> None:
    """Give an office its staging place, drives (each too small for the seed) and, in the environment, their keys."""
    staging.mkdir(parents=True)
    office["staging"] = {"path": str(staging)}
    own = office["own_disk"]
    keys = EnvironmentKeys(own["keys"].removeprefix("env:"), os.environ)
    for drive in own["drives"]:
        drive["capacity"] = share * 45 // 100 + DRIVE_SLACK
        os.environ[keys.variable(drive["serial"])] = new_key().reveal()
    os.environ[own["return"]["account"].removeprefix("env:")] = f"{random.SystemRandom().randrange(10**9):09}"


def agent_command(azure: dict[str, Any], office: dict[str, Any]) -> list[str]:
    """Return how an office's worker asks its backup agent: here, the stand-in that prints the same documents."""
    agent = office["agent"]
    fixed = ["--control", azure["control"], "--ca", azure["ca"], "--office", office["id"], "--kind", agent["kind"]]
    return [sys.executable, "-m", "deploy.rehearsal.agent", *fixed, "--server", agent["server"]]


def in_prefect(rehearsal: Rehearsal) -> Callable[[list[str]], None]:
    """Return how to sweep the fleet through Prefect: the very flow that a schedule would start."""
    from deploy.wiring import world
    from flows.advance import advance_fleet
    from flows.world import use

    use(lambda: world(rehearsal.where, retry_delays=(0.2, 0.5)))

    def sweep(run_ids: list[str]) -> None:
        asyncio.run(advance_fleet(look_now=True, only=run_ids))

    return sweep


def play(
    rehearsal: Rehearsal, sweep: Callable[[list[str]], None], tell: Callable[[list[Run]], None] = lambda runs: None
) -> list[Run]:
    """Advance until every run has reached the goal, is over, or waits for something nobody here plays.

    *sweep* makes one pass over these runs, *tell* is called with all runs after each. Returns the runs at the end.
    """
    _play_on(rehearsal, sweep, tell)
    sweep(rehearsal.journal.run_ids())  # those that were there first have waited since: let them look once more
    return rehearsal.runs()


def _play_on(rehearsal: Rehearsal, sweep: Callable[[list[str]], None], tell: Callable[[list[Run]], None]) -> None:
    begun, quiet, last = rehearsal.clock.now(), 0, ""
    while True:
        sweep([run.run_id for run in open_runs(rehearsal)])
        runs = rehearsal.runs()
        tell(runs)
        if not open_runs(rehearsal) or rehearsal.clock.now() - begun > MOST_DAYS:
            return
        if answer_all(rehearsal):
            continue
        shape = str([(run.run_id, run.state, run.seq) for run in runs])
        quiet, last = (quiet + 1, last) if shape == last else (0, shape)
        if quiet > STALLED_PASSES:
            return
        try:
            jump(rehearsal)
        except NothingComes:
            return


def open_runs(rehearsal: Rehearsal) -> list[Run]:
    """Return the runs that still have a way to go. What a list needs decides which are read."""
    rows = rehearsal.journal.rows(open_only=True)
    return [rehearsal.journal.run(row.run_id) for row in rows if row.state != GOAL]


def jump(rehearsal: Rehearsal, most: timedelta = MOST_DAYS) -> None:
    """Move time to a minute after the next thing that an open run waits for.

    Raises NothingComes when nothing is left to happen, or when *most* of time brought nothing for any of them.
    """
    runs, begun = open_runs(rehearsal), rehearsal.clock.now()
    while (coming := rehearsal.control.next()) and coming[0] - begun <= most:
        rehearsal.control.jump(coming[0] + timedelta(minutes=1))
        if any(waits_for(run, coming[1]) for run in runs):
            rehearsal.clock.set(rehearsal.control.now())
            return
    waiting = ", ".join(f"{run.run_id} ({run.state})" for run in runs) or "no run that is open"
    fact = f"within {most.days} days nothing happens for {waiting}" if coming else f"nothing comes for {waiting}"
    raise NothingComes(fact, next=f"seeding explain {runs[0].run_id}" if runs else "seeding status --all")


def waits_for(run: Run, what: str) -> bool:
    """Say whether *what* happened may move *run*: its order always, its office's backups once the seed is ingested."""
    about = what.partition(":")[0]
    return about == run.job_name or (about == run.plan.office and run.state in ("ingested", "vaulted"))


def answer_all(rehearsal: Rehearsal) -> bool:
    """Be the people at the offices: answer every question they are asked. False when there was none."""
    answered = False
    for run in open_runs(rehearsal):
        step = rehearsal.step(run)
        if isinstance(step, Ask) and not step.code:
            answered |= answer(rehearsal, run)
    return answered


def answer(rehearsal: Rehearsal, run: Run) -> bool:
    """Do what the office would do about the run's question, then tell the run. False when this is no such question."""
    book = Logbook(rehearsal.journal, run.run_id, rehearsal.clock.now, OFFICE_PERSON)
    if run.plan.mode == "own-disk":
        return _answer_about_drives(rehearsal, run, book)
    control, serial = rehearsal.control, serial_on_the_label(rehearsal, run)
    if run.state == "ordered":
        set_the_wizard(rehearsal, run, serial)
        answers.delivered(book, serial, OFFICE_PERSON)
    elif run.state == "delivered":
        answers.prepared(book, OFFICE_PERSON, control.prepare_to_ship(serial))
    elif run.state == "copied":
        given = control.hand_over(run.job_name)
        answers.handed_over(book, OFFICE_PERSON, given["carrier"], given.get("tracking") or "")
    else:
        return False
    book.leave(None)  # something happened: the next pass looks at once
    return True


def _answer_about_drives(rehearsal: Rehearsal, run: Run, book: Logbook) -> bool:
    reserved, own, control = run.get(DrivesReserved), run.plan.own_disk, rehearsal.control
    assert own is not None
    if run.state == "ordered" and reserved is not None:
        bought = {drive.serial: drive for drive in own.drives}
        control.add_drives([to_json(bought[serial]) for serial in reserved.serials])
        set_the_wizard(rehearsal, run, own_disk=own)
        answers.attached(book, reserved.serials, OFFICE_PERSON)
    elif run.state == "copied":
        answers.handed_over(book, OFFICE_PERSON, "DHL", f"JD{run.job_name.upper()}")
    else:
        return False
    book.leave(None)
    return True


def serial_on_the_label(rehearsal: Rehearsal, run: Run) -> str:
    """Return what the office reads on the device in front of it; it does not ask our journal."""
    return str(next(row["devices"][0]["serial"] for row in rehearsal.control.orders() if row["job"] == run.job_name))


def set_the_wizard(rehearsal: Rehearsal, run: Run, serial: str = "", own_disk: OwnDisk | None = None) -> None:
    """Set the offline method in the backup console, as a person does: once delivered, or before the copy to staging."""
    from tasks.office.agent import AgentCommand

    office = next(o for o in _inventory(rehearsal.where)["offices"] if o["id"] == run.plan.office)
    items = [
        {"name": i.name, "source": i.source, "bytes": i.bytes, "daily_change_bytes": i.daily_change_bytes}
        for i in run.plan.items
    ]
    if own_disk:
        arguments = ["--import-job", run.job_name, "--staging", own_disk.staging]
    else:
        arguments = ["--order", run.job_name, "--device", str(Path(rehearsal.azure["devices"]) / serial)]
    arguments += ["--items", json.dumps(items)]
    if run.plan.agent == "files":
        containers = [{"name": container_of(run.plan.office, i.name), "item": i.name} for i in run.plan.items]
        arguments += ["--containers", json.dumps(containers)]
    AgentCommand(office["agent"]["command"]).ask("configure", *arguments)


def _generate(office: dict[str, Any], root: Path, share: int, seed: int) -> None:
    """Make source data for an office's items: the same bytes each time, one big file and some small ones an item."""
    each = share // len(office["items"])
    for number, item in enumerate(office["items"]):
        folder = root / item["name"]
        (folder / "daily").mkdir(parents=True)
        dice = random.Random(f"{seed}/{number}")  # noqa: S311 - data to copy, no secret
        small = [dice.randrange(1, max(2, min(96_000, each // 20))) for _ in range(12)]
        (folder / f"{item['name']}-full.bak").write_bytes(dice.randbytes(max(1024, each - sum(small))))
        for day, size in enumerate(small):
            (folder / "daily" / f"day {day:02}.log").write_bytes(dice.randbytes(size))
        item.update(source=str(folder), size=_size(folder), daily_change="1 %")


def _size(folder: Path) -> int:
    return max(1, sum(file.lstat().st_size for file in _regular(folder)))


def _regular(folder: Path) -> Iterator[Path]:
    for root, _folders, names in os.walk(folder):
        yield from (path for name in names if (path := Path(root) / name).is_file() and not path.is_symlink())


def _inventory(where: Settings) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(where.inventory.read_text("utf-8"))
    return found
