"""What a travelling seed depends on in Azure: the adapter behind `ports.Surroundings`. Only reads, never writes.

A part that the credential may not read is named in `unread`; it is a gap, not an error.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from azure.core.exceptions import ResourceNotFoundError

from states.freeze import AccountSeen, AppSeen
from states.plan import Plan
from tasks.azure.arm import arm_list, graph_list
from tasks.azure.clients import AzureClients
from tasks.azure.details import resource_place
from tasks.azure.errors import ours
from tasks.azure.seen import Json, mapping, moment, records, text
from tasks.azure.shared import Asking, alone
from tasks.errors import NotAllowed
from tasks.layout import FORMAT_OF_AGENT
from tasks.ports import Deed

LOCKS_API = "2016-09-01"
LOG_API = "2015-04-01"
AGENT_APPS = "AzureOfflineBackup_"  # then the object id of whoever signed in; one app a person, shared by all servers
DEFAULT = "default"  # every account's one lifecycle policy is called so

_STORAGE, _CONTAINER = "Microsoft.Storage/storageAccounts", "Microsoft.Storage/storageAccounts/blobServices/containers"
# Which operations of the activity log change which aspect. App registrations are in another log, which we do not read.
DEEDS: dict[str, tuple[str, ...]] = {
    "account":         (f"{_STORAGE}/delete", "Microsoft.Resources/subscriptions/resourceGroups/moveResources/action"),
    "network rules":   (f"{_STORAGE}/write",),
    "key 1":           (f"{_STORAGE}/regenerateKey/action",),
    "key 2":           (f"{_STORAGE}/regenerateKey/action",),
    "locks":           ("Microsoft.Authorization/locks/write", "Microsoft.Authorization/locks/delete"),
    "lifecycle rules": (f"{_STORAGE}/managementPolicies/write", f"{_STORAGE}/managementPolicies/delete"),
    "immutability":    (f"{_CONTAINER}/immutabilityPolicies/write", f"{_CONTAINER}/immutabilityPolicies/delete",
                        f"{_CONTAINER}/setLegalHold/action", f"{_CONTAINER}/clearLegalHold/action"),
    "order":           ("Microsoft.DataBox/jobs/delete",),
}  # fmt: skip

_T = TypeVar("_T")


class AzureSurroundings:
    """Storage account, locks, lifecycle rules, immutability, app registrations and the activity log of a plan."""

    def __init__(self, clients: AzureClients, asking: Asking = alone) -> None:
        """Take the process's clients, and how to ask for what other runs may need as well. Contacts nobody."""
        self._clients = clients
        self._asking = asking

    def account(self, plan: Plan, containers: tuple[str, ...]) -> AccountSeen:
        """Return the account as Resource Manager shows it. Raises Transient, and NotAllowed for the account itself."""
        found = self._found(plan)
        if found is None:
            return AccountSeen(group="")
        group, name = resource_place(plan, text(found, "id"))
        if group.casefold() != resource_place(plan, plan.storage_account)[0].casefold():
            return AccountSeen(group=group)  # moved away: what governs it there is no longer the point
        gaps: list[str] = []
        own = mapping(found, "properties")
        rules = mapping(own, "networkAcls")
        made = (moment(mapping(own, "keyCreationTime").get(key)) for key in ("key1", "key2"))
        days = mapping(own, "keyPolicy").get("keyExpirationPeriodInDays")
        return AccountSeen(
            group=group,
            default_action=text(rules, "defaultAction") or "Allow",
            bypass=text(rules, "bypass") or "None",
            public_access=text(own, "publicNetworkAccess") or "Enabled",
            keys_made=tuple(at for at in made if at),
            key_days=days if isinstance(days, int) else 0,
            locks=_or_gap("locks", gaps, lambda: self._locks(plan, group, text(found, "id"))),
            rules=_or_gap("lifecycle rules", gaps, lambda: self._rules(plan, group, name, containers)),
            immutable=_or_gap("immutability", gaps, lambda: self._immutable(plan, group, name, found, containers)),
            unread=tuple(gaps),
        )

    def apps(self, plan: Plan) -> tuple[AppSeen, ...] | None:
        """Return the agents' apps in the tenant, and when each one's last certificate ends. Raises Transient."""
        query = {
            "$filter": f"startswith(displayName,'{AGENT_APPS}')",
            "$select": "id,appId,displayName,keyCredentials",
        }
        try:
            ask = partial(graph_list, self._clients, "/v1.0/applications", "read the agents' apps", query)
            listed = self._asking("apps", lambda: list(ask()))
        except NotAllowed:
            return None
        return tuple(sorted((_app(one) for one in listed), key=lambda app: app.name))

    def who(self, plan: Plan, changed: tuple[str, ...], since: datetime, until: datetime) -> dict[str, Deed]:
        """Return who changed which aspect last, between *since* and *until* (UTC); nothing where nobody is named."""
        period = f"eventTimestamp ge '{_stamp(since)}' and eventTimestamp le '{_stamp(until)}'"
        path = f"/subscriptions/{plan.subscription_id}/providers/Microsoft.Insights/eventtypes/management/values"
        more = {"$filter": f"{period} and resourceGroupName eq '{plan.resource_group}'"}
        try:
            events = list(arm_list(self._clients, plan, path, LOG_API, "read the activity log", more))
        except NotAllowed:
            return {}
        found = {}
        for what in changed:
            deeds = [deed for event in events if (deed := _deed(event, DEEDS.get(what, ())))]
            if deeds:
                found[what] = max(deeds, key=lambda deed: str(deed[1]))
        return found

    def _found(self, plan: Plan) -> Json | None:
        group, name = resource_place(plan, plan.storage_account)
        accounts = self._clients.storage(plan.subscription_id).storage_accounts
        with ours(f"read the storage account {name}"):
            try:
                return accounts.get_properties(group, name).as_dict()
            except ResourceNotFoundError:
                listed = (one.as_dict() for one in accounts.list())
                return next((one for one in listed if text(one, "name").casefold() == name.casefold()), None)

    def _locks(self, plan: Plan, group: str, account: str) -> tuple[str, ...]:
        """The locks at the account and above it: those of the subscription, or of the group where we see no more."""
        subscription = f"/subscriptions/{plan.subscription_id}"
        try:
            listed = self._locks_below(plan, subscription)
        except NotAllowed:
            listed = self._locks_below(plan, f"{subscription}/resourceGroups/{group}")
        return tuple(sorted(level for scope, level in listed if _holds(scope, account)))

    def _locks_below(self, plan: Plan, scope: str) -> list[tuple[str, str]]:
        path = f"{scope}/providers/Microsoft.Authorization/locks"
        ask = partial(arm_list, self._clients, plan, path, LOCKS_API, "list the locks")
        return self._asking(("locks", scope), lambda: [_lock(one) for one in ask()])

    def _rules(self, plan: Plan, group: str, name: str, containers: tuple[str, ...]) -> tuple[str, ...]:
        policies = self._clients.storage(plan.subscription_id).management_policies
        with ours(f"read the lifecycle rules of {name}"):
            try:
                policy = policies.get(group, name, DEFAULT).as_dict()
            except ResourceNotFoundError:
                return ()
        kind = f"{FORMAT_OF_AGENT[plan.agent]}Blob"
        rules = records(mapping(mapping(policy, "properties"), "policy"), "rules")
        return tuple(text(rule, "name") for rule in rules if _touches(rule, kind, containers))

    def _immutable(
        self, plan: Plan, group: str, name: str, account: Json, containers: tuple[str, ...]
    ) -> tuple[str, ...]:
        whole = mapping(mapping(account, "properties"), "immutableStorageWithVersioning")
        held = ["every container"] if whole.get("enabled") is True else []
        with ours(f"list the containers of {name}"):
            for one in self._clients.storage(plan.subscription_id).blob_containers.list(group, name):
                found = one.as_dict()
                if text(found, "name") in containers and _is_held(mapping(found, "properties")):
                    held.append(text(found, "name"))
        return tuple(held)


