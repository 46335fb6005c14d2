"""Where a fact of the trade was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Origin:
    """Where a number was read, and on which day somebody last compared it with its source."""

    source: str
    checked_on: date
