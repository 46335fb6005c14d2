"""What was seen or said of a seeding run, as values: its evidence.

Every class here is frozen. A kind of evidence is one class; its fields are what was read in the world, never what
somebody concluded from it. Sizes are bytes, times are aware UTC datetimes. No secret has a field here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from states.freeze import FreezeSeen
from states.landing import AgentSeen, JobStopped, PointsSeen, VaultSeen
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
