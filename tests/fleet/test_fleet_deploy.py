"""`seeding deploy` against a real Prefect server: what is wanted is there, a second call writes nothing."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.blocks.system import Secret
from prefect_host import Prefect
from pydantic import SecretStr

from deploy.cli.deploying import deploy
from deploy.cli.envelope import Exit
from deploy.fleet.server import changes
from deploy.fleet.wanted import wanted
from deploy.inventory import Inventory, InventoryInvalid, load
from flows.desk import BULK, collapse_late
from flows.prefect_api import Api, prefect_api

SAMPLE, PREFECT_YAML = Path("deploy/offices/sample.yaml"), Path("deploy/prefect.yaml")


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    """The sample offices, of which lyon has a worker and a schedule of its own."""
    document = yaml.safe_load(SAMPLE.read_text("utf-8"))
    lyon = next(office for office in document["offices"] if office["id"] == "lyon")
    lyon |= {"worker": "office", "schedule": {"advance": "5 7-19 * * 1-5"}}
    path = tmp_path_factory.mktemp("inventory") / "offices.yaml"
    path.write_text(yaml.safe_dump(document), "utf-8")
    return load(path)


def test_a_second_call_writes_nothing(prefect: Prefect, inventory: Inventory) -> None:
    """Deploying is safe at any time, so it can be automated."""
    first = deployed(inventory)

    assert any(line.startswith("create deployment") for line in first) or first == []
    assert deployed(inventory) == []


def test_an_office_has_its_own_time_zone_tags_and_queue(prefect: Prefect, inventory: Inventory) -> None:
    """Lyon works in Lyon's hours and its own queue; sydney's schedule sleeps, as the fleet's pass does the same."""
    deployed(inventory)

    lyon, work, sydney = (found(name) for name in ("advance-fleet/lyon", "office-work/lyon", "advance-fleet/sydney"))
    assert {"office:lyon", "country:FR", "mode:data-box"} <= set(lyon["tags"]) == set(work["tags"])
    assert [(s["schedule"]["timezone"], s["active"]) for s in lyon["schedules"]] == [("Europe/Paris", True)]
    assert [s["active"] for s in sydney["schedules"]] == [False]
    assert (work["work_queue_name"], lyon["work_queue_name"]) == ("office-lyon", "hub")
    assert found("office-work/sydney") is None


def test_a_changed_office_is_updated_and_one_that_is_gone_is_paused(prefect: Prefect, inventory: Inventory) -> None:
    """The difference is written and nothing else; what waits for an office that is gone stays."""
    deployed(inventory)
    lyon = next(office for office in inventory.offices if office.id == "lyon")
    moved = replace(lyon, time_zone="Europe/Brussels", country="BE")

    assert deployed(Inventory((moved,))) == [
        "create concurrency limit orders-BE-00000000-0000-4000-8000-000000000001",
        "update deployment advance-fleet/lyon: description, schedules, tags",
        "update deployment office-work/lyon: tags",
        *(f"pause deployment advance-fleet/{office}" for office in paused()),
    ]
    assert found("advance-fleet/sydney")["paused"] and paused() == ["nairobi", "sydney"]
    assert deployed(inventory)[-1].startswith("update deployment advance-fleet/nairobi") and paused() == []


