"""The office's word that the device is there, against the serial numbers that Azure named."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import RUN_ID, SERIAL, FakeWorld
from stories import job

from states.facts import Delivered, DevicesNamed
from states.guards import the_office_confirmed_the_planned_device
from states.refused import Refused
from states.run import Run
from tasks import answers
from tasks.perform import perform

MANGLED = "D1SK0000"


def world_in(tmp_path: Path, *named: str) -> FakeWorld:
    """Return a world whose order is delivered, and whose Azure names these devices."""
    world = FakeWorld(tmp_path, "ordered")
    world.orders.jobs["perth0123"] = job("Delivered")
    world.orders.named = named
    return world


def look(world: FakeWorld) -> Run:
    """Return the run after one look at the delivery."""
    book = world.book()
    return book.settle(perform("watch-delivery", book, world.site))


def test_a_label_that_azure_did_not_name_is_refused_and_kept_and_azure_is_asked_again(tmp_path: Path):
    """An answer that was spoilt on its way must not leave the office with a question that nobody can answer."""
    world = world_in(tmp_path, MANGLED)
    assert look(world).get(DevicesNamed) == DevicesNamed((MANGLED,))
    with pytest.raises(Refused) as refused:
        answers.delivered(world.book(), SERIAL, "jo")
    world.orders.named = (SERIAL,)
    run = look(world)

    assert MANGLED in str(refused.value) and "read the label again" in str(refused.value)
    assert f"seeding advance {RUN_ID} --now" in str(refused.value)
    assert run.get(Delivered) == Delivered(SERIAL, "jo") and run.get(DevicesNamed) == DevicesNamed((SERIAL,))
    assert the_office_confirmed_the_planned_device(run) is None


def test_a_label_read_wrong_is_put_right_by_reading_it_again(tmp_path: Path):
    """And a device of somebody else's is not reported as damaged."""
    world = world_in(tmp_path, SERIAL)
    look(world)
    with pytest.raises(Refused):
        answers.delivered(world.book(), MANGLED, "jo", intact=False)
    refused = look(world)
    run = answers.delivered(world.book(), SERIAL, "jo")

    assert refused.conditions == {} and the_office_confirmed_the_planned_device(refused) is not None
    assert the_office_confirmed_the_planned_device(run) is None
