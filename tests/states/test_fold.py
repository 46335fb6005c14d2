"""The fold: any prefix folds, and a line that cannot be understood is an error that names the line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stories import ACTOR, RUN_ID, SEALED, T0, added, clearing, condition, evidence, job, lines_to, run_in

from states.codec import NotReadable
from states.facts import EVIDENCE, JobSeen
from states.fold import apply, fold, with_evidence
from states.lifecycle import FORWARD, MILESTONES
from states.lines import KINDS, Draft, Line, chained
from states.run import Run

STORY = lines_to("closed")
TEXTS = {
    "intent": ("key",),
    "outcome": ("key", "result"),
    "evidence": ("kind",),
    "transition": ("trigger", "source", "target"),
    "condition-raised": ("code", "detail", "by"),
    "condition-cleared": ("code",),
    "waiver": ("code", "reason"),
}
GOOD: dict[str, dict[str, Any]] = {
    "intent": {"key": "order/1", "verb": "order", "detail": {}},
    "outcome": {"key": "order/1", "result": "done"},
    "evidence": evidence(job()).payload,
    "transition": {"trigger": "order", "source": "planned", "target": "ordered"},
    "condition-raised": {"code": "held", "detail": "x", "by": "operator"},
    "condition-cleared": {"code": "held", "reason": "x", "forgets": []},
    "waiver": {"code": "held", "reason": "x"},
    "secret-read": {"what": "x"},
    "note": {"text": "x"},
}


def line(kind: str, payload: Any, run: Run) -> Line:
    """Return a line that was written by somebody else: any kind, any payload."""
    return Line(run.run_id, run.seq + 1, T0, ACTOR, kind, payload, run.head, "0" * 64)


def reads(kind: str, payload: Any) -> Run:
    """Return the planned run after one more line."""
    return fold([*lines_to("planned"), line(kind, payload, run_in("planned"))])


def test_any_prefix_of_a_journal_folds():
    """A crash may cut a journal after any commit."""
    runs = [fold(STORY[:count]) for count in range(len(STORY) + 1)]

    assert runs[0] is None
    assert [run.seq for run in runs[1:]] == list(range(1, len(STORY) + 1))
    assert [run.head for run in runs[1:]] == [one.hash for one in STORY]  # what the next line is chained to
    assert runs[1].history == () and runs[1].since == T0
    assert [run.state for run in runs[1:]] == sorted((run.state for run in runs[1:]), key=MILESTONES.index)


def test_folding_in_two_halves_is_folding_at_once():
    """The fold has no memory but the run."""
    from stories import after

    for cut in range(1, len(STORY)):
        assert after(fold(STORY[:cut]), STORY[cut:]) == fold(STORY)


@pytest.mark.parametrize("gone", range(len(STORY) - 1))
def test_a_missing_line_is_named(gone: int):
    """The line that shows it is the next one."""
    with pytest.raises(NotReadable, match=f"{RUN_ID} line {gone + 2} .*: "):
        fold([*STORY[:gone], *STORY[gone + 1 :]])


@pytest.mark.parametrize("place", range(len(STORY) - 1))
def test_two_lines_that_changed_places_are_named(place: int):
    """Order is meaning."""
    swapped = [*STORY[:place], STORY[place + 1], STORY[place], *STORY[place + 2 :]]

    with pytest.raises(NotReadable, match=f"line {place + 2} "):
        fold(swapped)


def test_a_line_of_another_run_is_no_line_of_this_one():
    """Two journals never mix."""
    alien = replace(STORY[2], run_id="lyon-2026-11")

    with pytest.raises(NotReadable, match=r"lyon-2026-11 line 3 .*: it belongs to lyon-2026-11"):
        fold([*STORY[:2], alien])


@pytest.mark.parametrize("kind", ["", "of-tomorrow", "Evidence", "transitions"])
def test_a_kind_of_line_this_version_does_not_know_is_an_error(kind: str):
    """Skipping it could skip the one line that matters."""
    with pytest.raises(NotReadable, match=rf"{RUN_ID} line 3 \({kind}\): a kind of line this version does not know"):
        reads(kind, {})


def test_a_journal_is_opened_and_planned_once_and_first():
    """A second `planned` would put a shipped run back without an edge."""
    shipped = lines_to("shipped")
    for kind in ("opened", "planned"):
        again = line(kind, shipped[0].payload, fold(shipped))
        with pytest.raises(NotReadable, match="once"):
            fold([*shipped, again])
    for first in ("planned", "note", "transition"):
        with pytest.raises(NotReadable, match="begins with an `opened` line"):
            fold([replace(STORY[0], kind=first)])
    with pytest.raises(NotReadable, match="begins with"):
        fold([replace(STORY[0], seq=2)])


def test_every_kind_of_line_has_a_good_example_here():
    """A new kind is tested before it is written."""
    assert {*GOOD, "opened", "planned"} == set(KINDS)
    for kind, payload in GOOD.items():
        assert (reads(kind, payload) if kind != "transition" else run_in("ordered")).seq >= 3


@pytest.mark.parametrize("kind, field", [(kind, field) for kind, fields in TEXTS.items() for field in fields])
@pytest.mark.parametrize("wrong", [None, 5, True, ["a"], {"a": 1}])
def test_a_field_of_a_wrong_type_is_an_error_that_names_the_line(kind: str, field: str, wrong: Any):
    """A number where a name should be would fail far from here, or never."""
    with pytest.raises(NotReadable, match=rf"^{RUN_ID} line 3 \({kind}\): "):
        reads(kind, {**GOOD[kind], field: wrong})


@pytest.mark.parametrize("kind, field", [(kind, field) for kind, fields in TEXTS.items() for field in fields])
def test_a_field_that_is_missing_is_named(kind: str, field: str):
    """Absent is not empty."""
    with pytest.raises(NotReadable, match=rf"line 3 \({kind}\): lacks or misuses '{field}'"):
        reads(kind, {key: value for key, value in GOOD[kind].items() if key != field})


@pytest.mark.parametrize("forgets", ["sealed", 5, [1], {"a": 1}])
def test_what_is_forgotten_is_a_list_of_names(forgets: Any):
    """A text would be taken for its letters, and nothing would be forgotten."""
    with pytest.raises(NotReadable, match="line 3"):
        reads("condition-cleared", {**GOOD["condition-cleared"], "forgets": forgets})


@pytest.mark.parametrize("changes, says", [
    ({"kind": "job-heard"}, "'job-heard' is evidence this version does not know"),
    ({"facts": None}, "None is not a dict"),
    ({"facts": {"job_name": "a"}}, "JobSeen: .* missing"),
    ({"facts": {**evidence(job()).payload["facts"], "colour": "red"}}, "JobSeen has no field 'colour'"),
])  # fmt: skip
def test_evidence_that_does_not_fit_its_class_is_an_error(changes: dict[str, Any], says: str):
    """Unknown kinds, unknown fields and missing ones alike."""
    with pytest.raises(NotReadable, match=f"line 3 .evidence.: {says}"):
        reads("evidence", {**GOOD["evidence"], **changes})


@pytest.mark.parametrize("change, says", [
    ({"source": "copied"}, "it leaves copied, but the run is planned"),
    ({"target": "delivered"}, "no edge order leads from planned to delivered"),
    ({"trigger": "seal"}, "no edge seal leads from planned to ordered"),
])  # fmt: skip
def test_a_transition_that_is_no_edge_is_an_error(change: dict[str, str], says: str):
    """A journal cannot say what the table forbids."""
    with pytest.raises(NotReadable, match=says):
        reads("transition", {**GOOD["transition"], **change})


def test_an_intent_is_open_until_its_outcome():
    """What is open after a crash is what must be looked up first."""
    run = added(run_in("planned"), Draft("intent", GOOD["intent"]), Draft("intent", {**GOOD["intent"], "key": "b"}))
    closed = added(run, Draft("outcome", GOOD["outcome"]))

    assert set(run.intents) == {"order/1", "b"} and run.outcomes == {}
    assert set(closed.intents) == {"b"} and closed.outcomes == {"order/1": "done"}


def test_new_evidence_replaces_old_of_its_kind_and_keeps_the_time_it_was_read():
    """The latest reading is the one that counts."""
    run = added(run_in("copied"), evidence(replace(SEALED, files=9)), at=T0)

    assert run.evidence["sealed"] == replace(SEALED, files=9)
    assert run.evidence_at["sealed"] == T0
    assert run.evidence_at["copied"] > T0


def test_reopening_keeps_the_order_and_the_device_and_forgets_the_copy():
    """What was sealed and read before says nothing of what will be on the device then."""
    run = added(
        run_in("copied"),
        condition("copy-left-out"),
        Draft("transition", {"trigger": "reopen", "source": "copied", "target": "delivered", "reason": "x"}),
    )

    assert set(run.evidence) == {"job-seen", "devices-named", "delivered", "device-checked"} == set(run.evidence_at)
    assert (run.state, run.attempt, set(run.conditions)) == ("delivered", 1, {"copy-left-out"})


def test_reordering_forgets_everything_but_the_hold():
    """Another device, another order: nothing that was read of the first may count for the second."""
    run = added(
        run_in("ingested"), condition("held"), condition("device-lost"),
        Draft("waiver", {"code": "held", "reason": "x"}), Draft("waiver", {"code": "device-lost", "reason": "x"}),
        Draft("waiver", {"code": "plan-too-large", "reason": "of the plan, no condition"}),
        Draft("transition", {"trigger": "reorder", "source": "ingested", "target": "planned", "reason": "x"}),
    )  # fmt: skip

    assert run.evidence == {} == run.evidence_at
    assert (run.attempt, run.job_name, set(run.conditions)) == (2, "perth0123r2", {"held"})
    assert set(run.waivers) == {"held", "plan-too-large"}
    assert run.reached("ingested") is None and run_in("ingested").reached("ingested") is not None
    assert run.history[-1].attempt == 2


def test_a_waiver_ends_with_the_condition_it_was_given_for():
    """A hold that was waived once must hold again the next time."""
    from states.conditions import blocking

    waived = added(run_in("copied"), condition("held"), Draft("waiver", {"code": "held", "reason": "urgent"}))
    again = added(waived, clearing("held"), condition("held"))

    assert blocking(waived) == ()
    assert blocking(again) == ("held",)


def test_clearing_forgets_what_the_line_says_and_nothing_else():
    """The line is the record: a table that changes later does not change what was forgotten then."""
    run = added(run_in("copied"), condition("device-differs"), clearing("device-differs"))

    assert set(run_in("copied").evidence) - set(run.evidence) == {"copied", "sealed", "verified", "prepared"}
    assert set(run.evidence) == set(run.evidence_at) and set(run.evidence) <= set(EVIDENCE)


def test_notes_and_secret_reads_change_nothing_but_the_line_number():
    """They are for people."""
    run = run_in("copied")

    for draft in (Draft("note", GOOD["note"]), Draft("secret-read", GOOD["secret-read"])):
        assert replace(added(run, draft), seq=run.seq, head=run.head) == run


def test_a_draft_of_an_unknown_kind_cannot_be_made():
    """The error comes where the mistake is."""
    with pytest.raises(ValueError, match="'tale' is no kind"):
        Draft("tale")


def test_names_that_would_break_a_line_are_refused():
    """The hash joins fields by line breaks; a name with one could pass for two fields."""
    for run_id, actor in (("a\nb", "x"), ("a", "x\ny"), ("a", "x\x00"), ("a", "\udcff"), ("a", "x\u2028")):
        with pytest.raises(ValueError, match="no line breaks"):
            chained(run_id, 0, "0" * 64, T0, actor, [])
    assert chained("pérth", 0, "0" * 64, T0, "Zoë @ büro", [Draft("note")])[0].actor == "Zoë @ büro"


@pytest.mark.parametrize(
    "kind, payload, says",
    [
        ("opened", {}, "a journal is opened once"),
        ("evidence", {"kind": "rumour", "facts": {}}, "'rumour' is evidence this version does not know"),
        ("transition", {"trigger": "seal", "source": "copied", "target": "shipped"},
         "it leaves copied, but the run is planned"),
        ("transition", {"trigger": "seal", "source": "planned", "target": "shipped"},
         "no edge seal leads from planned to shipped"),
        ("intent", {}, "lacks or misuses 'key'"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_folded_is_told_whole(kind: str, payload: dict[str, Any], says: str):
    """The run, the line, its kind, and the fact."""
    number = run_in("planned").seq + 1

    with pytest.raises(NotReadable) as told:
        reads(kind, payload)
    assert str(told.value) == f"{RUN_ID} line {number} ({kind}): {says}"


def test_a_line_in_the_wrong_place_is_told_whole():
    """Of another run, after a gap, of tomorrow's kind, a second plan, or before the journal is opened."""
    run = run_in("planned")
    good = line("note", {"text": "x"}, run)
    wrong = {
        "it belongs to leeds": replace(good, run_id="leeds"),
        f"line {run.seq + 1} is missing": replace(good, seq=run.seq + 2),
        "a kind of line this version does not know": replace(good, kind="of-tomorrow"),
        "a run is planned once, before anything else": replace(good, kind="planned"),
    }
    for says, one in wrong.items():
        with pytest.raises(NotReadable) as told:
            apply(run, one)
        assert str(told.value) == says
    for first in (replace(good, seq=1), replace(STORY[0], seq=2)):
        with pytest.raises(NotReadable, match=r"^a journal begins with an `opened` line$"):
            apply(None, first)


def test_a_guard_may_be_asked_about_evidence_that_is_not_on_record():
    """It stands in for older evidence of its kind alone; the run itself is as it was."""
    run = run_in("copied")
    asked = with_evidence(run, job("PickedUp"))

    assert asked.get(JobSeen) == job("PickedUp") and run.get(JobSeen) != job("PickedUp")
    assert {k: v for k, v in asked.evidence.items() if k != "job-seen"} == {
        k: v for k, v in run.evidence.items() if k != "job-seen"
    }
    assert replace(asked, evidence=run.evidence) == run


def test_a_passage_says_how_the_run_came_there():
    """By the plan at first, then by the trigger of each edge; with line, attempt, and what was known then."""
    passages = run_in("closed").history

    assert [(one.state, one.trigger, one.attempt) for one in passages] == [
        ("planned", "plan", 1), *((edge.target, edge.trigger, 1) for edge in FORWARD)
    ]  # fmt: skip
    assert [STORY[one.seq - 1].at for one in passages] == [one.at for one in passages]
    assert passages[0].evidence == () and "job-seen" in passages[1].evidence