def test_the_dry_run_says_what_the_real_one_does(
    prefect: Prefect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator sees the difference before it is made; a broken inventory changes nothing."""
    monkeypatch.setenv("PREFECT_API_URL", prefect.api_url)
    text = SAMPLE.read_text("utf-8").replace("id: lyon", "id: nantes")
    good, broken = tmp_path / "offices.yaml", tmp_path / "broken.yaml"
    good.write_text(text, "utf-8")
    broken.write_text(text.replace("country: FR", "country: XX"), "utf-8")

    dry = deploy(tmp_path, good, dry_run=True)
    with pytest.raises(InventoryInvalid):
        deploy(tmp_path, broken, dry_run=False)
    real, again = (deploy(tmp_path, good, dry_run=False) for _ in range(2))
    assert dry.data["changes"] == real.data["changes"] != [] and again.data["changes"] == []


def test_a_hundred_offices_more_cost_a_handful_of_questions(
    prefect: Prefect, inventory: Inventory, caplog: pytest.LogCaptureFixture
) -> None:
    """What there is one of for each office is read by the fifty: a thousand offices take no thousand requests."""

    def asked(count: int) -> int:
        offices = tuple(replace(inventory.offices[0], id=f"office-{n}", worker="office") for n in range(count))
        caplog.clear()
        with caplog.at_level("INFO", "httpx"), prefect_api() as api:
            assert len(list(changes(api, wanted(Inventory(offices))))) > 3 * count - 1
        return sum("HTTP Request" in record.message for record in caplog.records)

    assert asked(120) - asked(20) == 4  # two more questions about queues, two more about deployments


def test_however_much_a_hub_has_missed_one_pass_does_for_all(prefect: Prefect, inventory: Inventory) -> None:
    """More than the server cancels in one call; what is due later, or another deployment's, stays."""
    deployed(inventory)
    with prefect_api() as api:
        ids = {name: api.get(f"/deployments/name/advance-fleet/{name}")["id"] for name in ("lyon", "sydney")}
        late = {"type": "SCHEDULED", "name": "Late", "state_details": {"scheduled_time": "2026-11-02T06:00:00Z"}}
        missed = [made(api, ids["lyon"], late) for _ in range(BULK + 5)]
        others = [made(api, ids["sydney"], late), made(api, ids["lyon"], {"type": "SCHEDULED", "name": "Scheduled"})]
        collapse_late(ids["lyon"])
        states = [api.get(f"/flow_runs/{run}")["state_name"] for run in (*missed, *others)]
        for run in others:
            api.post(f"/flow_runs/{run}/set_state", {"state": {"type": "CANCELLED"}, "force": True})

    assert states == ["collapsed"] * len(missed) + ["Late", "Scheduled"]


def made(api: Api, deployment_id: str, state: dict[str, Any]) -> str:
    return str(api.post(f"/deployments/{deployment_id}/create_flow_run", {"state": state})["id"])


def test_a_secret_that_the_inventory_names_and_prefect_lacks_is_told(
    prefect: Prefect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in week six, when the drives are packed and the import job wants the return account."""
    monkeypatch.setenv("PREFECT_API_URL", prefect.api_url)
    text = SAMPLE.read_text("utf-8").replace(
        "account: env:SEEDING_RETURN_ACCOUNT", "account: prefect-block:dhl-account"
    )
    (tmp_path / "offices.yaml").write_text(text, "utf-8")
    told = deploy(tmp_path, tmp_path / "offices.yaml", dry_run=True)
    Secret(value=SecretStr("123")).save("dhl-account", _sync=True)  # type: ignore[call-arg]

    assert (
        told.exit == Exit.WITH_GAPS and "nairobi: Prefect has no Secret block dhl-account" in told.problems[0].message
    )
    assert deploy(tmp_path, tmp_path / "offices.yaml", dry_run=True).problems == ()


def deployed(inventory: Inventory) -> list[str]:
    """Deploy, and return what was written."""
    with prefect_api() as api:
        done = []
        for change in changes(api, wanted(inventory)):
            change.write(api)
            done.append(str(change))
        return done


def found(name: str) -> Any:
    with prefect_api() as api:
        return api.get(f"/deployments/name/{name}")


def paused() -> list[str]:
    names = ("nairobi", "sydney")
    return [name for name in names if found(f"advance-fleet/{name}")["paused"]]


def test_the_prefect_yaml_asks_for_the_same_deployments() -> None:
    """Who prefers `prefect deploy` gets what `seeding deploy` makes for the hub."""
    things = [thing for thing in wanted(Inventory(())) if thing.kind == "deployment"]
    rows = yaml.safe_load(PREFECT_YAML.read_text("utf-8"))["deployments"]

    assert [row["entrypoint"] for row in rows] == [thing.body["entrypoint"] for thing in things]
    for row, thing in zip(rows, things, strict=True):
        body = thing.body
        said = (row["tags"], row["work_pool"]["work_queue_name"], row.get("schedules", []))
        crons = [{name: s["schedule"][name] for name in ("cron", "timezone")} for s in body["schedules"]]
        assert said == (body["tags"], body["work_queue_name"], crons)
        assert thing.name.endswith(f"/{row['name']}")


def test_prefect_deploy_takes_the_prefect_yaml(prefect: Prefect, tmp_path: Path) -> None:
    """After it, `seeding deploy` finds these deployments and has little to add."""
    deployed(Inventory(()))
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--prefect-file", str(PREFECT_YAML), "--all"]
    done = subprocess.run(command, capture_output=True, text=True, env=prefect.environment(None))

    assert done.returncode == 0, done.stdout + done.stderr
    assert [line for line in deployed(Inventory(())) if line.startswith("create")] == []
