"""The copy as a whole: check the device, go through the source, copy what the state does not prove to be there.

Small files go in batches to worker processes, large ones to lanes of their own, both at once. This process alone
writes the state, and only what has been synced.
"""

# Text paths.
# ruff: noqa: PTH103, PTH108

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from queue import Empty

from tasks.media import hashing, platform_io
from tasks.media.copying.lanes import Event, Finished, Job, Lanes, Lost, Moved, Resumed
from tasks.media.copying.large import CHECKPOINT_BYTES
from tasks.media.copying.place import keep_apart, open_state
from tasks.media.copying.scan import Group, Large, Scan
from tasks.media.copying.small import Outcome, SmallFiles
from tasks.media.crew import Crew
from tasks.media.faults import DeviceFull, MediaError, SourceChanged, SourceMissing, SourceUnreadable, device_fault
from tasks.media.names import UNFINISHED, to_text
from tasks.media.progress import Meter, Tell
from tasks.media.state import Checkpoint, State

_BATCH_FILES = 256
_BATCH_BYTES = 32 << 20
_WORTH_PROCESSES = 1500
_LOOK_AHEAD = 2000
_LARGE_WAITING = 20_000


@dataclass(frozen=True)
class Copied:
    """What a copy did: files and bytes now on the device, bytes that were there already, and what was left out.

    `skipped` names links and special files, which no device takes; `reading` says how large files went: `direct`,
    or `buffered` where a file system has no direct I/O.
    """

    files: int
    bytes: int
    reused_bytes: int
    skipped: tuple[str, ...]
    reading: str = "direct"


def copy(
    source: Path,
    target: Path,
    *,
    state: Path,
    progress: Tell | None = None,
    md5: bool = True,
    ranges: bool = False,
    workers: int | None = None,
    checkpoint_bytes: int = CHECKPOINT_BYTES,
) -> Copied:
    """Copy the tree below *source* into the folder *target* of a device, which is created.

    *state* is a directory for checkpoints and hashes, outside of both. Calling twice is safe and cheap. *md5* adds
    the whole-file MD5, *ranges* the MD5 of each 4 MiB; *workers* is the number of processes for small files (a
    device behind a network wants 16 and more). A large file is made durable every *checkpoint_bytes* or two seconds,
    at the end of a 32 MiB block. Raises a MediaError; what was copied until then is kept.
    """
    if not source.is_dir():
        raise SourceMissing(f"there is no folder {source}")
    keep_apart(source, target, state)
    with open_state(target, state) as opened:
        run = _Copy(source, target, opened, progress, (md5, ranges), workers or min(4, 2 * (os.cpu_count() or 1)))
        run.lanes.job.checkpoint_bytes = checkpoint_bytes
        return run.whole()


