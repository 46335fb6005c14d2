"""The interlock of the clean-up, without a world around it: each reason on its own, in words one can act on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stories import RUN_ID, added, ready_in, run_in

from states.fold import forget
from states.interlock import READY, reasons_to_keep
from states.lines import Draft
from states.run import Run


def proved() -> Run:
    """Return the good run with sample and papers on record, before anybody approved anything."""
    return forget(ready_in(READY), ("close-approved", "released"))


def test_a_proved_run_may_be_released():
    """Nothing is invented against it."""
    assert reasons_to_keep(proved()) == ()


def test_the_state_is_a_reason_of_its_own():
    """A run may have every proof and still be elsewhere; the reason says where it is and where it must be."""
    elsewhere = replace(proved(), state="vaulted")

    assert reasons_to_keep(elsewhere) == (f"{RUN_ID} is vaulted, not {READY}; wait until it is",)


@pytest.mark.parametrize(
    "kind, words",
    [
        ("sample-restored", "no sample of perth was restored from the vault yet"),
        ("papers-filed", "not in the archive: history and erasure certificate of perth0123"),
        ("points-seen", "mail, sql: not seen in two looks yet"),
        ("agent-seen", "the backup agent of PER-DPM01 has not answered yet"),
    ],
)
def test_each_missing_proof_is_one_more_reason(kind: str, words: str):
    """The guards on the way here are asked again: what they saw then may be gone."""
    assert any(words in reason for reason in reasons_to_keep(forget(proved(), (kind,))))


def test_every_reason_is_told_and_none_twice():
    """A person mends them all before asking again."""
    reasons = reasons_to_keep(run_in("ingested"))

    assert len(reasons) == len(set(reasons)) > 4
    assert reasons[0] == f"{RUN_ID} is ingested, not {READY}; wait until it is"


def test_a_condition_that_blocks_keeps_everything():
    """Whatever is proved: somebody must look first."""
    draft = Draft("condition-raised", {"code": "point-vanished", "detail": "mail", "by": "tests"})

    assert any("point-vanished" in reason for reason in reasons_to_keep(added(proved(), draft)))
