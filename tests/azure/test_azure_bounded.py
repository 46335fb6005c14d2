"""The bounds of an answer, on real sockets: seconds, bytes, packing; and the clock that answers tell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from azure.core.exceptions import ServiceResponseError
from azure.mgmt.databox import DataBoxManagementClient
from rehearsal_host import Rehearsal

from tasks.azure.bounded import AnswerTooBig, BoundedTransport, Bounds, ClockGap
from tasks.azure.errors import ours
from tasks.errors import Transient

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def bounded(rehearsal: Rehearsal, seconds: float, retry_total: int = 0) -> Any:
    wire = BoundedTransport(Bounds(seconds, 100_000), connection_verify=rehearsal.known["ca"], read_timeout=seconds)
    return rehearsal.client(DataBoxManagementClient, transport=wire, retry_total=retry_total)


@pytest.fixture
def client(rehearsal: Rehearsal) -> Iterator[Any]:
    """A Data Box client whose answers may be as long as 100,000 bytes; an order is there."""
    rehearsal.order("seed-berlin")
    with bounded(rehearsal, 20.0, retry_total=2) as patient:
        yield patient


def read(rehearsal: Rehearsal, client: Any, **fault: Any) -> Any:
    rehearsal.control.add_faults({"method": "GET", "path_regex": "/jobs/", **fault})
    return client.jobs.get(rehearsal.group, "seed-berlin", expand="details")


@pytest.mark.parametrize("how", ["drip", "stall"])
def test_an_answer_that_never_ends_is_given_up(rehearsal: Rehearsal, client: Any, how: str) -> None:
    """A byte now and then is no silence, so the SDK's own time-out would wait for ever."""
    with bounded(rehearsal, 0.2) as hasty, pytest.raises(ServiceResponseError, match="timed out"):
        read(rehearsal, hasty, spoil=how)

    assert client.jobs.get(rehearsal.group, "seed-berlin").name == "seed-berlin"


@pytest.mark.parametrize("dice", [1, 2])  # with a length that says so, and without
def test_an_answer_without_end_is_read_no_further(rehearsal: Rehearsal, client: Any, dice: int) -> None:
    """It has a code of its own, and the connection is not used again."""
    with pytest.raises(AnswerTooBig) as told:
        read(rehearsal, client, spoil="swell", bytes=50_000_000, dice=dice)

    assert told.value.code == "answer-too-big" and "100,000 bytes" in told.value.message
    assert client.jobs.get(rehearsal.group, "seed-berlin").name == "seed-berlin"


def test_a_packed_answer_is_none(rehearsal: Rehearsal, client: Any) -> None:
    """Plain was asked for; what is packed could unfold to any size."""
    with pytest.raises(Transient), ours("read the order"):
        read(rehearsal, client, status=200, times=9, body="x", headers={"Content-Encoding": "gzip"})


def test_the_same_answer_twice_on_the_line_is_read_once(rehearsal: Rehearsal, client: Any) -> None:
    """What is left over belongs to no later question."""
    assert read(rehearsal, client, spoil="twice").name == "seed-berlin"
    rehearsal.order("seed-paris")

    assert client.jobs.get(rehearsal.group, "seed-paris").name == "seed-paris"


def test_the_clock_gap_is_the_smallest_of_the_last_answers() -> None:
    """One answer from a cache is no alarm; five that agree are."""
    gap = ClockGap(lambda: NOON)
    for hours in (3, 3, 3, 3):
        gap.note(format_datetime(NOON + timedelta(hours=hours), usegmt=True))
    early = gap.seen()
    gap.note("yesterday, or so")
    gap.note(None)
    gap.note(format_datetime(NOON + timedelta(hours=2), usegmt=True))
    agreed = gap.seen()
    gap.note(format_datetime(NOON, usegmt=True))

    assert (early, agreed, gap.seen()) == (None, timedelta(hours=2), timedelta(0))
