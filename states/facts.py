"""What was seen or said of a seeding run, as values: its evidence.

Every class here is frozen. A kind of evidence is one class; its fields are what was read in the world, never what
somebody concluded from it. Sizes are bytes, times are aware UTC datetimes. No secret has a field here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from states.freeze import FreezeSeen
from states.plan import AgentKind
from states.release import CloseApproved, PapersFiled, Released, SampleDrawn, SampleRestored


@dataclass(frozen=True)
class Stage:
    """One row of the Azure job's own stage list, spelled as Azure spells it."""

    name: str
    status: str
    at: datetime | None = None


@dataclass(frozen=True)
class DriveCopy:
    """One of the customer's own drives, as the datacenter sees it; status and error spelled as Azure spells them."""

    serial: str
    status: str
    bytes_copied: int = 0
    error: str = ""  # the code of its error, "" for none


@dataclass(frozen=True)
class JobSeen:
    """The Azure job, as one GET of it answered."""

    job_name: str
    job_id: str
    sku: str
    stage: str
    stages: tuple[Stage, ...] = ()
    cancellable: bool = False
    deletable: bool = False
    tracking_out: str = ""
    tracking_back: str = ""
    delays: tuple[str, ...] = ()
    error_code: str = ""
    actions: tuple[str, ...] = ()  # what Azure offers to do about an error
    all_devices_lost: bool = False
    bytes_copied: int = 0
    drives: tuple[DriveCopy, ...] = ()  # own disks only

    def status_of(self, stage: str) -> str:
        """Return the status of *stage*, or "" when the job does not list it."""
        return next((s.status for s in self.stages if s.name == stage), "")


@dataclass(frozen=True)
class JobFiled:
    """The whole record of a job that is over was archived as *file*, whose SHA-256 is *digest*."""

    job_name: str
    file: str
    digest: str


@dataclass(frozen=True)
class DevicesNamed:
    """The serial numbers of the devices Azure sent for this order."""

    serials: tuple[str, ...]


@dataclass(frozen=True)
class Delivered:
    """Somebody at the office confirmed the delivery."""

    serial: str
    by: str
    intact: bool = True


@dataclass(frozen=True)
class DeviceChecked:
    """The office's server looked at the place where the device should be."""

    serial: str
    path: str
    writable: bool
    free_bytes: int
    foreign_files: tuple[str, ...] = ()  # the first few files that are not ours; a count would hide their names


@dataclass(frozen=True)
class ItemOnDevice:
    """One item's share of the device."""

    name: str
    folder: str  # relative to the device's root, with forward slashes
    files: int
    bytes: int
    source_bytes: int
    left_out: tuple[str, ...] = ()  # what the copier or agent did not take: links, unreadable files


@dataclass(frozen=True)
class Copied:
    """The seed was written to the device, by our copier or by the backup agent."""

    serial: str
    items: tuple[ItemOnDevice, ...]


@dataclass(frozen=True)
class Sealed:
    """The manifest was closed. The digest stands for every byte it lists."""

    serial: str
    digest: str
    files: int
    bytes: int
    manifest: str  # the manifest's file name at the office
    kept: str = ""  # its name in the archive, where an earlier seal has the other


@dataclass(frozen=True)
class Verified:
    """The device was read again, past the cache, and compared with the manifest of that digest."""

    digest: str
    files: int
    bytes: int
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class DrivesReserved:
    """Own disks: drives allocated by serial, the staging place measured, the import job's name reserved."""

    serials: tuple[str, ...]
    job_name: str
    staging_free_bytes: int
    needed_bytes: int


@dataclass(frozen=True)
class FormatAllowed:
    """A person allowed these drives to be formatted. Nothing is formatted whose serial is not here."""

    serials: tuple[str, ...]
    by: str


@dataclass(frozen=True)
class DrivesSeen:
    """The copy computer looked at the drives. `objections` holds every reason against using them."""

    serials: tuple[str, ...]
    objections: tuple[str, ...] = ()


@dataclass(frozen=True)
class DriveReady:
    """One prepared drive: what the import job must know of it, but its key."""

    serial: str
    manifest_file: str
    manifest_hash: str
    bytes: int
    blobs: int


@dataclass(frozen=True)
class DrivesPrepared:
    """Every drive of this attempt is written and was read again; the bytes on them are of the manifest *digest*.

    `job_made` says that the vendor's tool prepared them, which makes the import job, too.
    """

    digest: str
    drives: tuple[DriveReady, ...]
    job_made: bool = False


@dataclass(frozen=True)
class Prepared:
    """Prepare to ship ended well (Data Box), or the disks were removed safely (Data Box Disk)."""

    by: str
    reference: str = ""


@dataclass(frozen=True)
class PickupBooked:
    """The carrier promised to fetch the device."""

    confirmation: str
    ready_by: datetime | None = None


@dataclass(frozen=True)
class HandedOver:
    """The office gave the device to the carrier."""

    by: str
    carrier: str = ""
    tracking: str = ""
    gate_code: str = ""  # what the datacenter's gate wants on the parcel, where it wants anything


