"""Microsoft.RecoveryServices: reading the vault. Nothing here changes the world; only the office's agent does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from deploy.rehearsal import vault_shapes as shapes
from deploy.rehearsal.records import Item, Office
from deploy.rehearsal.wire import Answer, ArmError, Ask, Route, paged, same, when
from deploy.rehearsal.world import World

TERM = re.compile(r"\s*(\w+)\s+eq\s+(?:'([^']*)'|(\S+))\s*")
Test = Callable[[dict[str, Any], str], bool]


def get(world: World, ask: Ask) -> Answer:
    """Return the vault."""
    _vault(world, ask)
    return Answer(200, shapes.vault(world.home.identity))


def usages(world: World, ask: Ask) -> Answer:
    """Return how much of the vault's limits is used."""
    with world.reading() as records:
        _vault(world, ask)
        items = sum(len(office.items) for office in records.offices.values())
        return Answer(200, {"value": [_usage("ProtectedItemsCount", items, 2000), _usage("Servers", 0, 50)]})


def engines(world: World, ask: Ask) -> Answer:
    """Return a page of the DPM and Azure Backup Servers."""
    with world.reading() as records:
        found = [shapes.engine(world.home.identity, office) for office in _offices(world, ask) if _is_engine(office)]
        return paged(ask, _filtered(ask, found, ENGINE_TERMS), records.settings.page_size)


def engine(world: World, ask: Ask) -> Answer:
    """Return one DPM or Azure Backup Server."""
    with world.reading():
        for office in _offices(world, ask):
            if _is_engine(office) and same(office.server, ask.names["engine"]):
                return Answer(200, shapes.engine(world.home.identity, office))
    raise _missing(ask)


def containers(world: World, ask: Ask) -> Answer:
    """Return a page of the containers."""
    with world.reading() as records:
        found = [shapes.container(world.home.identity, office, world.now) for office in _offices(world, ask)]
        return paged(ask, _filtered(ask, found, CONTAINER_TERMS), records.settings.page_size)


def container(world: World, ask: Ask) -> Answer:
    """Return one container."""
    with world.reading():
        return Answer(200, shapes.container(world.home.identity, _office(world, ask), world.now, extended=True))


def items(world: World, ask: Ask) -> Answer:
    """Return a page of the protected items, without their extendedInfo."""
    with world.reading() as records:
        who, now = world.home.identity, world.now
        found = [
            shapes.item(who, office, one, now, extended=False)
            for office in _offices(world, ask)
            for one in office.items
        ]
        return paged(ask, _filtered(ask, found, ITEM_TERMS), records.settings.page_size)


def item(world: World, ask: Ask) -> Answer:
    """Return one protected item."""
    with world.reading():
        office, found = _item(world, ask)
        return Answer(200, shapes.item(world.home.identity, office, found, world.now, extended=True))


def points(world: World, ask: Ask) -> Answer:
    """Return a page of an item's recovery points, newest first."""
    with world.reading() as records:
        office, found = _item(world, ask)
        listed = [shapes.point(world.home.identity, office, found, point) for point in reversed(found.points)]
        return paged(ask, _filtered(ask, listed, POINT_TERMS), records.settings.page_size)


def point(world: World, ask: Ask) -> Answer:
    """Return one recovery point."""
    with world.reading():
        office, found = _item(world, ask)
        for given in found.points:
            if same(given.id, ask.names["point"]):
                return Answer(200, shapes.point(world.home.identity, office, found, given))
    raise _missing(ask)


def jobs(world: World, ask: Ask) -> Answer:
    """Return a page of the backup jobs, newest first, without their extendedInfo."""
    with world.reading() as records:
        who = world.home.identity
        found = [shapes.job(who, office, one, False) for office in _offices(world, ask) for one in office.jobs]
        found.sort(key=lambda entry: str(entry["properties"]["startTime"]), reverse=True)
        return paged(ask, _filtered(ask, found, JOB_TERMS), records.settings.page_size)


def job(world: World, ask: Ask) -> Answer:
    """Return one backup job."""
    with world.reading():
        for office in _offices(world, ask):
            for done in office.jobs:
                if same(done.id, ask.names["job"]):
                    return Answer(200, shapes.job(world.home.identity, office, done, True))
    raise _missing(ask)


def policies(world: World, ask: Ask) -> Answer:
    """Return a page of the policies; DPM keeps its own to itself."""
    with world.reading() as records:
        found = [
            shapes.policy(world.home.identity, office, world.now)
            for office in _offices(world, ask)
            if not _is_engine(office)
        ]
        return paged(ask, _filtered(ask, found, POLICY_TERMS), records.settings.page_size)


