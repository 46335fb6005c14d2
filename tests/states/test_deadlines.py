"""Clocks of the world: each row of limits.yaml runs from what starts it to what stops it, or is out of our sight."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from stories import T0, job, run_in

from deploy.data import limits
from states.conditions import CATALOGUE, row_of
from states.deadlines import OUT_OF_SIGHT, Deadline, by_harm, deadlines, known_clocks, ringing
from states.exposure import RESTORE_FROM, exposure
from states.facts import Stage
from states.freeze import AccountSeen, AppSeen, FreezeSeen
from states.lifecycle import STATES
from states.limits import ClockRule
from states.run import Raised, Run

CLOCKS = limits().clocks
DAY = timedelta(days=1)


def named(run: Run) -> dict[str, Deadline]:
    return {one.clock: one for one in deadlines(run, CLOCKS)}


def test_every_clock_of_the_data_file_is_watched_or_out_of_sight_with_a_reason() -> None:
    """A row added to limits.yaml cannot be forgotten here, and none is both."""
    names = {rule.name for rule in CLOCKS}
    assert known_clocks() | set(OUT_OF_SIGHT) == names
    assert not known_clocks() & set(OUT_OF_SIGHT)


def test_the_clocks_of_conditions_and_of_the_data_file_agree() -> None:
    """Where both name a length, it is one length."""
    for code, name in (("parcel-not-announced", "import-without-tracking"), ("parcel-overdue", "import-shipped"),
                       ("order-delayed", "order-unfulfilled"), ("copy-halted", "errors-unanswered")):  # fmt: skip
        rule = limits().clock(name)
        assert rule and row_of(code).clock == rule.length


def test_an_order_that_does_not_come_is_cancelled_after_90_days() -> None:
    """Counted from the line that says ordered; over once Azure says Delivered."""
    run = run_in("ordered")
    found = named(run)["order-unfulfilled"]
    assert (found.due - found.started, found.owner, found.condition) == (90 * DAY, "Azure", "order-expires")
    assert found.started == run.reached("ordered") and found.started_by == f"line {run.history[-1].seq}, ordered"
    assert "order-unfulfilled" not in named(seen(run, "Delivered", found.started + DAY))


def test_the_days_with_the_device_count_from_azures_delivered() -> None:
    """Not from our learning of it, and not from a stage that is only foreseen."""
    run = run_in("ordered")
    assert "free-use" not in named(run)
    delivered = run.since + 3 * DAY
    found = named(seen(run, "Delivered", delivered))
    assert found["free-use"].due == delivered + 10 * DAY
    assert found["device-not-returned"].due == delivered + 90 * DAY
    assert found["device-certificate"].due == delivered + 335 * DAY
    foreseen = seen(run, "Delivered", delivered, status="None")
    assert "free-use" not in named(foreseen)


@pytest.mark.parametrize(("sku", "charge"), [("DataBox", 40_000), ("DataBoxDisk", 2_500), ("DataBoxHeavy", None)])
def test_the_lost_device_has_its_price_by_sku(sku: str, charge: int | None) -> None:
    """40,000 USD for a Data Box, 2,500 for a disk (terms of 2022); for others nobody's guess."""
    run = run_in("delivered")
    assert named(replace(run, plan=replace(run.plan, sku=sku)))["device-not-returned"].charge_usd == charge


@pytest.mark.parametrize("state", ["shipped", "ingested", "vaulted", "incremental-scheduled"])
def test_no_clock_of_the_device_runs_once_the_carrier_has_it(state: str) -> None:
    """Fees and the charge end with the hand-over."""
    assert not {"free-use", "device-not-returned", "device-certificate"} & set(named(run_in(state)))


def test_a_halted_upload_erases_the_device_after_14_days() -> None:
    """Counted from the condition, whichever of the two came first."""
    run = run_in("shipped")
    halted = replace(run, conditions={"copy-halted": Raised("copy-halted", T0 + DAY, "", "x"),
                                      "ingestion-incomplete": Raised("ingestion-incomplete", T0, "", "x")})  # fmt: skip
    found = named(halted)
    assert found["errors-unanswered"].due == T0 + 14 * DAY and found["errors-unanswered"].harm == "again"
    assert not {"copy-halted", "ingestion-incomplete"} & set(found)


