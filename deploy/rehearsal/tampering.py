"""What people do to an account, an order or an app while a seed is on its way: rows of the mishaps, with who did it.

Rows look like `{"world": "firewall", "action": "Deny", "bypass": "None", "by": "ann@example.com"}`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from deploy.rehearsal import account
from deploy.rehearsal.databox_shapes import account_id, job_id
from deploy.rehearsal.wire import ArmError
from deploy.rehearsal.world import World

SOMEBODY = "somebody@example.com"
Deed = Callable[[World, dict[str, Any]], None]


def _firewall(world: World, row: dict[str, Any]) -> None:
    own = world.records.account
    own.default_action = row.get("action", own.default_action)
    own.bypass = row.get("bypass", own.bypass)
    own.public_access = row.get("public", own.public_access)
    _log(world, row, "Microsoft.Storage/storageAccounts/write")


def _rule(world: World, row: dict[str, Any]) -> None:
    """A rule that deletes blobs; for page blobs Azure has none, so it names the kind it is for."""
    name, own = row["name"], world.records.account
    own.rules = [rule for rule in own.rules if rule["name"] != name]
    if not row.get("removed"):
        filters = {"blobTypes": [row.get("blobs", "blockBlob")], "prefixMatch": row.get("prefixes", [])}
        delete = {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 7}}}
        definition = {"actions": delete, "filters": filters}
        own.rules.append({"enabled": True, "name": name, "type": "Lifecycle", "definition": definition})
    _log(world, row, "Microsoft.Storage/storageAccounts/managementPolicies/write")


def _rotate(world: World, row: dict[str, Any]) -> None:
    made = world.records.account.keys_made
    world.records.account.keys_made = [world.now, *made[1:]]
    _log(world, row, "Microsoft.Storage/storageAccounts/regenerateKey/action")


def _key_policy(world: World, row: dict[str, Any]) -> None:
    world.records.account.key_days = int(row["days"])
    _log(world, row, "Microsoft.Storage/storageAccounts/write")


def _lock(world: World, row: dict[str, Any]) -> None:
    name = row.get("name", "keep")
    world.records.account.locks[name] = row["level"]
    _log(world, row, "Microsoft.Authorization/locks/write")


def _unlock(world: World, row: dict[str, Any]) -> None:
    world.records.account.locks.clear()
    _log(world, row, "Microsoft.Authorization/locks/delete")


def _move(world: World, row: dict[str, Any]) -> None:
    """Into another resource group, or back with an empty name."""
    world.records.account.group = row["group"]
    _log(world, row, "Microsoft.Resources/subscriptions/resourceGroups/moveResources/action")


def _delete(world: World, row: dict[str, Any]) -> None:
    """The account's resource; its blobs stay where the emulator has them, so that it can be restored."""
    world.records.account.gone = not row.get("restored")
    _log(world, row, "Microsoft.Storage/storageAccounts/delete")


def _hold(world: World, row: dict[str, Any]) -> None:
    held = world.records.account.immutable
    if row.get("removed"):
        held.remove(row["container"])
    else:
        held.append(row["container"])
    _log(world, row, "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies/write")


def _drop_order(world: World, row: dict[str, Any]) -> None:
    order = world.order(row["job"])
    if order is None:
        raise ArmError(404, "BadFault", f"there is no order called {row['job']!r}")
    del world.records.orders[order.name.casefold()]
    world.unplan(order.name.casefold())
    account.log(world, "Microsoft.DataBox/jobs/delete", job_id(world.home.identity, order), row.get("by", SOMEBODY))


def _drop_apps(world: World, row: dict[str, Any]) -> None:
    world.records.account.apps.clear()


def _end_certificates(world: World, row: dict[str, Any]) -> None:
    ends = world.now + timedelta(days=float(row["days"]))
    world.records.account.apps = dict.fromkeys(world.records.account.apps, ends)


def _log(world: World, row: dict[str, Any], operation: str) -> None:
    account.log(world, operation, account_id(world.home.identity), row.get("by", SOMEBODY))


# What each row does, which fields it needs, and which it allows beside `by`.
TAMPERING: dict[str, tuple[Deed, tuple[str, ...], tuple[str, ...]]] = {
    "firewall":            (_firewall,         (),             ("action", "bypass", "public")),
    "lifecycle-rule":      (_rule,             ("name",),      ("blobs", "prefixes", "removed")),
    "keys-rotated":        (_rotate,           (),             ()),
    "key-policy":          (_key_policy,       ("days",),      ()),
    "lock":                (_lock,             ("level",),     ("name",)),
    "unlock":              (_unlock,           (),             ()),
    "account-moved":       (_move,             ("group",),     ()),
    "account-deleted":     (_delete,           (),             ("restored",)),
    "container-immutable": (_hold,             ("container",), ("removed",)),
    "order-deleted":       (_drop_order,       ("job",),       ()),
    "apps-deleted":        (_drop_apps,        (),             ()),
    "certificates-end":    (_end_certificates, ("days",),      ()),
}  # fmt: skip
