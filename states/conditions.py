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
    Condition("waits-for-slot",        "info",   "Azure",    "as many orders are active as Azure allows at a time",
              "wait; it orders when one of these is complete, or ask Azure support for more"),
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
    Condition("order-expires",         "warn",   "Azure",    "Azure soon cancels the order it could not fulfil",
              "ask Azure support for a date, or `seeding cancel {run}` and order something else"),
    Condition("fees-begin",            "warn",   "office",   "the free days with the device soon end, or have",
              "finish the copy and hand the device over; `seeding deadlines {run}` counts the days"),
    Condition("device-due",            "warn",   "office",   "a device that is not returned is soon charged as lost",
              "hand the device over now; `seeding deadlines {run}` shows date and sum"),
    Condition("certificate-ends",      "warn",   "office",   "the certificate that the device works with soon ends",
              "hand the device over now, with or without its seed"),
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
    Condition("disk-tool-stopped",     "blocks", "office",
              "the vendor's disk preparation tool stopped or was refused",
              "mend what `seeding explain {run}` names, then `seeding resume {run}`"),
    Condition("key-missing",           "blocks", "operator",
              "a drive's key or the return account is not where it should be",
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
    Condition("backup-failed",         "blocks", "office",   "the agent's latest online backup failed",
              "mend what `seeding explain {run}` names, then start the backup in its console; the run goes on looking, "
              "`seeding resume {run}` looks at once"),
    Condition("agent-not-signed-in",   "blocks", "office",   "the backup agent cannot sign in to Azure",
              "sign in again in the backup console, then `seeding resume {run}`"),
    Condition("witness-missing",       "warn",   "agent",    "one of agent and vault shows no recovery point yet",
              "wait; `seeding explain {run}` says which one, and until when", timedelta(hours=26)),
    Condition("witnesses-disagree",    "blocks", "operator", "agent and vault contradict each other",
              "find out which is wrong, then `seeding resume {run}`, or "
              "`seeding waive {run} witnesses-disagree --reason TEXT`"),
    Condition("size-implausible",      "blocks", "operator", "what landed in the vault is not the size of the seed",
              "find out what is missing, then `seeding resume {run}`, or "
              "`seeding waive {run} size-implausible --reason TEXT`"),
    Condition("point-vanished",        "blocks", "operator", "a recovery point that was seen is gone",
              "find out who deleted it, then `seeding resume {run}`",
              forgets=("points-seen",)),
    Condition("vault-late",            "warn",   "agent",    "two scheduled backups passed without a recovery point",
              "read the agent's job text in `seeding explain {run}`"),
    Condition("schedule-paused",       "blocks", "office",   "the online schedule is paused",
              "enable it in the backup console, then `seeding resume {run}`"),
    Condition("full-upload",           "blocks", "operator", "an incremental looks like a full upload",
              "`seeding stop-job {run}`; find out why the seed is not used, then `seeding resume {run}`",
              forgets=("job-stopped",)),
    Condition("not-allowed",           "blocks", "operator", "Azure does not permit what the run needs",
              "mend what `seeding doctor` shows, then `seeding resume {run}`"),
    Condition("account-gone",          "blocks", "operator", "the storage account is not where the order expects it",
              "restore it or move it back, then `seeding advance {run} --now`"),
    Condition("account-walled-off",    "blocks", "operator", "the storage account keeps trusted Azure services out",
              "allow trusted services in its network rules, then `seeding advance {run} --now`"),
    Condition("account-locked",        "blocks", "operator", "a read-only lock hides the storage account's keys",
              "remove the lock, or make it CanNotDelete, then `seeding advance {run} --now`"),
    Condition("lifecycle-rule",        "blocks", "operator", "a lifecycle rule may delete or move the seed",
              "switch the rule off until the run is vaulted, then `seeding advance {run} --now`"),
    Condition("account-immutable",     "blocks", "operator", "the seed's container is immutable: an upload would fail",
              "remove the policy or the hold, then `seeding advance {run} --now`"),
    Condition("account-key-changed",   "blocks", "operator", "an account key was changed while own drives travel",
              "ask Azure support whether the import still works, then "
              "`seeding waive {run} account-key-changed --reason TEXT`"),
    Condition("account-key-due",       "warn",   "operator", "the account's policy wants a key changed",
              "leave the keys alone until the run is vaulted"),
    Condition("server-renamed",        "blocks", "office",   "the backup server has another name than the vault knows",
              "give it its old name back, then `seeding advance {run} --now`"),
    Condition("server-silent",         "warn",   "office",   "the backup server has been silent for days",
              "switch it on; DPM and MABS stop all backups after 15 days without Azure", _days(15)),
    Condition("agent-app-lost",        "blocks", "operator", "the agent's app or its certificate is gone",
              "sign in again in the backup console, then `seeding advance {run} --now`"),
    Condition("agent-certificate-ends", "warn",  "operator", "the agent's certificate ends soon",
              "sign in again in the backup console before it does"),
    Condition("staging-lost",          "warn",   "office",   "the staging place changed",
              "put it back: a drive that fails at the datacenter is made again from it"),
    Condition("frozen-changed",        "warn",   "operator", "what should stay until the seed is vaulted has changed",
              "ask who did it; nothing else is to be done while no condition blocks"),
    Condition("freeze-unseen",         "info",   "operator", "a part of what must not change cannot be watched",
              "give the credential the role Reader on it, or watch it yourself"),
    Condition("clean-up-hindered",     "warn",   "operator", "a lock or an immutability policy will stop the clean-up",
              "remove it before `seeding close {run}`, or keep what it protects"),
    Condition("restore-by-hand",       "blocks", "operator", "a sample must be restored from the vault",
              "seeding record {run} restored --file ITEM/PATH --sha256 HASH"),
    Condition("restore-differs",       "blocks", "operator", "a restored file is not what was backed up",
              "delete nothing; restore it again with `seeding resume {run}`, and if it differs again ask support",
              forgets=("sample-restored",)),
    Condition("papers-missing",        "warn",   "Azure",    "Azure has not filed every paper of the order",
              "wait; if they will never come: `seeding waive {run} papers-missing --reason TEXT`"),
    Condition("release-refused",       "blocks", "operator", "the clean-up found a reason to keep everything",
              "read `seeding explain {run}`; then `seeding resume {run}`"),
    Condition("clean-up-left",         "blocks", "operator", "the clean-up could not remove everything",
              "remove what `seeding explain {run}` names and run `seeding resume {run}`, or leave it: "
              "`seeding waive {run} clean-up-left --reason TEXT`"),
    Condition("office-silent",         "warn",   "office",   "the office's worker has not answered for a day",
              "look at its worker; there, `seeding work OFFICE` starts it"),
    Condition("not-found",             "blocks", "operator", "Azure does not find what the run needs",
              "look whether it is there: `seeding doctor`; then `seeding resume {run}`"),
    Condition("rejected",              "blocks", "operator", "a service refuses what the run asked for",
              "mend what `seeding explain {run}` names, then `seeding resume {run}`"),
    Condition("invalid-input",         "blocks", "operator", "what the run was given cannot be used",
              "mend what `seeding explain {run}` names, then `seeding resume {run}`"),
    Condition("pass-overdue",          "warn",   "operator", "no pass over the fleet has ended for hours",
              "see that the server and the hub's worker run; `seeding advance` makes a pass now"),
    Condition("disk-filling",          "warn",   "operator", "the disk that holds journal and archive is almost full",
              "make room, or move the home to a larger disk"),
    Condition("journal-not-durable",   "blocks", "operator", "what is written does not reach the journal's disk",
              "look at the disk and its messages; once `seeding doctor` is quiet again, `seeding advance`"),
    Condition("clock-jumped",          "warn",   "operator", "this machine's clock jumped between two passes",
              "set the clock of this machine (NTP); times in the journal since then may be wrong"),
    Condition("clock-differs",         "blocks", "operator", "this machine's clock and Azure's are far apart",
              "set the clock of this machine (NTP), then `seeding advance {run} --now`"),
    Condition("answer-too-big",        "warn",   "operator", "an answer was larger than any answer of that service",
              "look for a proxy in between: `seeding doctor`; the run tries again"),
    Condition("cannot-reach",          "warn",   "us",       "a service did not answer after several tries",
              "wait; the run tries again. If it stays: `seeding doctor`"),
    Condition("unexpected",            "blocks", "operator", "a step failed in a way this version does not know",
              "read `seeding explain {run}` and report it; `seeding resume {run}` tries again"),
)
# fmt: on
CATALOGUE = {row.code: row for row in _ROWS}
# With one of these only another order helps, whatever else stands.
ENDS_THE_ORDER = ("order-gone", "order-cancelled", "order-failed", "device-lost", "device-damaged")


def row_of(code: str) -> Condition:
    """Return the catalogue row of *code*; an unknown code (an older or newer journal's) blocks until somebody looks."""
    unknown = Condition(code, "blocks", "operator", "a condition this version does not know", "seeding explain {run}")
    return CATALOGUE.get(code, unknown)


def blocking(run: Run) -> tuple[str, ...]:
    """Return the codes that stop *run*, what to ask about first: they block, they stand, and nobody waived them.

    A hold, and what ends the order, come before what could be mended if it had not ended; else the older comes first.
    """
    codes = (c for c in run.conditions if row_of(c).severity == "blocks" and c not in run.waivers)
    return tuple(sorted(codes, key=lambda code: code not in ("held", *ENDS_THE_ORDER)))
