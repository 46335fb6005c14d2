"""The datacenter: reads what is really on a device and really uploads it to the account, file by file.

It trusts nothing but the bytes and the list the device wrote when it was sealed. A file that fails is logged, never
retried in silence; a folder that cannot be a container is renamed, which the order's last stage then shows.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from deploy.rehearsal import copylog
from deploy.rehearsal.copylog import Errored
from deploy.rehearsal.device import Found, container_problem, crc64, files
from deploy.rehearsal.records import Outcome
from deploy.rehearsal.storage import PAGE_BYTES, Storage

LOG_CONTAINER = "databoxcopylog"
ROOT = "$root"
LONGEST_BLOB_NAME = 1024
UPLOADS_AT_ONCE = 4
BATCH = 64  # files in flight between two looks at the list, so that memory stays constant

Bill = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Target:
    """Where a file goes: container and blob, as pages or blocks, and what has to be said about it."""

    container: str
    blob: str
    pages: bool
    remark: Errored | None = None
    container_renamed: bool = False


@dataclass(frozen=True)
class Arrived:
    """What became of one file. `crc64` is None when it was not uploaded."""

    found: Found
    target: Target | None
    crc64: int | None
    errored: Errored | None


@dataclass(frozen=True)
class Job:
    """One device to upload: the order's name, the serial, its folder, its sealed list, and which files shall fail."""

    order: str
    serial: str
    root: Path
    folders: dict[str, str]
    bill: Bill | None
    log_id: str
    verbose: bool
    spoiled: Callable[[Found], bool]


def measure(root: Path, folders: dict[str, str]) -> tuple[int, int]:
    """Return how many files, and bytes in all, wait on the device at *root*."""
    sizes = [found.size_bytes for found in files(root, folders)]
    return len(sizes), sum(sizes)


def upload(storage: Storage, job: Job) -> Outcome:
    """Upload one device and write its logs; return what became of it. Safe to call twice: blobs are overwritten.

    Raises azure-core's ServiceRequestError when the account cannot be reached at all.
    """
    outcome = Outcome(account=storage.account)
    renamed: set[str] = set()
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as verbose:
        for arrived in _carry(storage, job):
            _count(outcome, arrived, renamed)
            if arrived.errored:
                errors.write(copylog.errored_entity(arrived.errored).encode())
            if arrived.crc64 is not None and arrived.target is not None:
                kind = "PageBlob" if arrived.target.pages else "BlockBlob"
                path = f"{arrived.target.container}/{arrived.target.blob}"
                copylog.write_verbose_line(verbose, kind, path, arrived.found.size_bytes, arrived.crc64)
        for entry in _vanished(job):
            outcome.errored_files += 1
            errors.write(copylog.errored_entity(entry).encode())
        outcome.renamed_containers = len(renamed)
        errors.write(copylog.summary(outcome.total_files, outcome.errored_files).encode())
        name = f"{job.order}_{job.serial}_CopyLog_{job.log_id}.xml"
        outcome.log_link = leave(storage, name, errors)
        if job.verbose:
            outcome.verbose_link = leave(storage, f"{job.order}_{job.serial}_VerboseLog_{job.log_id}.xml", verbose)
    return outcome


def target(found: Found) -> Target:
    """Return where the datacenter puts *found*; names that cannot be are replaced, and the remark says so."""
    container, slash, blob = found.inside.partition("/")
    if not slash:
        return Target(ROOT, _blob_name(container)[0], pages=False, remark=_blob_name(container)[1])
    name, remark = container, None
    if container_problem(container):
        name = "databox-" + hashlib.sha1(container.encode("utf-8", "surrogateescape")).hexdigest()  # noqa: S324
        message = f"The container has been renamed to {name}."
        remark = Errored(container, "ContainerRenamed", "1", message, "Container", found.format)
    blob_name, blob_remark = _blob_name(blob)
    if found.format == "PageBlob" and found.size_bytes % PAGE_BYTES:
        message = "The length is not a multiple of 512 bytes; uploaded as a block blob."
        unaligned = Errored(found.inside, "InvalidPageBlobUploadAsBlockBlob", "400", message, "File", "PageBlob")
        name = f"databoxdisk-invalid-pb-{name}"[:63].rstrip("-")
        return Target(name, blob_name, pages=False, remark=unaligned)
    pages = found.format == "PageBlob"
    return Target(name, blob_name, pages, remark or blob_remark, container_renamed=remark is not None)


