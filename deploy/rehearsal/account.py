"""The storage account as Resource Manager shows it, and what governs it: rules, locks, immutability, the activity log.

Shapes are those of the SDK's own models (Microsoft.Storage) and of the REST reference (Authorization, Insights). The
code of the refusal to delete an immutable container is not verified.
"""

from __future__ import annotations

import re
from typing import Any

from deploy.rehearsal.databox_shapes import account_id
from deploy.rehearsal.wire import Answer, ArmError, Ask, Route, paged, same, ticks_z, when
from deploy.rehearsal.world import World


def log(world: World, operation: str, resource: str, by: str) -> None:
    """Write an event into the activity log, as *by* had done it now."""
    world.records.account.log.append(
        {
            "caller": by,
            "operationName": {"value": operation, "localizedValue": operation},
            "status": {"value": "Succeeded", "localizedValue": "Succeeded"},
            "eventTimestamp": ticks_z(world.now),
            "resourceId": resource,
            "resourceGroupName": world.home.identity.resource_group,
            "level": "Informational",
        }
    )


def check_locks(world: World) -> None:
    """Raise ArmError 409 when a lock forbids to delete anything in the resource group."""
    for name, level in world.records.account.locks.items():
        scope = f"{group_id(world)}/providers/Microsoft.Authorization/locks/{name}"
        message = (
            f"The scope cannot perform delete operation because following scope(s) are locked: '{scope}' ({level})."
        )
        raise ArmError(409, "ScopeLocked", message)


def group_id(world: World) -> str:
    """Return the id of the rehearsal's resource group."""
    who = world.home.identity
    return f"/subscriptions/{who.subscription_id}/resourceGroups/{who.resource_group}"


def resource(world: World) -> dict[str, Any]:
    """Return the account's resource: general purpose v2."""
    who, account = world.home.identity, world.records.account
    made = account.keys_made
    group = account.group or who.resource_group
    return {
        "id": account_id(who).replace(f"/resourceGroups/{who.resource_group}/", f"/resourceGroups/{group}/"),
        "name": who.storage_account,
        "type": "Microsoft.Storage/storageAccounts",
        "location": who.location,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS", "tier": "Standard"},
        "tags": {},
        "properties": {
            "provisioningState": "Succeeded",
            "accessTier": "Hot",
            "supportsHttpsTrafficOnly": True,
            "allowBlobPublicAccess": False,
            "publicNetworkAccess": account.public_access,
            "keyCreationTime": {"key1": ticks_z(made[0]), "key2": ticks_z(made[1])},
            **({"keyPolicy": {"keyExpirationPeriodInDays": account.key_days}} if account.key_days else {}),
            "networkAcls": {
                "bypass": account.bypass,
                "defaultAction": account.default_action,
                "ipRules": [],
                "virtualNetworkRules": [],
            },
            "primaryEndpoints": {"blob": world.storage.endpoint + "/"},
            "primaryLocation": who.location,
            "statusOfPrimary": "available",
        },
    }


def get(world: World, ask: Ask) -> Answer:
    """Return the account's resource."""
    with world.reading():
        _must_be_here(world, ask)
        return Answer(200, resource(world))


def list_accounts(world: World, ask: Ask) -> Answer:
    """Return a page of the subscription's accounts: the one, wherever it was moved to."""
    with world.reading() as records:
        return paged(ask, [] if records.account.gone else [resource(world)], records.settings.page_size)


def policy(world: World, ask: Ask) -> Answer:
    """Return the lifecycle policy; 404 while it has no rule."""
    with world.reading() as records:
        _must_be_here(world, ask)
        if not records.account.rules:
            raise ArmError(404, "ManagementPolicyNotFound", "No ManagementPolicy found for the account.")
        body = {
            "id": f"{account_id(world.home.identity)}/managementPolicies/default",
            "name": "DefaultManagementPolicy",
            "type": "Microsoft.Storage/storageAccounts/managementPolicies",
            "properties": {"lastModifiedTime": ticks_z(world.now), "policy": {"rules": records.account.rules}},
        }
        return Answer(200, body)


def containers(world: World, ask: Ask) -> Answer:
    """Return a page of the account's containers with what forbids to change them."""
    with world.reading() as records:
        _must_be_here(world, ask)
        names = [str(found.name) for found in world.storage.client.list_containers()]
        return paged(ask, [_container(world, name) for name in names], records.settings.page_size)


