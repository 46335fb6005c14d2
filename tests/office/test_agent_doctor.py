"""The doctor of the backup agent: each check begins by breaking what it checks."""

from __future__ import annotations

import json

import pytest
import yaml
from office_plans import SAMPLES, command_printing, plan_of, printing

from deploy.cli.checking import doctor
from deploy.data import oldest_versions
from deploy.settings import settings
from tasks.office.agent import AgentCommand, Witness
from tasks.office.doctor import checks


@pytest.fixture
def document():
    """A DPM server with everything in place: seed landed, incrementals in."""
    path = SAMPLES / "dpm" / "11-first-incrementals.json"
    return json.loads(path.read_text("utf-8"))["document"]


@pytest.fixture
def examined(document, tmp_path):
    """Return what the doctor finds, by check, in the document as it is when called."""

    def examine(plan=None, device_path="", **printed):
        command = printing(printed.pop("text", json.dumps(document)), tmp_path, **printed)
        found = checks(Witness(command, ("dpm",), oldest_versions()), plan or plan_of("dpm"), device_path)
        return {finding.check: finding for finding in found}

    return examine


def test_all_is_well(examined):
    """Only good findings; they name the server, the versions, the next run and the latest points."""
    found = examined()

    assert {finding.severity for finding in found.values()} == {"ok"} and not any(f.next for f in found.values())
    assert "SYD-DPM01 answers for dpm: dpm 10.22.148.0, mars 2.0.9262.0" in found["agent"].message
    assert "2026-11-12 21:00 UTC" in found["agent-schedule"].message
    assert "2026-11-11 21:41 UTC" in found["agent-points"].message


BROKEN = {
    "agent-server": ({"server": "OTHER"}, "blocks", "calls itself OTHER"),
    "agent-version": ({"products": [{"name": "dpm", "version": "5.0.361.0"}]}, "blocks", "Update Rollup 2"),
    "agent-account": ({"account": {"name": "CONTOSO\\jo", "system": False}}, "warn", "CONTOSO\\jo"),
    "agent-items": ({"protected": []}, "warn", "nothing"),
    "agent-method": ({"offline_method": {"configured": False, "way": "Network", "order": None}}, "warn", "Network"),
    "agent-schedule": ({"schedule": {"enabled": False, "next_run": None, "last_run": None}}, "blocks", "is off"),
    "agent-device": ({"device": {"path": "X:", "found": True, "page_blobs": False, "trap": ""}}, "warn", "page blobs"),
}


@pytest.mark.parametrize("check", BROKEN)
def test_each_check_rings(check, document, examined):
    """One fact broken; that check says so, and what to do about it."""
    changed, severity, told = BROKEN[check]
    document.update(changed)
    found = examined()[check]

    assert (found.severity, bool(found.next)) == (severity, True) and told in found.message


@pytest.mark.parametrize(
    ("text", "check", "severity"),
    [
        ("Unable to make service calls ... ID: 100230", "agent-jobs", "blocks"),
        ("ID 34506", "agent-jobs", "warn"),
        ("Waiting for Azure Data Box job to be completed", "agent-jobs", "ok"),
    ],
)
def test_the_last_job_is_told_with_what_is_behind_it(text, check, severity, document, examined):
    """Waiting is as it should be; what keeps a seed from landing blocks."""
    document["jobs"][-1]["text"] = text

    assert examined()[check].severity == severity


def test_jobs_without_bytes_are_pointed_out(document, examined):
    """Such a server cannot show a full upload while it runs."""
    document["jobs"][0]["bytes"] = None

    assert "full upload" in examined()["agent-bytes"].message


def test_the_device_is_looked_at_when_its_path_is_known(document, examined):
    """It is asked for with -Device."""
    document["device"] = {"path": "E:\\", "found": True, "page_blobs": True, "trap": ""}

    assert examined(device_path="E:\\")["agent-device"].message.startswith("E:\\ is seen")


def test_on_another_machine_it_says_where_to_run_it():
    """The hub has no PowerShell; that is no fault of the office."""
    (found,) = checks(Witness(AgentCommand(["no-such-powershell.exe"]), ("dpm",)), plan_of("dpm"))

    assert (found.severity, found.next) == ("warn", "seeding doctor --office here, on SYD-DPM01")


def test_no_answer_blocks(examined):
    """With the reason the script gave."""
    found = examined(text="", code=2, errors="Import-Module: the module was not loaded")

    assert found["agent"].severity == "blocks" and "the module was not loaded" in found["agent"].message


def test_an_offices_server_asks_its_agent_and_not_azure(document, tmp_path, monkeypatch):
    """With only the page the hub sent, the agent's findings come and no credential is used."""
    for name in ("SEEDING_INVENTORY", "SEEDING_HOME", "SEEDING_JOURNAL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    where = settings(tmp_path / "home")
    where.home.mkdir()
    inventory = yaml.safe_load((SAMPLES.parents[2] / "deploy/offices/sample.yaml").read_text("utf-8"))
    (sydney,) = (office for office in inventory["offices"] if office["id"] == "sydney")
    sydney["agent"]["command"] = command_printing(json.dumps(document), tmp_path)
    inventory["offices"] = [sydney]
    where.page.write_text(yaml.safe_dump(inventory), "utf-8")

    rows = doctor(tmp_path / "home", "sydney").data["findings"]

    checked = {row["check"] for row in rows}
    assert "sydney: agent" in checked and not any("credential" in check for check in checked)
    assert any("file-server is not among what is protected" in row["message"] for row in rows)
