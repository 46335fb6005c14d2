"""`seeding plan --azure`: Azure's own validators, asked over the wire and merged into the plan's report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy.cli.envelope import Exit
from deploy.cli.planning import Asked, plan

OFFICES = """\
version: 1
defaults:
  mode: data-box
  contacts: {{name: Backup, phone: "+31 20 555 0100", emails: [backup@contoso.example]}}
  agent: {{kind: dpm, server: BACKUP01}}
  azure:
    subscription_id: {subscription_id}
    tenant_id: {tenant_id}
    resource_group: {resource_group}
    location: {location}
    storage_account: {storage_account}
    vault: {vault}
    credential: {{client_id_env: PLAN_TEST_ID, client_secret_env: PLAN_TEST_SECRET}}
offices:
  - id: utrecht
    country: NL
    time_zone: Europe/Amsterdam
    address: {{street: 1 Oudegracht, city: Utrecht, postal_code: "{postal_code}"}}
    items: [{{name: files, size: 3 TB, daily_change: 1 %}}]
  - id: fast
    country: NL
    time_zone: Europe/Amsterdam
    bandwidth: {{mbps: 10000}}
    address: {{street: 1 Oudegracht, city: Utrecht, postal_code: "00000"}}
    items: [{{name: files, size: 1 TB, daily_change: 1 %}}]
"""


@pytest.fixture
def home(tmp_path, running_rehearsal, monkeypatch) -> Path:
    """A home whose Azure is the rehearsal."""
    known = running_rehearsal.known
    running_rehearsal.control.reset()
    monkeypatch.setenv("PLAN_TEST_ID", known["client_id"])
    monkeypatch.setenv("PLAN_TEST_SECRET", known["client_secret"])
    monkeypatch.setenv("SEEDING_INVENTORY", str(tmp_path / "offices.yaml"))
    ends = {name: known[name] for name in ("arm", "authority", "blob", "ca")}
    (tmp_path / "azure.json").write_text(json.dumps(ends), "utf-8")
    return tmp_path


def planned(home: Path, known: dict, postal_code: str):
    (home / "offices.yaml").write_text(OFFICES.format(**known, postal_code=postal_code), "utf-8")
    return plan(home, Asked(start="2026-11-30", azure=True))


def test_azure_has_nothing_against_a_good_order(home, running_rehearsal):
    """Address, inputs, device, region and order limit are asked, and no objection comes."""
    found = planned(home, running_rehearsal.known, "3511 AB")

    assert found.data["azure"] == []
    assert found.exit is not Exit.NEEDS_PERSON


def test_what_azure_objects_to_stands_among_the_plans_problems(home, running_rehearsal):
    """An address that Azure does not know is told with the office's name, and a person is needed.

    The office that goes over the network has the same bad address: nothing is ordered for it, so nothing is asked.
    """
    found = planned(home, running_rehearsal.known, "00000")

    assert [one["office"] for one in found.data["azure"]] == ["utrecht"]
    assert "could not be found" in found.data["azure"][0]["message"]
    assert any(problem.code.startswith("azure-") for problem in found.problems)
    assert found.exit is Exit.NEEDS_PERSON


def test_a_credential_that_fails_is_a_warning_of_its_own(home, running_rehearsal, monkeypatch):
    """The plan is there all the same; Azure's word on it is missing, and that is said."""
    monkeypatch.setenv("PLAN_TEST_SECRET", "wrong")

    found = planned(home, running_rehearsal.known, "3511 AB")

    assert found.data["offices"][0]["chosen"] == "DataBoxDisk"
    assert [problem.code for problem in found.problems if problem.code.startswith("azure-")] == ["azure-not-allowed"]
    assert found.exit is Exit.WITH_GAPS