def test_a_silent_server_is_offline_for_azure_after_15_days() -> None:
    """Counted from the first look it did not answer."""
    run = with_freeze(run_in("copied"), FreezeSeen(AccountSeen("rg"), "j", silent_since=T0))
    found = named(run)["agent-silent"]
    assert found.due == T0 + 15 * DAY
    assert (found.started, found.started_by) == (T0, "the first look without an answer of the backup server")


def test_a_clock_is_told_whole() -> None:
    """Whose run it is, what started it, who owns it, what it costs, and from when on it warns."""
    run = run_in("delivered")
    rule = limits().clock("device-not-returned")
    assert rule and named(run)["device-not-returned"] == Deadline(
        "device-not-returned", run.run_id, "perth", run.since, f"line {run.history[-1].seq}, delivered",
        run.since + rule.length, rule.owner, rule.harm, rule.consequence, 2_500, run.since + rule.length - rule.warn,
        "device-due",
    )  # fmt: skip


@pytest.mark.parametrize("code, harm", [("a-new-one", "protection"), ("witness-missing", "delay")])
def test_the_clock_of_a_condition_is_told_whole(monkeypatch: pytest.MonkeyPatch, code: str, harm: str) -> None:
    """What blocks harms the protection, what warns delays; owner and words are the condition's own."""
    monkeypatch.setitem(CATALOGUE, "a-new-one", replace(row_of("device-damaged"), code="a-new-one", clock=DAY))
    run, row = run_in("ingested"), row_of(code)
    assert row.clock and named(replace(run, conditions={code: Raised(code, T0, "", "x")}))[code] == Deadline(
        code, run.run_id, "perth", T0, f"the condition {code}", T0 + row.clock, row.whose, harm, row.means, None, T0,
        code,
    )  # fmt: skip


def test_a_device_that_azure_reports_as_lost_is_told_with_its_charge() -> None:
    """The clock of the device at the office has stopped; what a lost device costs has not."""
    run, rule = run_in("shipped"), limits().clock("device-not-returned")
    found = named(replace(run, conditions={"device-lost": Raised("device-lost", T0, "", "x")}))["device-lost"]

    assert rule and (found.due, found.warned_from) == (T0 + 90 * DAY, T0)
    assert (found.harm, found.charge_usd, found.consequence) == ("charge", 2_500, rule.consequence)


def test_the_jobs_own_clocks_name_its_stage() -> None:
    """Own drives: counted back from the end that the job gives."""
    run, rule = run_in("shipped"), limits().clock("import-shipped")
    at = job("ShippedToAzureDC", stages=(Stage("ShippedToAzureDC", "Succeeded", T0),))
    found = named(replace(run, evidence={**run.evidence, "job-seen": at}))["import-shipped"]
    assert rule and found == Deadline(
        "import-shipped", run.run_id, "perth", T0, "the job's stage ShippedToAzureDC", T0 + rule.length, rule.owner,
        rule.harm, rule.consequence, None, T0 + rule.length - rule.warn, "parcel-overdue",
    )  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_what_the_evidence_dates_is_watched_while_the_seed_needs_it(state: str) -> None:
    """From the copy until it is vaulted; each with the words and the condition that tell it."""
    account = AccountSeen("rg", keys_made=(T0,), key_days=60)
    run = with_freeze(run_in(state), FreezeSeen(account, "j", apps=(AppSeen("a", T0 + 20 * DAY),)))
    found = named(run)
    if state not in ("copied", "shipped", "ingested"):
        assert not {"agent-certificate", "account-key"} & set(found)
        return
    common = {"run_id": run.run_id, "office": "perth", "started": T0, "started_by": "the look at what must not change"}
    both = {**common, "owner": "operator", "harm": "again", "charge_usd": None}
    assert found["agent-certificate"] == Deadline(
        clock="agent-certificate", due=T0 + 20 * DAY, warned_from=T0 - 10 * DAY, condition="agent-certificate-ends",
        consequence="the agent can no longer move the seed", **both,
    )  # fmt: skip
    assert found["account-key"] == Deadline(
        clock="account-key", due=T0 + 60 * DAY, warned_from=T0 + 60 * DAY, condition="account-key-due",
        consequence="somebody may change the account's key under the seed", **both,
    )  # fmt: skip


