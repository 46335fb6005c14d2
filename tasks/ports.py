"""The few things a seeding run needs from the world, each as a role. Adapters carry the brands' names.

Adapters raise the errors of `tasks/errors.py` and nothing else on purpose. They never log or return a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from states.facts import Copied, DeviceChecked, DrivesPrepared, DrivesSeen, JobSeen, PickupBooked, Sealed, Verified
from states.freeze import AccountSeen, AppSeen
from states.landing import AgentSeen, VaultSeen
from states.limits import ClockRule
from states.plan import Drive, Plan
from states.release import SampleDrawn, SampleRestored
from states.slots import OrderSlots

Digest: TypeAlias = bytes
Deed: TypeAlias = tuple[str, datetime | None]  # who did it, and when


class Clock(Protocol):
    """The only way to learn the time."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""


@dataclass(frozen=True)
class Contact:
    """Whom the carrier and Azure write to."""

    name: str
    phone: str
    emails: tuple[str, ...]


@dataclass(frozen=True)
class Address:
    """Where the device goes. Country is an ISO 3166 two-letter code."""

    street: str
    city: str
    postal_code: str
    country: str
    state: str = ""
    company: str = ""


@dataclass(frozen=True)
class ImportDisk:
    """One of the customer's own drives in an import job. The key is a secret and has no repr."""

    serial: str
    manifest_file: str  # relative to the drive's root, with a leading backslash
    manifest_hash: str  # Base16 MD5 of the manifest file
    bitlocker_key: str = field(repr=False)


@dataclass(frozen=True)
class ReturnCarrier:
    """Who brings the drives back, on the customer's account. The account number has no repr."""

    name: str
    account_number: str = field(repr=False)


@dataclass(frozen=True)
class OrderRequest:
    """A device order, or an import job of own drives. `tags` carry the run and the attempt: whose order it is."""

    job_name: str
    plan: Plan
    contact: Contact
    address: Address
    expected_bytes: int
    tags: dict[str, str]
    disks: tuple[ImportDisk, ...] = ()  # own drives only
    return_carrier: ReturnCarrier | None = None  # own drives only


@dataclass(frozen=True)
class Objection:
    """One reason of Azure's own validators against an order."""

    code: str
    message: str
    passes: bool = False  # it ends by itself: Azure has too many active orders


@dataclass(frozen=True)
class BlobSeen:
    """One blob as a listing shows it. `md5` is the stored Content-MD5, where there is one."""

    container: str
    name: str
    bytes: int
    kind: Literal["block", "page", "append"]
    md5: Digest | None = None


class Orders(Protocol):
    """The device orders: Azure Data Box, all SKUs."""

    def objections(self, request: OrderRequest) -> tuple[Objection, ...]:
        """Return every objection of Azure's validators (address, inputs, SKU). Changes nothing."""

    def create(self, request: OrderRequest) -> None:
        """Place the order and return as soon as it is accepted. Raises AlreadyExists when the name is taken."""

    def find(self, plan: Plan, job_name: str, known: JobSeen | None = None) -> JobSeen | None:
        """Return the job as Azure shows it now, or None when there is none of that name.

        *known* is how the run saw it last: a cheaper question may show that it is still so.
        """

    def clock_gap(self) -> timedelta | None:
        """Return how far Azure's clock was ahead of ours in its last answers; None before there were enough."""

    def record(self, plan: Plan, job_name: str) -> bytes | None:
        """Return the whole job as JSON text without secrets, the same for the same job; None when it is gone."""

    def tags(self, plan: Plan, job_name: str) -> dict[str, str]:
        """Return the tags of a job that exists. Raises NotFound."""

    def tag(self, plan: Plan, job_name: str, tags: dict[str, str]) -> None:
        """Add tags to the order's own. Safe to call twice."""

    def serials(self, plan: Plan, job_name: str) -> tuple[str, ...]:
        """Return the devices' serial numbers (reads the order's secrets and drops them). Raises NotYet."""

    def book_pickup(self, plan: Plan, job_name: str, start: datetime, end: datetime, location: str) -> PickupBooked:
        """Book the carrier. Not idempotent: the caller keeps an intent."""

    def mark_shipped(self, plan: Plan, job_name: str, carrier: str, tracking: str) -> None:
        """Tell Azure that own drives are on their way. Raises Rejected. Safe to call again with the same numbers."""

    def return_carriers(self, plan: Plan) -> tuple[str, ...]:
        """Return the carriers Azure accepts for the way back from the plan's region; empty when it names none."""

    def cancel(self, plan: Plan, job_name: str, reason: str) -> None:
        """Cancel the order. Raises Rejected when Azure says it is too late."""

    def delete(self, plan: Plan, job_name: str) -> None:
        """Delete the record of a finished order and return once it is accepted."""