def policy(world: World, ask: Ask) -> Answer:
    """Return one policy."""
    with world.reading():
        for office in _offices(world, ask):
            found = shapes.policy(world.home.identity, office, world.now)
            if not _is_engine(office) and same(found["name"], ask.names["policy"]):
                return Answer(200, found)
    raise _missing(ask)


def usage_summaries(world: World, ask: Ask) -> Answer:
    """Return how many items, or containers, each product has in the vault."""
    with world.reading():
        wanted = _terms(ask).get("type", "BackupProtectedItemCountSummary")
        counts: dict[str, int] = {}
        for office in _offices(world, ask):
            name = shapes.product(office).management
            per_item = wanted == "BackupProtectedItemCountSummary"
            counts[name] = counts.get(name, 0) + (len(office.items) if per_item else 1)
        return Answer(200, {"value": [_usage(name, count, -1) for name, count in sorted(counts.items())]})


def vault_config(world: World, ask: Ask) -> Answer:
    """Return the vault's security settings."""
    _vault(world, ask)
    settings = {
        "storageModelType": "GeoRedundant",
        "storageType": "GeoRedundant",
        "storageTypeState": "Locked",
        "enhancedSecurityState": "Enabled",
        "softDeleteFeatureState": "Enabled",
        "isSoftDeleteFeatureStateEditable": True,
    }
    return _config(world, "backupconfig", "vaultconfig", settings)


def storage_config(world: World, ask: Ask) -> Answer:
    """Return the vault's storage redundancy."""
    _vault(world, ask)
    settings = {
        "storageModelType": "GeoRedundant",
        "storageType": "GeoRedundant",
        "storageTypeState": "Locked",
        "crossRegionRestoreFlag": False,
        "dedupState": "Disabled",
        "xcoolState": "Disabled",
    }
    return _config(world, "backupstorageconfig", "vaultstorageconfig", settings)


def _config(world: World, folder: str, name: str, settings: dict[str, Any]) -> Answer:
    path = f"{shapes.vault_id(world.home.identity)}/{folder}/{name}"
    return Answer(200, {"id": path, "name": name, "type": f"{shapes.TYPE}/{folder}", "properties": settings})


def _usage(name: str, count: int, limit: int) -> dict[str, Any]:
    said = {"value": name, "localizedValue": name}
    return {
        "unit": "Count", "quotaPeriod": None, "nextResetTime": None,
        "currentValue": count, "limit": limit, "name": said,
    }  # fmt: skip


def _vault(world: World, ask: Ask) -> None:
    name = ask.names["vault"]
    if not same(name, world.home.identity.vault):
        message = f"The Resource 'Microsoft.RecoveryServices/vaults/{name}' was not found."
        raise ArmError(404, "ResourceNotFound", message, headers={"x-ms-failure-cause": "gateway"})


def _offices(world: World, ask: Ask) -> Iterator[Office]:
    _vault(world, ask)
    yield from (_as_far_as_heard(office, world.now) for office in world.records.offices.values() if office.configured)


def _as_far_as_heard(office: Office, now: datetime) -> Office:
    """Return *office* as the vault knows it: it may hear of its recovery points hours later."""
    heard = now - timedelta(hours=office.vault_lag_hours)
    items = [
        item.model_copy(update={"points": [one for one in item.points if one.at <= heard]}) for item in office.items
    ]
    return office.model_copy(update={"items": items}) if office.vault_lag_hours else office


def _office(world: World, ask: Ask) -> Office:
    for office in _offices(world, ask):
        fabric = same(shapes.product(office).fabric, ask.names["fabric"])
        if fabric and same(shapes.container_name(office), ask.names["container"]):
            return office
    raise _missing(ask)


def _item(world: World, ask: Ask) -> tuple[Office, Item]:
    office = _office(world, ask)
    for found in office.items:
        if same(shapes.item_name(office, found), ask.names["item"]):
            return office, found
    raise _missing(ask)


def _is_engine(office: Office) -> bool:
    return shapes.product(office).engine_type is not None


def _missing(ask: Ask) -> ArmError:
    return ArmError(404, "CloudInvalidInputErrorEntityNotFound", f"'{ask.path}' was not found in the vault.")


def _terms(ask: Ask) -> dict[str, str]:
    text = ask.query.get("$filter", "")
    terms = {}
    for part in re.split(r"\s+and\s+", text) if text else []:
        found = TERM.fullmatch(part)
        if not found:
            raise ArmError(400, "BMSUserErrorInvalidFilter", f"The filter '{text}' cannot be read.")
        terms[found.group(1).casefold()] = found.group(2) if found.group(2) is not None else found.group(3)
    return terms


