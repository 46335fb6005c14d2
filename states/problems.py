"""One thing a plan gets wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Problem:
    """One thing a plan gets wrong. `item` names the item it is about, or "" for the plan as a whole."""

    code: str
    message: str
    next: str
    severity: Literal["blocks", "warn", "info"] = "blocks"
    item: str = ""
