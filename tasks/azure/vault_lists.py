"""What a vault lists: items, servers, jobs. One answer serves every run whose server is in that vault.

Recovery points, an item's own summary and a container's details are not listed for a whole vault: they cost a request
an item, whoever asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import unquote

from azure.mgmt.recoveryservicesbackup import RecoveryServicesBackupClient

from states.plan import AgentKind
from tasks.azure.seen import text
from tasks.azure.shared import Asking

# How each agent's resources are listed: the vault's word for who manages them. MABS answers to its own word.
MANAGED_BY: dict[AgentKind, tuple[str, ...]] = {
    "dpm":   ("DPM", "AzureBackupServer"),
    "mars":  ("MAB",),
    "files": ("MAB",),
}  # fmt: skip
JOBS_READ = 200  # of a vault that many servers share; the newest come first

# Both spellings /Subscriptions/ and /subscriptions/ occur, and fabrics of any name: the id alone says which.
_IN_ID = re.compile(r"/backupFabrics/([^/]+)/protectionContainers/([^/]+)(?:/protectedItems/([^/]+))?", re.IGNORECASE)

Found = list[dict[str, Any]]


@dataclass(frozen=True)
class VaultPlace:
    """Where a container or an item lies in the vault; `item` is "" for a container."""

    fabric: str
    container: str
    item: str = ""


def place_in_vault(found: dict[str, Any]) -> VaultPlace | None:
    """Return the place its own id names, `%3B` and the like decoded; None for an id of another shape."""
    match = _IN_ID.search(text(found, "id"))
    return VaultPlace(*(unquote(part or "") for part in match.groups())) if match else None


@dataclass(frozen=True)
class VaultLists:
    """The lists of one vault, each by who manages what is in it. Lets vendor errors pass."""

    client: RecoveryServicesBackupClient
    subscription_id: str
    group: str
    vault: str
    asking: Asking

    def items(self, manager: str) -> Found:
        """Return the protected items, without their extendedInfo."""
        return self._once("items", manager, self.client.backup_protected_items)

    def servers(self, manager: str) -> Found:
        """Return the registered servers: MARS has containers, DPM and MABS are engines."""
        operations = self.client.backup_protection_containers if manager == "MAB" else self.client.backup_engines
        return self._once("servers", manager, operations)

    def jobs(self, manager: str) -> Found:
        """Return the newest JOBS_READ backup jobs of all servers."""
        return self._once("jobs", manager, self.client.backup_jobs, " and operation eq 'Backup'", JOBS_READ)

    def policy(self, name: str) -> dict[str, Any]:
        """Return a policy, which is the same for all its servers."""
        about = (*self._vault(), "policy", name)
        return self.asking(about, lambda: self.client.protection_policies.get(self.vault, self.group, name).as_dict())

    def _once(self, what: str, manager: str, operations: Any, more: str = "", most: int | None = None) -> Found:
        def ask() -> Found:
            wanted = f"backupManagementType eq '{manager}'{more}"
            listed: Iterable[Any] = operations.list(self.vault, self.group, filter=wanted)
            return [one.as_dict() for one in islice(listed, most)]

        return self.asking((*self._vault(), what, manager), ask)

    def _vault(self) -> tuple[str, ...]:
        return ("vault", self.subscription_id, self.group, self.vault)
