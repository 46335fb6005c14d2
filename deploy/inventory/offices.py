"""What `offices.yaml` may say: one class per mapping, one field per key. What has no field here is an error.

A new key of the inventory is a new field; reader, messages and the editors' schema follow from it. Sizes are bytes.
"""

# ruff: noqa: RUF009 - `key` makes a field, not a default
from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from deploy.data import limits
from deploy.inventory import values as v
from deploy.inventory.keys import Choice, Listed, Mapping, key
from deploy.inventory.planning_keys import CUSTOMS_DAYS, WEEKDAY, PricesEntry, ReadingsEntry
from states.limits import Limits
from states.plan import AgentKind, Drive, Item, Mode, OwnDisk, Plan
from states.planner.needs import WEEKDAYS, Line, Needs
from states.planning import OWN_DISK_SKU, choose_sku, job_name
from states.quiet import QuietHours, hours_of
from states.sizes import parse_share

if TYPE_CHECKING:  # the ports load slowly, and `seeding validate` never needs them
    from tasks.ports import Address, Contact

_MODE = Choice("data-box", "own-disk")
_AGENT = Choice("dpm", "mars", "files")
_SKU = Choice("DataBox", "DataBoxDisk")
_WORKER = Choice("hub", "office")  # who reaches device and agent: the hub's machine, or a worker at the office
_PREPARE = Choice("native", "tool")
_ITEM = Choice("files", "volume", "sql", "exchange", "sharepoint", "hyper-v", "vmware", "system-state")


@dataclass(frozen=True, kw_only=True)
class AddressEntry:
    """Where the device goes. The country is the office's."""

    street: str = key(v.TEXT)
    city: str = key(v.TEXT)
    postal_code: str = key(v.POSTAL_CODE)
    state: str = key(v.TEXT, "")
    company: str = key(v.TEXT, "")


@dataclass(frozen=True, kw_only=True)
class ContactsEntry:
    """Whom Azure and the carrier write to: a role and a group mailbox, because people leave while boxes travel."""

    name: str = key(v.TEXT)
    phone: str = key(v.PHONE)
    emails: tuple[str, ...] = key(Listed(v.EMAIL, most=10))


@dataclass(frozen=True, kw_only=True)
class BandwidthEntry:
    """The office's way out: megabits per second, and in which hours of the office's day backups may use it.

    `measured_mbps` is what a large upload really got in these hours; a plan believes it more than the contract.
    """

    mbps: float = key(v.MBPS)
    hours: str | None = key(v.HOURS, None)
    measured_mbps: float | None = key(v.MBPS, None)

    def fact(self) -> Line:
        """Return the line as planning sees it."""
        hours = _hours_a_day(self.hours) if self.hours else 24.0
        return Line(self.measured_mbps or self.mbps, hours, measured=self.measured_mbps is not None)


@dataclass(frozen=True, kw_only=True)
class ItemEntry:
    """One protected server or data source, as it is today."""

    name: str = key(v.FILE_NAME)
    kind: str = key(_ITEM, "files")
    bytes: int = key(v.SIZE, name="size")
    daily_change: str = key(v.SHARE)
    source: str = key(v.TEXT, "")
    vault_item: str = key(v.TEXT, "")

    def fact(self) -> Item:
        """Return the item as a plan carries it."""
        change_bytes = parse_share(self.daily_change, of_bytes=self.bytes)
        return Item(self.name, self.bytes, change_bytes, self.source, self.vault_item)


@dataclass(frozen=True, kw_only=True)
class AgentEntry:
    """The backup agent at the office. `command` is how the office's worker asks it, word by word, without a shell."""

    kind: AgentKind = key(_AGENT)
    server: str = key(v.HOST_NAME)
    command: tuple[str, ...] | None = key(Listed(v.TEXT, most=50), None)


@dataclass(frozen=True, kw_only=True)
class StagingEntry:
    """Own disks only: the folder the agent writes to before the drives are prepared."""

    path: str = key(v.TEXT)


@dataclass(frozen=True, kw_only=True)
class DriveEntry:
    """Own disks only: one SATA drive that may be used, as its label and the operating system name it."""

    serial: str = key(v.SERIAL)
    capacity: int = key(v.SIZE)
    sector_bytes: int = key(v.SECTOR, 512)
    bus: str = key(v.TEXT, "SATA")

    def fact(self) -> Drive:
        """Return the drive as a plan carries it."""
        return Drive(self.serial, self.capacity, self.sector_bytes, self.bus)


