"""One seeding run: everything its journal says, folded into a value. Times are aware UTC datetimes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from states.facts import KIND_OF, Evidence, HandedOver
from states.plan import Plan

_E = TypeVar("_E", bound=Evidence)


@dataclass(frozen=True)
class Raised:
    """A condition that stands on a run; the catalogue row of its code says what it means."""

    code: str
    at: datetime
    detail: str
    by: str  # the verb or the person that raised it


@dataclass(frozen=True)
class Passage:
    """One arrival in a state."""

    state: str
    at: datetime
    seq: int
    attempt: int
    trigger: str
    evidence: tuple[str, ...] = ()  # the kinds of evidence that stood when the run arrived


@dataclass(frozen=True)
class Run:
    """One seeding run: everything its journal says, folded."""

    run_id: str
    plan: Plan
    opened_at: datetime
    state: str = "planned"
    attempt: int = 1
    seq: int = 0
    head: str = ""
    evidence: dict[str, Evidence] = field(default_factory=dict)
    evidence_at: dict[str, datetime] = field(default_factory=dict)
    conditions: dict[str, Raised] = field(default_factory=dict)
    waivers: dict[str, str] = field(default_factory=dict)
    lost_drives: tuple[str, ...] = ()  # own disks of earlier attempts that did not land
    parcels: tuple[HandedOver, ...] = ()  # what earlier attempts gave to a carrier
    landed_drives: dict[str, int] = field(default_factory=dict)  # own disks an earlier attempt landed: serial, bytes
    intents: dict[str, datetime] = field(default_factory=dict)  # open ones: key -> when
    outcomes: dict[str, str] = field(default_factory=dict)  # closed ones: key -> what came of it
    history: tuple[Passage, ...] = ()

    @property
    def since(self) -> datetime:
        """When the run arrived in its present state (UTC)."""
        return self.history[-1].at if self.history else self.opened_at

    @property
    def job_name(self) -> str:
        """The Azure job's name in this attempt: the plan's name, with the attempt's number after the first."""
        return self._name_in(self.attempt)

    @property
    def job_names(self) -> tuple[str, ...]:
        """The names of the Azure jobs of every attempt so far, the first one first."""
        return tuple(map(self._name_in, range(1, self.attempt + 1)))

    def _name_in(self, attempt: int) -> str:
        return self.plan.job_name if attempt == 1 else f"{self.plan.job_name[:21]}r{attempt}"

    def reached(self, state: str) -> datetime | None:
        """When the run last arrived in *state* in this attempt (UTC), or None."""
        here = (p.at for p in reversed(self.history) if p.state == state and p.attempt == self.attempt)
        return next(here, None)

    def get(self, kind: type[_E]) -> _E | None:
        """Return the latest evidence of that class, or None."""
        return self.evidence.get(KIND_OF[kind])  # type: ignore[return-value]
