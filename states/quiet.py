"""Quiet hours: what is told although people sleep, and what waits for the morning and the digest. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from states.conditions import row_of

NEAR = timedelta(days=2)  # a night, and a working day to act


@dataclass(frozen=True)
class QuietHours:
    """From *begin* to *end* each day by the clocks of *time_zone*; through midnight where the end comes first."""

    begin: time
    end: time
    time_zone: str

    def at(self, now: datetime) -> bool:
        """Say whether it is quiet at *now* (UTC)."""
        here = now.astimezone(ZoneInfo(self.time_zone)).time()
        if self.begin <= self.end:
            return self.begin <= here < self.end
        return here >= self.begin or here < self.end


def hours_of(text: str, time_zone: str) -> QuietHours:
    """Return the quiet hours that `20:00-06:00` says. Raises ValueError."""
    begin, _, end = text.partition("-")
    return QuietHours(time.fromisoformat(begin), time.fromisoformat(end), time_zone)


def cannot_wait(code: str, raised_at: datetime, now: datetime) -> bool:
    """Say whether a condition is told at once even at night: it blocks, and its clock is near its end, or unknown."""
    row = row_of(code)
    return row.severity == "blocks" and (row.clock is None or raised_at + row.clock - now <= NEAR)
