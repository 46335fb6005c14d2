"""Is Azure ready for this plan? Reads only; every finding says what was seen and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from states.plan import Plan
from tasks.azure.account import BlobAccount
from tasks.azure.arm import arm_get
from tasks.azure.clients import AzureClients
from tasks.azure.details import resource_place
from tasks.azure.errors import ours
from tasks.azure.seen import mapping, text
from tasks.errors import SeedingError
from tasks.findings import Finding

PROVIDERS_API = "2021-04-01"
PROVIDERS = ("Microsoft.DataBox", "Microsoft.RecoveryServices", "Microsoft.Storage")
SEEDABLE_KINDS = frozenset({"StorageV2", "Storage"})  # the agent writes page blobs; BlobStorage refuses them


def checks(clients: AzureClients, plan: Plan) -> tuple[Finding, ...]:
    """Return the findings about credential, providers, vault and storage account. Raises nothing of Azure's.

    Without a credential that works nothing else is asked.
    """
    signed_in = _credential(clients)
    if signed_in.severity == "blocks":
        return (signed_in,)
    looks: tuple[tuple[str, Callable[[AzureClients, Plan], Iterator[Finding]]], ...] = (
        ("providers", _providers),
        ("vault", _vault),
        ("storage-account", _account),
        ("storage-access", _reachable),
    )
    return (signed_in, *(finding for name, look in looks for finding in _tried(name, look, clients, plan)))


def _tried(
    name: str, look: Callable[[AzureClients, Plan], Iterator[Finding]], clients: AzureClients, plan: Plan
) -> tuple[Finding, ...]:
    try:
        return tuple(look(clients, plan))
    except SeedingError as error:
        return (Finding(name, "blocks", error.message, error.next),)


def _credential(clients: AzureClients) -> Finding:
    try:
        with ours("sign in to Azure"):
            clients.credential().get_token(*clients.settings.arm_scopes)
    except SeedingError as error:
        return Finding("credential", "blocks", error.message, error.next)
    return Finding("credential", "ok", f"signed in ({clients.settings.credential})")


def _providers(clients: AzureClients, plan: Plan) -> Iterator[Finding]:
    for provider in PROVIDERS:
        path = f"/subscriptions/{plan.subscription_id}/providers/{provider}"
        state = text(arm_get(clients, plan, path, PROVIDERS_API, f"read the provider {provider}"), "registrationState")
        if state == "Registered":
            yield Finding("providers", "ok", f"{provider} is registered")
        else:
            command = f"az provider register --namespace {provider}"
            yield Finding("providers", "blocks", f"{provider} is {state or 'not registered'}", f"run `{command}`")


def _vault(clients: AzureClients, plan: Plan) -> Iterator[Finding]:
    group, name = resource_place(plan, plan.vault)
    with ours(f"read the vault {name}"):
        found = clients.vaults(plan.subscription_id).vaults.get(group, name).as_dict()
    yield _same_region("vault", f"the vault {name}", text(found, "location"), plan)


def _account(clients: AzureClients, plan: Plan) -> Iterator[Finding]:
    group, name = resource_place(plan, plan.storage_account)
    with ours(f"read the storage account {name}"):
        found = clients.storage(plan.subscription_id).storage_accounts.get_properties(group, name).as_dict()
    yield _same_region("storage-account", f"the storage account {name}", text(found, "location"), plan)
    yield _usable_kind(name, text(found, "kind"), text(mapping(found, "sku"), "name"))
    yield from _walled(name, mapping(mapping(found, "properties"), "networkAcls"))


def _reachable(clients: AzureClients, plan: Plan) -> Iterator[Finding]:
    BlobAccount(clients, plan.storage_account).containers()
    yield Finding("storage-access", "ok", f"the containers of {plan.storage_account} can be listed from here")


def _same_region(check: str, thing: str, location: str, plan: Plan) -> Finding:
    """The order, the account and the vault belong in one region; names may come as `West US` or `westus`."""
    if _plain(location) == _plain(plan.location):
        return Finding(check, "ok", f"{thing} is in {plan.location}")
    return Finding(
        check,
        "blocks",
        f"{thing} is in {location or 'an unknown region'}, the plan's order goes to {plan.location}",
        "use a vault and an account of the order's region, then run `seeding validate`",
    )


def _usable_kind(name: str, kind: str, sku: str) -> Finding:
    if kind in SEEDABLE_KINDS and not sku.startswith("Premium"):
        return Finding("storage-account", "ok", f"the storage account {name} is of kind {kind}")
    return Finding(
        "storage-account",
        "blocks",
        f"the storage account {name} is of kind {kind or 'unknown'} ({sku or 'no SKU'}) and takes no page blobs",
        "make a standard StorageV2 account and name it in the inventory",
    )


def _walled(name: str, rules: Mapping[str, Any]) -> Iterator[Finding]:
    if text(rules, "defaultAction") == "Deny" and "AzureServices" not in text(rules, "bypass"):
        yield Finding(
            "storage-account",
            "blocks",
            f"the network rules of {name} keep trusted Azure services out, so the datacenter cannot upload",
            f"run `az storage account update --name {name} --bypass AzureServices`",
        )


def _plain(location: str) -> str:
    return location.replace(" ", "").casefold()
