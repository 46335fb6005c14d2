"""The adapters behind an office's own drives: who looks at them, who writes them, and where their secrets are kept."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.data import countries
from deploy.inventory import Office
from deploy.prefect_secrets import PrefectSecrets
from deploy.settings import Settings
from tasks.azure.clients import AzureClients
from tasks.azure.key_vault import KeyVaultSecrets
from tasks.office import disks
from tasks.office.local_disks import LocalDisks
from tasks.ports import ReturnCarrier
from tasks.secret_places import PlaceName, place_name


def local_disks(where: Settings, entry: Office, clients: AzureClients) -> LocalDisks:
    """Return the own-disk work of an office on this machine: folders in a rehearsal's home, real drives elsewhere."""
    own = entry.own_disk
    assert own is not None
    keys = _keys(place_name(own.keys), clients)
    listed = tuple(drive.fact() for drive in own.drives)
    tool = _tool(entry) if own.prepare == "tool" else None
    if where.endpoints and where.endpoints.drives:
        drives = disks.FolderDrives(Path(where.endpoints.drives))
        serials = {str(Path(where.endpoints.drives) / d.serial / "volume"): d.serial for d in own.drives}
        lock = disks.FolderBitLocker(keys, serials)
        return LocalDisks(where.media, drives, disks.FolderFormatter(drives), lock, keys, listed, tool)
    scripts = Path(__file__).parent / "agents"
    real = disks.windows_drives(scripts / "Get-SeedingDrives.ps1")
    formatter = disks.WindowsFormatter(scripts / "Format-SeedingDrive.ps1")
    return LocalDisks(where.media, real, formatter, disks.ManageBde(), keys, listed, tool)


def return_carrier(entry: Office, clients: AzureClients) -> Callable[[], ReturnCarrier] | None:
    """Return how to learn who brings the drives back. Asking reads the account number, and raises KeyMissing."""
    if entry.own_disk is None:
        return None
    returns = entry.own_disk.returns

    def ask() -> ReturnCarrier:
        place = place_name(returns.account)
        kept_here = place.kind == "environment"
        number = os.environ.get(place.name, "") if kept_here else _store(place, clients).read(place.name)
        if not number.strip():
            raise disks.KeyMissing(
                f"there is no account number at {returns.carrier} in {returns.account}",
                next="put it there: the drives come back on that account",
                code="key-missing",
            )
        return ReturnCarrier(returns.carrier, number.strip())

    return ask


def _keys(place: PlaceName, clients: AzureClients) -> disks.KeyPlace:
    if place.kind == "environment":
        return disks.EnvironmentKeys(place.name, os.environ)
    return disks.StoredKeys(place.name, _store(place, clients))


def _store(place: PlaceName, clients: AzureClients) -> disks.Secrets:
    return KeyVaultSecrets(clients, place.vault) if place.kind == "key-vault" else PrefectSecrets()


def _tool(entry: Office) -> disks.Tool:
    own, to, people = entry.own_disk, entry.ship_to, entry.contacts
    assert own is not None and entry.staging is not None
    answers = disks.ToolAnswers(
        contact_name=people.name,
        contact_number=people.phone,
        email=people.emails[0],
        address=", ".join(part for part in (to.company, to.street, to.city, to.state) if part),
        country=countries()[entry.country],
        postal_code=to.postal_code,
    )
    here = sys.stdin is not None and sys.stdin.isatty()
    return disks.Tool(own.tool or (disks.PROGRAM,), entry.staging.path, answers, _signed_in if here else None)


def _signed_in() -> bool:
    """Ask the person at this console. Only an explicit yes counts."""
    question = "Sign in at the browser that the disk preparation tool opened. Signed in? [y/N]"
    print(question, end=" ", file=sys.stderr, flush=True)
    return input().strip().lower() in ("y", "yes")
