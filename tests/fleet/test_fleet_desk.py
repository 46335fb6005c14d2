"""Questions and answers through a real Prefect server: one flow run a question, one reading an answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect_host import Prefect
from test_fleet_questions import PLAN, SEALED, WORK

from deploy.fleet.server import changes
from deploy.fleet.wanted import wanted
from deploy.inventory import Inventory, load
from flows.desk import PrefectDesk, answered_meanwhile, put_reply, start_again, withdraw
from flows.prefect_api import Api, prefect_api
from states.facts import DeviceChecked
from tasks.office.afar.questions import Reply
from tasks.office.afar.remote import OfficeSilent, RemoteOffice
from tasks.ports import OnSite

SEEN = {"serial": "SN1", "path": "E:", "writable": True, "free_bytes": 5, "foreign_files": []}
CHECKED = DeviceChecked("SN1", "E:", writable=True, free_bytes=5)


@pytest.fixture(scope="module")
def api(prefect: Prefect) -> Iterator[Api]:
    """The server, where lyon has a queue of its own that nobody works off: the tests are the office."""
    lyon = load(Path("deploy/offices/sample.yaml")).office("lyon")
    assert lyon is not None
    with prefect_api() as opened:
        for change in changes(opened, wanted(Inventory((replace(lyon, worker="office"),)))):
            change.write(opened)
        yield opened


@pytest.fixture
def work() -> OnSite:
    """Work of a run of its own, so that no test sees another's questions."""
    return replace(WORK, run_id=f"lyon/{uuid4().hex[:8]}")


@pytest.fixture
def office(api: Api) -> RemoteOffice:
    """The office as the hub sees it."""
    return RemoteOffice(PrefectDesk(), {"version": "1"})


def test_an_office_that_is_off_finds_each_question_once(api: Api, office: RemoteOffice, work: OnSite) -> None:
    """However often the hub passes meanwhile."""
    answers = [office.check_device(replace(work, now=work.now + timedelta(minutes=n))) for n in range(3)]

    assert answers == [None] * 3 and [run["state_type"] for run in runs_of(api, work)] == ["SCHEDULED"]


def test_an_answer_is_read_again_until_the_run_has_learnt_from_it(api: Api, office: RemoteOffice, work: OnSite) -> None:
    """A hub that dies before it writes the answer down finds it again; a run that moved on asks anew."""
    office.check_device(work)
    reply(api, work, Reply({"answer": SEEN}))
    read = [office.check_device(work) for _ in range(2)]
    learnt = office.check_device(replace(work, mark="m2"))

    assert read == [CHECKED, CHECKED] and learnt is None
    assert [run["state_type"] for run in runs_of(api, work)] == ["COMPLETED", "SCHEDULED"]


def test_a_look_that_told_nothing_new_is_taken_anew_after_a_while(api: Api, office: RemoteOffice, work: OnSite) -> None:
    """Otherwise the hub would look at the same old answer for ever."""
    office.check_device(work)
    reply(api, work, Reply({"answer": SEEN}))
    office.check_device(work)

    assert office.check_device(replace(work, now=work.now + timedelta(hours=1))) is None
    assert len(runs_of(api, work)) == 2


def test_long_work_that_ended_well_is_not_asked_again_while_the_next_takes_days(
    api: Api, office: RemoteOffice, work: OnSite
) -> None:
    """Drives are written for days after the staging place was read again; a failure is tried again after one."""
    office.verify(work, SEALED)
    reply(api, work, Reply({"answer": {"digest": SEALED.digest, "files": 3, "bytes": 1000, "faults": []}}))
    read = [office.verify(replace(work, now=work.now + timedelta(days=days)), SEALED) for days in (0, 3)]

    assert read[0] is not None and read[0] == read[1] and len(runs_of(api, work)) == 1


