"""The backup server in the vault: its registration, its last job, and (MARS only) its policy. Only reads.

DPM and MABS register as engines, MARS as a container. A policy is never written: see docs/decisions/.
"""

from __future__ import annotations

from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from states.landing import JobInVault, ServerInVault
from states.plan import Plan
from states.witnesses import same_host
from tasks.azure.seen import mapping, moment, records, text
from tasks.azure.vault_lists import MANAGED_BY, VaultLists, place_in_vault


def server_in(lists: VaultLists, plan: Plan) -> ServerInVault | None:
    """Return the plan's server as the vault registered it, or None. Lets vendor errors pass."""
    for manager in MANAGED_BY[plan.agent]:
        for found in lists.servers(manager):
            properties = mapping(found, "properties")
            if same_host(plan.server, (text(properties, "friendlyName"), text(found, "name").rsplit(";", 1)[-1])):
                policy = _policy_of(lists, found) if manager == "MAB" else ""
                return _server(properties, manager, policy)
    return None


def last_job_of(lists: VaultLists, plan: Plan) -> JobInVault | None:
    """Return the server's newest backup job, as the vault tells it. Lets vendor errors pass."""
    jobs = []
    for manager in MANAGED_BY[plan.agent]:
        for job in lists.jobs(manager):
            properties = mapping(job, "properties")
            host = text(properties, "mabServerName") or text(properties, "dpmServerName")
            started = moment(properties.get("startTime"))
            if started and same_host(plan.server, [host]):
                told = "; ".join(text(error, "errorString") for error in records(properties, "errorDetails"))
                ended = moment(properties.get("endTime"))
                jobs.append(JobInVault(text(properties, "status"), started, ended, told))
    return max(jobs, key=lambda job: job.started, default=None)


def _server(properties: Any, manager: str, policy: str) -> ServerInVault:
    return ServerInVault(
        name=text(properties, "friendlyName"),
        kind=manager,
        registered=text(properties, "registrationStatus").casefold() == "registered",
        health=text(properties, "healthStatus") or text(properties, "containerHealthState"),
        agent_version=text(properties, "azureBackupAgentVersion") or text(properties, "agentVersion"),
        policy=policy,
    )


def _policy_of(lists: VaultLists, found: dict[str, Any]) -> str:
    """Return the MARS policy's name and schedule in a few words; "" where the vault does not show it."""
    place = place_in_vault(found)
    if place is None:
        return ""
    try:
        one = lists.client.protection_containers.get(lists.vault, lists.group, place.fabric, place.container)
        name = text(mapping(mapping(one.as_dict(), "properties"), "extendedInfo"), "policyName")
        policy = lists.policy(name) if name else {}
    except ResourceNotFoundError:
        return ""
    schedule = mapping(mapping(policy, "properties"), "schedulePolicy")
    times = [at for one in schedule.get("scheduleRunTimes") or () if (at := moment(one))]
    days = schedule.get("scheduleRunDays") or ()
    runs = " ".join([text(schedule, "scheduleRunFrequency"), *map(str, days), *(f"{at:%H:%M}" for at in times)])
    return f"{name}: {runs} UTC" if times else name
