"""What a look at the frozen things means for the run: one row per trouble, in which states it is one.

Rule 1. A row reads the look and the run; it never compares two looks (states/freeze.py did).
Rule 2. What breaks a seed blocks; what only should not have happened warns. An account no longer needed blocks nothing.
Facts: Microsoft's pages on Data Box uploads and offline backup. Where they are silent the row says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from states.freeze import Change, FreezeSeen
from states.run import Run
from states.witnesses import same_host

TRAVELLING = ("copied", "shipped")
LANDING = (*TRAVELLING, "ingested")
WATCHED = (*LANDING, "vaulted")
LAST = ("incremental-scheduled",)
SILENT_DAYS = timedelta(days=3)  # a weekend; after 15 days without Azure, DPM and MABS stop backing up
CERTIFICATE_DAYS = timedelta(days=30)


@dataclass(frozen=True)
class Row:
    """One trouble: its condition, the states in which it is one, and what tells of it (None: all is well)."""

    code: str
    states: tuple[str, ...]
    trouble: Callable[[Run, FreezeSeen, datetime], str | None]


def troubles(run: Run, seen: FreezeSeen, now: datetime) -> tuple[tuple[str, str], ...]:
    """Return code and detail of every trouble that *seen* shows at *now* (UTC) for *run* in its state."""
    told = ((row.code, row.trouble(run, seen, now)) for row in ROWS if run.state in row.states)
    return tuple((code, detail) for code, detail in told if detail)


def the_account_is_gone(run: Run, seen: FreezeSeen, now: datetime) -> str | None:
    """The account was deleted, or moved to another resource group: the datacenter and the agent find it no more."""
    account, wanted = seen.account, group_of_account(run)
    if account.group.casefold() == wanted.casefold():
        return None
    where = f"lies in {account.group}" if account.group else "is not in the subscription"
    return f"{account_name(run)} {where}, the order was placed for {wanted}{_who(seen, 'account')}"


def the_account_is_walled_off(run: Run, seen: FreezeSeen, now: datetime) -> str | None:
    """Network rules without "trusted services" stop an upload. A perimeter overrides that exception altogether."""
    account = seen.account
    closed = account.default_action == "Deny" or account.public_access == "Disabled"
    if account.public_access != "SecuredByPerimeter" and (not closed or "AzureServices" in account.bypass):
        return None
    rules = f"default {account.default_action}, bypass {account.bypass or 'None'}, public {account.public_access}"
    return f"{account_name(run)}: {rules}{_who(seen, 'network rules')}"


def the_account_is_locked(run: Run, seen: FreezeSeen, now: datetime) -> str | None:
    """A read-only lock forbids listing the account's keys, and services that need them fail."""
    locks = [lock for lock in seen.account.locks if lock.startswith("ReadOnly")]
    return f"{account_name(run)}: {', '.join(locks)}{_who(seen, 'locks')}" if locks else None


def a_rule_may_take_the_seed(run: Run, seen: FreezeSeen, now: datetime) -> str | None:
    """A lifecycle rule deletes blobs or moves them to a tier; whether the agent reads cool tiers is not documented."""
    rules = seen.account.rules
    return f"{account_name(run)}: {', '.join(rules)}{_who(seen, 'lifecycle rules')}" if rules else None


def the_containers_are_immutable(run: Run, seen: FreezeSeen, now: datetime) -> str | None:
    """The upload writes page ranges into blobs that are there already; immutable storage refuses that."""
    held = seen.account.immutable
    return f"{account_name(run)}: {', '.join(held)}{_who(seen, 'immutability')}" if held else None


def a_key_was_changed(run: Run, seen: FreezeSeen, now: datetime) -> str | None:
    """With own drives, a changed account key is a listed cause of a partial import."""
    keys = [change for change in seen.changes if change.what.startswith("key ")]
    return _listed(keys) if keys and run.plan.mode == "own-disk" else None


def a_key_is_due(run: Run, seen: FreezeSeen, now: datetime) -> str | None:
    """The account's policy will make somebody rotate a key while the seed is on its way."""
    days = seen.account.key_days
    old = [made for made in seen.account.keys_made if days and now - made > timedelta(days=days)]
    return f"{account_name(run)}: made {min(old):%Y-%m-%d}, policy {days} days" if old else None


def the_order_is_gone(run: Run, seen: FreezeSeen, now: datetime) -> str | None:
    """The agent tracks its seed by the order: without it, it waits forever. Earlier, other looks see to this."""
    return None if seen.order else f"{run.job_name} is not in {run.plan.resource_group} any more{_who(seen, 'order')}"


def the_server_was_renamed(run: Run, seen: FreezeSeen, now: datetime) -> str | None:
    """The vault knows the server by its name; the agent stops with error 230006."""
    if not seen.server or same_host(run.plan.server, [seen.server]):
        return None
    return f"it answers as {seen.server}, the vault knows {run.plan.server}"