@dataclass(frozen=True, kw_only=True)
class ReturnEntry:
    """Own disks only: who brings the drives back, and the place of the customer's account number there."""

    carrier: str = key(v.TEXT)
    account: str = key(v.SECRET_PLACE)


@dataclass(frozen=True, kw_only=True)
class OwnDiskEntry:
    """Own disks only: the machine that writes the drives, the container of the seed, the place of BitLocker keys.

    `server_is_virtual` says that the backup server is a virtual machine: then `copy_computer` must name a physical one.
    `prepare` says who writes the drives, we or the vendor's tool; `tool` is then its program, word by word, where it
    does not lie where the backup agent brings it along.
    """

    drives: tuple[DriveEntry, ...] = key(Listed(Mapping(DriveEntry), most=50))
    returns: ReturnEntry = key(Mapping(ReturnEntry), name="return")
    container: str = key(v.TEXT, "")
    keys: str = key(v.KEY_PLACE, "env:SEEDING_KEY_{serial}")
    copy_computer: str = key(v.TEXT, "")
    server_is_virtual: bool = key(v.YES_NO, False)
    prepare: str = key(_PREPARE, "native")
    tool: tuple[str, ...] | None = key(Listed(v.TEXT, most=50), None)


@dataclass(frozen=True, kw_only=True)
class CredentialEntry:
    """Under which names the hub's environment holds its Azure credential: names only, a value here is refused.

    Where a certificate is named, it is used and the secret is not.
    """

    client_id_env: str = key(v.ENV_NAME, "AZURE_CLIENT_ID")
    client_secret_env: str = key(v.ENV_NAME, "AZURE_CLIENT_SECRET")
    certificate_path_env: str | None = key(v.ENV_NAME, None)


@dataclass(frozen=True, kw_only=True)
class AzureEntry:
    """Where in Azure the office's backup shall be. Order and vault share one subscription, as the service demands."""

    subscription_id: str = key(v.UUID)
    tenant_id: str = key(v.UUID)
    resource_group: str = key(v.RESOURCE_GROUP)
    location: str = key(v.REGION)
    storage_account: str = key(v.TEXT)
    vault: str = key(v.VAULT_NAME)
    credential: CredentialEntry = key(Mapping(CredentialEntry), CredentialEntry())


@dataclass(frozen=True, kw_only=True)
class ScheduleEntry:
    """When the office's run is looked at: cron, in the office's own time."""

    advance: str = key(v.CRON, "*/15 * * * *")


@dataclass(frozen=True, kw_only=True)
class QuietEntry:
    """Hours in which people are told only what cannot wait, in their time zone: the office's where none is named."""

    hours: str = key(v.HOURS)
    time_zone: str | None = key(v.TIME_ZONE, None)


@dataclass(frozen=True, kw_only=True)
class OperatorsEntry:
    """Of the whole file: when those who watch the fleet get their digest (cron, in their time zone), and how.

    `notify` names a notification block of Prefect, as TYPE/NAME, that gets every question and the digest.
    """

    digest: str = key(v.CRON, "0 6 * * *")
    time_zone: str = key(v.TIME_ZONE, "UTC")
    notify: str | None = key(v.BLOCK, None)


@dataclass(frozen=True, kw_only=True)
class BudgetEntry:
    """What the seeding of this office may cost in all."""

    amount: float = key(v.MONEY)
    currency: str = key(v.CURRENCY)


