"""How the vault shows an office's backup server: engines, containers, items, recovery points, jobs, policies.

The vault shows effects only. Of offline seeding it knows nothing: an item is IRPending until the agent has made its
first recovery point. Ids spell /Subscriptions/ with a capital S, as the real ones do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from deploy.rehearsal.home import Identity
from deploy.rehearsal.office_agent import VERSION
from deploy.rehearsal.records import BackupJob, Item, Office, Point
from deploy.rehearsal.wire import NOT_YET, ticks_z

RETENTION = timedelta(days=180)
TYPE = "Microsoft.RecoveryServices/vaults"


@dataclass(frozen=True)
class Product:
    """How one backup product appears: its management type, fabric, and the class names of its resources."""

    management: str
    fabric: str
    container: str
    container_type: str
    item_type: str
    job_type: str
    engine_type: str | None = None


# fmt: off
PRODUCTS = {
    "mab":  Product("MAB", "Azure", "Windows;{server}", "Windows", "MabFileFolderProtectedItem", "MabJob"),
    "dpm":  Product("DPM", "ActiveDirectory", "DPMContainer;{server}", "DPMContainer", "DPMProtectedItem", "DpmJob",
                    "DpmBackupEngine"),
    "mabs": Product("AzureBackupServer", "ActiveDirectory", "AzureBackupServerContainer;{server}",
                    "AzureBackupServerContainer", "DPMProtectedItem", "DpmJob", "AzureBackupServerEngine"),
}
JOB_STATUS = {
    "running": "InProgress", "completed": "Completed", "warning": "CompletedWithWarnings", "failed": "Failed",
}
# fmt: on


def product(office: Office) -> Product:
    """Return how *office*'s backup product appears in the vault."""
    return PRODUCTS[office.engine if office.kind == "dpm" else "mab"]


def vault_id(who: Identity, capital: bool = True) -> str:
    """Return the vault's id; its children's ids start with a capital S."""
    first = "Subscriptions" if capital else "subscriptions"
    return (
        f"/{first}/{who.subscription_id}/resourceGroups/{who.resource_group}"
        f"/providers/Microsoft.RecoveryServices/vaults/{who.vault}"
    )


def container_name(office: Office) -> str:
    """Return the container's name, with its semicolon."""
    return product(office).container.format(server=office.server.casefold())


def item_name(office: Office, item: Item) -> str:
    """Return the protected item's name in the vault."""
    return f"FileFolder;{item.id}" if product(office).management == "MAB" else f"DPM;{item.id}"


def container_id(who: Identity, office: Office) -> str:
    """Return the container's id."""
    return f"{vault_id(who)}/backupFabrics/{product(office).fabric}/protectionContainers/{container_name(office)}"


def vault(who: Identity) -> dict[str, Any]:
    """Return the vault itself."""
    return {
        "id": vault_id(who, capital=False),
        "name": who.vault,
        "type": TYPE,
        "location": who.location,
        "etag": "W/\"datetime'2026-01-05T08%3A00%3A00.0000000Z'\"",
        "sku": {"name": "RS0", "tier": "Standard"},
        "properties": {
            "provisioningState": "Succeeded",
            "privateEndpointStateForBackup": "None",
            "privateEndpointStateForSiteRecovery": "None",
            "publicNetworkAccess": "Enabled",
            "redundancySettings": {
                "standardTierStorageRedundancy": "GeoRedundant",
                "crossRegionRestore": "Disabled",
            },
        },
    }


def engine(who: Identity, office: Office) -> dict[str, Any]:
    """Return a DPM or Azure Backup Server as a backup engine."""
    kind, name = product(office), office.server.upper()
    return {
        "id": f"{vault_id(who)}/backupEngines/{name}",
        "name": name,
        "type": f"{TYPE}/backupEngines",
        "properties": {
            "friendlyName": name,
            "backupManagementType": kind.management,
            "registrationStatus": "Registered",
            "backupEngineState": "Active",
            "healthStatus": "Healthy",
            "backupEngineType": kind.engine_type,
            "canReRegister": True,
            "backupEngineId": _number(name),
            "dpmVersion": "12.2.10.0",
            "azureBackupAgentVersion": VERSION,
            "isAzureBackupAgentUpgradeAvailable": False,
            "isDpmUpgradeAvailable": False,
            "extendedInfo": None,
        },
    }


