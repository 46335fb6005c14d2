"""Own disks in states/: Azure's words, the clocks of an import job, parcels, and the guards of this mode."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from azure.mgmt.databox.models import CopyStatus
from own_stories import HANDED, OWN_PLAN, RUN_ID, brought_in, job, lines_to, run_in
from stories import STEP, T0, added, condition, evidence

from states.conditions import CATALOGUE, row_of
from states.drive_words import MEANINGS, may_still_land, troubles_of
from states.facts import DriveCopy, DrivesPrepared, HandedOver, JobSeen
from states.fold import fold, forget
from states.import_clocks import import_clocks, ringing
from states.lifecycle import FORWARD, MILESTONES
from states.lines import Draft
from states.machine import move
from states.own_disk import OWN_DISK_PLAYBOOK, the_parcel_has_a_number
from states.parcels import parcels_of, same_parcel
from states.playbook import Do, next_step
from states.refused import Refused

FINE = {"NotStarted", "InProgress", "Completed"}


@pytest.mark.parametrize("word", [word.value for word in CopyStatus])
def test_every_copy_state_of_the_sdk_has_a_meaning_and_each_trouble_a_reaction(word: str):
    """The installed SDK's whole list: what is no trouble is named here, all else is a condition with a remedy."""
    (found,) = [dict(troubles_of(job("DataCopy", states=(word,))))]

    assert word in MEANINGS and bool(found) == (word not in FINE)
    assert all("WD-1" in detail and word in detail and row_of(code).remedy for code, detail in found.items())
    assert all(code in CATALOGUE for code in found)


def test_no_word_has_a_meaning_that_azure_does_not_use():
    """A misspelt word would never be seen."""
    assert set(MEANINGS) == {word.value for word in CopyStatus}


@pytest.mark.parametrize(
    ("drive", "stage", "code"),
    [
        (DriveCopy("WD-1", "OtherUserError", error="BitLockerKeyInvalid"), "DataCopy", "drive-locked"),
        (DriveCopy("WD-1", "OtherUserError", error="BitLockerVolumeNotFound"), "DataCopy", "drive-locked"),
        (DriveCopy("WD-1", "OtherUserError", error="ManifestFileError"), "DataCopy", "drive-changed"),
        (DriveCopy("WD-1", "OtherUserError", error="SomethingElse"), "DataCopy", "drive-failed"),
        (DriveCopy("WD-1", "StorageAccountNotAccessible"), "DataCopy", "copy-halted"),
        (DriveCopy("WD-1", "StorageAccountNotAccessible"), "PreparingToShipFromAzureDC", "drive-failed"),
        (DriveCopy("WD-1", "StorageAccountNotAccessible"), "CompletedWithErrors", "drive-failed"),
        (DriveCopy("WD-1", "OfTomorrow"), "DataCopy", "order-stage-unknown"),
    ],
)
def test_error_and_stage_decide_where_the_word_alone_does_not(drive: DriveCopy, stage: str, code: str):
    """A wrong key is not a broken drive; a halted copy that was given up is no longer halted."""
    assert [found for found, _ in troubles_of(replace(job("DataCopy"), stage=stage, drives=(drive,)))] == [code]


def test_the_clocks_of_an_import_job_are_told_with_their_dates():
    """What `parcel-not-announced` and the others stand for can be computed from the job alone."""
    days = {
        stage: [(clock.code, clock.due - T0) for clock in import_clocks(job(stage, states=("Completed",)))]
        for stage in ("Created", "ShippedToAzureDC", "AtAzureDC", "PreparingToShipFromAzureDC", "Completed")
    }

    assert days == {
        "Created": [("parcel-not-announced", timedelta(days=14))],
        "ShippedToAzureDC": [("parcel-overdue", timedelta(days=14))],
        "AtAzureDC": [],
        "PreparingToShipFromAzureDC": [("drives-not-returned", timedelta(days=7))],
        "Completed": [("", timedelta(days=90))],
    }
    assert import_clocks(replace(job("DataCopy"), stages=())) == ()


def test_a_clock_rings_when_it_has_run_out_and_the_first_one_from_the_beginning():
    """Who has fourteen days to act is told on the first; who is late, once he is."""
    waiting, sent = job("AwaitingShipmentDetails"), job("ShippedToAzureDC")
    refused = replace(job("PreparingToShipFromAzureDC"), error_code="SsemUserErrorInvalidReturnCarrier")
    stages = tuple(replace(s, status="WaitingForCustomerAction") for s in refused.stages[-1:])

    assert dict(ringing(waiting, T0)) == {"parcel-not-announced": "leeds0123 is deleted on 2026-11-16 06:00 UTC"}
    assert ringing(sent, T0 + timedelta(days=14)) == ()
    assert [code for code, _ in ringing(sent, T0 + timedelta(days=14, seconds=1))] == ["parcel-overdue"]
    assert ringing(refused, T0) == ()
    ((code, detail),) = ringing(replace(refused, stages=stages), T0)
    assert code == "drives-not-returned" and "InvalidReturnCarrier" in detail


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("DHL", "JD 0001-22"), ("dhl express", "jd000122"), True),
        (("FedEx Ground", "7"), ("FedEx", "7"), True),
        (("ＤＨＬ", "ＪＤ１"), ("DHL", "JD1"), True),
        (("DHL", "JD1"), ("DHL", "JD2"), False),
        (("DHL", "JD1"), ("UPS", "JD1"), False),
        (("DHL", ""), ("DHL", "-"), False),
    ],
)
def test_a_number_is_known_however_it_is_typed(one, other, same):
    """Spaces, dashes, capitals and a longer spelling of the carrier make no other parcel of it."""
    first, second = HandedOver("jo", *one), HandedOver("ann", *other)

    assert same_parcel(first, second) is same_parcel(second, first) is same