def the_server_is_silent(run: Run, seen: FreezeSeen, now: datetime) -> str | None:
    """A server that stays off long enough has no backups at all, and moves no seed."""
    since = seen.silent_since
    if since is None or now - since < SILENT_DAYS:
        return None
    return f"{run.plan.server} gives no answer since {since:%Y-%m-%d %H:%M} UTC"


def the_agent_lost_its_app(run: Run, seen: FreezeSeen, now: datetime) -> str | None:
    """Without app or certificate the agent cannot read the order's state (error 100230) and never moves the seed."""
    if seen.apps is None:
        return None
    lost = [change for change in seen.changes if change.what == "agent app" and change.after == "none"]
    if not seen.apps and lost:
        return _listed(lost)
    ended = [app for app in seen.apps if app.ends and app.ends <= now]
    # Several apps: one per person who ever configured an agent, and nothing says whose ours is.
    return f"{ended[0].name} ended {ended[0].ends:%Y-%m-%d}" if len(ended) == len(seen.apps) > 0 else None


def a_certificate_ends_soon(run: Run, seen: FreezeSeen, now: datetime) -> str | None:
    """A certificate that ends before the seed is vaulted stops the agent then."""
    near = [app for app in seen.apps or () if app.ends and now < app.ends <= now + CERTIFICATE_DAYS]
    return ", ".join(f"{app.name} ends {app.ends:%Y-%m-%d}" for app in near) or None


def staging_lost_the_seed(run: Run, seen: FreezeSeen, now: datetime) -> str | None:
    """A drive that fails at the datacenter is made again from the staging place."""
    lost = [change for change in seen.changes if change.what == "staging"]
    return _listed(lost[-1:]) if lost else None


def something_changed(run: Run, seen: FreezeSeen, now: datetime) -> str | None:
    """Every change since the first look, with who made it where Azure says so."""
    return _listed(seen.changes) if seen.changes else None


def something_cannot_be_seen(run: Run, seen: FreezeSeen, now: datetime) -> str | None:
    """A part of the freeze that the credential may not read is a gap, said once, and no reason to stop."""
    gaps = (*seen.unread, *(("agent app",) if seen.apps is None and run.plan.agent != "files" else ()))
    return ", ".join(gaps) or None


def the_clean_up_will_be_hindered(run: Run, seen: FreezeSeen, now: datetime) -> str | None:
    """Better known before the clean-up is approved than found by it."""
    held = (*seen.account.locks, *(f"{name} is immutable" for name in seen.account.immutable))
    return f"{account_name(run)}: {', '.join(held)}" if held else None


# fmt: off
ROWS = (
    Row("account-gone",           LANDING,    the_account_is_gone),
    Row("account-walled-off",     LANDING,    the_account_is_walled_off),
    Row("account-locked",         LANDING,    the_account_is_locked),
    Row("lifecycle-rule",         LANDING,    a_rule_may_take_the_seed),
    Row("account-immutable",      TRAVELLING, the_containers_are_immutable),
    Row("account-key-changed",    TRAVELLING, a_key_was_changed),
    Row("account-key-due",        LANDING,    a_key_is_due),
    Row("order-gone",             ("ingested",), the_order_is_gone),
    Row("server-renamed",         WATCHED,    the_server_was_renamed),
    Row("server-silent",          WATCHED,    the_server_is_silent),
    Row("agent-app-lost",         LANDING,    the_agent_lost_its_app),
    Row("agent-certificate-ends", LANDING,    a_certificate_ends_soon),
    Row("staging-lost",           LANDING,    staging_lost_the_seed),
    Row("frozen-changed",         WATCHED,    something_changed),
    Row("freeze-unseen",          WATCHED,    something_cannot_be_seen),
    Row("clean-up-hindered",      LAST,       the_clean_up_will_be_hindered),
)
# fmt: on


def group_of_account(run: Run) -> str:
    """Return the resource group the plan's storage account lies in; a plan may hold the account's id."""
    parts = run.plan.storage_account.strip("/").split("/")
    return parts[3] if len(parts) >= 8 else run.plan.resource_group


def account_name(run: Run) -> str:
    """Return the short name of the plan's storage account."""
    return run.plan.storage_account.rstrip("/").rsplit("/", 1)[-1]


def _who(seen: FreezeSeen, what: str) -> str:
    last = [change for change in seen.changes if change.what == what][-1:]
    return f" ({_said(last[0])})" if last and last[0].by else ""


def _listed(changes: tuple[Change, ...] | list[Change]) -> str:
    return "; ".join(f"{one.what}: {one.before} became {one.after} ({_said(one)})" for one in changes)


def _said(change: Change) -> str:
    when = f", {change.at:%Y-%m-%d %H:%M} UTC" if change.at else ""
    return f"by {change.by}{when}" if change.by else "Azure does not say who"