def container(who: Identity, office: Office, now: datetime, extended: bool = False) -> dict[str, Any]:
    """Return the container of an office's server; a MARS server's `extendedInfo` is null in lists."""
    kind = product(office)
    common = {
        "friendlyName": office.server,
        "backupManagementType": kind.management,
        "registrationStatus": "Registered",
        "healthStatus": "",
        "containerType": kind.container_type,
        "canReRegister": True,
        "protectedItemCount": len(office.items),
    }
    if kind.management == "MAB":
        only = {
            "protectableObjectType": "MABWindowsContainer",
            "containerId": int(_number(office.server)),
            "agentVersion": VERSION,
            "mabContainerHealthDetails": None,
            "containerHealthState": "Healthy",
            "extendedInfo": _mab_summary(office, now) if extended else None,
        }
    else:
        only = {
            "protectableObjectType": "DPMContainer",
            "containerId": _number(office.server),
            "dpmAgentVersion": VERSION,
            "dpmServers": [office.server.upper()],
            "upgradeAvailable": False,
            "protectionStatus": "Protected",
            "extendedInfo": {"lastRefreshedAt": ticks_z(now)},
        }
    kind_of = f"{TYPE}/backupFabrics/protectionContainers"
    return _envelope(container_id(who, office), container_name(office), kind_of, {**common, **only})


def item(who: Identity, office: Office, found: Item, now: datetime, extended: bool) -> dict[str, Any]:
    """Return a protected item; `extendedInfo` is null in lists."""
    kind, name = product(office), item_name(office, found)
    last = found.points[-1] if found.points else None
    common = {
        "protectedItemType": kind.item_type,
        "backupManagementType": kind.management,
        "workloadType": "FileFolder",
        "containerName": container_name(office),
        "sourceResourceId": None,
        "policyId": None,
        "policyName": None,
        "backupSetName": None,
        "createMode": None,
        "lastRecoveryPoint": ticks_z(last.at) if last else None,
        "friendlyName": found.name,
        "protectionState": "Protected" if last else "IRPending",
    }
    only = _mab(office, found, last) if kind.management == "MAB" else {"backupEngineName": office.server.upper()}
    more = _extended(office, found, now) if extended else None
    kind_of = f"{TYPE}/backupFabrics/protectionContainers/protectedItems"
    path = f"{container_id(who, office)}/protectedItems/{name}"
    return _envelope(path, name, kind_of, {**common, **only, "extendedInfo": more})


def point(who: Identity, office: Office, found: Item, given: Point) -> dict[str, Any]:
    """Return a recovery point."""
    path = f"{container_id(who, office)}/protectedItems/{item_name(office, found)}/recoveryPoints/{given.id}"
    properties = {
        "objectType": "GenericRecoveryPoint",
        "friendlyName": found.name,
        "recoveryPointType": "Full" if given is found.points[0] else "Incremental",
        "recoveryPointTime": ticks_z(given.at),
        "recoveryPointAdditionalInfo": "",
        "recoveryPointProperties": {
            "expiryTime": ticks_z(given.at + RETENTION),
            "ruleName": "Daily",
            "isSoftDeleted": False,
        },
    }
    kind_of = f"{TYPE}/backupFabrics/protectionContainers/protectedItems/recoveryPoints"
    return _envelope(path, given.id, kind_of, properties)