def test_a_runs_parcels_are_those_of_all_its_attempts_and_a_corrected_number_is_none():
    """A number that was used once stays used; one that was a slip of the pen is free again."""
    run = run_in("shipped")
    corrected = added(run_in("copied"), evidence(HandedOver("jo", "DHL", "SLIP")), evidence(HANDED))
    job_over = evidence(job("CompletedWithErrors", states=("Completed", "HardwareError")))
    again = added(run, job_over, Draft("transition", _edge("reorder", "shipped", "planned")))

    assert parcels_of(run) == parcels_of(corrected) == (HANDED,)
    assert again.get(HandedOver) is None and parcels_of(again) == (HANDED,)
    assert (again.lost_drives, again.landed_drives, again.attempt) == (("WD-2",), {"WD-1": 500}, 2)


def test_a_job_that_is_gone_may_be_made_again_for_the_drives_as_they_are():
    """Row 62: the drives lie at the office, written and locked; nothing of them is forgotten, and nothing stands."""
    run = run_in("copied")
    with pytest.raises(Refused, match="describes the drives as they are"):
        move(run, "reopen")
    assert move(added(run, condition("import-job-gone")), "reopen") == "delivered"
    gone = added(run, condition("import-job-gone"), condition("held"))

    again = added(gone, Draft("transition", _edge("reopen", "copied", "delivered")))

    assert again.get(DrivesPrepared) and again.get(JobSeen) is None and set(again.conditions) == {"held"}
    ready = replace(again, conditions={})
    assert next_step(ready, ready.since, {}) == Do("create-import-job")


@pytest.mark.parametrize(
    ("seen", "allowed"),
    [
        (job("ShippedToAzureDC"), False),
        (job("ShippedToAzureDC", states=("DriveNotReceived", "DriveNotReceived")), True),
        (job("AtAzureDC", states=("DriveNotReceived", "NotReturned")), True),
        (job("AtAzureDC", states=("DriveNotReceived", "NotStarted")), False),
        (job("DataCopy", states=("HardwareError", "InProgress")), False),
        (job("PreparingToShipFromAzureDC", states=("HardwareError", "Completed")), True),
        (job("CompletedWithErrors", states=("HardwareError", "Completed")), True),
        (job("ShippedToAzureDC", all_devices_lost=True), True),
    ],
)
def test_a_share_is_sent_again_only_when_it_can_no_longer_land(seen: JobSeen, allowed: bool):
    """Else two drives would bring the same bytes; a parcel that never came must not hold the run for ever."""
    run = added(run_in("shipped"), evidence(seen))

    assert may_still_land(seen) or allowed
    if allowed:
        assert move(run, "reorder") == "planned"
    else:
        with pytest.raises(Refused, match="still works on"):
            move(run, "reorder")


def test_drives_whose_job_nobody_can_see_are_sent_again():
    """It is not on record, or its order is gone: nothing will ever say that the datacenter is done."""
    run = run_in("shipped")
    working = added(run, evidence(job("DataCopy", states=("InProgress", "Completed"))), condition("order-gone"))

    assert move(forget(run, ("job-seen",)), "reorder") == move(working, "reorder") == "planned"


def test_a_number_without_the_gates_code_is_not_enough():
    """Row 65: the parcel would be turned away at the gate."""
    run = run_in("copied", own_disk=replace(OWN_PLAN.own_disk, gate="an Inbound ID, from operations"))
    told = added(run, evidence(HANDED))

    assert "without an Inbound ID" in the_parcel_has_a_number(told)
    assert the_parcel_has_a_number(added(told, evidence(replace(HANDED, gate_code="IN-1")))) is None


def test_the_good_run_is_walked_by_this_modes_playbook_alone():
    """Each step the playbook asks for, answered well, leads on, from planned to ingested."""
    lines = lines_to("ingested")
    run = fold(lines)

    assert [passage.state for passage in run.history] == list(MILESTONES[: MILESTONES.index("ingested") + 1])
    for state, rows in OWN_DISK_PLAYBOOK.items():
        here = run_in(state)
        for outcome in brought_in(state, here.since):
            step = next_step(here, here.since + STEP, {})
            assert isinstance(step, Do) and (step.verb == outcome.verb or outcome.verb == "record"), state
            here = added(here, *(evidence(fact) for fact in outcome.evidence))
        edge = next(edge for edge in FORWARD if edge.source == state)
        assert [need(here) for need in (*edge.needs_in("own-disk"), *(row.until for row in rows))].count(None) > 1
        assert all(need(here) is None for need in edge.needs_in("own-disk"))
    assert run.run_id == RUN_ID


def _edge(trigger: str, source: str, target: str) -> dict[str, str]:
    return {"trigger": trigger, "source": source, "target": target, "reason": "tests"}
