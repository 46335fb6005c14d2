"""What a run sets out to do, as values: one office, one order, its items. Fixed when the run is opened.

Every class here is frozen. Sizes are bytes. No secret has a field here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mode = Literal["data-box", "own-disk"]
AgentKind = Literal["dpm", "mars", "files"]


@dataclass(frozen=True)
class Item:
    """One protected server or data source: the unit that must be vaulted."""

    name: str
    bytes: int
    daily_change_bytes: int = 0
    source: str = ""  # where the bytes lie at the office; only the `files` agent needs it
    vault_item: str = ""  # its friendly name in the vault, where that differs from `name`


@dataclass(frozen=True)
class Drive:
    """One of the customer's own drives, as the inventory names it. Sizes are bytes."""

    serial: str
    capacity_bytes: int
    sector_bytes: int = 512
    bus: str = "SATA"


@dataclass(frozen=True)
class OwnDisk:
    """What a plan of the own-disk mode adds: where the agent writes, which drives may be used, who brings them back.

    `drives` are all drives the office has for this; the run allocates from them by serial. Keys and the carrier's
    account number are named, never held.
    """

    staging: str
    container: str
    drives: tuple[Drive, ...]
    copy_computer: str
    return_carrier: str
    gate: str = ""  # what the datacenter's gate wants on the parcel and who gives it; "" where it wants nothing
    papers: tuple[str, ...] = ()  # what customs want on it


@dataclass(frozen=True)
class Plan:
    """What one run sets out to do: one office, one device order, some items."""

    office: str
    country: str
    mode: Mode
    agent: AgentKind
    sku: str  # DataBox, DataBoxDisk or DataBoxCustomerDisk: the SKU name of the Data Box API
    job_name: str  # the Azure job's name in attempt 1; see `job_name_of`
    subscription_id: str
    resource_group: str
    location: str
    storage_account: str
    vault: str
    server: str  # the backup server's host name, as the vault knows it
    items: tuple[Item, ...]
    device_bytes: int  # what fits on the device, by the limits in force when it was planned
    time_zone: str = "UTC"
    own_disk: OwnDisk | None = None  # the own-disk mode's part
    restore_sample: bool = False  # restore a random sample from the vault before anything is cleaned up

    @property
    def bytes(self) -> int:
        """The size of everything to be seeded, in bytes."""
        return sum(item.bytes for item in self.items)
