"""The plans the samples of agent answers are about, and an agent command that prints a given text."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from states.plan import Item, OwnDisk, Plan
from tasks.office.agent import AgentCommand
from tasks.ports import OnSite

SAMPLES = Path(__file__).parent / "samples"
NOW = datetime.fromisoformat("2026-11-12T08:00:00+00:00")
_SERVERS = {"dpm": "SYD-DPM01", "mars": "NBO-BACKUP01", "files": "LYO-FS01"}
_ITEMS = {
    "dpm": (
        Item("file-server", 7_146_825_580_544, vault_item="D:\\"),
        Item("sql-orders", 9, vault_item="orders\\sqlorders"),
    ),
    "mars": (Item("branch-files", 9, vault_item="D:\\"), Item("ledger", 9, vault_item="E:\\")),
    "files": (Item("projects", 9), Item("archive", 9)),
}  # fmt: skip


def plan_of(kind: Any, mode: Any = "data-box", **changes: Any) -> Plan:
    """Return the plan of the office whose agent is *kind*."""
    own = OwnDisk("S:\\Seed", "seed", (), "PC", "DHL") if mode == "own-disk" else None
    known = dict(
        office="here", country="AU", mode=mode, agent=kind, sku="DataBoxDisk", job_name="here0123",
        subscription_id="s", resource_group="g", location="westeurope", storage_account="seedaccount", vault="v",
        server=_SERVERS[kind], items=_ITEMS[kind], device_bytes=10**13, own_disk=own,
    )  # fmt: skip
    return Plan(**{**known, **changes})


def work_of(plan: Plan, landed: datetime | None = None) -> OnSite:
    """Return what the office is told about a run of *plan*."""
    return OnSite("here-2026-11", 1, plan, plan.job_name, "DISK-0001", NOW, landed)


def printing(text: str, folder: Path, *, code: int = 0, errors: str = "") -> AgentCommand:
    """Return an agent command, a real process, that prints *text* and ends with *code*."""
    return AgentCommand(command_printing(text, folder, code=code, errors=errors))


def command_printing(text: str, folder: Path, *, code: int = 0, errors: str = "") -> list[str]:
    """Return its words, as an inventory has them."""
    kept = folder / "answer.json"
    kept.write_bytes(text.encode("utf-8", "surrogateescape"))
    told = f"sys.stderr.write({errors!r});sys.stdout.buffer.write(open({str(kept)!r},'rb').read());sys.exit({code})"
    return [sys.executable, "-S", "-c", f"import sys;{told}"]
