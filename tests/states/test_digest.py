"""The digest says what needs a person first, what changed since the last one, and what is due soon."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from stories import ACTOR, RUN_ID, T0, lines_to

from deploy.data import limits
from states.deadlines import deadlines
from states.digest import Change, Digest, Story, digest_of
from states.fold import fold
from states.lines import Draft, chained
from states.playbook import next_step
from states.run import Run


def story(run_id: str, state: str, now: datetime, *drafts: Draft, after_hours: int = 0) -> Story:
    """The good run up to *state*, under another name, and what happened then."""
    told = lines_to(state)
    lines = [replace(line, run_id=run_id) for line in told]
    at = told[-1].at + timedelta(hours=after_hours)
    lines += chained(run_id, len(lines), lines[-1].hash, at, ACTOR, drafts)
    run = fold(lines)
    assert isinstance(run, Run)
    looked = {verb: now for verb in ("watch-delivery", "watch-return", "watch-freeze", "watch-ingestion")}
    return Story(run, lines, next_step(run, now, looked), deadlines(run, limits().clocks))


def raised(code: str) -> Draft:
    return Draft("condition-raised", {"code": code, "detail": "seen", "by": "tests"})


def ends(told: Digest) -> list[str]:
    return [need.run_id for need in told.needs]


def test_who_has_least_time_comes_first_then_who_has_waited_longest() -> None:
    """A person who reads only the first line has read the right one."""
    now = lines_to("shipped")[-1].at + timedelta(hours=50)
    halted = story("nantes", "shipped", now, raised("copy-halted"))
    refused = story("lyon", "planned", now, raised("order-refused"))
    older = story("brest", "planned", now - timedelta(days=1), raised("order-refused"))

    assert ends(digest_of([refused, halted, older], T0, now)) == ["nantes", "brest", "lyon"]


def test_a_run_that_waits_for_azure_needs_nobody() -> None:
    """It may still be due, or have changed."""
    now = lines_to("shipped")[-1].at + timedelta(hours=1)
    told = digest_of([story(RUN_ID, "shipped", now)], T0, now)

    assert told.needs == () and told.changes[-1].what == "copied → shipped"


def test_what_happened_is_told_in_one_digest_and_in_no_other() -> None:
    """From just after the last one up to and including now; nothing falls between two of them."""
    now = lines_to("shipped")[-1].at
    one = story(RUN_ID, "shipped", now, raised("order-delayed"), Draft("condition-cleared", {"code": "order-delayed"}))
    middle = one.run.history[2].at
    first, second = digest_of([one], T0 - timedelta(days=1), middle), digest_of([one], middle, now)
    whole = digest_of([one], T0 - timedelta(days=1), now)

    assert first.changes + second.changes == whole.changes and first.changes[-1].at == middle
    assert [change.what for change in whole.changes[-2:]] == ["order-delayed stands: seen", "order-delayed is over"]


def test_a_clock_is_due_soon_a_week_before_its_end_or_when_it_warns() -> None:
    """The nearest first. A clock of ninety days is not told on its first."""
    now = lines_to("delivered")[-1].at + timedelta(hours=1)
    fresh = story(RUN_ID, "delivered", now)
    later = digest_of([fresh], T0, now + timedelta(days=85))

    assert "device-not-returned" not in {one.clock for one in digest_of([fresh], T0, now).due}
    assert "device-not-returned" in {one.clock for one in later.due}
    assert [one.due for one in later.due] == sorted(one.due for one in later.due)


def test_each_change_is_told_whole() -> None:
    """Whose it is, when it was, and what; what came before the last digest or after this one is not told."""
    waived = Draft("waiver", {"code": "held", "reason": "x"})
    cleared = Draft("condition-cleared", {"code": "held", "reason": "x", "forgets": []})
    told = story("perth", "ordered", T0, raised("held"), waived, cleared, Draft("note", {"text": "x"}), after_hours=9)
    at = told.lines[-1].at
    found = digest_of([told], told.run.opened_at, at)

    assert found.changes == (
        Change("perth", told.run.reached("ordered"), "planned → ordered"),
        Change("perth", at, "held stands: seen"),
        Change("perth", at, f"held was waived by {ACTOR}"),
        Change("perth", at, "held is over"),
    )
    assert digest_of([told], at, at + timedelta(1)).changes == ()
    assert found.headline.startswith("0 runs wait for a person, 4 changes since the last digest, ")
    assert found.headline.endswith(f", {len(found.due)} clocks run out soon")
