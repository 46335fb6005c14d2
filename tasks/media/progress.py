"""How far a long copy or verification is: bytes, files, rate, and the time left as a range."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Progress:
    """One moment of a long operation.

    `rate` is bytes per second over the last half minute; `left_low` and `left_high` are seconds left, None while
    unknown: the range spans the slowest and the fastest stretch seen lately.
    """

    phase: str
    files: int
    files_total: int
    bytes: int
    bytes_total: int
    rate: float = 0.0
    left_low: float | None = None
    left_high: float | None = None

    @property
    def share(self) -> float:
        """Return how much of the bytes is done, 0.0 to 1.0."""
        return self.bytes / self.bytes_total if self.bytes_total else 1.0


Tell = Callable[[Progress], None]


class Meter:
    """Counts bytes and files, and tells about it ten times a second at most, from the caller's own thread."""

    _TELL_SECONDS = 0.1
    _NOTE_SECONDS = 0.5

    def __init__(self, phase: str, files_total: int, bytes_total: int, tell: Tell | None) -> None:
        self.files = self.bytes = 0
        self._phase, self._files_total, self._bytes_total, self._tell = phase, files_total, bytes_total, tell
        self._seen: deque[tuple[float, int]] = deque([(time.monotonic(), 0)], maxlen=60)
        self._told = self._seen[0][0]

    def totals(self, files: int, size_bytes: int) -> None:
        """Set how much there is in all, as far as it is known by now."""
        self._files_total, self._bytes_total = files, size_bytes

    def add(self, files: int, size_bytes: int) -> None:
        """Count what has been done since, and tell when it is time to."""
        self.files += files
        self.bytes += size_bytes
        self.beat()

    def beat(self, *, final: bool = False) -> None:
        """Tell when it is time to, or at once when *final*."""
        if self._tell is None:
            return
        now = time.monotonic()
        if now - self._seen[-1][0] >= self._NOTE_SECONDS:
            self._seen.append((now, self.bytes))
        if final or now - self._told >= self._TELL_SECONDS:
            self._told = now
            self._tell(self._snapshot(now))

    def _snapshot(self, now: float) -> Progress:
        first, before = self._seen[0]
        rate = (self.bytes - before) / (now - first) if now > first else 0.0
        speeds = self._stretches()
        left = max(0, self._bytes_total - self.bytes)
        low, high = (left / max(speeds), left / min(speeds)) if speeds else (None, None)
        return Progress(self._phase, self.files, self._files_total, self.bytes, self._bytes_total, rate, low, high)

    def _stretches(self) -> list[float]:
        """Return the mean speeds of up to six stretches of what was seen, those without progress left out."""
        seen = list(self._seen)
        step = max(1, len(seen) // 6)
        marks = seen[::step]
        return [
            (b_bytes - a_bytes) / (b_time - a_time)
            for (a_time, a_bytes), (b_time, b_bytes) in pairwise(marks)
            if b_time > a_time and b_bytes > a_bytes
        ]


def progress_line(what: str, at: Progress) -> str:
    """Return a moment in words: share, bytes, files, rate, and the time left as a range.

    >>> progress_line("copied", Progress("copy", 1, 2, 5 << 20, 10 << 20, float(1 << 20), 4.0, 65.0))
    'copied 50 %: 5.0 of 10.0 MiB, 1 of 2 files, 1.0 MiB/s, 4 s to 1 min left'
    """
    done, whole = at.bytes / (1 << 20), at.bytes_total / (1 << 20)
    line = f"{what} {100 * at.share:.0f} %: {done:,.1f} of {whole:,.1f} MiB, {at.files:,} of {at.files_total:,} files"
    if at.rate:
        line += f", {at.rate / (1 << 20):,.1f} MiB/s"
    if at.left_low is not None and at.left_high is not None and at.bytes < at.bytes_total:
        low, high = _time(at.left_low), _time(at.left_high)
        line += f", {low} left" if low == high else f", {low} to {high} left"
    return line


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
