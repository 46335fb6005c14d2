"""RecoveryServicesVault over the real backup client, with the vault's answers scripted on the wire."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
from scripted_azure import PLAN, Answer, clients_of, refusal

from states.landing import ItemInVault, JobInVault, ServerInVault
from states.plan import Item
from tasks.azure.vault import RecoveryServicesVault
from tasks.azure.vault_lists import MANAGED_BY
from tasks.errors import NotAllowed, NotFound

BASE = "/Subscriptions/s/resourceGroups/seeding/providers/Microsoft.RecoveryServices/vaults/sydvault"
ITEMS, POINTS = r"/backupProtectedItems\?", "/recoveryPoints"
NEVER = [None, "2001-01-01T00:00:00Z", "0001-01-01T00:00:00", "1601-01-01T00:00:00Z"]
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


def quiet(azure):
    """Let everything that is not scripted yet be unknown to the vault."""
    azure.on("GET", "/protectedItems/", refusal(404, "ItemNotFound"))
    for path in (r"/backupEngines\?", r"/backupProtectionContainers\?", r"/backupJobs\?"):
        azure.on("GET", path, listed())
    return RecoveryServicesVault(clients_of(azure))


def vault_of(azure, items=(), points=(), agent="dpm"):
    managers = MANAGED_BY[agent]
    azure.on("GET", ITEMS + f".*'{managers[0]}'", listed(*items))
    azure.on("GET", ITEMS, listed())
    azure.on("GET", POINTS, listed(*points))
    return quiet(azure)


def test_a_protected_item_shows_its_points(azure):
    """Points are counted one by one, the newest is told, and items the vault does not know are left out."""
    points = [point("2026-02-01T10:00:00Z"), point("2026-02-03T10:00:00.1234567Z"), point("2026-02-02T10:00:00Z")]
    vault = vault_of(azure, [dpm_item()], points)

    (mail,) = vault.seen(PLAN).items

    at = datetime(2026, 2, 3, 10, 0, 0, 123456, tzinfo=UTC)
    oldest = datetime(2026, 2, 1, 10, tzinfo=UTC)
    assert mail == ItemInVault("mail", 3, at, protected=True, state="Protected", oldest=oldest)
    assert "DPMContainer;EX01/protectedItems/item1/recoveryPoints" in azure.sent("GET", POINTS)[0].url


def test_mabs_items_are_found_under_their_own_word(azure):
    """DPM and MABS list under two management types; both are asked."""
    azure.on("GET", "'AzureBackupServer'", listed(dpm_item())).on("GET", "'DPM'", listed()).on("GET", POINTS, listed())

    assert [item.name for item in quiet(azure).seen(PLAN).items] == ["mail"]


@pytest.mark.parametrize("agent", ["mars", "files"])
@pytest.mark.parametrize("fabric", ["Azure", "ActiveDirectory"])
def test_a_mars_volume_is_found_by_its_machine(azure, agent, fabric):
    """The fabric is taken from the id, the machine from the container, `%3B` decoded, case ignored."""
    vault = vault_of(azure, [mars_item(fabric=fabric)], [point("2026-02-01T10:00:00Z")], agent=agent)

    (volume,) = vault.seen(dataclasses.replace(MARS, agent=agent)).items

    assert (volume.name, volume.points, volume.protected) == ("data", 1, True)
    url = azure.sent("GET", POINTS)[0].url
    assert f"backupFabrics/{fabric}/protectionContainers/Windows;fs01.corp.example/protectedItems/FileFolder;d/" in url


@pytest.mark.parametrize("state", ["IRPending", "ProtectionStopped", "ProtectionError", "BrandNew", None])
def test_only_protected_is_protected(azure, state):
    """An item that waits for its initial replica is in the vault's list, and is not vaulted."""
    (mail,) = vault_of(azure, [dpm_item(state=state)]).seen(PLAN).items

    assert mail == ItemInVault("mail", 0, None, protected=False, state=state or "")


@pytest.mark.parametrize("at", NEVER)
def test_a_point_without_a_real_time_is_no_point(azure, at):
    """Sentinel dates and nulls are the vault's way to say none."""
    (mail,) = vault_of(azure, [dpm_item()], [point(at)]).seen(PLAN).items

    assert (mail.points, mail.latest) == (0, None)


def test_a_soft_deleted_point_does_not_count(azure):
    """What is about to be purged proves nothing."""
    gone = point("2026-02-01T10:00:00Z", recoveryPointProperties={"isSoftDeleted": True})

    (mail,) = vault_of(azure, [dpm_item()], [gone]).seen(PLAN).items

    assert mail.points == 0


def test_another_servers_item_of_the_same_name_is_not_ours(azure):
    """Two offices may both protect `Mail`."""
    strangers = [dpm_item(engine="DPM02.corp.example"), dpm_item(engine="DPM01.other.example"), dpm_item(engine=None)]

    assert vault_of(azure, strangers).seen(PLAN).items == ()


def test_an_item_awaiting_deletion_is_not_there(azure):
    """A soft-deleted item is left out; its successor of the same name is the one that counts."""
    deleted = dpm_item(name="old", isScheduledForDeferredDelete=True)
    vault = vault_of(azure, [deleted, dpm_item(name="new", state="IRPending")])

    (mail,) = vault.seen(PLAN).items

    assert not mail.protected and "protectedItems/new/" in azure.sent("GET", POINTS)[0].url


def test_points_that_vanish_between_two_questions_are_none(azure):
    """An item without a single backup may answer 404 to the question for its points."""
    azure.on("GET", ITEMS, listed(dpm_item())).on("GET", POINTS, refusal(404, "ItemNotFound"))

    assert quiet(azure).seen(PLAN).items == (ItemInVault("mail", 0, None, protected=True, state="Protected"),)