def delete_container(world: World, ask: Ask) -> Answer:
    """Delete a container with its blobs: 200, or 204 when there is none of that name."""
    name = ask.names["container"]
    with world.changing() as records:
        _must_be_here(world, ask)
        check_locks(world)
        if name in records.account.immutable:
            message = f"The container {name} has an immutability policy or a legal hold and cannot be deleted."
            raise ArmError(409, "ContainerImmutabilityPolicyExists", message)
        if name not in {str(found.name) for found in world.storage.client.list_containers()}:
            return Answer(204)
        world.storage.client.delete_container(name)
        records.effects.container_deletes[name] = records.effects.container_deletes.get(name, 0) + 1
        return Answer(200)


def locks(world: World, ask: Ask) -> Answer:
    """Return a page of the locks; all of them stand on the resource group."""
    with world.reading() as records:
        listed = [
            {
                "id": f"{group_id(world)}/providers/Microsoft.Authorization/locks/{name}",
                "type": "Microsoft.Authorization/locks",
                "name": name,
                "properties": {"level": level, "notes": None},
            }
            for name, level in records.account.locks.items()
        ]
        return paged(ask, listed, records.settings.page_size)


def events(world: World, ask: Ask) -> Answer:
    """Return a page of the activity log; the filter must give a period, and may name a resource group."""
    asked = ask.query.get("$filter", "")
    period = re.search(r"eventTimestamp ge '([^']+)' and eventTimestamp le '([^']+)'", asked)
    group = re.search(r"resourceGroupName eq '([^']+)'", asked)
    if not period:
        raise ArmError(400, "BadRequest", "The filter must have a start and an end time (eventTimestamp ge, le).")
    first, last = when(period[1]), when(period[2])
    with world.reading() as records:
        found = [
            event
            for event in reversed(records.account.log)
            if first <= when(event["eventTimestamp"]) <= last
            and (not group or same(group[1], event["resourceGroupName"]))
        ]
        return paged(ask, found, records.settings.page_size)


def _must_be_here(world: World, ask: Ask) -> None:
    who, account = world.home.identity, world.records.account
    if not same(ask.names["account"], who.storage_account) or account.gone or account.group:
        name, group = ask.names["account"], ask.names["rg"]
        message = (
            f"The Resource 'Microsoft.Storage/storageAccounts/{name}' under resource group '{group}' was not found."
        )
        raise ArmError(404, "ResourceNotFound", message)


def _container(world: World, name: str) -> dict[str, Any]:
    held = name in world.records.account.immutable
    return {
        "id": f"{account_id(world.home.identity)}/blobServices/default/containers/{name}",
        "name": name,
        "type": "Microsoft.Storage/storageAccounts/blobServices/containers",
        "properties": {
            "publicAccess": "None",
            "leaseState": "Available",
            "leaseStatus": "Unlocked",
            "lastModifiedTime": ticks_z(world.now),
            "hasImmutabilityPolicy": held,
            "hasLegalHold": False,
        },
    }


SUBSCRIPTION = "/subscriptions/{subscription}"
ACCOUNT = SUBSCRIPTION + "/resourceGroups/{rg}/providers/Microsoft.Storage/storageAccounts/{account}"
LOCKS = "/providers/Microsoft.Authorization/locks"
# fmt: off
ROUTES = (
    Route("GET",    ACCOUNT,                                                           get),
    Route("GET",    SUBSCRIPTION + "/providers/Microsoft.Storage/storageAccounts",     list_accounts),
    Route("GET",    ACCOUNT + "/managementPolicies/default",                           policy),
    Route("GET",    ACCOUNT + "/blobServices/default/containers",                      containers),
    Route("DELETE", ACCOUNT + "/blobServices/default/containers/{container}",          delete_container),
    Route("GET",    SUBSCRIPTION + LOCKS,                                              locks),
    Route("GET",    SUBSCRIPTION + "/resourceGroups/{rg}" + LOCKS,                     locks),
    Route("GET",    SUBSCRIPTION + "/providers/Microsoft.Insights/eventtypes/management/values", events),
)
# fmt: on