def job(who: Identity, office: Office, done: BackupJob, extended: bool) -> dict[str, Any]:
    """Return a backup job; the agent's words are in errorDetails unless it went well."""
    kind = product(office)
    told = [] if done.text == "Job Completed" else [{"errorString": done.text, "recommendations": []}]
    common = {
        "jobType": kind.job_type,
        "entityFriendlyName": ", ".join(found.name for found in office.items),
        "backupManagementType": kind.management,
        "operation": "Backup",
        "status": JOB_STATUS[done.status],
        "startTime": ticks_z(done.started),
        "endTime": ticks_z(done.ended) if done.ended else None,
        "activityId": done.id,
        "duration": _duration(done),
        "actionsInfo": None,
        "workloadType": "FileFolder",
        "errorDetails": told if done.status != "completed" else None,
    }
    if kind.management == "MAB":
        only: dict[str, Any] = {"mabServerName": office.server, "mabServerType": "Windows"}
    else:
        only = {
            "dpmServerName": office.server.upper(),
            "containerName": container_name(office),
            "containerType": kind.container_type,
        }
    bag = {"Data Transferred": f"{done.bytes} bytes", "Details": done.text}
    more: dict[str, Any] = {"tasksList": [], "propertyBag": bag, "dynamicErrorMessage": None}
    path = f"{vault_id(who)}/backupJobs/{done.id}"
    properties = {**common, **only, "extendedInfo": more if extended else None}
    return _envelope(path, done.id, f"{TYPE}/backupJobs", properties)


def policy_name(office: Office) -> str:
    """Return the name of a MARS server's policy."""
    return f"{office.server.casefold()}-policy"


def policy(who: Identity, office: Office, now: datetime) -> dict[str, Any]:
    """Return the policy of a MARS server as the vault shows it: daily, kept for 180 days."""
    at = ticks_z(now.replace(hour=office.hour, minute=0, second=0, microsecond=0))
    name = policy_name(office)
    properties = {
        "backupManagementType": "MAB",
        "protectedItemsCount": len(office.items),
        "schedulePolicy": {
            "schedulePolicyType": "SimpleSchedulePolicy",
            "scheduleRunFrequency": "Daily",
            "scheduleRunDays": None,
            "scheduleRunTimes": [at],
            "scheduleWeeklyFrequency": 0,
        },
        "retentionPolicy": {
            "retentionPolicyType": "LongTermRetentionPolicy",
            "dailySchedule": {
                "retentionTimes": [at],
                "retentionDuration": {"count": RETENTION.days, "durationType": "Days"},
            },
            "weeklySchedule": None,
            "monthlySchedule": None,
            "yearlySchedule": None,
        },
    }
    return _envelope(f"{vault_id(who)}/backupPolicies/{name}", name, f"{TYPE}/backupPolicies", properties)


def _envelope(path: str, name: str, kind_of: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"id": path, "name": name, "type": kind_of, "properties": properties}


def _mab(office: Office, found: Item, last: Point | None) -> dict[str, Any]:
    return {
        "computerName": office.server,
        "lastBackupStatus": "Completed" if last else "",
        "lastBackupTime": ticks_z(last.at) if last else NOT_YET,
        "deferredDeleteSyncTimeInUTC": 0,
    }


def _mab_summary(office: Office, now: datetime) -> dict[str, Any]:
    done = any(found.points for found in office.items)
    return {
        "lastRefreshedAt": ticks_z(now),
        "backupItemType": "FileFolder",
        "backupItems": [found.name for found in office.items],
        "policyName": policy_name(office),
        "lastBackupStatus": "Completed" if done else "",
    }


def _extended(office: Office, found: Item, now: datetime) -> dict[str, Any]:
    oldest = ticks_z(found.points[0].at) if found.points else None
    common = {"lastRefreshedAt": ticks_z(now), "oldestRecoveryPoint": oldest, "recoveryPointCount": len(found.points)}
    if product(office).management == "MAB":
        return common
    return {
        **common,
        "protected": True,
        "isPresentOnCloud": bool(found.points),
        "lastBackupStatus": "Completed" if found.points else "",
        "isCollocated": False,
        "protectionGroupName": f"PG {office.name}",
        "diskStorageUsedInBytes": str(found.bytes),
        "totalDiskStorageSizeInBytes": str(2 * found.bytes),
    }


def _duration(done: BackupJob) -> str:
    seconds = int(((done.ended or done.started) - done.started).total_seconds())
    return f"PT{seconds // 3600}H{seconds % 3600 // 60}M{seconds % 60}S"


def _number(name: str) -> str:
    return str(100_000 + sum(ord(letter) * (at + 1) for at, letter in enumerate(name.upper())))
