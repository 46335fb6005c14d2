"""A fleet to measure: an inventory of N offices, a journal of N runs, and a rehearsal Azure that has their orders.

Every run stands at `copied` and waits for the carrier. Its journal is a kept one of a real run up to there, and what
weeks of looking add: delays that come and go, looks at what must not change. About 100 lines a run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from prefect.settings import PREFECT_API_URL, temporary_settings

from bench.harness import ROOT
from deploy.cli.opening import Opened
from deploy.clocks import FileClock
from deploy.inventory import load
from deploy.processes import Child, rehearsal_azure
from deploy.rehearsal import home as rehearsal
from deploy.rehearsal.control import Control
from deploy.rehearsal.records import Device, Order, Records, Stage
from deploy.rehearse import enter, lay_out
from deploy.settings import settings
from deploy.wiring import world
from flows.home_run import Home, News, artifact_key
from flows.prefect_api import prefect_api
from states.codec import to_json
from states.facts import KIND_OF, Evidence, JobSeen
from states.freeze import AccountSeen, AppSeen, FreezeSeen
from states.lines import GENESIS, Draft, chained
from states.plan import Plan
from states.planning import job_name
from tasks.journal import Journal

GOLDEN = ROOT / "tests/journal/golden/2026-11.jsonl"
GOLDEN_UP_TO = 34  # the office has handed the device over
CHATTER = 16  # rounds of looking, five lines each
ACTOR = "hub@bench"
BEGAN = datetime(2026, 11, 2, 6, tzinfo=UTC)
DAYS = timedelta(days=30)
NOW = BEGAN + DAYS
FEES = {
    "by": "the Azure job",
    "code": "fees-begin",
    "detail": "a fee for each further day on 2026-11-19 06:00 UTC, counted from the order's stage Delivered",
}
STAGES = ("DeviceOrdered", "DevicePrepared", "Dispatched", "Delivered")


@dataclass
class Fleet:
    """N runs that wait, the process of their Azure, and its control."""

    home: Path
    count: int
    child: Child
    control: Control
    journal: Journal

    @property
    def run_ids(self) -> list[str]:
        """Every run's id."""
        return self.journal.run_ids()

    def tell(self) -> None:
        """Give every run its home run and its pages in Prefect, as if all that happened had been told long ago."""

        def one(run_id: str) -> None:
            run = self.journal.run(run_id)
            page = home.project(replace(run, history=run.history[-1:]))
            for name in ("timeline", "record"):
                body = {"key": artifact_key(f"{name}-{run_id}"), "type": "markdown", "data": "", "description": ""}
                api.post("/artifacts/", {**body, "flow_run_id": str(page.id)})
            home.announce([News(page, run.seq, "", [])])

        chosen = {PREFECT_API_URL: os.environ["PREFECT_API_URL"]}  # Prefect was imported before its server stood
        with temporary_settings(chosen), prefect_api() as api, ThreadPoolExecutor(4) as crew:
            home = Home(api)
            for _ in crew.map(one, self.run_ids):
                pass

    def due(self, run_ids: list[str]) -> None:
        """Make these runs due for a look at the carrier; no other is, until time goes on."""
        for run_id in run_ids:
            self.journal.remember(run_id, {"watch-freeze": NOW}, NOW)

    def picked_up(self, run_ids: list[str]) -> None:
        """Let the carrier have the devices of these runs."""
        names = [job_name(run_id) for run_id in run_ids]
        rows = [{"world": "unknown-stage", "job": name, "stage": "PickedUp"} for name in names]
        self.control.post("faults", rows)

    def stop(self) -> None:
        """End its Azure."""
        self.journal.close()
        self.child.stop()


def fleet(home: Path, count: int) -> Fleet:
    """Make a fleet of *count* offices in *home*, an empty folder, and start its Azure."""
    _fill_azure(home / "azure", [f"office-{number:04d}" for number in range(count)])
    child = rehearsal_azure(home / "azure")
    azure = child.first_line()
    enter(azure)
    where = settings(home)
    lay_out(where, azure, None, 1000, ("lyon",))
    FileClock(where.clock_file).set(NOW)
    _multiply(where.inventory_at_home, count)
    journal = Opened(home, make=True).journal
    plans = [office.plan(job_name(_run_id(office.id))) for office in load(where.inventory_at_home).offices]
    job = world(where).site_of(plans[0]).orders.find(plans[0], plans[0].job_name)
    assert job is not None
    for plan in plans:
        _write(journal, plan, job)
    return Fleet(home, count, child, Control(azure["control"], azure["ca"]), journal)


