"""What the inventory says of own drives reaches the machine that works on them: who prepares, and where secrets lie."""

from __future__ import annotations

from pathlib import Path

import pytest
from inventories import SOUND, problems_of

from deploy.inventory import Problem, load
from deploy.own_disks import local_disks
from deploy.settings import Settings
from tasks.azure.clients import AzureClients, AzureSettings
from tasks.office.disks import PROGRAM, EnvironmentKeys, StoredKeys, ToolAnswers
from tasks.office.local_disks import LocalDisks

OWN = SOUND.replace("mode: data-box\n    sku: DataBoxDisk", "mode: own-disk").replace(
    "    items:\n",
    """\
    staging: {path: 'S:\\Seed'}
    own_disk:
      drives: [{serial: WD-1, capacity: 8 TB}]
      return: {carrier: DHL, account: env:RETURN_ACCOUNT}
    items:
""",
)


def with_(line: str) -> str:
    """Return the inventory with one line more in `own_disk`."""
    return OWN.replace("      return:", f"      {line}\n      return:")


def with_account(place: str) -> str:
    """Return the inventory with another place of the return account."""
    return OWN.replace("env:RETURN_ACCOUNT", f"'{place}'")


def wrong_with(folder: Path, text: str) -> list[Problem]:
    """Return what validation finds, but for what it only mentions."""
    return [problem for problem in problems_of(folder, text) if problem.severity != "info"]


def disks_of(folder: Path, text: str) -> LocalDisks:
    """Return the own-disk work of the inventory's only office, on Windows' drives."""
    (folder / "offices.yaml").write_text(text)
    (entry,) = load(folder / "offices.yaml").offices
    return local_disks(Settings(folder), entry, AzureClients(AzureSettings()))


def test_own_drives_are_prepared_by_us_unless_the_inventory_names_the_tool(tmp_path):
    """The usual place of the program is known; another is named word by word."""
    ours, theirs = disks_of(tmp_path, OWN), disks_of(tmp_path, with_("prepare: tool"))
    elsewhere = disks_of(tmp_path, with_("prepare: tool").replace("tool\n", "tool\n      tool: [D:/prep/tool.exe]\n"))

    assert ours.tool is None and theirs.tool and elsewhere.tool
    assert (theirs.tool.program, elsewhere.tool.program) == ((PROGRAM,), ("D:/prep/tool.exe",))


def test_the_tool_is_told_the_offices_address_in_its_own_words(tmp_path):
    """A country by its name; nobody at a console signs in for it."""
    tool = disks_of(tmp_path, with_("prepare: tool")).tool

    assert tool and tool.staging == "S:\\Seed" and tool.sign_in is None
    people = ("Backup", "+61 8 5550 0100", "backup@contoso.example")
    assert tool.answers == ToolAnswers(*people, "1 Quay, Perth", "Australia", "6000")


@pytest.mark.parametrize(
    ("place", "kind", "name"),
    [
        ("env:KEY_{serial}", EnvironmentKeys, "KEY_{serial}"),
        ("prefect-block:perth-{serial}", StoredKeys, "perth-{serial}"),
        ("https://contoso.vault.azure.net", StoredKeys, "bitlocker-{serial}"),
        ("https://contoso.vault.azure.net/secrets/perth-{serial}", StoredKeys, "perth-{serial}"),
    ],
)
def test_keys_are_looked_for_where_the_inventory_says(tmp_path, place, kind, name):
    """Nobody is asked for one yet."""
    keys = disks_of(tmp_path, with_(f"keys: '{place}'")).keys

    assert isinstance(keys, kind) and keys.name == name


@pytest.mark.parametrize(
    "line", ["prepare: by-hand", "keys: KEY", "keys: file:///keys", "keys: https://contoso.vault.azure.net/keys/k"]
)
def test_a_way_or_place_that_does_not_exist_is_named(tmp_path, line):
    """At its line, with what may stand there."""
    (problem,) = wrong_with(tmp_path, with_(line))

    assert problem.code == "bad-value" and problem.next


@pytest.mark.parametrize("place", ["env:ACCOUNT_{serial}", "https://contoso.vault.azure.net", "12345678"])
def test_the_return_account_has_one_place_and_is_never_written_here(tmp_path, place):
    """One number for all drives: no placeholder, and a vault with the secret's name."""
    assert [problem.code for problem in wrong_with(tmp_path, with_account(place))] == ["bad-value"]


@pytest.mark.parametrize("place", ["prefect-block:dhl", "https://contoso.vault.azure.net/secrets/dhl"])
def test_the_return_account_may_lie_in_a_block_or_a_vault(tmp_path, place):
    """As the keys may."""
    assert wrong_with(tmp_path, with_account(place)) == []