class _Copy:
    def __init__(self, source: Path, target: Path, state: State, tell: Tell | None, hashes: tuple[bool, bool],
                 workers: int) -> None:  # fmt: skip
        self.source, self.target, self.state, self.workers = source, target, state, workers
        self.aside = target / f"{UNFINISHED.decode()}{state.get('token')}"
        self.scan = Scan(source, target, state, *hashes)
        self.meter = Meter("copy", 0, 0, tell)
        self.traits = platform_io.traits_of(target)
        md5, ranges = hashes
        self.small = SmallFiles(str(source), str(target), str(self.aside), md5 or ranges, self.traits.sync_all)
        self.lanes = Lanes(self._job(md5, ranges), min(2, os.cpu_count() or 1))
        self.crew: Crew[list[Group], Outcome] | None = None
        self.changed: list[str] = []
        self.unreadable: list[str] = []
        self.direct = True
        self.resumed = 0

    def _job(self, md5: bool, ranges: bool) -> Job:
        reading = platform_io.traits_of(self.source)
        points = {point.path: point for point in self.state.checkpoints()}
        return Job(
            str(self.source), str(self.target), str(self.aside), md5, ranges, read_direct=reading.direct,
            write_direct=self.traits.direct, reserve=self.traits.reserve, resume=points,
        )  # fmt: skip

    def whole(self) -> Copied:
        self.state.put(phase="copying", reading="")
        free = None
        try:
            self._tidy()
            free = platform_io.free_bytes(self.target) + self._kept_bytes()
            self._copy(free)
            platform_io.sync_volume(str(self.target))
            self._complain()
            shutil.rmtree(self.aside)
        except OSError as error:
            raise self._with_numbers(device_fault(error, f"cannot write to {self.target}"), free) from error
        except DeviceFull as full:
            raise self._with_numbers(full, free) from full
        self.meter.beat(final=True)
        reading = "direct" if self.direct else "buffered"
        self.state.put(phase="copied", reading=reading)
        return Copied(
            self.scan.files, self.scan.size, self.scan.reused + self.resumed, tuple(self.scan.skipped), reading
        )

    def _copy(self, free: int) -> None:
        try:
            self._start(free)
            self._wait_for_all()
        finally:
            self._stop()

    def _with_numbers(self, fault: MediaError, free: int | None) -> MediaError:
        """Add to the word that the device is full what was needed, as far as the source was looked through by then."""
        if not isinstance(fault, DeviceFull) or free is None:
            return fault
        needed = self.scan.size - self.scan.reused
        return DeviceFull(f"{fault.message}; at least {needed:,} bytes are to be copied, {free:,} were free before")

    def _tidy(self) -> None:
        """Remove what a killed run left aside, except the large files it can go on with."""
        keep = {point.name for point in self.lanes.job.resume.values()}
        os.makedirs(self.aside, exist_ok=True)
        for entry in list(os.scandir(self.aside)):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            elif entry.name not in keep:
                os.unlink(entry.path)

    def _kept_bytes(self) -> int:
        return sum(os.lstat(entry.path).st_blocks * 512 if hasattr(os.stat_result, "st_blocks") else 0
                   for entry in os.scandir(self.aside))  # fmt: skip

    def _start(self, free: int) -> None:
        work = self.scan.work()
        first, small = list[Large | Group](), 0
        for task in work:
            first.append(task)
            small += len(task.names) if isinstance(task, Group) else 0
            if small >= _WORTH_PROCESSES or len(first) >= _LOOK_AHEAD:
                break
        if small >= _WORTH_PROCESSES:
            hashing.warm_up()
            self.crew = Crew(self.small, self.workers)
        for batch in self._batches(chain(first, work)):
            self._small(batch)
        if self.scan.size - self.scan.reused > free:
            raise DeviceFull(f"the rest of {self.source} does not fit on {self.target}")

    def _batches(self, work: Iterator[Large | Group]) -> Iterator[list[Group]]:
        """Send large files to their lanes, yield the small ones in batches."""
        batch, files, size = list[Group](), 0, 0
        for task in work:
            if isinstance(task, Large):
                self.lanes.put(task)
                while self.lanes.open > _LARGE_WAITING:
                    self._listen(0.05)
                continue
            batch.append(task)
            files += len(task.names)
            size += task.size
            if files >= _BATCH_FILES or size >= _BATCH_BYTES:
                yield batch
                batch, files, size = [], 0, 0
        if batch:
            yield batch

    def _small(self, batch: list[Group]) -> None:
        if self.crew is None:
            self._take(self.small(batch))
        else:
            outcomes = list[Outcome]()
            while not self.crew.idle:
                outcomes += self.crew.answers(0.05)
                self._listen(0.0)
            self.crew.give(batch)  # first, so that no worker waits while what came back is made durable
            for outcome in outcomes:
                self._take(outcome)
        self._listen(0.0)

    def _wait_for_all(self) -> None:
        while self.lanes.open or (self.crew is not None and self.crew.busy):
            self._listen(0.05)

    def _listen(self, timeout_seconds: float) -> None:
        """Take in what workers and lanes report, waiting at most so long for it."""
        self.meter.totals(self.scan.files - self.scan.reused_files, self.scan.size - self.scan.reused)
        if self.crew is not None and self.crew.busy:
            for outcome in self.crew.answers(timeout_seconds):
                self._take(outcome)
            timeout_seconds = 0.0
        while True:
            try:
                event = self.lanes.events.get(timeout_seconds > 0, timeout_seconds or None)
            except Empty:
                return
            self._hear(event)
            timeout_seconds = 0.0

    def _take(self, outcome: Outcome) -> None:
        self.state.add_packs(outcome.done)
        self.meter.add(sum(pack.files for pack in outcome.done), sum(pack.size for pack in outcome.done))
        self.changed.extend(map(to_text, outcome.changed))
        self.unreadable.extend(f"{to_text(path)} ({why})" for path, why in outcome.unreadable)
        if outcome.fault is not None:
            raise outcome.fault

    def _hear(self, event: Event) -> None:
        match event:
            case Moved(size):
                self.meter.add(0, size)
            case Resumed(size):
                self.resumed += size
                self.meter.add(0, size)
            case Checkpoint():
                self.state.checkpoint(event)
            case Finished(done, direct):
                self.lanes.open -= 1
                self.direct = self.direct and direct
                self.state.add_large(done)
                self.meter.add(1, 0)
            case Lost(path, why):
                self.lanes.open -= 1
                (self.unreadable if why else self.changed).append(f"{to_text(path)} ({why})" if why else to_text(path))
            case BaseException():
                raise event

    def _stop(self) -> None:
        """End workers and lanes, and keep what they had finished by then."""
        self.lanes.close(at_once=bool(self.lanes.open))
        if self.crew is not None:
            self.crew.close(at_once=self.crew.busy)
        while not self.lanes.events.empty():
            event = self.lanes.events.get()
            if not isinstance(event, BaseException):
                self._hear(event)

    def _complain(self) -> None:
        """Raise for the files of the source that could not be copied; everything else is on the device by now."""
        changed = self.changed + [f"{path} (gone from the source, still on the device)" for path in self.scan.stale]
        unreadable = self.unreadable + self.scan.unreadable
        if changed:
            raise SourceChanged(_first(changed, "changed while being copied"), paths=changed)
        if unreadable:
            raise SourceUnreadable(_first(unreadable, "cannot be read"), paths=unreadable)


def _first(paths: list[str], what: str) -> str:
    more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
    return f"{paths[0]}{more}: {what}"