@dataclass(frozen=True, kw_only=True)
class Office:
    """One office, defaults applied."""

    id: str = key(v.OFFICE_ID)
    country: str = key(v.COUNTRY)
    ship_to: AddressEntry = key(Mapping(AddressEntry), name="address")
    contacts: ContactsEntry = key(Mapping(ContactsEntry))
    time_zone: str = key(v.TIME_ZONE)
    bandwidth: BandwidthEntry | None = key(Mapping(BandwidthEntry), None)
    mode: Mode = key(_MODE)
    sku: str | None = key(_SKU, None)
    items: tuple[ItemEntry, ...] = key(Listed(Mapping(ItemEntry)))
    agent: AgentEntry = key(Mapping(AgentEntry))
    worker: str = key(_WORKER, "hub")
    device_path: str | None = key(v.DEVICE_PATH, None)
    staging: StagingEntry | None = key(Mapping(StagingEntry), None)
    own_disk: OwnDiskEntry | None = key(Mapping(OwnDiskEntry), None)
    azure: AzureEntry = key(Mapping(AzureEntry))
    restore_sample: bool = key(v.YES_NO, False)
    schedule: ScheduleEntry = key(Mapping(ScheduleEntry), ScheduleEntry())
    quiet: QuietEntry | None = key(Mapping(QuietEntry), None)
    budget: BudgetEntry | None = key(Mapping(BudgetEntry), None)
    prices: PricesEntry | None = key(Mapping(PricesEntry), None)
    staff_days: tuple[str, ...] | None = key(Listed(WEEKDAY, most=7), None)
    customs_days: int | None = key(CUSTOMS_DAYS, None)
    readings: ReadingsEntry = key(Mapping(ReadingsEntry), ReadingsEntry())

    @property
    def quiet_hours(self) -> QuietHours | None:
        """When only what cannot wait is told about this office, None for never."""
        return hours_of(self.quiet.hours, self.quiet.time_zone or self.time_zone) if self.quiet else None

    @property
    def contact(self) -> Contact:
        """Whom the carrier and Azure write to."""
        from tasks.ports import Contact

        return Contact(self.contacts.name, self.contacts.phone, self.contacts.emails)

    @property
    def address(self) -> Address:
        """Where the device goes."""
        from tasks.ports import Address

        to = self.ship_to
        return Address(to.street, to.city, to.postal_code, self.country, to.state, to.company)

    @property
    def chosen_sku(self) -> str:
        """The SKU to order: the inventory's, or the smallest that carries everything to this country."""
        if self.mode == "own-disk":
            return OWN_DISK_SKU
        return self.sku or choose_sku(self.country, tuple(item.bytes for item in self.items), self.limits)

    @property
    def limits(self) -> Limits:
        """The limits in force, as this office reads them where Microsoft's pages disagree."""
        return limits().read_as(self.readings.usable_bytes())

    def needs(self) -> Needs:
        """Return what planning must know of the office. Judges nothing."""
        prices, budget, staff = self.prices, self.budget, self.staff_days
        return Needs(
            plan=self.plan(job_name(self.id)),
            limits=self.limits,
            line=self.bandwidth.fact() if self.bandwidth else None,
            staff_days=frozenset(WEEKDAYS.index(day) for day in staff) if staff else None,
            customs_days=self.customs_days,
            fits_one_device=self.readings.fits_one_device,
            prices=prices.amounts() if prices else {},
            currency=prices.currency if prices else "",
            budget=(Decimal(str(budget.amount)), budget.currency) if budget else None,
            subdivision=self.ship_to.state,
        )

    def plan(self, job_name: str) -> Plan:
        """Return what one run for this office sets out to do, by the limits in force. Judges nothing."""
        sku, azure = self.chosen_sku, self.azure
        device = self.limits.device(sku)
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
            own_disk=self._own_disk(),
            restore_sample=self.restore_sample,
        )

    def _own_disk(self) -> OwnDisk | None:
        own = self.own_disk
        if self.mode != "own-disk" or own is None or self.staging is None:
            return None
        computer = own.copy_computer or ("" if own.server_is_virtual else self.agent.server)
        rules, lands_in = limits().parcels, limits().regions.get(self.azure.location, "")
        gate, abroad = rules.gate(self.azure.location, lands_in), rules.customs.between(self.country, lands_in)
        return OwnDisk(
            staging=self.staging.path,
            container=own.container or f"seed-{self.id}"[:63],
            drives=tuple(drive.fact() for drive in own.drives),
            copy_computer=computer,
            return_carrier=own.returns.carrier,
            gate=f"{gate.wants}, from {gate.given_by}" if gate else "",
            papers=rules.customs.papers if lands_in and abroad else (),
        )


def _hours_a_day(span: str) -> float:
    """Return the hours of `20:00-06:00`; the same time twice is the whole day."""
    begin, end = (int(at[:2]) + int(at[3:]) / 60 for at in span.split("-"))
    return (end - begin) % 24 or 24.0


@dataclass(frozen=True)
class Inventory:
    """The offices of one file, all of them sound in form."""

    offices: tuple[Office, ...]
    operators: OperatorsEntry = OperatorsEntry()

    def office(self, id: str) -> Office | None:
        """Return the office of that id, or None."""
        return next((office for office in self.offices if office.id == id), None)
