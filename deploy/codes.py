"""Every code that the product can say, with a row each: what it means, how bad it is, whose turn it is, what to type.

Conditions and error classes bring their own row. What only stands in a message (a problem of a plan, of an inventory,
of files, a check of the doctor) has it here, in general words; the message names the thing and the fact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from itertools import chain
from typing import Any

from states.conditions import CATALOGUE
from tasks.errors import SeedingError
from tasks.media.faults import MediaError

VALIDATE = "correct the inventory, then `seeding validate`"
DOCTOR = "do what the finding names, then `seeding doctor --office OFFICE`"
CHECK = "mend the files, then `seeding copy` again"
AGAIN = "`seeding verify` and `seeding reconcile` name each file; copy or order again what is missing"


@dataclass(frozen=True)
class CodeRow:
    """One code: where it is said, its severity, whose turn it is, what it means, what helps, and the clock if any."""

    code: str
    where: str
    severity: str
    whose: str
    means: str
    helps: str
    clock: timedelta | None = None


# fmt: off
_PLAN = {
    "sku-unknown": "the inventory names no device of that mode",
    "sku-retired": "the device takes no new orders there",
    "sku-unverified": "nobody has confirmed that agents may seed with this device",
    "item-too-large": "one item is larger than one device",
    "plan-too-large": "the items do not fit the device together",
    "server-too-large": "one server's items are larger than one device",
    "region-unknown": "no Azure region has that name",
    "border": "the device may not travel there",
    "border-crossed": "own drives cross a customs border",
    "customs-unknown": "what customs want is not known",
    "no-items": "there is nothing to seed",
    "item-empty": "an item has no bytes",
    "item-twice": "two items have one name",
    "item-kind": "no agent seeds this kind of item offline",
    "daily-change-absurd": "an item changes by more than itself",
    "daily-change-high": "an item changes so much that the first incremental is large",
    "mars-volume": "an item is larger than a volume of MARS may be",
    "job-name": "the order's name is not one Azure takes",
    "storage-account-name": "the account's name is not one Azure takes",
    "sample-without-source": "a sample is to be drawn and there is no source to draw it from",
    "own-disk-incomplete": "own drives need a staging place and a list of drives",
    "agent-without-import": "this agent has no staging place of its own",
    "copy-computer-virtual": "a virtual machine cannot take drives",
    "drive-4kn": "a drive has sectors the datacenter cannot read",
    "drive-bus": "a drive is on a bus the datacenter does not read",
    "drive-twice": "a drive is listed twice",
    "container-name": "a name is not one Azure takes for a container",
    "gate-code": "the datacenter's gate wants a code on the parcel",
    "return-carrier": "the carrier brings no drives back from there",
    "return-carrier-other": "another carrier is preferred there",
    "no-way": "no way of seeding suits this office",
    "no-device-needed": "the line is fast enough",
    "other-way-is-better": "the way in the inventory is ruled out, or another ends earlier",
    "long-wait-for-slot": "an order slot is so long in coming that a way without one is better",
    "incrementals-never-catch-up": "the line cannot carry the daily change",
    "bandwidth-unknown": "the office's line is not known",
    "line-too-slow": "the line is too slow for this way",
    "over-budget": "the way costs more than the office's budget",
    "own-disk-to-provide": "own disks need things that are not in the inventory yet",
    "group-for-each-device": "the items need a protection group for each device",
}
_INVENTORY = {
    "inventory-invalid": "the inventory cannot be used",
    "bad-value": "a value is not of the kind its key takes",
    "bad-key": "a key is no word",
    "bad-default": "a key cannot be a default",
    "unknown-key": "no key has that name",
    "duplicate-key": "a key stands twice",
    "merge-key": "merge keys are not taken",
    "missing": "a key is missing",
    "no-offices": "no office is listed",
    "office-twice": "two offices have one id",
    "version": "the inventory is of another version",
    "secret": "a secret stands in the inventory",
    "syntax": "this is not YAML",
    "empty": "the file is empty",
    "too-large": "the file is too large, or too deep",
    "too-long": "a value is too long",
    "not-utf-8": "the file is not UTF-8",
    "no-file": "there is no such file",
    "not-readable": "the file cannot be read",
    "tag": "a YAML tag is not taken",
    "two-documents": "the file holds two documents",
    "control-character": "a value holds a control character",
    "more-problems": "there are more problems than are listed",
}
_SOURCE = {
    "unreadable": "a file or folder cannot be read",
    "no-container": "a file lies in no container",
    "name-not-utf8": "a name is not UTF-8",
    "name-length": "a blob's name is too long",
    "name-depth": "a blob's name has too many parts",
    "name-part": "a part of a blob's name is too long",
    "name-character": "a name has a character no device takes",
    "name-ending": "a part of a name ends in a dot or a blank",
    "file-size": "a file is larger than the device takes",
    "page-alignment": "a file cannot be a page blob",
    "case-collision": "two names differ in case only",
    "special-file": "a link or special file, which no device takes",
    "hard-link": "a file has several names",
    "long-path": "a path is over 256 characters",
    "too-many-bytes": "there are more bytes than the device takes",
    "too-many-files": "there are more files than the device takes",
    "skipped": "something was not copied",
    "staging-empty": "the staging place holds no seed",
    "not-a-seed-file": "the staging place holds a file that is no part of a seed",
    "path-too-long": "a path would be too long on the drive",
}
_COMPARED = {
    "extra": "something is there that the manifest does not list",
    "differs": "the content is another one",
    "renamed": "the content is there under another name",
    "size": "the size is another one",
}
_DOCTOR = {
    "credential": "the sign-in to Azure",
    "providers": "the subscription's resource providers",
    "vault": "the vault",
    "storage-account": "the storage account's kind and region",
    "storage-access": "the right to read blobs",
    "agent": "the backup agent's answer",
    "agent-server": "the server the agent answers for",
    "agent-version": "the agent's version",
    "agent-account": "the account the agent's command runs as",
    "agent-device": "the device as that account sees it",
    "agent-items": "the items the agent protects",
    "agent-method": "the offline method",
    "agent-schedule": "the online schedule",
    "agent-jobs": "the latest online job",
    "agent-bytes": "whether jobs tell what they sent",
    "agent-points": "the recovery points there are",
}
_COMMAND = {
    "refused":         ("a guard, or the run's state, refuses", "seeding explain RUN"),
    "not-there-yet":   ("a rehearsal's run did not come to its goal", "seeding explain RUN"),
    "not-once":        ("a rehearsal ordered or did something other than once", "report it; `seeding custody --check`"),
    "not-as-expected": ("a scenario went another way than its row says", "report it; `seeding rehearse --fault CODE`"),
}
# fmt: on
_TABLES = (
    ("a plan", "operator", _PLAN, VALIDATE),
    ("an inventory", "operator", _INVENTORY, VALIDATE),
    ("the source's files", "office", _SOURCE, CHECK),
    ("a comparison", "operator", _COMPARED, AGAIN),
    ("the doctor", "operator", _DOCTOR, DOCTOR),
)
_WITH_ERRORS = ("tasks.errors", "tasks.media", "tasks.media.crew", "tasks.media_errors", "tasks.office.agent",
                "tasks.office.disks.faults", "tasks.office.afar.remote",
                "deploy.inventory.problems", "deploy.rehearse")  # fmt: skip
_FORGIVING = {
    "info": ("gate-code", "border-crossed", "hard-link", "long-path", "group-for-each-device", "no-device-needed"),
    "warn": ("daily-change-high", "mars-volume", "return-carrier-other", "skipped", "customs-unknown",
             "incrementals-never-catch-up", "other-way-is-better", "long-wait-for-slot", "own-disk-to-provide"),
}  # fmt: skip
_SEVERITY = {code: severity for severity, codes in _FORGIVING.items() for code in codes}


def every_code() -> dict[str, CodeRow]:
    """Return the row of every code, in the order of the page. A code that several say has the row of the first."""
    rows: dict[str, CodeRow] = {}
    for row in chain(_conditions(), _told(), _errors()):
        rows.setdefault(row.code, row)
    return rows


def _conditions() -> Iterator[CodeRow]:
    for one in CATALOGUE.values():
        helps = one.remedy.replace("{run}", "RUN")
        yield CodeRow(one.code, "a run", one.severity, one.whose, one.means, helps, one.clock)


def _told() -> Iterator[CodeRow]:
    for where, whose, table, helps in _TABLES:
        for code, means in table.items():
            yield CodeRow(code, where, _SEVERITY.get(code, "blocks"), whose, means, helps)
    for code, (means, helps) in _COMMAND.items():
        yield CodeRow(code, "a command", "blocks", "operator", means, helps)


def _errors() -> Iterator[CodeRow]:
    for kind in error_classes():
        means = (kind.__doc__ or "").strip().splitlines()[0].rstrip(".")
        whose = "us" if getattr(kind, "exit_code", 1) == 5 else "office" if issubclass(kind, MediaError) else "operator"
        helps = getattr(kind, "remedy", "") or "do what the message's `next` says"
        yield CodeRow(kind.code, "a command", "warn" if whose == "us" else "blocks", whose, means, helps)


def error_classes() -> list[type[SeedingError] | type[MediaError]]:
    """Return every error class of the product, the two roots included, sorted by its code."""
    for name in _WITH_ERRORS:
        import_module(name)
    found: list[type[SeedingError] | type[MediaError]] = [SeedingError, MediaError]
    for kind in found:
        subs: list[Any] = kind.__subclasses__()
        found += [sub for sub in subs if sub not in found]
    ours = [kind for kind in found if kind.__module__.split(".")[0] in ("states", "tasks", "flows", "deploy")]
    return sorted(ours, key=lambda kind: (kind.code, kind.__name__))
