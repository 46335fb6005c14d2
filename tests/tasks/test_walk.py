"""The verbs on fakes: the whole way, and what each sees when the world is not as it should be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fakes import Crash, FakeOffice, FakeOrders, FakeVault, FakeWorld
from stories import CHECKED, COPIED, RUN_ID, SERIAL, VERIFIED, agent, job, points

from states.facts import DevicesNamed, JobSeen
from states.machine import Refused
from states.run import Run
from tasks import answers
from tasks.cancel import cancel
from tasks.errors import NotYet, Transient
from tasks.perform import perform


def seen_by(verb: str, world: FakeWorld) -> Run:
    """Return the run after one verb."""
    book = world.book()
    return book.settle(perform(verb, book, world.site))


def ordered(folder: Path, **changes) -> FakeWorld:
    """Return a world whose order exists, changed like this."""
    return FakeWorld(folder, "ordered", orders=FakeOrders(jobs={"perth0123": job(**changes)}))


def test_an_office_is_walked_from_its_order_to_the_shipped_device_by_verbs_and_answers(tmp_path: Path):
    """Each answer and each verb once; a pending one changes nothing."""
    world = ordered(tmp_path, stage="Delivered")
    seen_by("watch-delivery", world)
    answers.delivered(world.book(), SERIAL, "jo")
    assert seen_by("check-device", world).state == "delivered"
    for verb in ("copy", "seal", "verify"):
        ready, world.office = world.office, FakeOffice(answers=dict.fromkeys(world.office.answers))
        before = world.journal.run(RUN_ID)
        assert seen_by(verb, world) == before
        world.office = ready
        assert seen_by(verb, world) != before
    assert answers.prepared(world.book(), "jo").state == "copied"
    seen_by("book-pickup", world)
    answers.handed_over(world.book(), "jo", "DHL")
    world.orders.jobs["perth0123"] = job("PickedUp")
    assert seen_by("watch-return", world).state == "shipped"


@pytest.mark.parametrize("changes, code", [
    ({"stage": "Cancelled"}, "order-cancelled"),
    ({"stage": "Aborted"}, "order-failed"),
    ({"stage": "CompletedWithErrors"}, "ingestion-incomplete"),
    ({"stage": "OfTomorrow"}, "order-stage-unknown"),
    ({"stage": "Dispatched", "all_devices_lost": True}, "device-lost"),
    ({"stage": "Dispatched", "delays": ("weather",)}, "order-delayed"),
    ({"stage": "DataCopy", "copied": "WaitingForCustomerAction"}, "copy-halted"),
])  # fmt: skip
@pytest.mark.parametrize("verb", ["watch-delivery", "watch-return"])
def test_what_the_order_shows_becomes_a_condition_and_goes_with_it(tmp_path: Path, verb: str, changes, code: str):
    """Seen, it stands; no longer seen, it does not."""
    world = ordered(tmp_path, **changes)

    assert set(seen_by(verb, world).conditions) == {code}
    world.orders.jobs["perth0123"] = job("Dispatched")
    assert seen_by(verb, world).conditions == {}


def test_an_order_that_somebody_deleted_is_told(tmp_path: Path):
    """Its last known stage stays on record; the run stops."""
    run = seen_by("watch-delivery", FakeWorld(tmp_path, "ordered"))

    assert set(run.conditions) == {"order-gone"} and run.get(JobSeen)


def test_serial_numbers_are_read_once_and_each_reading_is_on_record(tmp_path: Path):
    """Reading them reads the order's secrets, so no more often than needed; not made yet is no error."""
    world = ordered(tmp_path, stage="Delivered")
    world.orders.trouble.before["serials"] = [NotYet("not made yet")]
    assert seen_by("watch-delivery", world).get(DevicesNamed) is None
    for _ in range(2):
        assert seen_by("watch-delivery", world).get(DevicesNamed) == DevicesNamed((SERIAL,))

    assert world.orders.trouble.calls.count("serials") == 2
    assert [line.kind for line in world.journal.lines(RUN_ID)].count("secret-read") == 1


