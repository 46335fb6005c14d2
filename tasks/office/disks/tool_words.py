"""What AzureOfflineBackupDiskPrep prints and asks, as far as it is documented: one table of prompts, one of results.

UNVERIFIED: no transcript of the tool is public. The order of the questions is documented (offline backup with own
disks, step 6); the words here are invented from it and from the pages' screen descriptions. When the real tool says
something else, this table changes and nothing else does; until then, an unknown question stops the tool.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from tasks.errors import NotAllowed, SeedingError
from tasks.office.disks.faults import BitLockerFailed, DriveManifestExists, SessionReused, StagingRefused, ToolRefused

Question = Literal[
    "job",
    "letter",
    "format",
    "sign-in",
    "more",
    "contact-name",
    "contact-number",
    "email",
    "address",
    "country",
    "postal-code",
]


@dataclass(frozen=True)
class Prompt:
    """One question the tool asks, and the words it is known by."""

    question: Question
    words: re.Pattern[str]


def _prompt(question: Question, words: str) -> Prompt:
    return Prompt(question, re.compile(words, re.IGNORECASE))


# fmt: off
PROMPTS = (
    _prompt("job",            r"(?:select|choose|enter).*import job.*:\s*$"),
    _prompt("letter",         r"drive letter.*:\s*$"),
    _prompt("format",         r"(?:will be|to) format(?:ted)?.*\(?y/n\)?.*[:?]\s*$"),
    _prompt("more",           r"(?:another|more|next) (?:drive|disk)s?.*\(?y/n\)?.*[:?]\s*$"),
    _prompt("sign-in",        r"(?:sign|log)[ -]?in.*(?:press|continue).*$"),
    _prompt("contact-name",   r"contact name.*:\s*$"),
    _prompt("contact-number", r"contact (?:number|phone).*:\s*$"),
    _prompt("email",          r"e-?mail.*:\s*$"),
    _prompt("address",        r"(?:shipping|return) address.*:\s*$"),
    _prompt("country",        r"country(?:/region)?.*:\s*$"),
    _prompt("postal-code",    r"(?:postal|zip) code.*:\s*$"),
)
RESULTS = {
    "job_name":        re.compile(r"^\s*(?:azure )?import job(?: name)?\s*[:=]\s*(\S+)\s*$", re.IGNORECASE),
    "storage_account": re.compile(r"^\s*storage account(?: name)?\s*[:=]\s*(\S+)\s*$", re.IGNORECASE),
    "resource_group":  re.compile(r"^\s*resource group(?: name)?\s*[:=]\s*(\S.*?)\s*$", re.IGNORECASE),
    "country":         re.compile(r"^\s*country(?:/region)?\s*[:=]\s*(\S.*?)\s*$", re.IGNORECASE),
    "region":          re.compile(r"^\s*(?:azure )?region\s*[:=]\s*(\S.*?)\s*$", re.IGNORECASE),
    "datacenter":      re.compile(r"^\s*datacenter address\s*[:=]\s*(\S.*?)\s*$", re.IGNORECASE),
}
# fmt: on
DISK = re.compile(r"^\s*disk\s*(?:\d+)?\s*[:=]\s*serial(?: number)?\s*[:=]?\s*(\S+)\s*$", re.IGNORECASE)
CARRIER = re.compile(r"^\s*-\s+(\S.*?)\s*$")
CARRIERS = re.compile(r"^\s*supported carriers\s*[:=]?\s*$", re.IGNORECASE)
CREATED = re.compile(r"import job.*\bcreated\b", re.IGNORECASE)
LISTED = re.compile(r"^\s*(\d+)[.)]\s+(\S+)\s*$")
FAILED = re.compile(r"^\s*(?:error|failed|exception)\b\s*:?\s*(.*)$", re.IGNORECASE)
LOOKS_LIKE_A_QUESTION = re.compile(r"[:?]\s*$|\(y/n\)\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Failure:
    """One way the tool fails: the words it is known by, the error it is to us, and what helps."""

    words: re.Pattern[str]
    kind: type[SeedingError]
    next: str


def _failure(words: str, kind: type[SeedingError], next: str) -> Failure:
    return Failure(re.compile(words, re.IGNORECASE), kind, next)


# Read in this order, in lines that FAILED knows; the first is told without the word "error", too.
NO_JOB = _failure(r"\bno import jobs?\b", ToolRefused,
                  "use the very staging path of the backup policy; staging must be as the agent left it")  # fmt: skip
# fmt: off
FAILURES = (
    NO_JOB,
    _failure(r"DriveManifest\.xml.*exists|exists.*DriveManifest\.xml", DriveManifestExists,
             "the drive was used before: delete its volumes (Disk Management) and give it one new NTFS volume"),
    _failure(r"CopySessionId|previous session",  SessionReused,
             "delete the tool's journal of that session on the copy computer, then start again"),
    _failure(r"bitlocker",                       BitLockerFailed,
             "switch BitLocker on at the copy computer (a Windows feature), and start elevated"),
    _failure(r"path.*too long|260 characters|256 characters", StagingRefused,
             "switch long paths on at the copy computer, or use a shorter staging folder"),
    _failure(r"Microsoft\.DataBox|not registered|authoriz|permission|access (?:is )?denied", NotAllowed,
             "start elevated, register Microsoft.DataBox in the subscription, and sign in as its owner"),
    _failure(r"",                                ToolRefused, "mend that at the copy computer"),
)
# fmt: on
