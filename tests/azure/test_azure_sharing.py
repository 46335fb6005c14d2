"""How often Azure is asked, counted on the wire: many runs, few questions, and never an old answer."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import UTC, datetime

import pytest
from azure.core.pipeline.transport import RequestsTransport
from scripted_azure import PLAN
from test_azure_rehearsal import settings_of

from deploy.clocks import FileClock, seconds_of
from deploy.settings import Settings
from states.plan import Item
from tasks.azure.clients import AzureClients
from tasks.azure.databox import DataBoxOrders
from tasks.azure.shared import FRESH_SECONDS, Shared, alone
from tasks.azure.surroundings import AzureSurroundings
from tasks.azure.vault import RecoveryServicesVault
from tasks.errors import Transient

JOBS = [f"seed{number}" for number in range(5)]
DISKS = {"preferences": {}, "expectedDataSizeInTeraBytes": 1}


class Wire:
    """What the HTTP library logged: a record for each request that was really sent, as method and path."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._log = caplog
        caplog.set_level("DEBUG", "urllib3.connectionpool")
        self.sent()

    def sent(self) -> list[str]:
        """Return the requests to Resource Manager since the last call."""
        texts = [r.getMessage() for r in self._log.records if r.name == "urllib3.connectionpool"]
        self._log.clear()
        found = (re.search(r'"([A-Z]+) (\S+)', text) for text in texts)
        return [f"{f[1]} {f[2].partition('?')[0]}" for f in found if f and "/subscriptions/" in f[2]]


class Time:
    """A clock that goes on when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clients(rehearsal):
    made = AzureClients(settings_of(rehearsal.known))
    yield made
    made.close()


@pytest.fixture
def plan(rehearsal):
    known = rehearsal.known
    here = {name: known[name] for name in ("subscription_id", "resource_group", "location", "vault", "storage_account")}
    return dataclasses.replace(PLAN, server="server-1", items=(Item("mail", 4096),), **here)


@pytest.fixture
def ordered(rehearsal):
    """Five orders of one resource group."""
    for name in JOBS:
        rehearsal.order(name, "DataBoxDisk", **DISKS)
    return rehearsal


@pytest.fixture
def wire(ordered, clients, plan, caplog):
    """The wire after sign-in."""
    DataBoxOrders(clients).find(plan, JOBS[0])
    return Wire(caplog)


def known_jobs(clients, plan):
    """Return each job as a run learnt of it."""
    return {name: DataBoxOrders(clients).find(plan, name) for name in JOBS}


def in_a_pass(clients, plan, known, shared):
    """Look at every job as the runs of one fleet pass do: each run with adapters of its own."""
    return {name: DataBoxOrders(clients, shared).find(plan, name, known[name]) for name in known}


def test_a_list_of_the_group_does_for_every_job_that_is_as_it_was(ordered, clients, plan, wire):
    """Five runs of a group, two requests: one for the first, and a list that the others share."""
    known = known_jobs(clients, plan)
    wire.sent()

    assert in_a_pass(clients, plan, known, Shared()) == known
    assert [text.rpartition("/")[2] for text in wire.sent()] == ["seed0", "jobs"]


def test_what_has_changed_is_asked_of_the_job_itself(ordered, clients, plan, wire):
    """The list only ever says that nothing is new; what moves a run is a GET with all its details."""
    known = known_jobs(clients, plan)
    ordered.control.add_faults({"world": "unknown-stage", "job": "seed3", "stage": "Dispatched"})
    wire.sent()

    seen = in_a_pass(clients, plan, known, Shared())

    assert {name for name in JOBS if seen[name] != known[name]} == {"seed3"} and seen["seed3"].stage == "Dispatched"
    assert [text.rpartition("/")[2] for text in wire.sent()] == ["seed0", "jobs", "seed3"]


def test_a_job_that_the_list_leaves_out_or_tells_less_of_is_asked_for(ordered, clients, plan, wire):
    """Nobody is told that an order is gone, or that it has no stages, because a list said so."""
    known = known_jobs(clients, plan)
    short = ordered.databox.jobs.get(ordered.group, "seed2").as_dict()  # no $expand: what some lists are like
    ordered.control.add_faults(
        {"method": "GET", "path_regex": "/jobs&", "status": 200, "body": json.loads(json.dumps({"value": [short]}))}
    )
    wire.sent()

    assert in_a_pass(clients, plan, known, Shared()) == known
    assert sorted(text.rpartition("/")[2] for text in wire.sent()) == sorted([*JOBS, "jobs"])


def test_every_pass_and_every_minute_asks_anew(ordered, clients, plan, wire):
    """An answer of another pass is no evidence, nor is one that is older than a minute."""
    known, time = known_jobs(clients, plan), Time()
    shared = Shared(time)
    in_a_pass(clients, plan, known, shared)
    time.now += FRESH_SECONDS + 1
    wire.sent()

    in_a_pass(clients, plan, known, shared)
    in_a_pass(clients, plan, known, Shared())
    assert [text.rpartition("/")[2] for text in wire.sent()].count("jobs") == 2


def test_a_list_from_before_an_effect_says_nothing_about_it(ordered, clients, plan, wire):
    """Whoever cancels an order and looks again in the same pass sees it cancelled."""
    known, shared = known_jobs(clients, plan), Shared()
    in_a_pass(clients, plan, known, shared)
    orders = DataBoxOrders(clients, shared)

    orders.cancel(plan, "seed4", "changed our mind")

    assert orders.find(plan, "seed4", known["seed4"]).stage == "Cancelled"


def test_one_run_by_itself_asks_for_its_own_job(ordered, clients, plan, wire):
    """A pass over one run does not list a thousand jobs, however often it looks."""
    known = known_jobs(clients, plan)
    wire.sent()
    DataBoxOrders(clients).find(plan, "seed1", known["seed1"])
    lone = DataBoxOrders(clients, Shared())
    for _ in range(2):
        lone.find(plan, "seed1", known["seed1"])

    assert [text.rpartition("/")[2] for text in wire.sent()] == ["seed1"] * 3


@pytest.mark.parametrize("agent, lists", [("dpm", 6), ("mars", 3)])
def test_a_vault_is_listed_once_for_all_its_servers(ordered, clients, plan, wire, agent, lists):
    """Items, servers and jobs: as many lists for ten servers as for one; alone, each asks for itself."""
    plans = [dataclasses.replace(plan, agent=agent, server=f"server-{number}") for number in range(10)]
    for shared, requests in ((Shared(), lists), (alone, 10 * lists)):
        wire.sent()
        seen = {RecoveryServicesVault(clients, shared).seen(one) for one in plans}
        assert len(seen) == 1 and len(wire.sent()) == requests


def test_what_governs_an_account_from_above_is_listed_once(ordered, clients, plan, wire):
    """The locks of a subscription are the same for each of its accounts; the account itself is asked each time."""
    shared = Shared()
    wire.sent()
    for _ in range(4):
        AzureSurroundings(clients, shared).account(plan, ())

    assert sum(text.endswith("/locks") for text in wire.sent()) == 1


def test_a_refused_list_is_not_kept(ordered, clients, plan, wire):
    """A list that failed once is no reason to fail the other runs."""
    known, shared = known_jobs(clients, plan), Shared()
    ordered.control.add_faults({"method": "GET", "path_regex": "/jobs&", "status": 500})
    DataBoxOrders(clients, shared).find(plan, "seed0", known["seed0"])

    with pytest.raises(Transient):
        DataBoxOrders(clients, shared).find(plan, "seed1", known["seed1"])
    assert DataBoxOrders(clients, shared).find(plan, "seed2", known["seed2"]) == known["seed2"]


def test_while_azure_wants_to_be_left_alone_nothing_is_sent(ordered, clients, plan, wire):
    """One 429 with five minutes of Retry-After holds every client, whatever the service; the error says how long."""
    ordered.control.add_faults(
        {"method": "GET", "path_regex": "seed0", "status": 429, "headers": {"Retry-After": "300"}}
    )
    wire.sent()
    for ask in (
        lambda: DataBoxOrders(clients).find(plan, "seed0"),
        lambda: DataBoxOrders(clients).find(plan, "seed1"),
        lambda: RecoveryServicesVault(clients).seen(plan),
    ):
        with pytest.raises(Transient) as told:
            ask()
        assert 290 < told.value.after_seconds <= 300

    assert len(wire.sent()) == 1 and not told.value.maybe_done


def test_when_the_time_has_come_azure_is_asked_again(ordered, plan):
    """In a rehearsal the time may come by a jump of its clock."""
    time = Time()
    clients = AzureClients(settings_of(ordered.known), seconds=time)
    ordered.control.add_faults(
        {"method": "GET", "path_regex": "seed0", "status": 429, "headers": {"Retry-After": "300"}}
    )
    with pytest.raises(Transient):
        DataBoxOrders(clients).find(plan, "seed0")

    time.now += 300
    assert DataBoxOrders(clients).find(plan, "seed0").job_name == "seed0"
    clients.close()


def test_a_rehearsals_jump_lets_seconds_pass(tmp_path):
    """Real seconds pass as well, or a nap that was slept would not count."""
    where = Settings(tmp_path)
    clock = FileClock(where.clock_file)
    clock.set(datetime(2026, 11, 2, tzinfo=UTC))
    seconds = seconds_of(where)
    before = seconds()

    assert seconds() >= before
    clock.set(datetime(2026, 11, 2, 1, tzinfo=UTC))
    assert 3600 <= seconds() - before < 7200


class Patient(RequestsTransport):
    """The SDK's transport on the real wire; a pause is noted instead of slept."""

    def __init__(self, ca: str) -> None:
        super().__init__(connection_verify=ca)
        self.slept: list[float] = []

    def sleep(self, duration: float) -> None:
        """Note it."""
        self.slept.append(round(duration))


