"""The datacenter at work on own drives: unlocks, checks the manifest and every range, and fills the account.

Statuses are Azure's words. Where Azure's interface has no word for what its portal tells (a wrong key, a damaged
manifest), the status is OtherUserError and the code of the error is the portal's sentence as one word: NOT VERIFIED.
A page blob of the same length that is there already is written into, not made anew: that is NOT VERIFIED either, and
the mishap "blobs-made-anew" is the other possibility.
"""

from __future__ import annotations

import hashlib
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO

from awscrt.checksums import crc64nvme
from azure.core.exceptions import HttpResponseError

from deploy.rehearsal import copylog, drives
from deploy.rehearsal.copylog import Errored
from deploy.rehearsal.datacenter import LOG_CONTAINER, UPLOADS_AT_ONCE, leave
from deploy.rehearsal.device import container_problem
from deploy.rehearsal.drive_manifest import DriveBlob, DriveManifest, ManifestRefused, Piece, read
from deploy.rehearsal.records import Device, Outcome
from deploy.rehearsal.storage import Storage


@dataclass(frozen=True)
class Trouble:
    """Why nothing of a drive was copied: Azure's status, a code, and a sentence without secrets."""

    status: str
    code: str
    message: str


@dataclass
class Landed:
    """What became of one blob's share on one drive. `crc64` is of the whole blob; None until it is known."""

    blob: DriveBlob
    bytes: int = 0
    crc64: int | None = None
    errored: Errored | None = None


@dataclass
class Job:
    """One import job: its name, the folder of the drives, and what was asked for.

    `names` is filled as blobs are made: path to the name it got, None when it may not be written over.
    """

    order: str
    home: Path
    log_id: str
    verbose: bool
    keep_manifests: bool
    anew: bool = False
    names: dict[str, str | None] = field(default_factory=dict)


def examine(home: Path, device: Device) -> tuple[drives.Drive, DriveManifest] | Trouble:
    """Connect a drive that came with the parcel, unlock it and read its manifest; or say why that was not possible."""
    if device.forced_status:
        return Trouble(device.forced_status, device.forced_status, "The datacenter could not work on the drive.")
    drive = drives.find(home, device.serial)
    if drive is None:
        return Trouble("DriveNotReceived", "DriveNotReceived", "The drive was not in the package.")
    if not drive.readable:
        return Trouble("UnsupportedDrive", "UnsupportedDisk", "The disk type is not supported.")
    return _unlocked(drive, device) or _described(drive, device)


def copy_drive(storage: Storage, job: Job, device: Device) -> list[Landed]:
    """Copy one drive as far as it goes; set its status, trouble and outcome. Safe to call twice.

    Raises azure-core's ServiceRequestError when the account cannot be reached at all.
    """
    device.outcome = Outcome(account=storage.account)
    found = examine(job.home, device)
    if isinstance(found, Trouble):
        device.status, device.trouble = found.status, {"code": found.code, "message": found.message}
        return []
    drive, manifest = found
    try:
        for blob in manifest.blobs:
            _make_room(storage, job, blob)
        with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
            landed = list(pool.map(partial(_carry, storage, drive, job.names), manifest.blobs))
        if job.keep_manifests:
            device.manifest_backup = _back_up(storage, job, drive, device)
    finally:
        drive.lock()
    _count(device, landed)
    return landed


def write_logs(storage: Storage, job: Job, device: Device, landed: list[Landed]) -> None:
    """Leave a drive's logs in the account. A checksum is of the blob as it lies there once all drives are done."""
    if device.outcome is None:
        return
    errors = [one.errored for one in landed if one.errored]
    name = f"{job.order}_{device.serial}_{{}}_{job.log_id}.xml"
    with tempfile.TemporaryFile() as log, tempfile.TemporaryFile() as verbose:
        log.writelines(copylog.errored_entity(entry).encode() for entry in errors)
        log.write(copylog.drive_summary(device.serial, len(landed), errors).encode())
        device.outcome.log_link = leave(storage, name.format("CopyLog"), log)
        for one in landed if job.verbose else []:
            _write_line(storage, verbose, one)
        if job.verbose:
            device.outcome.verbose_link = leave(storage, name.format("VerboseLog"), verbose)


def _unlocked(drive: drives.Drive, device: Device) -> Trouble | None:
    if not drive.volume.is_dir():
        return Trouble("UnsupportedDrive", "NtfsVolumeNotFound", "The first data volume is not in NTFS format.")
    if not drive.encrypted and drive.empty:
        return Trouble("DeviceFormatted", "DeviceFormatted", "The device was formatted.")
    if not drive.encrypted:
        return Trouble("OtherUserError", "BitLockerVolumeNotFound", "The disk has no BitLocker-enabled volume.")
    if not drive.opens_with(device.secret):
        return Trouble("OtherUserError", "BitLockerKeyInvalid", "The BitLocker key that was given is not valid.")
    if str(drive.facts.get("filesystem") or "NTFS").upper() != "NTFS":
        return Trouble("UnsupportedDrive", "NtfsVolumeNotFound", "The first data volume is not in NTFS format.")
    return None