def _run_id(office: str) -> str:
    return f"{office}/2026-11"


def _multiply(path: Path, count: int) -> None:
    """Make *count* offices of the only one that the inventory has."""
    page = yaml.safe_load(path.read_text("utf-8"))
    (one,) = page["offices"]
    page["offices"] = [{**one, "id": f"office-{number:04d}"} for number in range(count)]
    path.write_text(yaml.dump(page, Dumper=_NoAliases, sort_keys=False), "utf-8")


class _NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out."""
        return True


def _fill_azure(root: Path, offices: list[str]) -> None:
    """Write the world of a rehearsal that has an order an office, delivered; no service orders so many so fast."""
    home = rehearsal.Home(root)
    home.keep()
    orders = [_order(home, job_name(_run_id(office)), number) for number, office in enumerate(offices)]
    home.world.touch(mode=0o600)
    records = Records(now=NOW, orders={order.name.casefold(): order for order in orders})
    home.world.write_text(records.model_dump_json(), "utf-8")


def _order(home: rehearsal.Home, name: str, number: int) -> Order:
    days = [timedelta(days=day) for day in (0, 1, 5, 7)]
    stages = [Stage(name=s, status="Succeeded", at=BEGAN + day) for s, day in zip(STAGES, days, strict=True)]
    return Order(
        name=name,
        resource_group=home.identity.resource_group,
        location=home.identity.location,
        sku={"name": "DataBoxDisk"},
        inputs={"transferType": "ImportToAzure", "details": {"jobDetailsType": "DataBoxDisk"}},
        operation=f"{number:032x}",
        started=BEGAN,
        stages=stages,
        devices=[Device(serial=f"DISK{number:06d}", terabytes=8)],
    )


def _write(journal: Journal, plan: Plan, like: JobSeen) -> None:
    """Write the journal of one run, which knows its job as Azure shows it now: like any other. Nothing is due."""
    run_id, name = _run_id(plan.office), plan.job_name
    job = replace(like, job_name=name, job_id=like.job_id.replace(like.job_name, name))
    begun = [Draft("opened", {"plan": to_json(plan)}), Draft("planned", {})]
    since = [*_kept(name), *_weeks_of_looking(plan), _seen("watch-return", job), Draft("condition-raised", FEES)]
    first = chained(run_id, 0, GENESIS, BEGAN, ACTOR, begun)
    journal.add(None, [*first, *chained(run_id, len(first), first[-1].hash, NOW, ACTOR, since)])
    journal.remember(run_id, {"watch-freeze": NOW, "watch-return": NOW}, NOW + timedelta(hours=12))


def _kept(name: str) -> Iterator[Draft]:
    """Yield what the kept journal tells after its plan, as if it had been told of this order."""
    for text in GOLDEN.read_text("utf-8").splitlines()[2:GOLDEN_UP_TO]:
        row = json.loads(text)
        yield Draft(row["kind"], json.loads(row["payload"].replace("perth0123", name)))


def _weeks_of_looking(plan: Plan) -> Iterator[Draft]:
    name = plan.job_name
    for number in range(CHATTER):
        yield Draft("condition-raised", {"by": "the Azure job", "code": "order-delayed", "detail": f"round {number}"})
        yield _seen("watch-return", JobSeen(name, f"/jobs/{name}", "DataBoxDisk", "Delivered", delays=("busy",)))
        yield _seen("watch-freeze", _freeze(plan, number))
        yield Draft("condition-cleared", {"code": "order-delayed", "forgets": [], "reason": "no longer seen"})


def _freeze(plan: Plan, number: int) -> FreezeSeen:
    keys = (BEGAN + timedelta(days=number), BEGAN)
    account = AccountSeen(plan.resource_group, keys_made=keys, locks=("CanNotDelete DATABOX_SERVICE",))
    apps = tuple(AppSeen(f"AzureOfflineBackup_{person:012d}", BEGAN + 12 * DAYS) for person in range(3))
    return FreezeSeen(account, plan.job_name, server="server.corp.example", apps=apps)


def _seen(verb: str, fact: Evidence) -> Draft:
    return Draft("evidence", {"kind": KIND_OF[type(fact)], "by": verb, "facts": to_json(fact)})
