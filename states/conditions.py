"""The catalogue of conditions: what can stand beside a state, how bad it is, whose turn it is, and what mends it.

A new fault is one row. `{run}` in a remedy is the run's id. Codes are stable: people search for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from states.run import Run

Severity = Literal["info", "warn", "blocks"]
Party = Literal["us", "office", "operator", "Azure", "carrier", "agent"]


@dataclass(frozen=True)
class Condition:
    """One row of the catalogue. `clock` is how long the world gives before it hurts; None where no clock runs."""

    code: str
    severity: Severity
    whose: Party
    means: str
    remedy: str
    clock: timedelta | None = None
    forgets: tuple[str, ...] = ()  # evidence that no longer counts once a person has this condition cleared


def _days(n: int) -> timedelta:
    return timedelta(days=n)


# fmt: off
_ROWS = (
    Condition("held",                  "blocks", "operator", "an operator put the run on hold",
              "seeding resume {run}"),
    Condition("order-refused",         "blocks", "operator", "Azure refuses the order for good",
              "correct the inventory, then run `seeding resume {run}`"),
    Condition("order-foreign",         "blocks", "operator", "an order of this name exists in Azure and is not ours",
              "look at it in the portal; if it may be used, give it the tags seeding-run={run} and "
              "seeding-attempt=1, then `seeding resume {run}`"),
    Condition("order-gone",            "blocks", "operator", "the order no longer exists in Azure",
              "find out who deleted it, then `seeding reorder {run}` or `seeding cancel {run} --abandon`"),
    Condition("import-job-gone",       "blocks", "operator", "Azure deleted the import job before it was shipped",
              "seeding reopen {run}"),
    Condition("order-cancelled",       "blocks", "operator", "Azure or somebody else cancelled the order",
              "seeding reorder {run}"),
    Condition("order-failed",          "blocks", "operator", "the order ended in a failure at the office or datacenter",
              "open a support request, then `seeding reorder {run}`"),
    Condition("order-delayed",         "warn",   "Azure",    "Azure reports a delay of the order",
              "wait; Azure cancels an order it could not fulfil after 90 days", _days(90)),
    Condition("order-stage-unknown",   "warn",   "operator", "Azure shows a stage this version does not know",
              "look at the order in the portal; the run goes on looking"),
    Condition("device-lost",           "blocks", "operator", "Azure reports every device of the order as lost",
              "seeding reorder {run}", _days(90)),
    Condition("device-damaged",        "blocks", "operator", "the office reported the device as damaged",
              "open a support request, then `seeding reorder {run}`"),
    Condition("device-not-usable",     "blocks", "office",   "the device cannot take the seed",
              "mend what `seeding explain {run}` names, then `seeding resume {run}`",
              forgets=("device-checked",)),
    Condition("source-not-readable",   "blocks", "office",   "the source data cannot be read or is not as planned",
              "mend what `seeding explain {run}` names, then `seeding resume {run}`"),
    Condition("agent-refuses",         "blocks", "office",   "the backup agent cannot write the seed",
              "follow the agent's own message, then `seeding resume {run}`"),
    Condition("copy-left-out",         "warn",   "operator", "the copy left something out",
              "read the list in `seeding explain {run}`; what is not on the device will not be in the vault"),
    Condition("device-differs",        "blocks", "office",   "the device no longer equals its sealed manifest",
              "find out who wrote to it; `seeding resume {run}` copies and seals again",
              forgets=("copied", "sealed", "verified", "prepared")),
    Condition("pickup-not-booked",     "warn",   "office",   "Azure did not book the pick-up",
              "call the carrier, or bring the device to its counter; quote the number on the label"),
    Condition("pickup-uncertain",      "warn",   "office",   "a crash left open whether the pick-up was booked",
              "ask the carrier; book by telephone if it is not"),
    Condition("staging-too-small",     "blocks", "office",   "the staging place has less room than the seed needs",
              "make room, then `seeding resume {run}`"),
    Condition("drives-too-few",        "blocks", "operator", "the office's drives cannot carry the seed",
              "add drives to the inventory, then run `seeding resume {run}`"),
    Condition("drive-not-usable",      "blocks", "office",   "a drive cannot be used",
              "mend what `seeding explain {run}` names, then `seeding resume {run}`",
              forgets=("drives-seen",)),
    Condition("disk-tool-stopped",     "blocks", "office",   "the vendor's disk preparation tool stopped or was refused",
              "mend what `seeding explain {run}` names, then `seeding resume {run}`"),
    Condition("key-missing",           "blocks", "operator", "a drive's BitLocker key is not where the inventory says",
              "put it there, then `seeding resume {run}`"),
    Condition("parcel-number-taken",   "blocks", "operator", "the tracking number belongs to another import job",
              "seeding record {run} handed-over --carrier NAME --tracking NUMBER"),
    Condition("parcel-not-announced",  "warn",   "office",   "Azure deletes an import job that has no tracking number",
              "seeding record {run} handed-over --carrier NAME --tracking NUMBER", _days(14)),
    Condition("parcel-overdue",        "warn",   "carrier",  "the parcel has been on its way for two weeks",
              "ask the carrier; Azure gives the drives up after 14 days", _days(14)),
    Condition("drives-not-returned",   "warn",   "operator", "the drives are packed and do not leave the datacenter",
              "correct the return carrier and your account number on the job, in the portal"),
    Condition("drive-failed",          "blocks", "operator", "the datacenter could not copy a drive",
              "replace the drive in the inventory, then `seeding reorder {run}`: only its share is prepared again"),
    Condition("drive-not-received",    "blocks", "carrier",  "a drive did not arrive at the datacenter",
              "ask the carrier and Azure support: what is found goes on by itself; if lost, `seeding reorder {run}`"),
    Condition("drive-changed",         "blocks", "office",   "somebody changed a drive after it was prepared",
              "find out who had it; add a drive to the inventory, then `seeding reorder {run}`"),
    Condition("drive-locked",          "blocks", "operator", "the datacenter cannot unlock a drive",
              "give Azure support the right key; if it is lost, `seeding reorder {run}` writes its share anew"),
    Condition("copy-halted",           "blocks", "operator", "the datacenter halted the upload and waits for an answer",
              "mend the cause, then choose Resume in the order's page in the portal", _days(14)),
    Condition("ingestion-incomplete",  "blocks", "operator", "the job ended with errors or renamed files",
              "read the copy log named in `seeding explain {run}`, then `seeding reorder {run}`", _days(14)),
    Condition("copy-log-missing",      "warn",   "Azure",    "the job is complete and its copy log is not there yet",
              "wait; the run looks again"),
    Condition("account-differs",       "blocks", "operator", "the storage account does not hold what was sealed",
              "do not let the backup agent go on; read `seeding explain {run}`, then `seeding reorder {run}`"),
    Condition("seed-not-found",        "blocks", "operator", "the backup agent could not find its seed in the account",
              "check that nobody cleaned the account, then `seeding reorder {run}`"),
    Condition("agent-silent",          "warn",   "office",   "the backup agent does not answer",
              "look whether the server is up and its worker runs"),
    Condition("vault-late",            "warn",   "agent",    "two scheduled backups passed without a recovery point",
              "read the agent's job text in `seeding explain {run}`"),
    Condition("schedule-paused",       "blocks", "office",   "the online schedule is paused",
              "enable it in the backup console, then `seeding resume {run}`"),
    Condition("full-upload",           "blocks", "office",   "the first incremental is as large as a full upload",
              "stop the online job in the backup console, then `seeding resume {run}`"),
    Condition("not-allowed",           "blocks", "operator", "Azure does not permit what the run needs",
              "mend what `seeding doctor` shows, then `seeding resume {run}`"),
    Condition("cannot-reach",          "warn",   "us",       "a service did not answer after several tries",
              "wait; the run tries again. If it stays: `seeding doctor`"),
    Condition("unexpected",            "blocks", "operator", "a step failed in a way this version does not know",
              "read `seeding explain {run}` and report it; `seeding resume {run}` tries again"),
)
# fmt: on
CATALOGUE = {row.code: row for row in _ROWS}


def row_of(code: str) -> Condition:
    """Return the catalogue row of *code*; an unknown code (an older or newer journal's) blocks until somebody looks."""
    unknown = Condition(code, "blocks", "operator", "a condition this version does not know", "seeding explain {run}")
    return CATALOGUE.get(code, unknown)


def blocking(run: Run) -> tuple[str, ...]:
    """Return the codes that stop *run*: they block, they stand, and nobody waived them."""
    return tuple(c for c in run.conditions if row_of(c).severity == "blocks" and c not in run.waivers)