def test_evidence_that_carries_a_date_is_a_clock() -> None:
    """The agent's certificate, and the key policy of the account: the first of each."""
    account = AccountSeen("rg", keys_made=(T0, T0 + DAY), key_days=60)
    apps = (AppSeen("a", T0 + 20 * DAY), AppSeen("b", T0 + 10 * DAY), AppSeen("c", None))
    found = named(with_freeze(run_in("shipped"), FreezeSeen(account, "j", apps=apps)))
    assert found["agent-certificate"].due == T0 + 10 * DAY
    assert found["account-key"].due == T0 + 60 * DAY


def test_a_condition_with_a_clock_is_a_deadline() -> None:
    """So that a new row of the catalogue needs no second place."""
    run = run_in("ingested")
    for code, row in CATALOGUE.items():
        found = named(replace(run, conditions={code: Raised(code, T0, "", "x")}))
        listed = any(one.started == T0 and one.due == T0 + (row.clock or timedelta()) for one in found.values())
        assert listed == (row.clock is not None) or code in ("parcel-not-announced", "parcel-overdue", "order-delayed")


def test_the_worst_comes_first_and_then_the_nearest() -> None:
    """Protection before a charge before a new seed before a fee before a delay."""
    one = named(run_in("delivered"))["free-use"]
    rows = [replace(one, harm=harm, due=T0 + day * DAY, clock=str(day))
            for day, harm in enumerate(("delay", "fee", "again", "charge", "protection", "protection"))]  # fmt: skip
    assert [row.clock for row in by_harm(rows)] == ["4", "5", "3", "2", "1", "0"]


def test_a_clock_rings_when_it_is_near_and_says_the_same_words_each_time() -> None:
    """A pass a day must not write a line a day."""
    run = run_in("delivered")
    start = run.since
    at = job("Delivered", stages=(Stage("Delivered", "Succeeded", start),))

    def codes(days: float) -> tuple[tuple[str, str], ...]:
        return ringing(run, CLOCKS, at, start + days * DAY)

    assert codes(6.9) == ()
    assert [code for code, _ in codes(7)] == ["fees-begin"] and codes(7) == codes(40)
    assert {code for code, _ in codes(61)} == {"fees-begin", "device-due"}
    assert {code for code, _ in codes(300)} == {"fees-begin", "device-due", "certificate-ends"}


def test_every_state_says_where_one_would_restore_from() -> None:
    """No state is forgotten, and only the vault is off site."""
    assert set(RESTORE_FROM) == set(STATES)
    assert {state for state, where in RESTORE_FROM.items() if where == "the vault"} == {
        "vaulted", "incremental-scheduled", "closed"}  # fmt: skip


def test_exposure_ends_when_every_item_is_vaulted() -> None:
    """And runs on until then, whatever lies in the storage account."""
    before, after = run_in("ingested"), run_in("incremental-scheduled")
    now = before.since + 5 * DAY
    assert exposure(before, now).span == now - before.opened_at and not exposure(before, now).protected
    ended = exposure(after, after.since + 99 * DAY)
    assert ended.protected and ended.until == after.reached("vaulted")
    assert (exposure(before, now).restore_from, ended.restore_from) == (RESTORE_FROM["ingested"], "the vault")


def seen(run: Run, stage: str, at: datetime, status: str = "Succeeded") -> Run:
    """The run after a look at a job whose *stage* has that time."""
    found = job("Dispatched", stages=(Stage(stage, status, at),))
    return replace(run, evidence={**run.evidence, "job-seen": found})


def with_freeze(run: Run, freeze: FreezeSeen) -> Run:
    return replace(run, evidence={**run.evidence, "freeze-seen": freeze},
                   evidence_at={**run.evidence_at, "freeze-seen": T0})  # fmt: skip


def test_a_rule_says_its_owner_harm_and_warning() -> None:
    """The data file is whole: nothing is warned of after its end."""
    for rule in CLOCKS:
        assert isinstance(rule, ClockRule) and rule.owner and timedelta() <= rule.warn <= rule.length
