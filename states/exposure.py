"""How long an office has had no copy it could restore from off site, and where one would restore from today. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from states.run import Run

_ON_SITE = "the office's own backup, on site"
# Where a restore would come from, by state; a seed that travels or waits in an account is no copy anyone can restore.
RESTORE_FROM = {
    "planned": _ON_SITE,
    "ordered": _ON_SITE,
    "delivered": _ON_SITE,
    "copied": f"{_ON_SITE}; the device there is a copy, but an office that burns loses both",
    "shipped": f"{_ON_SITE}; what travels cannot be restored from",
    "ingested": f"{_ON_SITE}; the bytes lie in the storage account, and only the backup agent can use them",
    "vaulted": "the vault",
    "incremental-scheduled": "the vault",
    "closed": "the vault",
    "cancelled": f"{_ON_SITE}; this run brings nothing off site",
    "abandoned": f"{_ON_SITE}; this run brings nothing off site",
}


@dataclass(frozen=True)
class Exposure:
    """From the opening of the run until every item was vaulted, or until now."""

    run_id: str
    office: str
    since: datetime
    until: datetime
    protected: bool
    restore_from: str

    @property
    def span(self) -> timedelta:
        """How long there was no restorable copy off site."""
        return self.until - self.since


def exposure(run: Run, now: datetime) -> Exposure:
    """Return how long *run*'s office has been without an off-site copy at *now* (UTC)."""
    vaulted = run.reached("vaulted")
    return Exposure(run.run_id, run.plan.office, run.opened_at, vaulted or now, vaulted is not None,
                    RESTORE_FROM[run.state])  # fmt: skip
