"""The freeze: what each change between copy and vaulting means, in each state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from stories import PLAN, run_in

from states.codec import from_json, to_json
from states.conditions import CATALOGUE, row_of
from states.drift import LANDING, LAST, ROWS, TRAVELLING, WATCHED, troubles
from states.freeze import AccountSeen, AppSeen, Change, FreezeSeen, aspects, differences
from states.witnesses import same_host

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
MADE = NOW - timedelta(days=40)
APP = AppSeen("AzureOfflineBackup_1", NOW + timedelta(days=300))
WELL = FreezeSeen(
    AccountSeen("seeding", keys_made=(MADE, MADE)),
    order=PLAN.job_name,
    server="PER-DPM01",
    staging_bytes=9,
    apps=(APP,),
)


def account(**changed) -> FreezeSeen:
    """Return the good look with another account."""
    return replace(WELL, account=replace(WELL.account, **changed))


def changed(what: str, before: str = "a", after: str = "b") -> FreezeSeen:
    """Return the good look with a change on record."""
    return replace(WELL, changes=(Change(what, before, after, "ann", NOW),))


# Each way a look may differ from a good one: the condition it raises, and in which states.
BROKEN = [
    ("account-gone", LANDING, account(group="")),
    ("account-gone", LANDING, account(group="elsewhere")),
    ("account-walled-off", LANDING, account(default_action="Deny", bypass="None")),
    ("account-walled-off", LANDING, account(default_action="Deny", bypass="Logging, Metrics")),
    ("account-walled-off", LANDING, account(public_access="Disabled", bypass="None")),
    ("account-walled-off", LANDING, account(public_access="SecuredByPerimeter")),
    ("account-walled-off", LANDING, account(default_action="Deny", bypass="")),
    ("account-locked", LANDING, account(locks=("ReadOnly audit",))),
    ("lifecycle-rule", LANDING, account(rules=("tidy",))),
    ("account-immutable", TRAVELLING, account(immutable=("perth-mail",))),
    ("account-key-changed", TRAVELLING, changed("key 2")),
    ("account-key-due", LANDING, account(key_days=30)),
    ("order-gone", ("ingested",), replace(WELL, order="")),
    ("server-renamed", WATCHED, replace(WELL, server="PER-DPM02")),
    ("server-silent", WATCHED, replace(WELL, silent_since=NOW - timedelta(days=3))),
    ("agent-app-lost", LANDING, replace(changed("agent app", APP.name, "none"), apps=())),
    ("agent-app-lost", LANDING, replace(WELL, apps=(replace(APP, ends=NOW),))),
    ("agent-certificate-ends", LANDING, replace(WELL, apps=(replace(APP, ends=NOW + timedelta(days=30)),))),
    ("staging-lost", LANDING, changed("staging", "9 bytes", "0 bytes")),
    ("frozen-changed", WATCHED, changed("network rules")),
    ("freeze-unseen", WATCHED, account(unread=("locks",))),
    ("freeze-unseen", WATCHED, replace(WELL, apps=None)),
    ("clean-up-hindered", LAST, account(locks=("CanNotDelete keep",))),
    ("clean-up-hindered", LAST, account(immutable=("perth-mail",))),
]
ACCOUNT_ID = "/subscriptions/s/resourceGroups/shared/providers/Microsoft.Storage/storageAccounts/pool"
HARMLESS = [
    account(default_action="Deny", bypass="AzureServices, Logging"),
    account(locks=("CanNotDelete keep",)),
    account(group="SEEDING"),
    account(key_days=90),
    replace(WELL, server="per-dpm01.contoso.example"),
    replace(WELL, silent_since=NOW - timedelta(days=2)),
    replace(WELL, apps=(APP, replace(APP, name="AzureOfflineBackup_2", ends=NOW - timedelta(days=1)))),
    replace(WELL, apps=()),
    replace(changed("agent app", APP.name, "none"), apps=(APP,)),  # it is there again
    account(unread=("locks", "lifecycle rules")),
    changed("key 1"),
]


def of(state: str, seen: FreezeSeen, **plan) -> set[str]:
    """Return the codes a look raises in a state; own drives, DPM, unless told otherwise."""
    run = run_in(state)
    plan = {"mode": "own-disk", "agent": "dpm", **plan}
    return {code for code, _ in troubles(replace(run, plan=replace(run.plan, **plan)), seen, NOW)}


@pytest.mark.parametrize("state", [*WATCHED, *LAST])
def test_a_good_look_raises_nothing(state: str):
    """No row rings without a reason."""
    assert of(state, WELL) == set()


@pytest.mark.parametrize("code, states, seen", BROKEN)
def test_what_breaks_is_raised_in_its_states_and_in_no_other(code: str, states: tuple[str, ...], seen: FreezeSeen):
    """A travelling seed needs more than a landed one, and a vaulted one needs no account at all."""
    assert {state for state in (*WATCHED, *LAST) if code in of(state, seen)} == set(states)


def test_every_row_is_broken_by_some_look_and_is_in_the_catalogue():
    """A row that nothing here rings is not tested."""
    assert {code for code, _, _ in BROKEN} == {row.code for row in ROWS} <= set(CATALOGUE)


@pytest.mark.parametrize("seen", HARMLESS)
def test_what_does_not_break_a_seed_blocks_nothing(seen: FreezeSeen):
    """Trusted services pass, a deletion lock protects, one of two short names is enough, Azure's box needs no key."""
    for state in WATCHED:
        found = of(state, seen, mode="data-box")
        assert not [code for code in found if row_of(code).severity == "blocks"], found


