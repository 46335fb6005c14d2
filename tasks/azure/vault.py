"""The Recovery Services vault as a witness: the adapter behind `ports.Vault`. Only reads, never writes.

The vault knows nothing of offline seeding. It shows effects: an item that is `IRPending` without a recovery point,
and, after the agent moved the seed, an item that is `Protected` and has one. It gives no size of a point.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.recoveryservicesbackup import RecoveryServicesBackupClient

from states.landing import ItemInVault, VaultSeen
from states.plan import Item, Plan
from states.witnesses import same_host
from tasks.azure.clients import AzureClients
from tasks.azure.details import resource_place
from tasks.azure.errors import ours
from tasks.azure.seen import mapping, moment, text
from tasks.azure.shared import Asking, alone
from tasks.azure.vault_lists import MANAGED_BY, VaultLists, VaultPlace, place_in_vault
from tasks.azure.vault_server import last_job_of, server_in


class RecoveryServicesVault:
    """The vault of a plan, read through the backup API."""

    def __init__(self, clients: AzureClients, asking: Asking = alone) -> None:
        """Take the process's clients, and how to ask for what other runs may need as well. Contacts nobody."""
        self._clients = clients
        self._asking = asking

    def seen(self, plan: Plan) -> VaultSeen:
        """Return what the vault knows of this plan's server, its last job and its items.

        Items it does not know are left out. Raises NotFound without a vault, NotAllowed, Transient.
        """
        items, lists = self._items(plan), self._lists(plan)
        with ours(f"read the server {plan.server} in the vault {lists.vault}"):
            return VaultSeen(items, server_in(lists, plan), last_job_of(lists, plan))

    def _items(self, plan: Plan) -> tuple[ItemInVault, ...]:
        """`points` counts the points that have a real time and are not soft-deleted; `latest` is the newest."""
        on_server = [found for found in self._all(plan) if same_host(plan.server, _servers(found))]
        seen = (self._witnessed(plan, item, on_server) for item in plan.items)
        return tuple(one for one in seen if one is not None)

    def _all(self, plan: Plan) -> Iterator[dict[str, Any]]:
        lists = self._lists(plan)
        for manager in MANAGED_BY[plan.agent]:
            with ours(f"list the {manager} items of the vault {lists.vault}"):
                yield from lists.items(manager)

    def _witnessed(self, plan: Plan, item: Item, found: Iterable[dict[str, Any]]) -> ItemInVault | None:
        """An item that was removed and added again is there twice; the one with the newest point counts."""
        named = [one for one in found if _is_called(item, one)]
        views = [self._view(plan, item, one) for one in named if not _awaits_deletion(one)]
        return max(views, key=lambda view: (view.points > 0, str(view.latest or ""), view.protected), default=None)

    def _view(self, plan: Plan, item: Item, found: dict[str, Any]) -> ItemInVault:
        place = place_in_vault(found)
        times = sorted(self._point_times(plan, place)) if place else []
        state = text(mapping(found, "properties"), "protectionState")
        return ItemInVault(
            name=item.name,
            points=len(times),
            latest=times[-1] if times else None,
            protected=state.casefold() == "protected",
            state=state,
            counted=self._counted(plan, place) if place else 0,
            oldest=times[0] if times else None,
        )

    def _point_times(self, plan: Plan, place: VaultPlace) -> Iterator[Any]:
        group, vault = resource_place(plan, plan.vault)
        with ours(f"list the recovery points of {place.item} in the vault {vault}"):
            try:
                for point in self._client(plan).recovery_points.list(
                    vault, group, place.fabric, place.container, place.item
                ):
                    properties = mapping(point.as_dict(), "properties")
                    at = moment(properties.get("recoveryPointTime"))
                    if at and mapping(properties, "recoveryPointProperties").get("isSoftDeleted") is not True:
                        yield at
            except ResourceNotFoundError:
                return  # the item went between the two questions, or it never had a point

    def _counted(self, plan: Plan, place: VaultPlace) -> int:
        """Return the points by the item's own summary, which lists leave out: an answer of another part of the vault.

        0 where the summary has no count, or names a date that means "never".
        """
        group, vault = resource_place(plan, plan.vault)
        with ours(f"read {place.item} in the vault {vault}"):
            try:
                item = self._client(plan).protected_items.get(vault, group, place.fabric, place.container, place.item)
            except ResourceNotFoundError:
                return 0
        summary = mapping(mapping(item.as_dict(), "properties"), "extendedInfo")
        count = summary.get("recoveryPointCount")
        return count if isinstance(count, int) and moment(summary.get("oldestRecoveryPoint")) else 0

    def _lists(self, plan: Plan) -> VaultLists:
        group, vault = resource_place(plan, plan.vault)
        return VaultLists(self._client(plan), plan.subscription_id, group, vault, self._asking)

    def _client(self, plan: Plan) -> RecoveryServicesBackupClient:
        return self._clients.backup(plan.subscription_id)


def _servers(found: dict[str, Any]) -> tuple[str, ...]:
    """The host names the item goes by: its engine (DPM, MABS), its computer, and its container (`Windows;host`)."""
    properties, place = mapping(found, "properties"), place_in_vault(found)
    container = place.container.rsplit(";", 1)[-1] if place else ""
    return (text(properties, "backupEngineName"), text(properties, "computerName"), container)


def _is_called(item: Item, found: dict[str, Any]) -> bool:
    wanted = (item.vault_item or item.name).casefold()
    place, friendly = place_in_vault(found), text(mapping(found, "properties"), "friendlyName")
    names = (friendly, place.item if place else "", text(found, "name"))
    return wanted in {unquote(name).casefold() for name in names if name}


def _awaits_deletion(found: dict[str, Any]) -> bool:
    return mapping(found, "properties").get("isScheduledForDeferredDelete") is True
