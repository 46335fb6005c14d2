"""What AzureOfflineBackupDiskPrep prints and asks, as far as it is documented: one table of prompts, one of results.

UNVERIFIED: no transcript of the tool is public. The order of the questions is documented (offline backup with own
disks, step 6); the words here are invented from it and from the pages' screen descriptions. When the real tool says
something else, this table changes and nothing else does; until then, an unknown question stops the tool.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

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
NO_JOB = re.compile(r"\bno import jobs?\b", re.IGNORECASE)
LISTED = re.compile(r"^\s*(\d+)[.)]\s+(\S+)\s*$")
FAILED = re.compile(r"^\s*(?:error|failed|exception)\b\s*:?\s*(.*)$", re.IGNORECASE)
LOOKS_LIKE_A_QUESTION = re.compile(r"[:?]\s*$|\(y/n\)\s*$", re.IGNORECASE)