def test_differences_are_named_with_both_values_and_what_was_not_read_is_not_compared():
    """A right that was taken away is a gap, not a hundred changes."""
    now = account(default_action="Deny", keys_made=(MADE, NOW), unread=("locks",))
    before = account(locks=("ReadOnly x",))

    assert {(one.what, one.after) for one in differences(before, now)} == {
        ("network rules", "Deny, bypass AzureServices, public Enabled"),
        ("key 2", "made 2026-11-20 06:00 UTC"),
    }
    assert differences(WELL, WELL) == ()


def test_an_account_that_is_gone_is_one_change():
    """Its firewall did not change, too."""
    assert [one.what for one in differences(WELL, account(group=""))] == ["account"]
    assert "network rules" not in aspects(account(group=""))


def test_the_detail_names_who_did_it_where_azure_says_so():
    """For a telephone call, not for a trial."""
    seen = replace(account(group=""), changes=(Change("account", "in seeding", "gone", "ann@example.com", NOW),))
    ((_, detail), *_) = troubles(run_in("shipped"), seen, NOW)

    assert detail.startswith("contososeed is not in the subscription") and "by ann@example.com, 2026-11-20" in detail
    told = dict(troubles(run_in("shipped"), replace(seen, changes=(replace(seen.changes[0], by="", at=None),)), NOW))
    assert "Azure does not say who" in told["frozen-changed"]


NAMED = {
    "account-gone": "account",
    "account-walled-off": "network rules",
    "account-locked": "locks",
    "lifecycle-rule": "lifecycle rules",
    "account-immutable": "immutability",
    "order-gone": "order",
}


@pytest.mark.parametrize("code, what", NAMED.items())
def test_each_row_names_who_changed_just_that(code: str, what: str):
    """The last change of what it is about, by the name the comparison gives it; another change is no answer."""
    states, seen = next((states, seen) for broken, states, seen in BROKEN if broken == code)
    changes = (
        Change(what, "a", "b", "bob", NOW),
        Change(what, "a", "b", "ann", NOW),
        Change("other", "a", "b", "cy", NOW),
    )
    told = dict(troubles(run_in(states[0]), replace(seen, changes=changes), NOW))

    assert told[code].endswith(" (by ann, 2026-11-20 06:00 UTC)")
    assert "by" not in dict(troubles(run_in(states[0]), replace(seen, changes=changes[2:]), NOW))[code].split()


def test_a_look_is_compared_by_these_texts():
    """They lie in the journal as `before` and `after`, and the rows above look for their names."""
    seen = replace(
        account(bypass="None", locks=("ReadOnly a", "CanNotDelete b"), rules=("r", "s")), staging_bytes=9_000
    )

    assert aspects(seen) == {
        "order": PLAN.job_name,
        "server name": "PER-DPM01",
        "staging": "9,000 bytes",
        "agent app": "AzureOfflineBackup_1 until 2027-09-16",
        "account": "in seeding",
        "network rules": "Allow, bypass None, public Enabled",
        "locks": "ReadOnly a, CanNotDelete b",
        "lifecycle rules": "r, s",
        "immutability": "none",
        "key 1": "made 2026-10-11 06:00 UTC",
        "key 2": "made 2026-10-11 06:00 UTC",
    }
    bare = FreezeSeen(AccountSeen("rg"), order="", apps=(replace(APP, ends=None), APP))
    assert aspects(bare) == {
        "order": "gone",
        "agent app": "AzureOfflineBackup_1 until no end, AzureOfflineBackup_1 until 2027-09-16",
        "account": "in rg",
        "network rules": "Allow, bypass AzureServices, public Enabled",
        "locks": "none",
        "lifecycle rules": "none",
        "immutability": "none",
    }
    assert aspects(replace(bare, apps=()))["agent app"] == "none"


def test_the_evidence_reads_back_as_it_was_written():
    """It lies in the journal for years."""
    seen = replace(changed("locks"), silent_since=NOW)

    assert from_json(FreezeSeen, to_json(seen)) == seen


@pytest.mark.parametrize("one, other, same", [
    ("per-dpm01", "PER-DPM01", True), ("per-dpm01.a.example", "PER-DPM01", True), ("per-dpm01.a", "per-dpm01.b", False),
    ("per-dpm02", "per-dpm01", False),
])  # fmt: skip
def test_two_names_are_one_server_without_case_and_domain(one: str, other: str, same: bool):
    """Windows tells neither capitals nor, within a forest, domains apart."""
    assert same_host(one, [other]) is same and same_host(other, ["", one]) is same


@pytest.mark.parametrize("written", [ACCOUNT_ID, ACCOUNT_ID + "/"])
def test_an_account_that_the_plan_names_by_its_id_is_looked_for_in_that_group(written: str):
    """Accounts are shared by offices whose orders lie in groups of their own."""
    run = run_in("copied")
    run = replace(run, plan=replace(run.plan, storage_account=written))

    assert "account-gone" not in dict(troubles(run, account(group="shared"), NOW))
    assert dict(troubles(run, WELL, NOW))["account-gone"] == "pool lies in seeding, the order was placed for shared"
