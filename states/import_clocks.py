"""The clocks of an import job of own drives: until when what must happen, as the job itself dates it. Pure.

How long each runs is the catalogue's: a condition's `clock`. Azure's three (14, 14 and 90 days) are in limits.yaml too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from states.conditions import row_of
from states.facts import JobSeen

SLOW_RETURN = timedelta(days=7)  # our own patience with drives that are packed and do not leave
RECORD_KEPT = timedelta(days=90)  # then Azure deletes the record of a job that is over


@dataclass(frozen=True)
class ImportClock:
    """One clock that runs: its condition ("" where none is raised), when it runs out (UTC), and what happens then.

    *warned* says whether its condition stands from the beginning, and not only once it has run out.
    """

    code: str
    due: datetime
    consequence: str
    warned: bool = False


def import_clocks(job: JobSeen) -> tuple[ImportClock, ...]:
    """Return the clocks that run for *job*; none for Azure's own devices, whose stages are others."""
    entered = next((s.at for s in reversed(job.stages) if s.name == job.stage and s.at), None)
    began = min((s.at for s in job.stages if s.at), default=None)
    if job.stage in ("Created", "AwaitingShipmentDetails") and began:
        due = began + _length("parcel-not-announced")
        return (ImportClock("parcel-not-announced", due, f"{job.job_name} is deleted", warned=True),)
    if entered is None:
        return ()
    if job.stage == "ShippedToAzureDC":
        due = entered + _length("parcel-overdue")
        return (ImportClock("parcel-overdue", due, f"the drives of {job.job_name} count as not received"),)
    if job.stage == "PreparingToShipFromAzureDC":
        return (ImportClock("drives-not-returned", entered + SLOW_RETURN, f"{job.job_name} keeps its drives"),)
    if job.drives and job.stage.startswith("Completed"):
        return (ImportClock("", entered + RECORD_KEPT, f"Azure deletes the record of {job.job_name}"),)
    return ()


def ringing(job: JobSeen, now: datetime) -> tuple[tuple[str, str], ...]:
    """Return (condition, detail) for each clock that has run out at *now* (UTC), or is warned of from the beginning."""
    refused = job.status_of("PreparingToShipFromAzureDC").startswith("WaitingForCustomerAction")
    found = []
    for clock in import_clocks(job):
        if clock.code == "drives-not-returned" and refused:
            why = job.error_code or "Azure does not say why"
            found.append((clock.code, f"{job.job_name} waits for a valid way back: {why}"))
        elif clock.code and (clock.warned or now > clock.due):
            found.append((clock.code, f"{clock.consequence} on {clock.due:%Y-%m-%d %H:%M} UTC"))
    return tuple(found)


def _length(code: str) -> timedelta:
    length = row_of(code).clock
    assert length is not None, f"condition {code} has no clock"
    return length
