"""A look at the job raises the clocks of the device that are near, and clears them when the carrier has it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from fakes import FakeOrders, FakeWorld
from stories import PLAN, job

from states.facts import Stage
from tasks.watch_ingestion import watch_ingestion
from tasks.watch_return import watch_return


@pytest.mark.parametrize("days, codes", [(6, set()), (8, {"fees-begin"}), (70, {"fees-begin", "device-due"})])
def test_the_days_with_the_device_ring_on_the_look_that_goes_on_beside_the_copy(
    tmp_path: Path, days: int, codes: set[str]
) -> None:
    """Counted from Azure's own Delivered; a run that still copies is looked at, too."""
    fake = FakeWorld(tmp_path, "delivered")
    delivered = Stage("Delivered", "Succeeded", fake.time)
    fake.orders = FakeOrders(jobs={PLAN.job_name: job("Delivered", stages=(delivered,))})
    fake.time += timedelta(days=days)
    book = fake.book()
    run = book.settle(watch_return(book, fake.site))

    assert set(run.conditions) == codes and run.state == "delivered"


def test_a_device_that_is_on_its_way_back_costs_no_more_days(tmp_path: Path) -> None:
    """The same look, a state later: nothing rings, and what stood is cleared."""
    fake = FakeWorld(tmp_path, "shipped")
    delivered = Stage("Delivered", "Succeeded", fake.time - timedelta(days=80))
    fake.orders = FakeOrders(jobs={PLAN.job_name: job("PickedUp", stages=(delivered,))})
    book = fake.book()

    assert not {"fees-begin", "device-due"} & {code for code, _ in watch_ingestion(book, fake.site).raised}
