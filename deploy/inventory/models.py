"""What `offices.yaml` may say, as pydantic models. A key that has no field here is an error, never ignored.

A new key of the inventory is a field in one of these classes: reader, messages and editor schema follow from it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from deploy.data import limits
from deploy.inventory import fields
from states.facts import AgentKind, Item, Mode, Plan
from states.planning import OWN_DISK_SKU, choose_sku
from states.sizes import parse_share
from tasks.ports import Address, Contact

ItemKind = Literal["files", "volume", "sql", "exchange", "sharepoint", "hyper-v", "vmware", "system-state"]


class Entry(BaseModel):
    """A mapping of the inventory: closed to unknown keys, and never changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False, hide_input_in_errors=True)


class AddressEntry(Entry):
    """Where the device goes. The country is the office's."""

    street: fields.Text
    city: fields.Text
    postal_code: fields.NumberLikeText
    state: fields.Text | None = None
    company: fields.Text | None = None


class ContactsEntry(Entry):
    """Whom Azure and the carrier write to: a role and a group mailbox, because people leave while boxes travel."""

    name: fields.Text
    phone: fields.Phone
    emails: Annotated[tuple[fields.Email, ...], fields.Listed] = Field(min_length=1, max_length=10)


class BandwidthEntry(Entry):
    """The office's way out: megabits per second, and in which hours backups may use it."""

    mbps: float = Field(gt=0, le=1_000_000)
    hours: fields.Hours | None = None


class ItemEntry(Entry):
    """One protected server or data source, as it is today."""

    name: fields.FileName
    kind: Annotated[ItemKind, fields.Word] = "files"
    size: fields.Bytes
    daily_change: fields.Share
    source: fields.Text | None = None
    vault_item: fields.Text | None = None

    def fact(self) -> Item:
        """Return the item as the plan carries it, sizes in bytes."""
        return Item(
            name=self.name,
            bytes=self.size,
            daily_change_bytes=parse_share(self.daily_change, of_bytes=self.size),
            source=self.source or "",
            vault_item=self.vault_item or "",
        )


class AgentEntry(Entry):
    """The backup agent at the office. `command` is how the office's worker asks it, word by word, no shell."""

    kind: Annotated[AgentKind, fields.Word]
    server: fields.HostName
    command: Annotated[tuple[fields.Text, ...] | None, fields.Listed] = None


class StagingEntry(Entry):
    """Own disks only: the folder the agent writes to before the drives are prepared."""

    path: fields.Text
    free: fields.Bytes | None = None


class CredentialEntry(Entry):
    """Under which names the hub finds its Azure credential. Names only: a value here is refused."""

    client_id_env: fields.EnvName = "AZURE_CLIENT_ID"
    client_secret_env: fields.EnvName | None = "AZURE_CLIENT_SECRET"
    certificate_path_env: fields.EnvName | None = None


class AzureEntry(Entry):
    """Where in Azure the office's backup shall be. Order and vault share one subscription, as the service demands."""

    subscription_id: fields.Uuid
    tenant_id: fields.Uuid
    resource_group: fields.ResourceGroup
    location: fields.Region
    storage_account: fields.Text
    vault: fields.VaultName
    credential: CredentialEntry = CredentialEntry()


class ScheduleEntry(Entry):
    """When the office's run is looked at, as cron in the office's own time."""

    advance: fields.Cron = "*/30 * * * *"


class BudgetEntry(Entry):
    """What the seeding of this office may cost in all."""

    amount: float = Field(gt=0, le=1_000_000_000)
    currency: fields.Currency


class Office(Entry):
    """One office, defaults applied."""

    id: fields.OfficeId
    country: fields.Country
    ship_to: AddressEntry = Field(alias="address")
    contacts: ContactsEntry
    time_zone: fields.TimeZone
    bandwidth: BandwidthEntry | None = None
    mode: Annotated[Mode, fields.Word]
    sku: Literal["DataBox", "DataBoxDisk"] | None = None
    items: Annotated[tuple[ItemEntry, ...], fields.Listed] = Field(min_length=1, max_length=500)
    agent: AgentEntry
    device_path: fields.DevicePath | None = None
    staging: StagingEntry | None = None
    azure: AzureEntry
    schedule: ScheduleEntry = ScheduleEntry()
    budget: BudgetEntry | None = None

    @property
    def contact(self) -> Contact:
        """Whom the carrier and Azure write to."""
        return Contact(self.contacts.name, self.contacts.phone, self.contacts.emails)

    @property
    def address(self) -> Address:
        """Where the device goes."""
        to = self.ship_to
        return Address(to.street, to.city, to.postal_code, self.country, to.state or "", to.company or "")

    @property
    def chosen_sku(self) -> str:
        """The SKU to order: the inventory's, or the smallest that carries everything to this country."""
        if self.mode == "own-disk":
            return OWN_DISK_SKU
        return self.sku or choose_sku(self.country, tuple(item.size for item in self.items), limits())

    def plan(self, job_name: str) -> Plan:
        """Return what one run for this office sets out to do, by the limits in force. Checks nothing."""
        sku = self.chosen_sku
        device = limits().device(sku)
        azure = self.azure
        return Plan(
            office=self.id,
            country=self.country,
            mode=self.mode,
            agent=self.agent.kind,
            sku=sku,
            job_name=job_name,
            subscription_id=azure.subscription_id,
            resource_group=azure.resource_group,
            location=azure.location,
            storage_account=azure.storage_account,
            vault=azure.vault,
            server=self.agent.server,
            items=tuple(item.fact() for item in self.items),
            device_bytes=device.usable_bytes if device else 0,
            time_zone=self.time_zone,
        )


class File(Entry):
    """The whole file. `defaults` may hold every key of an office but its id; an office's own keys win."""

    version: Literal["1"] = "1"
    defaults: dict[str, Any] = {}
    offices: tuple[Office, ...] = Field(min_length=1)


class Inventory(Entry):
    """The offices of one file, all checked."""

    offices: tuple[Office, ...]

    def office(self, id: str) -> Office | None:
        """Return the office of that id, or None."""
        return next((office for office in self.offices if office.id == id), None)