class Account(Protocol):
    """The storage account the datacenter fills."""

    def blobs(self, containers: Iterable[str]) -> Iterator[BlobSeen]:
        """List the blobs of these containers; a container that does not exist yields nothing."""

    def containers(self) -> tuple[str, ...]:
        """Return the names of all containers in the account."""

    def logs(self, job_name: str, kind: Literal["copy", "verbose"]) -> tuple[bytes, ...]:
        """Return the datacenter's logs of that order, oldest first; empty while there are none."""

    def read(self, container: str, name: str, offset: int, length: int) -> bytes:
        """Return up to *length* bytes of a blob from *offset*. Raises NotFound."""


class Vault(Protocol):
    """The Recovery Services vault, Azure's witness."""

    def seen(self, plan: Plan) -> VaultSeen:
        """Return what the vault knows of this plan's server and items; items it does not know are left out."""


@dataclass(frozen=True)
class OnSite:
    """What the office needs to know to work on a device: no secret, no Azure."""

    run_id: str
    attempt: int
    plan: Plan
    job_name: str
    serial: str
    now: datetime  # the hub's clock (UTC): what a manifest's header says
    landed: datetime | None = None  # when the seed was found complete in the storage account
    mark: str = ""  # changes with the run's evidence and conditions: an answer read under another mark has been used


class Office(Protocol):
    """The work at the office: its device and its backup agent.

    Each call returns the finished answer, or None while the office is still at work on it (ask again later: it is
    idempotent). Raises NotYet when the office cannot be reached.
    """

    def check_device(self, work: OnSite) -> DeviceChecked | None:
        """Look at the place where the device should be."""

    def copy(self, work: OnSite) -> Copied | None:
        """Write the seed to the device, by our copier or through the backup agent."""

    def seal(self, work: OnSite, copied: Copied) -> Sealed | None:
        """Hash what is on the device and close the manifest."""

    def verify(self, work: OnSite, sealed: Sealed) -> Verified | None:
        """Read the device again and compare it with the manifest."""

    def manifest(self, work: OnSite, sealed: Sealed) -> bytes | None:
        """Return the sealed manifest's own bytes."""

    def agent(self, work: OnSite) -> AgentSeen | None:
        """Ask the backup agent how things stand."""

    def stop_online_job(self, work: OnSite) -> AgentSeen | None:
        """Stop the agent's online job that runs now, and return how things stand then. Safe when none runs."""


class SampleOffice(Protocol):
    """The sample restore at the office: files drawn at the source, and files brought back from the vault."""

    def draw(self, work: OnSite, count: int) -> SampleDrawn | None:
        """Draw up to *count* files of the items' sources at random, the same ones for the same run, and hash them."""

    def restore(self, work: OnSite, sample: SampleDrawn) -> SampleRestored | None:
        """Have the agent restore these files from its oldest recovery point, and compare them. Raises AgentRefuses."""


@dataclass(frozen=True)
class Staged:
    """A sealed file in the staging place: its path below the folder that holds the place, and its size in bytes."""

    path: str
    bytes: int


