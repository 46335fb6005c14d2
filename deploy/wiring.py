"""The one place that names concrete adapters: which Azure, which office, which journal stands behind the ports."""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from deploy.clocks import clock_of
from deploy.data import oldest_versions
from deploy.inventory import Inventory, load
from deploy.inventory import Office as OfficeEntry
from deploy.inventory.writer import page_of
from deploy.own_disks import local_disks, return_carrier
from deploy.settings import Settings, settings
from flows.desk import PrefectDesk
from flows.office_work import Bench, use_bench
from flows.progress import ProgressPage
from flows.world import World, use
from states.plan import Plan
from tasks.archive import FolderArchive
from tasks.azure.account import BlobAccount
from tasks.azure.clients import GRAPH, AzureClients, AzureSettings
from tasks.azure.databox import DataBoxOrders
from tasks.azure.left_overs import AzureLeftOvers
from tasks.azure.surroundings import AzureSurroundings
from tasks.azure.vault import RecoveryServicesVault
from tasks.errors import InvalidInput
from tasks.files import write_aside
from tasks.journal import Journal
from tasks.media import Progress
from tasks.office.afar.questions import Hands
from tasks.office.afar.remote import RemoteDisks, RemoteOffice, RemoteSamples
from tasks.office.agent import AgentCommand, BackupAgent, Witness
from tasks.office.console import ConsoleAgent
from tasks.office.files import FilesAgent
from tasks.office.local import LocalOffice
from tasks.office.sample import LocalSamples
from tasks.ports import OnSite, Site

TellOfWork = Callable[[OnSite, Progress], None]


def world(where: Settings, *, actor: str = "", retry_delays: tuple[float, ...] = (2.0, 10.0, 30.0)) -> World:
    """Return the world of a home. Contacts nobody yet; raises InventoryInvalid when the inventory cannot be used."""
    inventory = load(where.inventory)
    return World(
        journal=journal(where),
        clock=clock_of(where),
        site_of=cache(lambda plan: site(where, inventory, plan)),
        actor=actor or hub_name(),
        retry_delays=retry_delays,
    )


def use_home(home: Path | None = None) -> None:
    """Make the flows of this process work on that home (default: $SEEDING_HOME or ./.seeding)."""
    use(lambda: world(settings(home)))


def journal(where: Settings) -> Journal:
    """Open the journal of a home, which is made with permissions for this user only."""
    where.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Journal(where.journal_url)


def site(where: Settings, inventory: Inventory, plan: Plan) -> Site:
    """Return the adapters of one plan's office. Raises InvalidInput when the inventory has it no more."""
    entry = inventory.office(plan.office)
    if entry is None:
        raise InvalidInput(f"{where.inventory} has no office {plan.office} any more", next="put it back: a run is open")
    clients = _clients(azure_settings(where, entry))
    hands = afar(where, entry, clients) if entry.worker == "office" else at_hand(where, entry, clients, ProgressPage())
    return Site(
        orders=DataBoxOrders(clients),
        account=BlobAccount(clients, plan.storage_account),
        vault=RecoveryServicesVault(clients),
        office=hands.office,
        archive=FolderArchive(where.archive),
        contact=entry.contact,
        address=entry.address,
        surroundings=AzureSurroundings(clients),
        left_overs=AzureLeftOvers(clients),
        samples=hands.samples,
        disks=hands.disks,
        return_carrier=return_carrier(entry, clients),
    )


def at_hand(where: Settings, entry: OfficeEntry, clients: AzureClients, tell: TellOfWork) -> Hands:
    """Return the adapters of an office whose device, drives and backup agent this machine reaches itself."""
    return Hands(
        office=LocalOffice(entry.device_path or "", where.media, backup_agent(entry), tell),
        samples=LocalSamples(where.media, AgentCommand(entry.agent.command) if entry.agent.command else None),
        disks=local_disks(where, entry, clients) if entry.own_disk else None,
    )


def afar(where: Settings, entry: OfficeEntry, clients: AzureClients) -> Hands:
    """Return the adapters of an office that a worker of its own works for."""
    office = RemoteOffice(PrefectDesk(), page_of(entry))
    mine = local_disks(where, entry, clients) if entry.own_disk else None
    drives = RemoteDisks(office, mine.keys, mine.listed) if mine else None
    return Hands(office, RemoteSamples(office), drives)


def hands_by(where: Settings, page: dict[str, Any], tell: TellOfWork) -> Hands:
    """Return the adapters of the office whose page of the inventory the hub sent. Raises InventoryInvalid."""
    where.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_aside(where.page, json.dumps(page, indent=2).encode())
    entry = load(where.page).offices[0]
    return at_hand(where, entry, _clients(azure_settings(where, entry)), tell)


def use_office(home: Path | None = None) -> None:
    """Make the flows of this process work for an office, with the adapters its page of the inventory names."""
    where = settings(home)
    command = (sys.executable, "-m", "deploy.at_work", "--home", str(where.home))
    use_bench(lambda: Bench(lambda page: hands_by(where, page, lambda _work, _at: None), where.work, command))


def backup_agent(entry: OfficeEntry) -> BackupAgent:
    """Return the backup software of an office, asked on this machine."""
    kind = entry.agent.kind
    if kind == "files":
        command = AgentCommand(entry.agent.command) if entry.agent.command else None
        return FilesAgent(Witness(command, ("files", "mars", "dpm"), oldest_versions()))
    return ConsoleAgent(Witness(AgentCommand(agent_command(entry)), (kind,), oldest_versions()))


def agent_command(entry: OfficeEntry) -> tuple[str, ...]:
    """Return the inventory's command, or else our script for DPM, MABS or MARS as Windows starts it."""
    script = Path(__file__).parent / "agents" / "Invoke-SeedingAgent.ps1"
    usual = ("powershell.exe", "-NoProfile", "-NonInteractive", "-File", str(script), "-Kind", entry.agent.kind)
    return entry.agent.command or (*usual, "-Verb")


def azure_settings(where: Settings, entry: OfficeEntry) -> AzureSettings:
    """Return who we are in Azure for that office; secrets stay behind the names of environment variables."""
    logging.getLogger("azure").setLevel(logging.ERROR)  # its warnings repeat what our errors say, at length
    names, ends = entry.azure.credential, where.endpoints
    client_id = os.environ.get(names.client_id_env, "")
    return AzureSettings(
        credential="client-secret" if client_id and names.client_secret_env else "default",
        tenant_id=entry.azure.tenant_id,
        client_id=client_id,
        client_secret_env=names.client_secret_env or "",
        authority=ends.authority if ends else None,
        instance_discovery=ends is None,
        arm_url=ends.arm if ends else None,
        graph_url=(ends.graph if ends else "") or GRAPH,
        key_vault_url=(ends.key_vault or None) if ends else None,
        blob_url=ends.blob if ends else "https://{account}.blob.core.windows.net",
        ca_file=(ends.ca or None) if ends else None,
    )


def hub_name() -> str:
    """Return the actor of the hub's own journal lines."""
    return f"hub@{socket.gethostname()}"


@cache
def _clients(azure: AzureSettings) -> AzureClients:
    return AzureClients(azure)
