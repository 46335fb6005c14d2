"""RecoveryServicesVault over the real backup client, with the vault's answers scripted on the wire."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
from scripted_azure import PLAN, Answer, clients_of, refusal

from states.facts import ItemInVault
from states.plan import Item
from tasks.azure.vault import MANAGED_BY, RecoveryServicesVault
from tasks.errors import NotAllowed, NotFound

BASE = "/Subscriptions/s/resourceGroups/seeding/providers/Microsoft.RecoveryServices/vaults/sydvault"
ITEMS, POINTS = r"/backupProtectedItems\?", "/recoveryPoints"
MARS = dataclasses.replace(PLAN, agent="mars", server="FS01", items=(Item("data", 1, vault_item="D:\\"),))


def dpm_item(friendly="Mail", engine="dpm01.CORP.example", state="Protected", name="item1", **properties):
    body = {
        "protectedItemType": "DPMProtectedItem",
        "backupManagementType": "DPM",
        "friendlyName": friendly,
        "backupEngineName": engine,
        "protectionState": state,
        "lastRecoveryPoint": None,
        "extendedInfo": {"recoveryPointCount": 99},
        **properties,
    }
    id_ = f"{BASE}/backupFabrics/Azure/protectionContainers/DPMContainer%3BEX01/protectedItems/{name}"
    return {"id": id_, "name": name, "properties": body}


def mars_item(friendly="D:\\", host="fs01.corp.example", state="Protected", fabric="ActiveDirectory"):
    body = {
        "protectedItemType": "MabFileFolderProtectedItem",
        "friendlyName": friendly,
        "computerName": None,
        "protectionState": state,
        "lastBackupTime": "2001-01-01T00:00:00Z",
    }
    id_ = f"{BASE}/backupFabrics/{fabric}/protectionContainers/Windows%3B{host}/protectedItems/FileFolder%3Bd"
    return {"id": id_, "name": "FileFolder;d", "properties": body}


def point(at, **properties):
    return {"name": "p", "properties": {"objectType": "GenericRecoveryPoint", "recoveryPointTime": at, **properties}}


def listed(*values):
    return Answer(200, {"value": list(values), "nextLink": None})


def vault_of(azure, items=(), points=(), agent="dpm"):
    managers = MANAGED_BY[agent]
    azure.on("GET", ITEMS + f".*'{managers[0]}'", listed(*items))
    azure.on("GET", ITEMS, listed())
    azure.on("GET", POINTS, listed(*points))
    return RecoveryServicesVault(clients_of(azure))


def test_a_protected_item_shows_its_points(azure):
    """Points are counted one by one, the newest is told, and items the vault does not know are left out."""
    points = [point("2026-02-01T10:00:00Z"), point("2026-02-03T10:00:00.1234567Z"), point("2026-02-02T10:00:00Z")]
    vault = vault_of(azure, [dpm_item()], points)

    (mail,) = vault.items(PLAN)

    assert mail == ItemInVault("mail", 3, datetime(2026, 2, 3, 10, 0, 0, 123456, tzinfo=UTC), protected=True)
    assert "DPMContainer;EX01/protectedItems/item1/recoveryPoints" in azure.sent("GET", POINTS)[0].url


def test_mabs_items_are_found_under_their_own_word(azure):
    """DPM and MABS list under two management types; both are asked."""
    azure.on("GET", "'AzureBackupServer'", listed(dpm_item())).on("GET", "'DPM'", listed()).on("GET", POINTS, listed())

    assert [item.name for item in RecoveryServicesVault(clients_of(azure)).items(PLAN)] == ["mail"]


@pytest.mark.parametrize("agent", ["mars", "files"])
@pytest.mark.parametrize("fabric", ["Azure", "ActiveDirectory"])
def test_a_mars_volume_is_found_by_its_machine(azure, agent, fabric):
    """The fabric is taken from the id, the machine from the container, `%3B` decoded, case ignored."""
    vault = vault_of(azure, [mars_item(fabric=fabric)], [point("2026-02-01T10:00:00Z")], agent=agent)

    (volume,) = vault.items(dataclasses.replace(MARS, agent=agent))

    assert (volume.name, volume.points, volume.protected) == ("data", 1, True)
    url = azure.sent("GET", POINTS)[0].url
    assert f"backupFabrics/{fabric}/protectionContainers/Windows;fs01.corp.example/protectedItems/FileFolder;d/" in url


@pytest.mark.parametrize("state", ["IRPending", "ProtectionStopped", "ProtectionError", "BrandNew", None])
def test_only_protected_is_protected(azure, state):
    """An item that waits for its initial replica is in the vault's list, and is not vaulted."""
    (mail,) = vault_of(azure, [dpm_item(state=state)]).items(PLAN)

    assert mail == ItemInVault("mail", 0, None, protected=False)


@pytest.mark.parametrize("at", [None, "2001-01-01T00:00:00Z", "0001-01-01T00:00:00"])
def test_a_point_without_a_real_time_is_no_point(azure, at):
    """Sentinel dates and nulls are the vault's way to say none."""
    (mail,) = vault_of(azure, [dpm_item()], [point(at)]).items(PLAN)

    assert (mail.points, mail.latest) == (0, None)


def test_a_soft_deleted_point_does_not_count(azure):
    """What is about to be purged proves nothing."""
    gone = point("2026-02-01T10:00:00Z", recoveryPointProperties={"isSoftDeleted": True})

    (mail,) = vault_of(azure, [dpm_item()], [gone]).items(PLAN)

    assert mail.points == 0


def test_another_servers_item_of_the_same_name_is_not_ours(azure):
    """Two offices may both protect `Mail`."""
    strangers = [dpm_item(engine="DPM02.corp.example"), dpm_item(engine="DPM01.other.example"), dpm_item(engine=None)]

    assert vault_of(azure, strangers).items(PLAN) == ()


def test_an_item_awaiting_deletion_is_not_there(azure):
    """A soft-deleted item is left out; its successor of the same name is the one that counts."""
    deleted = dpm_item(name="old", isScheduledForDeferredDelete=True)
    vault = vault_of(azure, [deleted, dpm_item(name="new", state="IRPending")])

    (mail,) = vault.items(PLAN)

    assert not mail.protected and "protectedItems/new/" in azure.sent("GET", POINTS)[0].url


def test_points_that_vanish_between_two_questions_are_none(azure):
    """An item without a single backup may answer 404 to the question for its points."""
    azure.on("GET", ITEMS, listed(dpm_item())).on("GET", POINTS, refusal(404, "ItemNotFound"))

    assert RecoveryServicesVault(clients_of(azure)).items(PLAN) == (ItemInVault("mail", 0, None, protected=True),)


def test_lists_are_read_to_their_last_page(azure):
    """The item of this plan may stand on the second page."""
    azure.on("GET", "skipToken=2", listed(dpm_item()))
    link = f"https://management.azure.com{BASE}/backupProtectedItems?api-version=1&$skipToken=2"
    azure.on("GET", ITEMS, Answer(200, {"value": [dpm_item("Other")], "nextLink": link}))
    azure.on("GET", POINTS, listed())

    assert {item.name for item in RecoveryServicesVault(clients_of(azure)).items(PLAN)} == {"mail"}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(refusal(404, "ResourceNotFound"), NotFound), (refusal(403, "AuthorizationFailed"), NotAllowed)],
)
def test_a_vault_that_cannot_be_read_is_named(azure, answer, kind):
    """No vault and no role are not the same as no item."""
    azure.on("GET", ITEMS, answer)

    with pytest.raises(kind, match="sydvault"):
        RecoveryServicesVault(clients_of(azure)).items(PLAN)