class DiskOffice(Protocol):
    """The own-disk work at the office: staging and the customer's drives. Answers as `Office` does."""

    def staging_free(self, work: OnSite) -> int | None:
        """Return the free bytes of the staging place."""

    def known_drives(self) -> tuple[Drive, ...]:
        """Return the drives the inventory lists for this office now: a replacement need not be in the plan."""

    def check_drives(self, work: OnSite, serials: tuple[str, ...]) -> DrivesSeen | None:
        """Look at these drives and return every objection to using them."""

    def prepare_drives(
        self, work: OnSite, wanted: DriveWork, about_to_read: Callable[[str], None]
    ) -> DrivesPrepared | None:
        """Format, encrypt and write these drives, and read them again.

        *about_to_read* is told a drive's serial before its key is read.
        """

    def key(self, serial: str) -> str:
        """Return a drive's BitLocker key from the place the inventory names: for the import job, and nothing else."""

    def staged_bytes(self, work: OnSite, files: tuple[Staged, ...]) -> int | None:
        """Return how many bytes of these files still lie in the staging place."""

    def clear_staging(self, work: OnSite, files: tuple[Staged, ...]) -> tuple[str, ...] | None:
        """Delete these files and the folders that are empty then; return what is left, the first few. Safe to repeat.

        A file that is not as sealed is somebody else's and stays.
        """


@dataclass(frozen=True)
class DriveWork:
    """Which drives to prepare: *serials* of this attempt, *landed* ones of earlier attempts, what may be formatted."""

    serials: tuple[str, ...]
    landed: tuple[str, ...]
    allowed: tuple[str, ...]
    allowed_by: str
    sealed: Sealed


class Archive(Protocol):
    """Where sealed manifests and datacenter logs are kept for as long as the journal is."""

    def put(self, run_id: str, name: str, content: bytes) -> None:
        """Keep *content*; the same name again must bring the same bytes. Raises Rejected when it differs."""

    def open(self, run_id: str, name: str) -> Path:
        """Return the path of what was kept, for reading. Raises NotFound."""


class Surroundings(Protocol):
    """What a travelling seed depends on in Azure beside its order. Only reads."""

    def account(self, plan: Plan, containers: tuple[str, ...]) -> AccountSeen:
        """Return the storage account and what governs it; *containers* are the seed's."""

    def apps(self, plan: Plan) -> tuple[AppSeen, ...] | None:
        """Return the backup agents' app registrations; None where the directory may not be read."""

    def who(self, plan: Plan, changed: tuple[str, ...], since: datetime, until: datetime) -> dict[str, Deed]:
        """Return who changed which of these aspects last, as far as Azure's log tells."""


@dataclass(frozen=True)
class Paper:
    """One of an order's papers, whole; no bytes while Azure has not filed it."""

    name: str
    content: bytes | None = field(repr=False)


class LeftOvers(Protocol):
    """What a finished seed leaves behind in Azure beside its order."""

    def papers(self, plan: Plan, job_name: str) -> tuple[Paper, ...]:
        """Return erasure certificate and chain of custody of an order; nothing for own drives, which come back."""

    def delete_container(self, plan: Plan, container: str) -> None:
        """Delete a container of the storage account with all its blobs. One that is gone is no error.

        Raises NotAllowed (a role is lacking) and Rejected (a lock, an immutability policy, a lease).
        """


@dataclass(frozen=True)
class Site:
    """Everything one run may touch: the adapters of its office, and whom and where the carrier goes to."""

    orders: Orders
    account: Account
    vault: Vault
    office: Office
    archive: Archive
    contact: Contact
    address: Address
    surroundings: Surroundings
    left_overs: LeftOvers
    samples: SampleOffice
    clocks: tuple[ClockRule, ...]  # how long the world waits, and what it costs then
    disks: DiskOffice | None = None  # own-disk mode only
    return_carrier: Callable[[], ReturnCarrier] | None = None  # own-disk mode only; asking reads a secret
    slots: OrderSlots | None = None  # how many orders Azure allows at a time; None asks Azure alone