@pytest.fixture
def patient(ordered):
    """Clients that note their pauses, and may try a request again."""
    transport = Patient(ordered.known["ca"])
    made = AzureClients(settings_of(ordered.known, retry_total=3), transport=transport)
    yield made, transport
    made.close()


def test_when_few_reads_are_left_each_read_waits_a_second(ordered, plan, patient):
    """The budget fills up by more than the eight threads of a pass then take; with enough left nobody waits."""
    clients, transport = patient
    orders = DataBoxOrders(clients)
    body = ordered.databox.jobs.get(ordered.group, "seed0", expand="details").as_dict()
    left = {"x-ms-ratelimit-remaining-subscription-reads": "7"}
    ordered.control.add_faults(
        {"method": "GET", "path_regex": "seed0", "status": 200, "headers": left, "body": body, "times": 2}
    )

    for _ in range(4):
        orders.find(plan, "seed0")
    assert transport.slept == [1, 1]


def test_a_short_pause_that_one_request_was_told_holds_the_others_too(ordered, plan, patient):
    """The SDK waits for the one that was throttled; the next one, of another client, does not push in before it."""
    clients, transport = patient
    ordered.control.add_faults({"method": "GET", "path_regex": "seed0", "status": 429, "headers": {"Retry-After": "5"}})

    DataBoxOrders(clients).find(plan, "seed0")
    RecoveryServicesVault(clients).seen(dataclasses.replace(plan, agent="mars"))

    assert transport.slept[0] == 5 and set(transport.slept[1:]) == {5}
