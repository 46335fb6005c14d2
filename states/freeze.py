"""What must stay as it is between copy and vaulting, as one look found it; and what differs between two looks.

Pure values: the classes are evidence of states/facts.py. How bad a difference is, is said in states/drift.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Change:
    """One thing that was not as at the look before. `by` and `at` are Azure's own word, empty where it has none."""

    what: str
    before: str
    after: str
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class AccountSeen:
    """The storage account's resource and what governs it, spelled as Azure spells it."""

    group: str  # the resource group it lies in; "" when it is in none that can be seen
    default_action: str = "Allow"
    bypass: str = "AzureServices"
    public_access: str = "Enabled"
    keys_made: tuple[datetime, ...] = ()
    key_days: int = 0  # how old the account's own policy lets a key become; 0 without such a policy
    locks: tuple[str, ...] = ()  # `ReadOnly` or `CanNotDelete`, and the lock's name
    rules: tuple[str, ...] = ()  # lifecycle rules in force that move or delete blobs of the seed
    immutable: tuple[str, ...] = ()  # the seed's containers under an immutability policy or a legal hold
    unread: tuple[str, ...] = ()  # what the credential may not read


@dataclass(frozen=True)
class AppSeen:
    """An app registration of the backup agent, and when the last of its certificates ends (UTC)."""

    name: str
    ends: datetime | None


@dataclass(frozen=True)
class FreezeSeen:
    """One look at everything a travelling seed depends on, and every change since the first look."""

    account: AccountSeen
    order: str  # the job's name while Azure shows it, "" when it is gone
    server: str = ""  # what the backup server calls itself; "" while it has never answered
    silent_since: datetime | None = None  # the first look at which the backup server gave no answer
    staging_bytes: int | None = None  # own disks: what of the seed still lies in the staging place
    apps: tuple[AppSeen, ...] | None = None  # None where the directory may not be read, or no agent needs an app
    changes: tuple[Change, ...] = ()

    @property
    def unread(self) -> tuple[str, ...]:
        """What this look could not see for want of permission."""
        return self.account.unread


def differences(before: FreezeSeen, after: FreezeSeen) -> tuple[Change, ...]:
    """Return what is not as it was. What either look could not read is not compared."""
    old, new = aspects(before), aspects(after)
    return tuple(Change(what, old[what], new[what]) for what in old if what in new and old[what] != new[what])


def aspects(seen: FreezeSeen) -> dict[str, str]:
    """Return everything a look compares, each as a name and a text; what could not be read is left out."""
    found = {"order": seen.order or "gone"}
    if seen.server:
        found["server name"] = seen.server
    if seen.staging_bytes is not None:
        found["staging"] = f"{seen.staging_bytes:,} bytes"
    if seen.apps is not None:
        found["agent app"] = ", ".join(f"{app.name} until {_day(app.ends)}" for app in seen.apps) or "none"
    return found | _of_account(seen.account)


def _of_account(account: AccountSeen) -> dict[str, str]:
    if not account.group:
        return {"account": "gone"}
    found = {
        "account": f"in {account.group}",
        "network rules": f"{account.default_action}, bypass {account.bypass}, public {account.public_access}",
        "locks": ", ".join(account.locks) or "none",
        "lifecycle rules": ", ".join(account.rules) or "none",
        "immutability": ", ".join(account.immutable) or "none",
    }
    keys = {f"key {number}": f"made {made:%Y-%m-%d %H:%M} UTC" for number, made in enumerate(account.keys_made, 1)}
    return {what: value for what, value in (found | keys).items() if what not in account.unread}


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else "no end"
