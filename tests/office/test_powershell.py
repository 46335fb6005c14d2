"""The scripts for Windows, read by PowerShell's grammar: no Windows is needed to see these faults."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from powershell import PRODUCTS, faults, functions

from deploy.inventory import load
from deploy.office import agent_command, backup_agent

SCRIPTS = sorted((Path(__file__).parents[2] / "deploy/agents").glob("*.ps*1"))
SHARED = frozenset().union(*(functions(path.read_text("utf-8")) for path in SCRIPTS if path.suffix == ".psm1"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_whole_powershell_and_keeps_the_rules(path):
    """No error node, no alias, no network, in-box cmdlets and the two modules only, strict mode, approved verbs.

    What it does not see: whether a property exists on a real server, and what Windows PowerShell 5.1 makes of it.
    """
    assert faults(path.read_text("utf-8"), path.name, SHARED) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_plain_ascii(path):
    """Windows PowerShell 5.1 reads a file without a byte order mark in the machine's own code page."""
    path.read_bytes().decode("ascii")


WRONG = {
    "Get-Item 'x": "not PowerShell",
    "Get-ChildItem | ? { $_ }": "alias",
    "dir C:\\": "alias",
    "Invoke-Expression $x": "neither in-box",
    "Invoke-WebRequest -Uri $x": "neither in-box",
    "$c = New-Object System.Net.WebClient": "network",
    "function Do-Thing { }": "no approved verb",
    "function Get-Thing { Stop-DPMJob -Job $x }": "changes something",
    "Start-OBBackup -Policy $p": "changes something",
}


@pytest.mark.parametrize("source", WRONG)
def test_each_rule_rings(source):
    """One fault planted, that fault found; and a script without strict mode is one more."""
    told = faults(f"Set-StrictMode -Version 2.0\n{source}\n", "Get-Wrong.ps1", SHARED)

    assert any(WRONG[source] in fault for fault in told), told
    assert "no Set-StrictMode" in faults(source, "Get-Wrong.ps1", SHARED)


def test_a_changing_cmdlet_may_stand_where_the_name_says_so():
    """Stop-… may stop; the entry script starts nothing itself."""
    assert faults("Set-StrictMode -Version 2.0\nfunction Stop-It { Stop-OBJob -Job $j }", "x.psm1") == []


def test_the_list_of_cmdlets_names_none_that_no_script_uses():
    """Otherwise the list would slowly allow everything."""
    sources = " ".join(path.read_text("utf-8") for path in SCRIPTS)

    assert [cmdlet for cmdlet in sorted(PRODUCTS) if cmdlet not in sources] == []


def test_the_scripts_answer_every_verb_the_product_asks():
    """Verbs of the entry script: facts, start-copy, stop-job, backup-now; each product defines the four functions."""
    entry = next(path for path in SCRIPTS if path.name == "Invoke-SeedingAgent.ps1").read_text("utf-8")
    verbs = {"facts": "Get-SeedingFacts", "start-copy": "Start-SeedingCopy", "stop-job": "Stop-SeedingOnlineJob"}

    for verb, function in {**verbs, "backup-now": "Start-SeedingBackup"}.items():
        assert f"'{verb}' {{ $document = {function}" in entry
        for module in ("Seeding.Dpm.psm1", "Seeding.Mars.psm1"):
            path = next(path for path in SCRIPTS if path.name == module)
            assert function in functions(path.read_text("utf-8"))


def test_the_product_calls_the_entry_script_by_its_own_parameters(inventory):
    """Every -Name the product sends is a parameter there, and the command ends where the verb follows."""
    root = Path(__file__).parents[2]
    entry = next(path for path in SCRIPTS if path.name == "Invoke-SeedingAgent.ps1")
    declared = entry.read_text("utf-8").partition("\nparam(")[2].partition("\n)")[0]
    parameters = set(re.findall(r"\]\$(\w+)", declared))
    sources = "".join((root / "tasks/office" / name).read_text("utf-8") for name in ("console.py", "doctor.py"))
    command = agent_command(inventory.office("sydney"))

    assert set(re.findall(r'"-([A-Z]\w+)"', sources)) | {"Kind", "Verb"} == parameters
    assert command[command.index("-File") + 1] == str(entry) and command[-3:] == ("-Kind", "dpm", "-Verb")


def test_an_inventorys_own_command_is_taken_as_it_is(inventory):
    """Word by word; a files office without one has none."""
    lyon = inventory.office("lyon")

    assert agent_command(lyon) == lyon.agent.command == ("C:\\Seeding\\restic-agent.cmd",)
    assert backup_agent(replace(lyon, agent=replace(lyon.agent, command=None))).witness.command is None


@pytest.fixture(scope="module")
def inventory():
    """The sample inventory: a DPM office, a files office and a MARS office."""
    found = load(Path(__file__).parents[2] / "deploy/offices/sample.yaml")
    assert [office.agent.kind for office in found.offices] == ["dpm", "files", "mars"]
    return found