@pytest.mark.parametrize("answer, code, says", [
    ("check_device", "device-not-usable", "cannot be written"), ("copy", "copy-left-out", "mail: a.lnk"),
    ("verify", "device-differs", "mail/a: changed"),
])  # fmt: skip
def test_what_the_office_finds_wrong_is_told_in_its_own_words(tmp_path: Path, answer: str, code: str, says: str):
    """The detail names the file or the place."""
    office = FakeOffice()
    office.answers |= {
        "check_device": replace(CHECKED, writable=False),
        "copy": replace(COPIED, items=(replace(COPIED.items[0], left_out=("a.lnk",)), COPIED.items[1])),
        "verify": replace(VERIFIED, faults=("mail/a: changed",)),
    }
    world = FakeWorld(tmp_path, "ordered" if answer == "check_device" else "delivered", office=office)
    for verb in {"check_device": ["check-device"], "copy": ["copy"], "verify": ["copy", "seal", "verify"]}[answer]:
        run = seen_by(verb, world)

    assert says in run.conditions[code].detail


def test_nothing_is_sealed_or_read_again_before_its_time(tmp_path: Path):
    """A verb called too early says so and does nothing."""
    world = FakeWorld(tmp_path, "delivered")

    for verb in ("seal", "verify", "reconcile"):
        assert seen_by(verb, world).evidence == world.journal.run(RUN_ID).evidence
    assert world.office.trouble.calls == []


def test_the_vault_alone_is_not_enough_while_the_server_is_off(tmp_path: Path):
    """The run says which witness is missing, and goes on looking."""
    world = FakeWorld(tmp_path, "ingested")
    landed = world.journal.run(RUN_ID).since
    world.vault = FakeVault(known=points(landed))
    world.office.trouble.before["agent"] = [NotYet("no answer")]

    run = seen_by("watch-vault", world)

    assert run.state == "ingested" and set(run.conditions) == {"agent-silent", "witness-missing"}


@pytest.mark.parametrize("changes, code", [
    ({"schedule_enabled": False}, "schedule-paused"), ({"incremental_bytes": 900}, "full-upload"),
    ({"last_job_class": "failed", "last_job": "error 7"}, "backup-failed"),
])  # fmt: skip
def test_what_the_agent_shows_wrong_stops_the_hand_over(tmp_path: Path, changes, code: str):
    """And goes on when it is mended."""
    world = FakeWorld(tmp_path, "vaulted")
    landed = world.journal.run(RUN_ID).reached("ingested")
    world.vault, good = FakeVault(known=points(landed)), agent(world.time)
    world.office = world.office.with_agent(replace(good, **changes))

    assert set(seen_by("schedule-incrementals", world).conditions) == {code}
    world.office = world.office.with_agent(good)
    assert seen_by("schedule-incrementals", world).state == "incremental-scheduled"


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("wrong", [Crash(), Transient("no answer")])
def test_a_cancel_that_dies_is_ended_by_the_next_and_cancels_once(tmp_path: Path, moment: str, wrong):
    """Looked at first; an order that is cancelled already is not cancelled again."""
    world = ordered(tmp_path, stage="DeviceOrdered", cancellable=True)
    getattr(world.orders.trouble, moment)["cancel"] = [wrong]
    with pytest.raises(type(wrong)):
        cancel(world.book(), world.site, "wrong size")

    run = cancel(world.book(), world.site, "wrong size")

    assert (run.state, run.intents, world.orders.cancelled) == ("cancelled", {}, 1)


def test_a_cancel_that_comes_too_late_is_refused_before_anything_is_tried(tmp_path: Path):
    """Azure decides; the refusal names the way that is left."""
    world = ordered(tmp_path, stage="Dispatched", cancellable=False)

    with pytest.raises(Refused, match="--abandon"):
        cancel(world.book(), world.site, "wrong size")
    assert world.orders.cancelled == 0 and world.journal.run(RUN_ID).intents == {}


def test_a_hold_holds_again_after_it_was_waived_and_resumed(tmp_path: Path):
    """A waiver is for the hold it was given for."""
    world = FakeWorld(tmp_path, "ordered")
    answers.hold(world.book(), "audit")
    answers.waive(world.book(), "held", "urgent")
    answers.resume(world.book())
    run = answers.hold(world.book(), "audit again")

    assert "held" in run.conditions and run.waivers == {}
