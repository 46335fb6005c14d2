"""The backup server in the vault: its registration, its last job, and (MARS only) its policy. Only reads.

DPM and MABS register as engines, MARS as a container. A policy is never written: see docs/decisions/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import unquote

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.recoveryservicesbackup import RecoveryServicesBackupClient

from states.landing import JobInVault, ServerInVault
from states.plan import AgentKind, Plan
from states.witnesses import same_host
from tasks.azure.seen import mapping, moment, records, text

# How each agent's resources are listed: the vault's word for who manages them. MABS answers to its own word.
MANAGED_BY: dict[AgentKind, tuple[str, ...]] = {
    "dpm":   ("DPM", "AzureBackupServer"),
    "mars":  ("MAB",),
    "files": ("MAB",),
}  # fmt: skip
JOBS_READ = 200  # of a vault that many servers share; the newest come first

# Both spellings /Subscriptions/ and /subscriptions/ occur, and fabrics of any name: the id alone says which.
_IN_ID = re.compile(r"/backupFabrics/([^/]+)/protectionContainers/([^/]+)(?:/protectedItems/([^/]+))?", re.IGNORECASE)


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


def server_in(client: RecoveryServicesBackupClient, group: str, vault: str, plan: Plan) -> ServerInVault | None:
    """Return the plan's server as the vault registered it, or None. Lets vendor errors pass."""
    for manager in MANAGED_BY[plan.agent]:
        listed = _containers if manager == "MAB" else _engines
        for found in listed(client, group, vault, manager):
            properties = mapping(found, "properties")
            if same_host(plan.server, (text(properties, "friendlyName"), text(found, "name").rsplit(";", 1)[-1])):
                policy = _policy_of(client, group, vault, found) if manager == "MAB" else ""
                return _server(properties, manager, policy)
    return None


def last_job_of(client: RecoveryServicesBackupClient, group: str, vault: str, plan: Plan) -> JobInVault | None:
    """Return the server's newest backup job, as the vault tells it. Lets vendor errors pass."""
    jobs = []
    for manager in MANAGED_BY[plan.agent]:
        wanted = f"backupManagementType eq '{manager}' and operation eq 'Backup'"
        for job in islice(client.backup_jobs.list(vault, group, filter=wanted), JOBS_READ):
            properties = mapping(job.as_dict(), "properties")
            host = text(properties, "mabServerName") or text(properties, "dpmServerName")
            started = moment(properties.get("startTime"))
            if started and same_host(plan.server, [host]):
                told = "; ".join(text(error, "errorString") for error in records(properties, "errorDetails"))
                ended = moment(properties.get("endTime"))
                jobs.append(JobInVault(text(properties, "status"), started, ended, told))
    return max(jobs, key=lambda job: job.started, default=None)


def _engines(client: RecoveryServicesBackupClient, group: str, vault: str, manager: str) -> Iterator[dict[str, Any]]:
    found = client.backup_engines.list(vault, group, filter=f"backupManagementType eq '{manager}'")
    yield from (one.as_dict() for one in found)


def _containers(client: RecoveryServicesBackupClient, group: str, vault: str, manager: str) -> Iterator[dict[str, Any]]:
    found = client.backup_protection_containers.list(vault, group, filter=f"backupManagementType eq '{manager}'")
    yield from (one.as_dict() for one in found)


def _server(properties: Any, manager: str, policy: str) -> ServerInVault:
    return ServerInVault(
        name=text(properties, "friendlyName"),
        kind=manager,
        registered=text(properties, "registrationStatus").casefold() == "registered",
        health=text(properties, "healthStatus") or text(properties, "containerHealthState"),
        agent_version=text(properties, "azureBackupAgentVersion") or text(properties, "agentVersion"),
        policy=policy,
    )


def _policy_of(client: RecoveryServicesBackupClient, group: str, vault: str, found: dict[str, Any]) -> str:
    """Return the MARS policy's name and schedule in a few words; "" where the vault does not show it."""
    place = place_in_vault(found)
    if place is None:
        return ""
    try:
        container = client.protection_containers.get(vault, group, place.fabric, place.container).as_dict()
        name = text(mapping(mapping(container, "properties"), "extendedInfo"), "policyName")
        policy = client.protection_policies.get(vault, group, name).as_dict() if name else {}
    except ResourceNotFoundError:
        return ""
    schedule = mapping(mapping(policy, "properties"), "schedulePolicy")
    times = [at for one in schedule.get("scheduleRunTimes") or () if (at := moment(one))]
    days = schedule.get("scheduleRunDays") or ()
    runs = " ".join([text(schedule, "scheduleRunFrequency"), *map(str, days), *(f"{at:%H:%M}" for at in times)])
    return f"{name}: {runs} UTC" if times else name
