"""Questions to an office and their answers, as JSON on their way: nothing is lost, nothing secret goes along."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from states.facts import DeviceChecked, Sealed
from states.plan import Item, Plan
from tasks.errors import NotYet, SeedingError, Transient
from tasks.office.afar.questions import (
    VERBS,
    Hands,
    Question,
    Reply,
    answer_of,
    answered,
    failed,
    read_question,
    to_text,
)
from tasks.ports import OnSite

NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)
PLAN = Plan(
    office="lyon", country="FR", mode="data-box", agent="files", sku="DataBoxDisk", job_name="seed-lyon",
    subscription_id="s", resource_group="g", location="francecentral", storage_account="a", vault="v",
    server="LYO-FS01", items=(Item("projects", 1000),), device_bytes=7 * 10**12,
)  # fmt: skip
WORK = OnSite("lyon/2026-11", 1, PLAN, "seed-lyon", "SN1", NOW, mark="m1")
SEALED = Sealed("SN1", "d" * 64, 3, 1000, "seed-lyon-SN1.manifest")


class Answering:
    """An office that answers every call alike, or raises."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __getattr__(self, name: str) -> Any:
        def call(*_: Any) -> Any:
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        return call


def test_every_verb_can_be_asked_and_read_again() -> None:
    """A new verb in the table is carried without further code."""
    for verb in VERBS:
        question = Question(verb, WORK, {"version": "1"}, SEALED if VERBS[verb].given is Sealed else None)
        if VERBS[verb].given in (None, Sealed):
            assert read_question(to_text(question)) == question


def test_a_question_is_the_same_whenever_it_is_asked_and_another_when_anything_else_differs() -> None:
    """The hub's clock and what the run has learnt meanwhile make no new question; drives, device, attempt do."""
    question = Question("verify", WORK, {}, SEALED)

    later = replace(question, work=replace(WORK, now=NOW + timedelta(days=3), mark="m2"))
    others = (
        replace(question, verb="manifest"),
        replace(question, given=replace(SEALED, digest="e" * 64)),
        replace(question, work=replace(WORK, attempt=2)),
        replace(question, inventory={"device_path": "F:"}),
    )
    assert later.key == question.key and len({question.key, *(other.key for other in others)}) == 5


@pytest.mark.parametrize("error", [NotYet("x", next="n"), Transient("x"), SeedingError("x", code="agent-refuses")])
def test_what_the_office_raises_is_raised_at_the_hub(error: SeedingError) -> None:
    """The class decides whether it is tried again, the code which condition stands on the run."""
    reply = tell("agent", error)

    with pytest.raises(SeedingError) as raised:
        answer_of(Question("agent", WORK, {}), reply)
    assert (type(raised.value), raised.value.code, raised.value.next) == (type(error), error.code, error.next)


def test_a_bug_at_the_office_is_told_by_its_place_and_not_by_its_words() -> None:
    """Nobody knows what a bug's message quotes."""
    reply = tell("check-device", ValueError("password=hunter2"))

    assert "hunter2" not in str(reply.data) and "test_fleet_questions.py" in reply.data["error"]["message"]


def test_a_manifest_that_lost_a_byte_on_its_way_is_no_answer() -> None:
    """Its digest travels beside it."""
    reply = tell("manifest", b"line 1\nline 2\n")
    question = Question("manifest", WORK, {}, SEALED)

    assert answer_of(question, reply) == b"line 1\nline 2\n"
    with pytest.raises(SeedingError, match="did not arrive whole"):
        answer_of(question, Reply(reply.data, reply.content[:-1]))


def test_an_answer_of_another_version_is_refused_with_words() -> None:
    """Hub and office may be updated on different days."""
    with pytest.raises(SeedingError, match="different versions"):
        answer_of(Question("check-device", WORK, {}), Reply({"answer": {"unheard-of": 1}}))
    with pytest.raises(SeedingError, match="different versions"):
        read_question('{"schema": "seeding-office-9", "verb": "copy"}')


def test_an_answer_comes_back_as_it_was_given() -> None:
    """Evidence goes through the same codec as the journal."""
    seen = DeviceChecked("SN1", "E:\\", writable=True, free_bytes=10**12, foreign_files=("a\udcff",))

    assert answer_of(Question("check-device", WORK, {}), tell("check-device", seen)) == seen
    assert tell("check-device", None) is None and failed("x", "y").data["error"]["code"] == "unexpected"


def tell(verb: str, answer: Any) -> Any:
    office = Answering(answer)
    return answered(Question(verb, WORK, {}, SEALED), lambda: Hands(office, office, office))  # type: ignore[arg-type]
