"""What the doctors bring back: one finding a check, with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """What one check found. `next` is empty when all is well."""

    check: str
    severity: Literal["ok", "warn", "blocks"]
    message: str
    next: str = ""
