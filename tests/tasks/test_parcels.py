"""One parcel, one number, one job: several runs in one journal, and what the datacenter's gate wants on the parcel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from own_stories import HANDED, OWN_PLAN, job, lines_to
from stories import ACTOR, RUN_ID, T0, evidence
from stories import lines_to as data_box_lines_to

from states.facts import HandedOver
from states.lines import Draft
from states.refused import Refused
from tasks import answers
from tasks.journal import Journal, Logbook
from tasks.parcels import holders

GATED = replace(OWN_PLAN, own_disk=replace(OWN_PLAN.own_disk, gate="an Inbound ID, from operations"))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal with leeds, whose parcel DHL JD0001 is on its way, and york, which waits for a number."""
    made = Journal(f"sqlite:///{tmp_path / 'j.db'}")
    made.add(None, lines_to("shipped"))
    made.add(None, lines_to("copied", run_id="york-2026-11"))
    yield made
    made.close()


def book(journal: Journal, run_id: str = "york-2026-11") -> Logbook:
    """The logbook of a run."""
    return Logbook(journal, run_id, lambda: T0, ACTOR)


def test_a_number_of_another_run_is_refused_and_nothing_is_written(journal: Journal):
    """However it is typed; the refusal names the run that has it."""
    before = book(journal).run.seq
    for carrier, number in (("DHL", "JD0001"), ("dhl express", "jd-0001"), ("DHL", " JD 0001 ")):
        with pytest.raises(Refused, match="leeds-2026-11"):
            answers.handed_over(book(journal), "jo", carrier, number)

    assert book(journal).run.seq == before
    assert answers.handed_over(book(journal), "jo", "DHL", "JD0002").get(HandedOver).tracking == "JD0002"


def test_a_run_that_is_over_keeps_its_number(journal: Journal):
    """Abandoned or not, a parcel with that number has travelled."""
    answers.abandon(book(journal, "leeds-2026-11"), "the office closes")

    assert holders(book(journal), HANDED) == ("leeds-2026-11",)


def test_a_number_of_an_earlier_attempt_is_taken_too(journal: Journal):
    """The second parcel of a run is another parcel."""
    leeds = book(journal, "leeds-2026-11")
    leeds.write(evidence(job("CompletedWithErrors", states=("Completed", "HardwareError"))))
    answers.reorder(leeds, "a drive failed")

    assert holders(book(journal, "leeds-2026-11"), HANDED) == ("an earlier attempt of leeds-2026-11",)
    assert holders(book(journal), HANDED) == ("leeds-2026-11",)


def test_a_corrected_slip_of_the_pen_is_free_for_the_run_it_belongs_to(journal: Journal):
    """What counts is what stands, not what was ever typed."""
    york = book(journal)
    york.write(evidence(HandedOver("jo", "DHL", "JD0007")))
    york.write(evidence(HandedOver("jo", "DHL", "JD0008")))

    assert holders(book(journal, "leeds-2026-11"), HandedOver("ann", "DHL", "JD0007")) == ()
    assert holders(book(journal, "leeds-2026-11"), HandedOver("ann", "DHL", "JD0008")) == ("york-2026-11",)


def test_microsofts_carrier_is_compared_too_and_notes_are_not(journal: Journal):
    """A Data Box's parcel has a number as well; a note that looks like evidence is none."""
    journal.add(None, data_box_lines_to("shipped"))
    book(journal).write(Draft("note", {"text": '"kind":"handed-over" DHL JD0099'}))

    assert holders(book(journal), HandedOver("jo", "DHL", "T-1")) == (RUN_ID,)
    assert holders(book(journal), HandedOver("jo", "DHL", "JD0099")) == ()


def test_the_gates_code_is_asked_for_and_every_reason_is_told(journal: Journal):
    """Row 65: without an Inbound ID the parcel would be turned away; both refusals come at once."""
    journal.add(None, lines_to("copied", GATED, "bonn-2026-11"))
    with pytest.raises(Refused) as refused:
        answers.handed_over(book(journal, "bonn-2026-11"), "jo", "DHL", "JD0001")
    told = answers.handed_over(book(journal, "bonn-2026-11"), "jo", "DHL", "JD0003", "IN-4711")

    assert len(refused.value.reasons) == 2 and "--reference CODE" in refused.value.reasons[1]
    assert told.get(HandedOver) == HandedOver("jo", "DHL", "JD0003", "IN-4711")
