"""The adapters of an office whose device, drives and backup agent this machine reaches: a worker's, or the hub's.

An office's worker imports neither Azure's clients nor the journal; only the keys of own drives may need the former.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deploy.data import oldest_versions
from deploy.inventory import Office, load
from deploy.settings import Settings
from tasks.files import write_aside
from tasks.media import Progress
from tasks.office.afar.questions import Hands
from tasks.office.agent import AgentCommand, BackupAgent, Witness
from tasks.office.console import ConsoleAgent
from tasks.office.files import FilesAgent
from tasks.office.local import LocalOffice
from tasks.office.sample import LocalSamples
from tasks.ports import DiskOffice, OnSite

TellOfWork = Callable[[OnSite, Progress], None]


def at_hand(where: Settings, entry: Office, disks: DiskOffice | None, tell: TellOfWork) -> Hands:
    """Return the adapters of an office at hand; *tell* is told how far long work is."""
    return Hands(
        office=LocalOffice(entry.device_path or "", where.media, backup_agent(entry), tell),
        samples=LocalSamples(where.media, AgentCommand(entry.agent.command) if entry.agent.command else None),
        disks=disks,
    )


def hands_by(where: Settings, page: dict[str, Any], tell: TellOfWork) -> Hands:
    """Return the adapters of the office whose page of the inventory the hub sent. Raises InventoryInvalid."""
    where.make()
    write_aside(where.page, json.dumps(page, indent=2).encode())
    entry = load(where.page).offices[0]
    if entry.own_disk is None:
        return at_hand(where, entry, None, tell)
    from deploy.wiring import own_drives

    return at_hand(where, entry, own_drives(where, entry), tell)


def backup_agent(entry: Office) -> BackupAgent:
    """Return the backup software of an office, asked on this machine."""
    kind = entry.agent.kind
    if kind == "files":
        command = AgentCommand(entry.agent.command) if entry.agent.command else None
        return FilesAgent(Witness(command, ("files", "mars", "dpm"), oldest_versions()))
    return ConsoleAgent(Witness(AgentCommand(agent_command(entry)), (kind,), oldest_versions()))


def agent_command(entry: Office) -> tuple[str, ...]:
    """Return the inventory's command, or else our script for DPM, MABS or MARS as Windows starts it."""
    script = Path(__file__).parent / "agents" / "Invoke-SeedingAgent.ps1"
    usual = ("powershell.exe", "-NoProfile", "-NonInteractive", "-File", str(script), "-Kind", entry.agent.kind)
    return entry.agent.command or (*usual, "-Verb")
