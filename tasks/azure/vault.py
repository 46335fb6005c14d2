"""The Recovery Services vault as a witness: the adapter behind `ports.Vault`. Only reads, never writes.

The vault knows nothing of offline seeding. It shows effects: an item that is `IRPending` without a recovery point,
and, after the agent moved the seed, an item that is `Protected` and has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.recoveryservicesbackup import RecoveryServicesBackupClient

from states.facts import ItemInVault
from states.plan import AgentKind, Item, Plan
from tasks.azure.clients import AzureClients
from tasks.azure.details import resource_place
from tasks.azure.errors import ours
from tasks.azure.seen import mapping, moment, text

# How each agent's items are listed: the vault's word for who manages them. MABS answers to its own word.
MANAGED_BY: dict[AgentKind, tuple[str, ...]] = {
    "dpm":   ("DPM", "AzureBackupServer"),
    "mars":  ("MAB",),
    "files": ("MAB",),
}  # fmt: skip

# Both spellings /Subscriptions/ and /subscriptions/ occur, and fabrics of any name: the id alone says which.
_IN_ID = re.compile(r"/backupFabrics/([^/]+)/protectionContainers/([^/]+)/protectedItems/([^/]+)", re.IGNORECASE)


@dataclass(frozen=True)
class _Place:
    """Where an item's recovery points are listed, and how they are managed."""

    fabric: str
    container: str
    item: str


class RecoveryServicesVault:
    """The vault of a plan, read through the backup API."""

    def __init__(self, clients: AzureClients) -> None:
        """Take the process's clients. Contacts nobody."""
        self._clients = clients

    def items(self, plan: Plan) -> tuple[ItemInVault, ...]:
        """Return what the vault knows of this plan's items on its server; items it does not know are left out.

        `points` counts the recovery points that have a real time and are not soft-deleted; `latest` is the newest.
        Raises NotFound without a vault, NotAllowed, Transient.
        """
        on_server = [found for found in self._all(plan) if _same_host(plan.server, _servers(found))]
        seen = (self._witnessed(plan, item, on_server) for item in plan.items)
        return tuple(one for one in seen if one is not None)

    def _all(self, plan: Plan) -> Iterator[dict[str, Any]]:
        group, vault = resource_place(plan, plan.vault)
        for manager in MANAGED_BY[plan.agent]:
            with ours(f"list the {manager} items of the vault {vault}"):
                found = self._client(plan).backup_protected_items.list(
                    vault, group, filter=f"backupManagementType eq '{manager}'"
                )
                yield from (one.as_dict() for one in found)

    def _witnessed(self, plan: Plan, item: Item, found: Iterable[dict[str, Any]]) -> ItemInVault | None:
        """An item that was removed and added again is there twice; the one with the newest point counts."""
        named = [one for one in found if _is_called(item, one)]
        views = [self._view(plan, item, one) for one in named if not _awaits_deletion(one)]
        return max(views, key=lambda view: (view.points > 0, str(view.latest or ""), view.protected), default=None)

    def _view(self, plan: Plan, item: Item, found: dict[str, Any]) -> ItemInVault:
        times = sorted(self._point_times(plan, found))
        state = text(mapping(found, "properties"), "protectionState")
        return ItemInVault(
            name=item.name,
            points=len(times),
            latest=times[-1] if times else None,
            protected=state.casefold() == "protected",
        )

    def _point_times(self, plan: Plan, found: dict[str, Any]) -> Iterator[Any]:
        place, (group, vault) = _place(found), resource_place(plan, plan.vault)
        if place is None:
            return
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

    def _client(self, plan: Plan) -> RecoveryServicesBackupClient:
        return self._clients.backup(plan.subscription_id)


def _place(found: dict[str, Any]) -> _Place | None:
    match = _IN_ID.search(text(found, "id"))
    return _Place(*(unquote(part) for part in match.groups())) if match else None


def _servers(found: dict[str, Any]) -> tuple[str, ...]:
    """The host names the item goes by: its engine (DPM, MABS), its computer, and its container (`Windows;host`)."""
    properties, place = mapping(found, "properties"), _place(found)
    container = place.container.rsplit(";", 1)[-1] if place else ""
    return (text(properties, "backupEngineName"), text(properties, "computerName"), container)


def _same_host(server: str, names: Iterable[str]) -> bool:
    """Equal without case; where one of both has no domain, the first label decides."""
    wanted = server.casefold()
    for name in (name.casefold() for name in names if name):
        short = "." not in name or "." not in wanted
        if name == wanted or (short and name.split(".")[0] == wanted.split(".")[0]):
            return True
    return False


def _is_called(item: Item, found: dict[str, Any]) -> bool:
    wanted = (item.vault_item or item.name).casefold()
    place, friendly = _place(found), text(mapping(found, "properties"), "friendlyName")
    names = (friendly, place.item if place else "", text(found, "name"))
    return wanted in {unquote(name).casefold() for name in names if name}


def _awaits_deletion(found: dict[str, Any]) -> bool:
    return mapping(found, "properties").get("isScheduledForDeferredDelete") is True
