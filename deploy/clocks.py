"""The clocks: the only code that reads the time. A rehearsal's clock is a file that only its driver writes."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.settings import Settings
from states.codec import read_utc, utc_text
from tasks.files import write_aside

if TYPE_CHECKING:  # the ports load slowly, and commands that only look need none
    from tasks.ports import Clock


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)


class FileClock:
    """A simulated time in a file, so that every process of a rehearsal sees the same moment."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        """Return the simulated moment in UTC."""
        return read_utc(self._path.read_text("ascii").strip())

    def set(self, at: datetime) -> None:
        """Jump to *at*."""
        write_aside(self._path, utc_text(at).encode("ascii"))


def seconds_of(where: Settings) -> Callable[[], float]:
    """Return what counts seconds and only goes forward; a jump of a rehearsal's clock lets its seconds pass as well."""
    clock = clock_of(where)
    if isinstance(clock, SystemClock):
        return time.monotonic
    return lambda: time.monotonic() + clock.now().timestamp()


def clock_of(where: Settings) -> Clock:
    """Return the clock of a home: simulated where there is a clock file, the machine's otherwise."""
    return FileClock(where.clock_file) if where.clock_file.exists() else SystemClock()
