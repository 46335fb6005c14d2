"""Hash what others wrote to a device, such as a backup agent, into a state, so that it can be sealed.

Large files go through the copier's pipeline without its writer, with checkpoints; small ones to worker processes.
Killed and started again, it goes on where it stopped.
"""

# Text paths and descriptors: a few microseconds a file.
# Descriptors throughout.

from __future__ import annotations

import os
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from tasks.media import hashing, platform_io
from tasks.media.copying.direct_io import Reader
from tasks.media.copying.large import Nowhere, Pipeline, new_buffers
from tasks.media.crew import Crew
from tasks.media.faults import MediaError, StillWritten, device_fault
from tasks.media.names import to_text
from tasks.media.packs import SMALL, Pack, line, seen, stamp
from tasks.media.progress import Meter
from tasks.media.state import Checkpoint, Done, State, done, stamp_of
from tasks.media.walk import Found

_BATCH_FILES = 512
_WORTH_PROCESSES = 4
_AHEAD = 16

Path_ = tuple[bytes, str]


@dataclass(frozen=True)
class SmallHashes:
    """Hashes batches of (manifest path, native path); what changed meanwhile comes back as a StillWritten."""

    md5: bool

    def __call__(self, files: Sequence[Path_]) -> list[Pack] | MediaError:
        """Return the packs of a batch, or the fault that stopped it."""
        lines: defaultdict[bytes, list[str]] = defaultdict(list)
        sizes: Counter[bytes] = Counter()
        path = b""
        try:
            for path, fd, before in _opened(files):
                folder, slash, name = path.rpartition(b"/")
                try:
                    lines[folder + slash].append(self._one(to_text(name), path, fd, before))
                finally:
                    os.close(fd)
                sizes[folder + slash] += before.st_size
        except OSError as error:
            return device_fault(error, f"cannot read {to_text(path)} on the device")
        except StillWritten as error:
            return error
        return [Pack(folder, "\n".join(some), len(some), sizes[folder]) for folder, some in lines.items()]

    def _one(self, name: str, path: bytes, fd: int, before: os.stat_result) -> str:
        data = os.read(fd, before.st_size + 1)
        after = os.fstat(fd)
        if len(data) != before.st_size or stamp(before) != stamp(after):
            raise still_written(path)
        return line(name, seen(after), stamp(after), hashing.columns(data, md5=self.md5))


def _opened(files: Sequence[Path_]) -> Iterator[tuple[bytes, int, os.stat_result]]:
    window: deque[tuple[bytes, int, os.stat_result]] = deque()
    for path, native in files:
        fd = os.open(native, platform_io.READ_SOURCE)
        platform_io.will_need(fd)
        window.append((path, fd, os.fstat(fd)))
        if len(window) > _AHEAD:
            yield window.popleft()
    yield from window


def still_written(path: bytes) -> StillWritten:
    """Return the fault of a file that changed while it was being sealed."""
    return StillWritten(f"{to_text(path)} was written to while the device was being sealed", paths=[to_text(path)])


def hash_device(files: Iterable[Found], state: State, meter: Meter, *, md5: bool, ranges: bool) -> None:
    """Hash *files* into *state*. Raises StillWritten, or the device's fault; what was hashed by then is kept."""
    large: list[Found] = []
    small = _Small(SmallHashes(md5 or ranges), state, meter)
    try:
        for found in files:
            if found.info.st_size > SMALL:
                large.append(found)
            else:
                small.add((found.path, found.native))
        small.finish()
    finally:
        small.close()
    points = {point.path: point for point in state.checkpoints()}
    for found in large:
        state.add_large(_Large(found, state, meter).hash(points.get(found.path), md5, ranges))
        meter.add(1, 0)


class _Small:
    """Hashes small files in batches, in processes when there are many."""

    def __init__(self, work: SmallHashes, state: State, meter: Meter) -> None:
        self._work, self._state, self._meter = work, state, meter
        self._crew: Crew[list[Path_], list[Pack] | MediaError] | None = None
        self._batch: list[Path_] = []
        self._alone = 0

    def add(self, file: Path_) -> None:
        self._batch.append(file)
        if len(self._batch) >= _BATCH_FILES:
            self._give()

    def _give(self) -> None:
        batch, self._batch = self._batch, []
        if self._crew is None and self._alone < _WORTH_PROCESSES:
            self._alone += 1
            _take(self._work(batch), self._state, self._meter)
            return
        if self._crew is None:
            hashing.warm_up()
            self._crew = Crew(self._work, min(4, 2 * (os.cpu_count() or 1)))
        while not self._crew.idle:
            self._listen()
        self._crew.give(batch)

    def _listen(self) -> None:
        assert self._crew is not None
        for answer in self._crew.answers(0.5):
            _take(answer, self._state, self._meter)

    def finish(self) -> None:
        if self._batch:
            self._give()
        while self._crew is not None and self._crew.busy:
            self._listen()

    def close(self) -> None:
        if self._crew is not None:
            self._crew.close(at_once=self._crew.busy)


def _take(answer: list[Pack] | MediaError, state: State, meter: Meter) -> None:
    if isinstance(answer, MediaError):
        raise answer
    state.add_packs(answer)
    meter.add(sum(pack.files for pack in answer), sum(pack.size for pack in answer))


@dataclass
class _Large:
    found: Found
    state: State
    meter: Meter

    def hash(self, point: Checkpoint | None, md5: bool, ranges: bool) -> Done:
        """Return the row of one file; its checkpoints are kept on the way, by this thread alone."""
        path = self.found.path
        try:
            reader = Reader(self.found.native, direct=platform_io.traits_of(Path(self.found.native)).direct)
            try:
                stamp = stamp_of(reader.info)
                resume = point if point is not None and point.source == stamp else None
                digests = self._run(reader, resume, md5, ranges)
                if stamp_of(reader.now()) != stamp:
                    raise still_written(path)
                return done(path, reader.info, reader.info, digests)
            finally:
                reader.close()
        except OSError as error:
            raise device_fault(error, f"cannot read {to_text(path)} on the device") from error

    def _run(self, reader: Reader, resume: Checkpoint | None, md5: bool, ranges: bool) -> hashing.Digests:
        events: SimpleQueue[int | Checkpoint] = SimpleQueue()
        stop, stamp = threading.Event(), stamp_of(reader.info)

        def keep(upto: int, notes: dict[str, Any]) -> None:
            events.put(Checkpoint(self.found.path, "", stamp, upto, notes["crc64"], notes.get("md5"), notes["blocks"],
                                  notes.get("ranges")))  # fmt: skip

        pipeline = Pipeline(
            reader, Nowhere(), size=reader.info.st_size, md5=md5, ranges=ranges, resume=resume, checkpoint=keep,
            moved=events.put, stop=stop, buffers=new_buffers(),
        )  # fmt: skip
        with ThreadPoolExecutor(1) as threads:
            running = threads.submit(pipeline.run)
            try:
                while not (running.done() and events.empty()):
                    self._hear(events)
            finally:
                stop.set()
        return running.result()

    def _hear(self, events: SimpleQueue[int | Checkpoint]) -> None:
        try:
            event = events.get(timeout=0.1)
        except Empty:
            return
        if isinstance(event, Checkpoint):
            self.state.checkpoint(event)
        else:
            self.meter.add(0, event)
