"""What a backup agent's job really is, from its status and its text. One table; neither is taken at face value.

A job that only waits for the datacenter "succeeds", and one that cannot sign in to Azure "completes". So the text is
read first, row by row, and only a text that no row knows leaves the word to the status. The numbers in the comments
are the agents' own error ids, as their documentation prints them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

JobClass = Literal["waiting", "running", "done", "failed", "stopped", "paused", "cannot-authenticate", "planned"]


@dataclass(frozen=True)
class Reading:
    """One row: texts that `pattern` finds (whatever the case) mean `means`; `because` says what is behind them."""

    pattern: re.Pattern[str]
    means: JobClass
    because: str
    code: str  # the condition of a job that failed for this


def _row(means: JobClass, because: str, pattern: str, code: str = "backup-failed") -> Reading:
    return Reading(re.compile(pattern, re.IGNORECASE), means, because, code)


# fmt: off
TEXTS = (
    _row("waiting", "the datacenter has not finished, or nobody asked it yet",
         r"waiting for azure (data ?box|import) job"),
    _row("cannot-authenticate", "its app or certificate in Entra ID is gone or wrong",
         r"\b100230\b|unable to make service calls|query import job status"),
    _row("cannot-authenticate", "its certificate could not be added to the app in Entra ID",
         r"\b100242\b|could not be uploaded to azure|update to existing credential"),
    _row("cannot-authenticate", "Entra ID refused its certificate",
         r"\bAADSTS\d+|client (secret|assertion).*(expired|invalid)|certificate .*(expired|not found)"),
    _row("paused", "the online schedule is switched off",
         r"(backups?|policy|schedule) (is|are|has been|have been|was|were) (paused|suspended|disabled)"),
    _row("failed", "two instances of the scheduled task; set it to start no second one",
         r"another (job|backup|operation) (was|is) (already )?in progress"),
    _row("failed", "the vault knows this server by another name",
         r"\b230006\b|not provisioned in the (service )?stamp"),
    _row("failed", "the passphrase or the scratch folder is not as it was",
         r"\b34506\b|0x1FC07|encryption passphrase"),
    _row("failed", "the vault's credential file is too old; download a new one",
         r"\b34513\b|vault credentials"),
    _row("failed", "the Azure subscription is switched off",
         r"subscription .*(expired|disabled)"),
    _row("failed", "the scratch folder, the staging place or the device is full",
         r"SalLowDiskSpace|(scratch|cache|staging|disk|volume|device).* (space|full)|not enough (disk )?space"),
    _row("failed", "the snapshot failed: room, writers, or a virus scanner",
         r"Sal\w*Initiali[sz]ation|shadow copy .*(fail|error)|\bVSS\b.*(fail|error)"),
    _row("failed", "the local replica is not ready yet",
         r"replica is inconsistent|replica .*not (been )?created"),
    _row("failed", "the seed is not where the agent looks for it",
         r"seed (was )?not found|not found in the storage account", "seed-not-found"),
    _row("failed", "the agent's account cannot see the device or the staging place",
         r"network path was not found|device is not (connected|ready)|path .*(not found|cannot be found)"),
    _row("failed", "the server was away from Azure for more than 15 days; let it connect, then start a backup",
         r"not (been )?(connected|able to connect) to (azure|the vault) for"),
    _row("stopped", "somebody stopped it",
         r"\b(was|been) (cancelled|canceled|aborted)|cancell?ed by (the |a )?user"),
)

STATUSES: dict[str, JobClass] = {
    "running": "running", "inprogress": "running", "in progress": "running", "initialized": "running",
    "cancelling": "running", "started": "running", "transferringdata": "running", "takingsnapshot": "running",
    "completed": "done", "succeeded": "done", "success": "done", "successful": "done", "job completed": "done",
    "warning": "done", "completedwithwarnings": "done", "completed with warnings": "done",
    "scheduled": "planned", "notstarted": "planned", "queued": "planned",
    "failed": "failed", "error": "failed",
    "cancelled": "stopped", "canceled": "stopped", "aborted": "stopped",
}
# fmt: on


def classify(status: str, text: str) -> JobClass:
    """Return what a job is. A status that nobody knows is `failed`: a person looks, and nothing is taken for done."""
    row = reading_of(text)
    return row.means if row else STATUSES.get(status.strip().casefold(), "failed")


def reading_of(text: str) -> Reading | None:
    """Return the first row of the table that knows *text*, or None."""
    return next((row for row in TEXTS if row.pattern.search(text)), None)


def failure_code(text: str) -> str:
    """Return the code of the condition that a failed job with this text is."""
    row = reading_of(text)
    return row.code if row else "backup-failed"


def explained(text: str) -> str:
    """Return a job's text with what is behind it, where the table knows that."""
    row = reading_of(text)
    return f"{text} ({row.because})" if row and text else text
