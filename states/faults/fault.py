"""What one row of the trade's catalogue is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Phase = Literal["plan", "order", "deliver", "setup", "config", "copy", "prep", "ship", "ingest", "vault", "incr",
                "clean", "any"]  # fmt: skip
Reaction = Literal["refuse", "wait", "retry", "mend", "again", "support"]


@dataclass(frozen=True)
class Fault:
    """One row. *codes* are conditions, plan problems or checks of the doctor, the one that decides first.

    *guard* names the guard of the lifecycle that holds a run where no code is needed. *unseen* says why nothing of ours
    can see it. *source* is the page of the vendor's documentation it was read in, by its file name; *inferred* marks
    what only follows from such a page.
    """

    number: int
    phase: Phase
    symptom: str
    cause: str
    reaction: Reaction
    codes: tuple[str, ...]
    source: str
    guard: str = ""
    unseen: str = ""
    inferred: bool = False