def _or_gap(what: str, gaps: list[str], look: Callable[[], tuple[_T, ...]]) -> tuple[_T, ...]:
    try:
        return look()
    except NotAllowed:
        gaps.append(what)
        return ()


def _touches(rule: Json, kind: str, containers: tuple[str, ...]) -> bool:
    """Say whether a rule in force deletes or moves blobs of the seed. Azure has no rules for page blobs so far."""
    definition = mapping(rule, "definition")
    filters = mapping(definition, "filters")
    acts = any(name.startswith(("delete", "tierTo")) for name in mapping(mapping(definition, "actions"), "baseBlob"))
    kinds = {str(one).casefold() for one in _list(filters, "blobTypes")}
    prefixes = [str(one) for one in _list(filters, "prefixMatch")]
    meant = not prefixes or any(_may_match(prefix, name) for prefix in prefixes for name in containers)
    return rule.get("enabled") is not False and acts and meant and (not kinds or kind.casefold() in kinds)


def _may_match(prefix: str, container: str) -> bool:
    name, slash, _ = prefix.partition("/")
    return name == container if slash else container.startswith(name)


def _is_held(container: Json) -> bool:
    flags = (container.get("hasImmutabilityPolicy"), container.get("hasLegalHold"))
    versions = mapping(container, "immutableStorageWithVersioning").get("enabled")
    return True in (*flags, versions)


def _holds(scope: str, account: str) -> bool:
    below = account.casefold().rstrip("/")
    return below == scope or below.startswith(scope + "/")


def _lock(found: Json) -> tuple[str, str]:
    """Return where a lock lies, in lower case, and what it is called."""
    where = text(found, "id").casefold().partition("/providers/microsoft.authorization/locks/")[0]
    return where, f"{text(mapping(found, 'properties'), 'level')} {text(found, 'name')}"


def _app(found: Json) -> AppSeen:
    ends = [at for key in records(found, "keyCredentials") if (at := moment(key.get("endDateTime")))]
    return AppSeen(text(found, "displayName"), max(ends, default=None))


def _deed(event: Json, operations: tuple[str, ...]) -> Deed | None:
    """Return caller and time of an event of the activity log that is one of these operations and went through."""
    operation = text(mapping(event, "operationName"), "value").casefold()
    done = text(mapping(event, "status"), "value") in ("Succeeded", "Accepted")
    if not done or operation not in {one.casefold() for one in operations} or not text(event, "caller"):
        return None
    return text(event, "caller"), moment(event.get("eventTimestamp"))


def _list(record: Json, name: str) -> tuple[Any, ...]:
    inner = record.get(name)
    return tuple(inner) if isinstance(inner, (list, tuple)) else ()


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