def _filtered(ask: Ask, entries: list[dict[str, Any]], known: Mapping[str, Test]) -> list[dict[str, Any]]:
    for name, value in _terms(ask).items():
        test = known.get(name)
        if test is None:
            raise ArmError(400, "BMSUserErrorInvalidFilter", f"'{name}' cannot be filtered by here.")
        entries = [entry for entry in entries if test(entry["properties"], value)]
    return entries


def _is(field: str) -> Test:
    return lambda properties, value: same(str(properties.get(field) or ""), value)


def _since(field: str) -> Test:
    return lambda properties, value: when(properties[field]) >= _filter_time(value)


def _until(field: str) -> Test:
    return lambda properties, value: when(properties[field] or properties["startTime"]) <= _filter_time(value)


def _any(properties: dict[str, Any], value: str) -> bool:
    return True


def _filter_time(text: str) -> datetime:
    """Read '2016-01-01 00:00:00 AM', where the half of the day counts only for hours up to 12, or ISO 8601."""
    clock, _, half = text.rpartition(" ")
    try:
        if half.upper() not in ("AM", "PM"):
            return when(text)
        at = when(clock)
    except ValueError:
        raise ArmError(400, "BMSUserErrorInvalidFilter", f"'{text}' is not a time.") from None
    if half.upper() == "PM" and at.hour < 12:
        return at.replace(hour=at.hour + 12)
    return at.replace(hour=0) if half.upper() == "AM" and at.hour == 12 else at


# What each list can be filtered by.
# fmt: off
ENGINE_TERMS: dict[str, Test] = {
    "backupmanagementtype": _is("backupManagementType"), "friendlyname": _is("friendlyName"), "expand": _any,
}
CONTAINER_TERMS: dict[str, Test] = {
    "backupmanagementtype": _is("backupManagementType"), "friendlyname": _is("friendlyName"),
    "containertype": _is("containerType"), "status": _is("registrationStatus"),
}
ITEM_TERMS: dict[str, Test] = {
    "backupmanagementtype": _is("backupManagementType"), "friendlyname": _is("friendlyName"),
    "itemtype": _is("workloadType"), "containername": _is("containerName"),
    "backupenginename": _is("backupEngineName"), "policyname": _is("policyName"),
}
POINT_TERMS: dict[str, Test] = {
    "startdate": _since("recoveryPointTime"), "enddate": _until("recoveryPointTime"), "extendedinfo": _any,
}
JOB_TERMS: dict[str, Test] = {
    "backupmanagementtype": _is("backupManagementType"), "status": _is("status"), "operation": _is("operation"),
    "jobid": _is("activityId"), "starttime": _since("startTime"), "endtime": _until("endTime"),
}
POLICY_TERMS: dict[str, Test] = {"backupmanagementtype": _is("backupManagementType"), "workloadtype": _any}

VAULT = "/subscriptions/{subscription}/resourceGroups/{rg}/providers/Microsoft.RecoveryServices/vaults/{vault}"
CONTAINER = VAULT + "/backupFabrics/{fabric}/protectionContainers/{container}"
ITEM = CONTAINER + "/protectedItems/{item}"
ROUTES = (
    Route("GET", VAULT,                                               get),
    Route("GET", VAULT + "/usages",                                   usages),
    Route("GET", VAULT + "/backupEngines",                            engines),
    Route("GET", VAULT + "/backupEngines/{engine}",                   engine),
    Route("GET", VAULT + "/backupProtectionContainers",               containers),
    Route("GET", CONTAINER,                                           container),
    Route("GET", VAULT + "/backupProtectedItems",                     items),
    Route("GET", ITEM,                                                item),
    Route("GET", ITEM + "/recoveryPoints",                            points),
    Route("GET", ITEM + "/recoveryPoints/{point}",                    point),
    Route("GET", VAULT + "/backupJobs",                               jobs),
    Route("GET", VAULT + "/backupJobs/{job}",                         job),
    Route("GET", VAULT + "/backupPolicies",                           policies),
    Route("GET", VAULT + "/backupPolicies/{policy}",                  policy),
    Route("GET", VAULT + "/backupUsageSummaries",                     usage_summaries),
    Route("GET", VAULT + "/backupconfig/vaultconfig",                 vault_config),
    Route("GET", VAULT + "/backupstorageconfig/vaultstorageconfig",   storage_config),
)
# fmt: on
