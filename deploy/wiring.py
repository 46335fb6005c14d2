"""The one place that names concrete adapters: which Azure, which office, which journal stands behind the ports."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

from deploy.clocks import clock_of, seconds_of
from deploy.data import limits
from deploy.inventory import Inventory, load
from deploy.inventory import Office as OfficeEntry
from deploy.inventory.writer import page_of
from deploy.office import at_hand
from deploy.own_disks import local_disks, return_carrier
from deploy.settings import Settings, settings
from flows.desk import PrefectDesk
from flows.progress import ProgressPage
from flows.world import World, use
from states.plan import Plan
from tasks.archive import FolderArchive
from tasks.azure.account import BlobAccount
from tasks.azure.clients import GRAPH, AzureClients, AzureSettings
from tasks.azure.databox import DataBoxOrders
from tasks.azure.left_overs import AzureLeftOvers
from tasks.azure.shared import Shared, alone
from tasks.azure.surroundings import AzureSurroundings
from tasks.azure.vault import RecoveryServicesVault
from tasks.errors import InvalidInput
from tasks.journal import Journal
from tasks.office.afar.questions import Hands
from tasks.office.afar.remote import Desk, RemoteDisks, RemoteOffice, RemoteSamples
from tasks.office.local_disks import LocalDisks
from tasks.ports import Site
from tasks.pulse import Pulse


def world(where: Settings, *, actor: str = "", retry_delays: tuple[float, ...] = (2.0, 10.0, 30.0)) -> World:
    """Return the world of a home. Contacts nobody yet; raises InventoryInvalid when the inventory cannot be used."""
    inventory = load(where.inventory)
    return World(
        journal=journal(where),
        clock=clock_of(where),
        site_of=lambda plan: site(where, inventory, plan),
        actor=actor or hub_name(),
        retry_delays=retry_delays,
        quiet_of=lambda office: entry.quiet_hours if (entry := inventory.office(office)) else None,
        sites_of_a_pass=lambda: sites(where, inventory),
        pulse=None if where.clock_file.exists() else Pulse(where.home),
    )


def use_home(home: Path | None = None) -> None:
    """Make the flows of this process work on that home (default: $SEEDING_HOME or ./.seeding)."""
    use(lambda: world(settings(home)))


def journal(where: Settings) -> Journal:
    """Open the journal of a home, which is made with permissions for this user only."""
    where.make()
    return Journal(where.journal_url)


def sites(where: Settings, inventory: Inventory) -> Callable[[Plan], Site]:
    """Return the sites of all offices for one fleet pass, each made once, whichever thread asks first.

    Those with the same clients share what Azure lists.
    """
    shared, lock = cache(lambda _clients: Shared()), threading.Lock()
    made = cache(lambda plan: site(where, inventory, plan, shared))

    def site_of(plan: Plan) -> Site:
        with lock:
            return made(plan)

    return site_of


def site(
    where: Settings,
    inventory: Inventory,
    plan: Plan,
    sharing: Callable[[AzureClients], Shared | None] = lambda _clients: None,
) -> Site:
    """Return the adapters of one plan's office, for one pass. Raises InvalidInput when the inventory has it no more.

    *sharing* says what the adapters that use the same clients have in common in one fleet pass.
    """
    entry = inventory.office(plan.office)
    if entry is None:
        raise InvalidInput(f"{where.inventory} has no office {plan.office} any more", next="put it back: a run is open")
    clients = _clients(azure_settings(where, entry), where)
    shared = sharing(clients)
    drives = own_drives(where, entry)
    if entry.worker == "office":
        hands = afar(PrefectDesk(), entry, drives)
    else:
        hands = at_hand(where, entry, drives, ProgressPage())
    return Site(
        orders=DataBoxOrders(clients, shared),
        account=BlobAccount(clients, plan.storage_account),
        vault=RecoveryServicesVault(clients, shared or alone),
        office=hands.office,
        archive=FolderArchive(where.archive),
        contact=entry.contact,
        address=entry.address,
        surroundings=AzureSurroundings(clients, shared or alone),
        left_overs=AzureLeftOvers(clients),
        samples=hands.samples,
        clocks=limits().clocks,
        disks=hands.disks,
        return_carrier=return_carrier(entry, clients),
        slots=limits().orders,
    )


def afar(desk: Desk, entry: OfficeEntry, mine: LocalDisks | None) -> Hands:
    """Return the adapters of an office with a worker of its own; *mine* are the drives as the hub knows them."""
    office = RemoteOffice(desk, page_of(entry))
    drives = RemoteDisks(office, mine.keys, mine.listed) if mine else None
    return Hands(office, RemoteSamples(office), drives)


def own_drives(where: Settings, entry: OfficeEntry) -> LocalDisks | None:
    """Return the own-disk work of an office on this machine; None for an office without own drives."""
    return local_disks(where, entry, _clients(azure_settings(where, entry), where)) if entry.own_disk else None


def azure_settings(where: Settings, entry: OfficeEntry) -> AzureSettings:
    """Return who we are in Azure for that office; secrets stay behind the names of environment variables."""
    logging.getLogger("azure").setLevel(logging.ERROR)  # its warnings repeat what our errors say, at length
    logging.getLogger("urllib3").setLevel(logging.INFO)  # below that it logs whole links, signatures included
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
def _clients(azure: AzureSettings, where: Settings) -> AzureClients:
    return AzureClients(azure, now=clock_of(where).now, seconds=seconds_of(where))