@dataclass(frozen=True)
class CopyLogRead:
    """What the datacenter's copy log says."""

    status: str
    files: int
    errored: int
    renamed: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reconciled:
    """Manifest, copy log and the blobs in the storage account, compared name by name."""

    digest: str
    same: int
    faults: tuple[str, ...] = ()
    faulty: int = 0  # how many faults there are; `faults` holds the first few
    reread: str = "listing"


@dataclass(frozen=True)
class ItemInVault:
    """One item, as one witness sees it."""

    name: str
    points: int
    latest: datetime | None = None
    protected: bool = False
    bytes: int = 0  # the agent alone knows it: the vault gives no size of a point
    state: str = ""  # the vault's own word for its protection
    counted: int = 0  # the points by the vault's summary of the item, which may differ from its list of them
    oldest: datetime | None = None


@dataclass(frozen=True)
class ServerInVault:
    """The office's backup server, as the vault registered it."""

    name: str
    kind: str  # the vault's word for who manages it: DPM, AzureBackupServer or MAB
    registered: bool
    health: str = ""
    agent_version: str = ""
    policy: str = ""  # MARS only: its policy's name and schedule; DPM and MABS keep theirs to themselves


@dataclass(frozen=True)
class JobInVault:
    """A backup job, as the vault tells it. It may call a dead job InProgress for weeks: the server knows better."""

    status: str
    started: datetime
    ended: datetime | None = None
    text: str = ""


@dataclass(frozen=True)
class VaultSeen:
    """The vault's own view of this office's server and items (Azure is the witness)."""

    items: tuple[ItemInVault, ...]
    server: ServerInVault | None = None  # None: the vault knows no server of that name
    last_job: JobInVault | None = None


@dataclass(frozen=True)
class Sighting:
    """The recovery point of one item on which both witnesses agreed, and when they were heard.

    `first` is empty again once a witness no longer shows the point, and `again` until a later look shows it still.
    """

    item: str
    point: datetime
    points: int  # how many online points the witness with fewer of them showed at the first look
    first: datetime | None
    again: datetime | None = None


@dataclass(frozen=True)
class PointsSeen:
    """What two looks at different times saw of each item's recovery point."""

    sightings: tuple[Sighting, ...]


@dataclass(frozen=True)
class JobRunning:
    """An online job of the agent that is at work right now, and the bytes it has sent so far."""

    item: str
    started: datetime
    bytes: int


@dataclass(frozen=True)
class AgentSeen:
    """The office agent's view: version, last job, schedule and recovery points."""

    kind: AgentKind
    version: str
    offline_order: str  # the Azure job its offline backup is configured for; "" when not configured
    last_job: str  # its latest online job's text, as the agent words it
    last_job_class: str  # waiting, done, running, failed or none: see tasks/office
    schedule_enabled: bool
    next_run: datetime | None
    items: tuple[ItemInVault, ...] = ()
    incremental_at: datetime | None = None  # when the first job after the seed's landing ended well
    incremental_bytes: int = 0
    running: tuple[JobRunning, ...] = ()
    last_run: datetime | None = None  # when its latest online job ended
    failed_files: tuple[str, ...] = ()  # the first few that its latest job could not read
    version_wanted: str = ""  # the oldest version that will do, when this one is older
    cannot_authenticate: bool = False  # its job texts say that it cannot read the order's state in Azure
    server: str = ""  # the name the server gives itself


@dataclass(frozen=True)
class JobStopped:
    """An online job that a person had stopped, and what it had sent by then."""

    item: str
    started: datetime
    bytes: int
    by: str


Evidence: TypeAlias = (
    JobSeen
    | JobFiled
    | DevicesNamed
    | Delivered
    | DeviceChecked
    | Copied
    | Sealed
    | Verified
    | DrivesReserved
    | FormatAllowed
    | DrivesSeen
    | DrivesPrepared
    | Prepared
    | PickupBooked
    | HandedOver
    | CopyLogRead
    | Reconciled
    | VaultSeen
    | AgentSeen
    | PointsSeen
    | JobStopped
    | FreezeSeen
    | SampleDrawn
    | SampleRestored
    | PapersFiled
    | CloseApproved
    | Released
)

EVIDENCE: dict[str, type] = {
    "job-seen": JobSeen,
    "job-filed": JobFiled,
    "devices-named": DevicesNamed,
    "delivered": Delivered,
    "device-checked": DeviceChecked,
    "copied": Copied,
    "sealed": Sealed,
    "verified": Verified,
    "drives-reserved": DrivesReserved,
    "format-allowed": FormatAllowed,
    "drives-seen": DrivesSeen,
    "drives-prepared": DrivesPrepared,
    "prepared": Prepared,
    "pickup-booked": PickupBooked,
    "handed-over": HandedOver,
    "copy-log-read": CopyLogRead,
    "reconciled": Reconciled,
    "vault-seen": VaultSeen,
    "agent-seen": AgentSeen,
    "points-seen": PointsSeen,
    "job-stopped": JobStopped,
    "freeze-seen": FreezeSeen,
    "sample-drawn": SampleDrawn,
    "sample-restored": SampleRestored,
    "papers-filed": PapersFiled,
    "close-approved": CloseApproved,
    "released": Released,
}
KIND_OF = {cls: kind for kind, cls in EVIDENCE.items()}