def test_answers_that_come_together_are_one_pass(api: Api, office: RemoteOffice, work: OnSite) -> None:
    """The first pass takes over what the others are about; they end as collapsed."""
    hub = api.get("/deployments/name/advance-fleet/answered")
    for number in range(3):
        body = {"name": "answered", "parameters": {"only": [f"lyon/{number}"]}, "tags": ["seeding"]}
        api.post(f"/deployments/{hub['id']}/create_flow_run", body)
    taken = answered_meanwhile(hub["id"])
    which = {"deployment_id": {"any_": [hub["id"]]}}

    assert sorted(taken) == ["lyon/0", "lyon/1", "lyon/2"] and answered_meanwhile(hub["id"]) == []
    states = [row["state_name"] for row in api.post("/flow_runs/filter", {"flow_runs": which})]
    assert states == ["collapsed"] * 3


def test_a_flow_run_that_crashed_is_asked_again_and_the_waiting_counts_on(
    api: Api, office: RemoteOffice, work: OnSite
) -> None:
    """After a day without an answer somebody is told, however many flow runs were lost meanwhile."""
    office.check_device(work)
    set_state(api, runs_of(api, work)[0], "CRASHED", "lost")
    office.check_device(replace(work, now=work.now + timedelta(hours=20)))

    assert len(runs_of(api, work)) == 2
    with pytest.raises(OfficeSilent, match="has not answered check-device since 2026-11-02 06:00 UTC"):
        office.check_device(replace(work, now=work.now + timedelta(hours=25)))


def test_a_manifest_of_several_parts_arrives_byte_for_byte(api: Api, office: RemoteOffice, work: OnSite) -> None:
    """Three megabytes that do not compress; a server that holds only some of them has no answer yet."""
    import hashlib
    import random

    content = random.Random(1).randbytes(3 * 1024 * 1024)
    office.manifest(work, SEALED)
    digest = hashlib.sha256(content).hexdigest()
    reply(api, work, Reply({"answer": {"bytes": len(content), "sha256": digest}}, content))

    assert office.manifest(work, SEALED) == content


def test_what_was_asked_before_and_nobody_began_is_out_of_date(api: Api, office: RemoteOffice, work: OnSite) -> None:
    """An office that comes back after days does not copy for an attempt that was given up."""
    office.copy(work)
    replace(office, unanswered=set()).check_device(replace(work, attempt=2))  # a later pass
    states = {run["name"].split("/")[-2]: run["state_name"] for run in runs_of(api, work)}
    withdraw(api, {"some/other-run"})

    assert states == {"copy": "superseded", "check-device": "waiting for the office"}
    assert {run["state_type"] for run in runs_of(api, work)} == {"CANCELLED"}


def test_what_a_dead_worker_had_begun_is_scheduled_again(api: Api, office: RemoteOffice, work: OnSite) -> None:
    """The same flow run: whoever waits for its answer need not know."""
    office.check_device(work)
    (run,) = runs_of(api, work)
    set_state(api, run, "RUNNING", "Running")

    assert start_again(api, "seeding", "office-lyon") >= 1
    (again,) = runs_of(api, work)
    assert (again["id"], again["state_type"]) == (run["id"], "SCHEDULED") and again["next_scheduled_start_time"]


def test_an_office_that_prefect_does_not_know_is_said_with_the_command_that_helps(
    api: Api, office: RemoteOffice, work: OnSite
) -> None:
    """Before `seeding deploy`, or after a mistyped id."""
    unknown = replace(work, plan=replace(PLAN, office="marseille"))

    with pytest.raises(OfficeSilent) as silent:
        office.check_device(unknown)
    assert silent.value.next == "run `seeding deploy`"


def runs_of(api: Api, work: OnSite) -> list[dict[str, Any]]:
    which = {"tags": {"all_": [f"run:{work.run_id}"]}}
    rows: list[dict[str, Any]] = api.post("/flow_runs/filter", {"flow_runs": which})
    return sorted(rows, key=lambda row: row["created"])


def reply(api: Api, work: OnSite, answer: Reply) -> None:
    """Be the office's worker."""
    run = runs_of(api, work)[-1]
    put_reply(api, run["id"], answer)
    set_state(api, run, "COMPLETED", "answered")


def set_state(api: Api, run: dict[str, Any], kind: str, name: str) -> None:
    api.post(f"/flow_runs/{run['id']}/set_state", {"state": {"type": kind, "name": name}, "force": True})
