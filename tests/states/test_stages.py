"""How far an order has come: its own stage, and where that is a word nobody knows, the list of its stages."""

from __future__ import annotations

from dataclasses import replace

import own_stories
import pytest
from stories import added, evidence, job, ready_in, run_in

from states import guards as g
from states.facts import JobSeen, Stage
from states.own_disk import azure_knows_the_parcel
from states.stages import DRIVE_STAGE_ORDER, ENDED_BADLY, STAGE_ORDER, copy_is_over, has_come_to, is_known

NEW = "AwaitingDrone"
GUARDS = {"Delivered": g.the_carrier_delivered, "PickedUp": g.the_carrier_has_it}


def listed(stage: str, to: str, status: str = "Succeeded") -> JobSeen:
    """Return the job at *stage*, its list succeeded up to *to* (which has *status*), and the rest still to come."""
    reached = STAGE_ORDER.index(to)
    words = ["Succeeded"] * reached + [status] + ["None"] * (len(STAGE_ORDER) - reached - 1)
    return job(stage, stages=tuple(map(Stage, STAGE_ORDER, words)))


@pytest.mark.parametrize("wanted", GUARDS)
def test_a_later_stage_counts_as_every_earlier_one(wanted: str):
    """Looks are hours apart; a stage between two looks is never seen."""
    for stage in STAGE_ORDER:
        seen = GUARDS[wanted](added(run_in("ordered"), evidence(job(stage)))) is None
        assert seen == (STAGE_ORDER.index(stage) >= STAGE_ORDER.index(wanted)), stage


@pytest.mark.parametrize("wanted", GUARDS)
def test_behind_a_stage_nobody_knows_the_list_says_how_far_it_came(wanted: str):
    """Chaos seed 9: the device was delivered, then Azure showed a new word, and the run waited for Delivered."""
    for stage in STAGE_ORDER:
        seen = GUARDS[wanted](added(run_in("ordered"), evidence(listed(NEW, to=stage)))) is None
        assert seen == (STAGE_ORDER.index(stage) >= STAGE_ORDER.index(wanted)), stage


@pytest.mark.parametrize("status", ["None", "", "InProgress", "Failed", "Cancelled", "Teleported"])
def test_a_listed_stage_that_did_not_succeed_is_no_evidence(status: str):
    """Only one word says that a stage was reached and done."""
    assert not has_come_to(listed(NEW, to="Delivered", status=status), "Delivered")
    assert has_come_to(listed(NEW, to="PickedUp", status=status), "Delivered")


@pytest.mark.parametrize("stage", ["Dispatched", "DeviceOrdered", *ENDED_BADLY])
def test_a_known_stage_is_believed_against_a_list_that_claims_more(stage: str):
    """An order that went back, or ended badly, has not come there, whatever its list still holds."""
    assert not has_come_to(listed(stage, to="Completed"), "Delivered")
    assert not has_come_to(listed(stage, to="Completed"), "Completed")


def test_a_stage_of_the_other_kind_of_order_is_not_later():
    """A word we know, on a road this order does not go, says nothing."""
    assert not has_come_to(listed("ShippedToCustomer", to="Dispatched"), "Delivered")
    assert not has_come_to(listed("ShippedToCustomer", to="Delivered"), "Delivered")


def test_a_clean_end_behind_a_stage_nobody_knows_is_a_clean_end():
    """The job and its data copy stage both say so; then the log and the account are compared as ever."""
    run = ready_in("shipped")

    assert g.the_job_completed_cleanly(added(run, evidence(listed(NEW, to="Completed")))) is None
    assert "not Completed" in str(g.the_job_completed_cleanly(added(run, evidence(listed(NEW, to="DataCopy")))))


@pytest.mark.parametrize("stage, over", [
    *((stage, stage == "Completed") for stage in STAGE_ORDER), ("CompletedWithErrors", True), ("Aborted", False),
])  # fmt: skip
def test_the_copy_log_is_read_once_the_copy_is_over(stage: str, over: bool):
    """Well or badly; an order that never came to the datacenter has no log."""
    assert copy_is_over(job(stage)) == over
    assert copy_is_over(listed(NEW, to="Completed")) and not copy_is_over(listed(NEW, to="DataCopy"))


def test_a_parcel_of_own_drives_is_known_by_the_list_too():
    """Their road is another one, with the same rule."""
    seen = replace(own_stories.job("ShippedToAzureDC"), stage=NEW)
    run = added(own_stories.run_in("copied"), evidence(seen))

    assert azure_knows_the_parcel(run) is None
    assert azure_knows_the_parcel(added(run, evidence(replace(own_stories.job("Created"), stage=NEW)))) is not None


def test_every_stage_of_both_roads_and_every_bad_end_is_known():
    """And no other word."""
    assert all(map(is_known, (*STAGE_ORDER, *DRIVE_STAGE_ORDER, *ENDED_BADLY)))
    assert not any(map(is_known, (NEW, "", "completed")))
