"""Prepare drives ourselves: guard, write, manifest, read again. The `native` way of preparing.

Everything is resumable after a kill at any point and safe to call twice. What one drive got is noted in a journal on
the office's own disk (`state`), with no key in it. On a drive lie the container's folder and `DriveManifest.xml`, and
while it is being prepared a marker that names the session.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tasks.errors import InvalidInput, NotYet, SeedingError
from tasks.files import write_aside
from tasks.media import platform_io
from tasks.media_errors import on_media
from tasks.office.disks.allocation import CUT, Allocation, Piece, allocate
from tasks.office.disks.drive import MOST_DRIVES, Drives
from tasks.office.disks.faults import DriveDiffers, SessionReused
from tasks.office.disks.guard import MARKER, Expected, check_drives
from tasks.office.disks.manifest_xml import (
    MANIFEST_FILE,
    MANIFEST_NAME,
    Credential,
    Disposition,
    ManifestBlob,
    write_manifest,
)
from tasks.office.disks.prep_journal import PrepJournal
from tasks.office.disks.reread import check_drive
from tasks.office.disks.staging import Staged, look_at_staging, unchanged, usable
from tasks.office.disks.writing import CHUNK_BYTES, Share, at_drive

_SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")


class Stopped(Exception):
    """The preparation was told to stop; it goes on when it is started again."""


Moved = Callable[[str, str, int], None]
"""Told (serial, "write" or "read again", bytes) as work is done, from the thread of that drive."""


@dataclass(frozen=True)
class DriveTarget:
    """A planned drive: its serial, the root of its volume, and the bytes of data planned on it at most."""

    serial: str
    root: Path
    bytes: int


@dataclass(frozen=True)
class Work:
    """What is to be put on which drives. `session` names this preparation; a new attempt gets a new name.

    `surveyed` is the staging folder as it was when the drives were planned; `held` is an earlier allocation.
    """

    session: str
    container: str
    staging: Path
    surveyed: Staged
    drives: tuple[DriveTarget, ...]
    held: Allocation | None = None
    only: tuple[str, ...] | None = None  # prepare these serials only; the others keep what they hold
    leave_out: tuple[str, ...] = ()
    disposition: Disposition = "overwrite"
    on_adaptor: tuple[str, ...] = ()  # serials of bare SATA drives on a USB adaptor, by a person's word


@dataclass(frozen=True)
class PreparedDrive:
    """What the import job wants to know of one drive, but for its key."""

    serial: str
    manifest_file: str
    manifest_hash: str
    bytes: int
    blobs: int
    session: str


@dataclass(frozen=True)
class Prepared:
    """The drives prepared by this call, and where every byte of the seed lies."""

    drives: tuple[PreparedDrive, ...]
    allocation: Allocation


def plan_drives(work: Work) -> Allocation:
    """Return which bytes go on which drive. Changes nothing. Raises DoesNotFit, StagingRefused, InvalidInput."""
    _check_work(work)
    room = {target.serial: target.bytes for target in work.drives}
    return allocate(usable(work.surveyed).sizes(), room, held=work.held, only=work.only)


def prepare(
    work: Work,
    drives: Drives,
    state: Path,
    *,
    credential: Credential | None = None,
    moved: Moved = lambda _serial, _phase, _bytes: None,
    chunk_bytes: int = CHUNK_BYTES,
    at_once: int = 1,
) -> Prepared:
    """Write, describe and re-read every drive that gets a share; *at_once* of them at the same time.

    *state* is a folder on the office's disk. Calling twice is safe; a finished drive is not written or read again.
    Raises StagingChanged, StagingRefused, DoesNotFit, DriveRefused (before anything is written), SessionReused,
    DriveDiffers, and the errors of `tasks.media_errors`. What was done until then is kept.
    """
    if chunk_bytes <= 0 or chunk_bytes % CUT:
        raise InvalidInput(f"chunks of {chunk_bytes:,} bytes are no multiple of {CUT:,}")
    allocation = plan_drives(work)
    _same_staging(work)
    targets = [one for one in work.drives if allocation.on(one.serial) and (not work.only or one.serial in work.only)]
    stop = threading.Event()
    jobs = [
        _Drive(work, one, allocation.on(one.serial), state, moved, chunk_bytes, credential, stop) for one in targets
    ]
    check_drives(drives, [job.expected() for job in jobs])
    done = _all(jobs, drives, max(1, at_once), stop)
    _same_staging(work)
    return Prepared(done, allocation)


def _all(jobs: list[_Drive], drives: Drives, at_once: int, stop: threading.Event) -> tuple[PreparedDrive, ...]:
    """Prepare every drive; one that fails does not stop the others. Raises the first failure when all have ended."""
    done, failed = list[PreparedDrive](), list[SeedingError]()
    with ThreadPoolExecutor(at_once) as threads:
        running = [threads.submit(job.whole, drives) for job in jobs]
        try:
            for each in running:
                try:
                    done.append(each.result())
                except SeedingError as error:
                    failed.append(error)
        except BaseException:  # somebody wants to stop: each drive ends its chunk, nothing that is noted is lost
            stop.set()
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    if failed:
        raise failed[0]
    return tuple(done)


def _same_staging(work: Work) -> None:
    unchanged(work.surveyed, look_at_staging(work.staging, work.container, leave_out=work.leave_out))


def _check_work(work: Work) -> None:
    serials = [target.serial for target in work.drives]
    if not _SESSION.fullmatch(work.session):
        raise InvalidInput("a session is named with letters, digits, - and _", next="give the session another name")
    if len(set(serials)) != len(serials) or not all(map(_SERIAL.fullmatch, serials)):
        raise InvalidInput("every drive needs a serial number of its own", next="correct the serials in the inventory")
    if len(serials) > MOST_DRIVES:
        raise InvalidInput(f"{len(serials)} drives; a job takes {MOST_DRIVES}", next="plan several jobs")


@dataclass
class _Drive:
    """The preparation of one drive, from the guard to the re-reading."""

    work: Work
    target: DriveTarget
    pieces: tuple[Piece, ...]
    state: Path
    moved: Moved
    chunk_bytes: int
    credential: Credential | None
    stop: threading.Event

    def told(self, phase: str, size_bytes: int) -> None:
        """Pass progress on. Raises Stopped when the whole preparation is to end."""
        if self.stop.is_set():
            raise Stopped
        self.moved(self.target.serial, phase, size_bytes)

    @property
    def place(self) -> Path:
        """Where this drive's preparation journal lies."""
        return self.state / f"{self.target.serial}-{self.work.session}.jsonl"

    def expected(self) -> Expected:
        """Return what the guard should find at this drive's place."""
        known = ""
        if self.place.is_file():
            with closing(PrepJournal(self.place)) as journal:
                known = str(journal.get("manifest").get("hash", ""))
        ranges = sum(-(-piece.bytes // CUT) for piece in self.pieces)
        needed = sum(piece.bytes for piece in self.pieces) + 120 * ranges
        adaptor = self.target.serial in self.work.on_adaptor
        return Expected(
            self.target.serial, self.target.root, needed, self.work.session, self.work.container, known, adaptor
        )

    def whole(self, drives: Drives) -> PreparedDrive:
        """Bring the drive from whatever stage it is in to verified."""
        with self._alone(), closing(PrepJournal(self.place)) as journal:
            self._begin(drives, journal)
            if not self._stamp() or journal.get("verified").get("stamp") != self._stamp():
                self._write(journal)
                self._describe(journal)
                self._read_again(journal)
            told = journal.get("manifest")
            return PreparedDrive(
                self.target.serial, MANIFEST_FILE, told["hash"], told["data_bytes"], told["blobs"], self.work.session
            )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.state.mkdir(parents=True, exist_ok=True)
        lock = platform_io.Lock(self.state / f"{self.target.serial}.lock")
        try:
            if not lock.take():
                raise NotYet(f"another process is preparing drive {self.target.serial}", next="wait for its end")
            yield
        finally:
            lock.release()

    def _begin(self, drives: Drives, journal: PrepJournal) -> None:
        """Guard once more, right before the first write; go on with this session's work, or begin it."""
        (ours,) = check_drives(drives, [self.expected()])
        begun = {key: value for key, value in journal.get("opened").items() if key not in ("kind", "schema")}
        if not ours or not begun:
            journal.restart(**self._opening())
            self._mark()
        elif begun != self._opening():
            raise SessionReused(
                f"the session {self.work.session} on drive {self.target.serial} was begun for other contents",
                next="give the preparation a new session name and format the drive",
            )

    def _opening(self) -> dict[str, object]:
        """What a session is about, as JSON values."""
        files = {file.name: [file.bytes, file.modified_ns] for file in self.work.surveyed.files}
        return {
            "session": self.work.session,
            "serial": self.target.serial,
            "container": self.work.container,
            "pieces": [[piece.name, piece.offset, piece.bytes, *files[piece.name]] for piece in self.pieces],
        }

    def _mark(self) -> None:
        """Name the session on the drive, until its manifest does."""
        with at_drive(self.target.serial):
            for left in self.target.root.glob(f".{MARKER}.*"):
                left.unlink()
            marker = {"session": self.work.session, "serial": self.target.serial}
            write_aside(self.target.root / MARKER, json.dumps(marker).encode())
            platform_io.sync_folder(str(self.target.root))

    def _shares(self) -> Iterator[Share]:
        files = {file.name: file for file in self.work.surveyed.files}
        for name, pieces in groupby(self.pieces, key=lambda piece: piece.name):
            target = self.target.root / self.work.container / name
            yield Share(self.work.staging / name, target, files[name], tuple(pieces))

    def _write(self, journal: PrepJournal) -> None:
        for share in self._shares():
            with on_media():
                share.write(journal, self.chunk_bytes, lambda size: self.told("write", size))

    def _describe(self, journal: PrepJournal) -> None:
        container = self.work.container
        blobs = (
            ManifestBlob(f"{container}/{s.file.name}", f"{container}/{s.file.name}", s.file.bytes,
                         journal.ranges(s.file.name))
            for s in self._shares()
        )  # fmt: skip
        with at_drive(self.target.serial):
            written = write_manifest(
                self.target.root / MANIFEST_NAME,
                serial=self.target.serial,
                session=self.work.session,
                blobs=blobs,
                disposition=self.work.disposition,
                credential=self.credential,
            )
        journal.add("manifest", hash=written.hash, bytes=written.bytes, blobs=written.blobs, ranges=written.ranges,
                    data_bytes=written.data_bytes, secret=written.secret)  # fmt: skip
        with at_drive(self.target.serial):
            (self.target.root / MARKER).unlink(missing_ok=True)
            platform_io.sync_volume(str(self.target.root))

    def _read_again(self, journal: PrepJournal) -> None:
        told = journal.get("manifest")
        found = check_drive(
            self.target.root, MANIFEST_NAME, told["hash"], self.target.serial,
            lambda size: self.told("read again", size),
        )  # fmt: skip
        if not found.faulty and (found.bytes, found.blobs) != (told["data_bytes"], told["blobs"]):
            found.wrong(f"{found.bytes:,} bytes in {found.blobs} blobs were read, {told['data_bytes']:,} were written")
        if found.faulty:
            raise DriveDiffers(
                f"drive {self.target.serial} does not hold what was written to it: {found.faults[0]}",
                next="replace the drive; its share can be prepared on another one alone",
                reasons=found.faults,
            )
        journal.add("verified", bytes=found.bytes, ranges=found.ranges, stamp=self._stamp())

    def _stamp(self) -> list[list[object]]:
        """Return name, length and time of every file that should be on the drive; [] while one is missing."""
        places = [self.target.root / MANIFEST_NAME, *(share.target for share in self._shares())]
        try:
            seen = [(place.relative_to(self.target.root).as_posix(), place.stat()) for place in places]
        except OSError:
            return []
        return [[name, info.st_size, info.st_mtime_ns] for name, info in seen]