def test_lists_are_read_to_their_last_page(azure):
    """The item of this plan may stand on the second page."""
    azure.on("GET", "skipToken=2", listed(dpm_item()))
    link = f"https://management.azure.com{BASE}/backupProtectedItems?api-version=1&$skipToken=2"
    azure.on("GET", ITEMS, Answer(200, {"value": [dpm_item("Other")], "nextLink": link}))
    azure.on("GET", POINTS, listed())

    assert {item.name for item in quiet(azure).seen(PLAN).items} == {"mail"}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(refusal(404, "ResourceNotFound"), NotFound), (refusal(403, "AuthorizationFailed"), NotAllowed)],
)
def test_a_vault_that_cannot_be_read_is_named(azure, answer, kind):
    """No vault and no role are not the same as no item."""
    azure.on("GET", ITEMS, answer)

    with pytest.raises(kind, match="sydvault"):
        quiet(azure).seen(PLAN)


@pytest.mark.parametrize(("oldest", "counted"), [("2026-02-01T10:00:00Z", 4), *((at, 0) for at in NEVER)])
def test_the_items_own_summary_is_a_second_count(azure, oldest, counted):
    """It comes from another part of the vault than the list of points; a count without a date counts nothing."""
    whole = dpm_item(extendedInfo={"recoveryPointCount": 4, "oldestRecoveryPoint": oldest})
    azure.on("GET", ITEMS, listed(dpm_item())).on("GET", POINTS, listed(point("2026-02-01T10:00:00Z")))
    azure.on("GET", "/protectedItems/item1", Answer(200, whole))

    (mail,) = quiet(azure).seen(PLAN).items

    assert (mail.points, mail.counted) == (1, counted)


def engine(name="DPM01.CORP.EXAMPLE", **properties):
    usual = {"friendlyName": name, "registrationStatus": "Registered", "healthStatus": "Healthy"}
    version = {"azureBackupAgentVersion": "2.0.9262.0", "extendedInfo": None}
    body = {"backupEngineType": "DpmBackupEngine", **usual, **version, **properties}
    return {"id": f"{BASE}/backupEngines/{name}", "name": name, "properties": body}


def test_a_dpm_server_is_an_engine_of_the_vault(azure):
    """Whether it is registered, how it does, which agent it runs; case and other servers do not matter."""
    azure.on("GET", r"/backupEngines\?.*'DPM'", listed(engine("OTHER.CORP.EXAMPLE"), engine()))

    server = vault_of(azure).seen(PLAN).server

    assert server == ServerInVault("DPM01.CORP.EXAMPLE", "DPM", True, "Healthy", "2.0.9262.0")


def test_a_mars_server_is_a_container_and_shows_its_policy(azure):
    """The fabric comes from its id; the policy's name stands in the container itself, not in the list."""
    id_ = f"{BASE}/backupFabrics/ActiveDirectory/protectionContainers/Windows%3Bfs01.corp.example"
    usual = {"containerType": "Windows", "friendlyName": "fs01.corp.example", "registrationStatus": "NotRegistered"}
    container = {"id": id_, "name": "Windows;fs01.corp.example", "properties": {**usual, "healthStatus": ""}}
    whole = {**container, "properties": {**usual, "extendedInfo": {"policyName": "fs01-policy"}}}
    schedule = {"schedulePolicyType": "SimpleSchedulePolicy", "scheduleRunFrequency": "Daily"}
    schedule |= {"scheduleRunDays": None, "scheduleRunTimes": ["2026-01-01T21:00:00Z"]}
    policy = {"name": "fs01-policy", "properties": {"backupManagementType": "MAB", "schedulePolicy": schedule}}
    azure.on("GET", r"/backupProtectionContainers\?", listed(container))
    azure.on("GET", "/backupFabrics/ActiveDirectory/protectionContainers/Windows;fs01.corp.example", Answer(200, whole))
    azure.on("GET", "/backupPolicies/fs01-policy", Answer(200, policy))

    server = vault_of(azure, agent="mars").seen(MARS).server

    assert server == ServerInVault("fs01.corp.example", "MAB", False, policy="fs01-policy: Daily 21:00 UTC")
    assert not azure.sent("PUT")


def test_a_server_the_vault_does_not_know_is_none(azure):
    """Renamed, registered elsewhere, or never registered."""
    azure.on("GET", r"/backupEngines\?", listed(engine("DPM02.CORP.EXAMPLE")))

    assert vault_of(azure).seen(PLAN).server is None


def test_the_newest_backup_job_of_the_server_is_told_with_its_error(azure):
    """In no particular order, among other servers' jobs; one without a real start is not one that ran."""

    def job(started, host="dpm01.corp.example", **more):
        return {"name": "j", "properties": {"jobType": "DpmJob", "dpmServerName": host, "startTime": started, **more}}

    failed = {"status": "Failed", "endTime": "2026-02-03T10:20:00Z", "errorDetails": [{"errorString": "100230"}]}
    jobs = [
        job("2026-02-01T10:00:00Z", status="Completed"),
        job("2026-02-03T10:00:00Z", **failed),
        job("2026-02-04T10:00:00Z", host="dpm02.corp.example", status="Completed"),
        job("0001-01-01T00:00:00", status="InProgress"),
    ]
    azure.on("GET", r"/backupJobs\?.*'DPM'", listed(*jobs))

    seen = vault_of(azure).seen(PLAN).last_job

    ended = datetime(2026, 2, 3, 10, 20, tzinfo=UTC)
    assert seen == JobInVault("Failed", datetime(2026, 2, 3, 10, tzinfo=UTC), ended, "100230")