def _carry(storage: Storage, job: Job) -> Iterator[Arrived]:
    made: set[str] = set()
    waiting = files(job.root, job.folders)
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        while batch := list(islice(waiting, BATCH)):
            _make_containers(storage, batch, made)
            yield from pool.map(lambda found: _one(storage, job, found), batch)


def _vanished(job: Job) -> Iterator[Errored]:
    """Yield what the sealed list names and the device no longer holds."""
    for path in job.bill or {}:
        if not (job.root / path).is_file():
            inside = path.partition("/")[2]
            yield Errored(inside, "UploadErrorDataValidationError", "0", "The file was sealed and is gone.")


def _make_containers(storage: Storage, batch: Iterable[Found], made: set[str]) -> None:
    wanted = {target(found).container for found in batch if found.format != "AzureFile" and found.regular}
    for name in sorted(wanted - made):
        storage.ensure_container(name)
    made |= wanted


def _one(storage: Storage, job: Job, found: Found) -> Arrived:
    from azure.core.exceptions import HttpResponseError

    refusal = _refused(job, found)
    if refusal:
        return Arrived(found, None, None, refusal)
    to = target(found)
    try:
        checksum = crc64(found.path)
        if job.bill is not None and job.bill.get(found.on_device) != (found.size_bytes, checksum):
            return Arrived(found, None, None, _error(found, "UploadErrorDataValidationError", "0", "CRC-64 differs."))
        _send(storage, found, to)
    except HttpResponseError as error:
        code = str(error.status_code)
        return Arrived(found, None, None, _error(found, "UploadErrorCloudHttp", code, str(error.reason)))
    except OSError as error:
        return Arrived(found, None, None, _error(found, "UploadErrorWin32", str(error.errno), error.strerror or ""))
    return Arrived(found, to, checksum, to.remark)


def _refused(job: Job, found: Found) -> Errored | None:
    if not found.regular:
        return _error(found, "UploadErrorUnknownType", "0", "Links and special files are not uploaded.")
    if found.format == "AzureFile":
        return _error(found, "UploadErrorUnknownType", "0", "The account has no file service.")
    if job.spoiled(found):
        return _error(found, "UploadErrorCloudHttp", "409", "There is currently a lease on the blob.")
    return None


def _send(storage: Storage, found: Found, to: Target) -> None:
    with found.path.open("rb") as stream:
        if to.pages:
            storage.put_pages(to.container, to.blob, stream, found.size_bytes)
        else:
            storage.put_blocks(to.container, to.blob, stream, found.size_bytes)


def _error(found: Found, category: str, code: str, message: str) -> Errored:
    return Errored(found.inside, category, code, message, "File", found.format)


def _count(outcome: Outcome, arrived: Arrived, renamed: set[str]) -> None:
    outcome.total_files += 1
    outcome.total_bytes += arrived.found.size_bytes
    if arrived.crc64 is not None:
        outcome.done_files += 1
        outcome.done_bytes += arrived.found.size_bytes
    if arrived.target is not None and arrived.target.container_renamed:
        renamed.add(arrived.target.container)
    remark = arrived.errored
    if remark is None or remark.category == "ContainerRenamed":
        return
    if remark.category == "BlobRenamed":
        outcome.renamed_blobs += 1
        return
    outcome.errored_files += 1
    if remark.category == "InvalidPageBlobUploadAsBlockBlob":
        outcome.invalid_files += 1
        outcome.invalid_bytes += arrived.found.size_bytes


def _blob_name(name: str) -> tuple[str, Errored | None]:
    good = printable_text(name) and len(name) <= LONGEST_BLOB_NAME and not name.endswith((".", "/"))
    if good:
        return name, None
    head, slash, _ = name.rpartition("/")
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    new = (head + slash if printable_text(head) else "") + f"DataBox-0x{digest}"
    return new, Errored(name, "BlobRenamed", "1", f"The blob has been renamed to {new}.", "File")


def printable_text(name: str) -> bool:
    """Tell whether *name* is text without control characters and stray bytes, as a blob name has to be."""
    return not any(ord(letter) < 0x20 or 0xD800 <= ord(letter) <= 0xDFFF for letter in name)


def leave(storage: Storage, name: str, stream: object) -> str:
    """Put what was written to *stream* so far into the account as the log *name*; return its address."""
    size = stream.tell()  # type: ignore[attr-defined]
    stream.seek(0)  # type: ignore[attr-defined]
    storage.ensure_container(LOG_CONTAINER)
    return storage.put_blocks(LOG_CONTAINER, name, stream, size)  # type: ignore[arg-type]