def _described(drive: drives.Drive, device: Device) -> tuple[drives.Drive, DriveManifest] | Trouble:
    if drive.empty:
        return Trouble("DeviceFormatted", "DeviceFormatted", "The device was formatted.")
    place = _place(drive, device.manifest_file.replace("\\", "/").strip("/"))
    data = place.read_bytes() if place.is_file() else None
    if data is None or hashlib.md5(data).hexdigest().upper() != device.manifest_hash.upper():  # noqa: S324
        message = "The manifest file was modified or removed."
        return Trouble("MetadataFilesModifiedOrRemoved", "MetadataFilesModifiedOrRemoved", message)
    try:
        manifest = read(data)
    except ManifestRefused as refused:
        return Trouble("OtherUserError", "ManifestFileError", f"The manifest file is not valid: {refused}.")
    if manifest.drive_id != device.serial:
        return Trouble("OtherUserError", "ManifestFileError", "The manifest file is of another drive.")
    return drive, manifest


def _place(drive: drives.Drive, inside: str) -> Path:
    """Return the path of a file on the volume; a link or a way out leads to nothing."""
    place = drive.volume / inside
    real = place.resolve()
    return place if real == drive.volume.resolve() / inside else drive.place / "nowhere"


def _make_room(storage: Storage, job: Job, blob: DriveBlob) -> None:
    """Find the blob its name and make it, once for all drives that hold a share of it."""
    if blob.path in job.names or container_problem(blob.container):
        return
    storage.ensure_container(blob.container)
    there = storage.size(blob.container, blob.name) is not None
    names = {"overwrite": blob.name, "no-overwrite": None, "rename": f"{blob.name}(1)"}
    name = job.names[blob.path] = names[blob.disposition] if there else blob.name
    if blob.pages and name is not None:
        storage.begin_pages(blob.container, name, blob.length, anew=job.anew)


def _carry(storage: Storage, drive: drives.Drive, names: dict[str, str | None], blob: DriveBlob) -> Landed:
    if problem := container_problem(blob.container):
        return Landed(
            blob, errored=_error(blob, "UploadErrorCloudHttp", "400", f"The container is refused: {problem}.")
        )
    name = names[blob.path]
    if name is None:
        return Landed(blob, errored=_error(blob, "UploadErrorCloudHttp", "409", "The specified blob already exists."))
    landed = Landed(replace(blob, name=name))
    if name != blob.name:
        landed.errored = _error(blob, "BlobRenamed", "1", f"The blob has been renamed to {name}.")
    try:
        with _place(drive, blob.file).open("rb") as stream:
            _carry_pieces(storage, stream, landed)
    except HttpResponseError as error:
        landed.errored = _error(blob, "UploadErrorCloudHttp", str(error.status_code), str(error.reason))
    except OSError as error:
        landed.errored = _error(blob, "UploadErrorWin32", str(error.errno or 0), error.strerror or "")
    return landed


def _carry_pieces(storage: Storage, stream: IO[bytes], landed: Landed) -> None:
    blob, crc, end, whole = landed.blob, 0, 0, True
    blocks: list[bytes] = []
    for piece in blob.pieces:
        data = _read(stream, piece)
        if hashlib.md5(data).hexdigest().upper() != piece.md5:  # noqa: S324
            message = f"The data at offset {piece.offset} does not have the checksum of the manifest."
            landed.errored = landed.errored or _error(blob, "UploadErrorDataValidationError", "0", message)
            whole = False
            continue
        if blob.pages:
            storage.put_range(blob.container, blob.name, data, piece.offset)
        else:
            blocks.append(data)
        whole = whole and piece.offset == end
        crc, end = crc64nvme(data, crc), piece.offset + piece.length
        landed.bytes += piece.length
    if whole and end == blob.length:
        landed.crc64 = crc
    if not blob.pages and whole:
        joined = b"".join(blocks)
        storage.put_blocks(blob.container, blob.name, joined, len(joined))


def _read(stream: IO[bytes], piece: Piece) -> bytes:
    stream.seek(piece.offset)
    return stream.read(piece.length)


def _count(device: Device, landed: list[Landed]) -> None:
    outcome = device.outcome
    assert outcome is not None
    outcome.total_files = len(landed)
    outcome.total_bytes = sum(piece.length for one in landed for piece in one.blob.pieces)
    outcome.done_bytes = sum(one.bytes for one in landed)
    outcome.errored_files = sum(one.errored is not None for one in landed)
    outcome.done_files = outcome.total_files - outcome.errored_files
    device.status, device.trouble = "InProgress", None


def ended(device: Device) -> str:
    """Return the status a drive has when its copy is over."""
    done = device.outcome
    if device.trouble or done is None:
        return device.status
    if not done.errored_files:
        return "Completed"
    return "CompletedWithErrors" if done.done_bytes else "Failed"


def _back_up(storage: Storage, job: Job, drive: drives.Drive, device: Device) -> str:
    data = _place(drive, device.manifest_file.replace("\\", "/").strip("/")).read_bytes()
    name = f"{job.order}_{device.serial}_DriveManifest.xml"
    storage.ensure_container(LOG_CONTAINER)
    storage.put_blocks(LOG_CONTAINER, name, data, len(data))
    return f"{LOG_CONTAINER}/{name}"


def _write_line(storage: Storage, out: IO[bytes], landed: Landed) -> None:
    blob = landed.blob
    if landed.errored:
        return
    if landed.crc64 is None:
        landed.crc64 = storage.crc64(blob.container, blob.name)
    kind = "PageBlob" if blob.pages else "BlockBlob"
    copylog.write_verbose_line(out, kind, blob.path, blob.length, landed.crc64)


def _error(blob: DriveBlob, category: str, code: str, message: str) -> Errored:
    return Errored(blob.path, category, code, message, "File", "PageBlob" if blob.pages else "BlockBlob")
