"""Every guard: it refuses an empty run, agrees with a good one, and rings for each single thing that is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from stories import (
    CHECKED,
    COPIED,
    DELIVERED,
    DIGEST,
    PLAN,
    RECONCILED,
    SEALED,
    SERIAL,
    VERIFIED,
    added,
    agent,
    condition,
    evidence,
    first_lines,
    job,
    on_device,
    points,
    ready_in,
    run_in,
    sightings,
)

from states import clean_up as c
from states import guards as g
from states import incremental as i
from states import vaulting as v
from states.facts import KIND_OF, CopyLogRead, DevicesNamed, Evidence
from states.fold import fold, forget
from states.landing import ItemInVault, PointsSeen, VaultSeen
from states.lifecycle import EDGES, FORWARD
from states.own_disk import OWN_DISK_PLAYBOOK
from states.playbook import PLAYBOOK, a_pickup_is_booked, the_device_is_at_the_office
from states.run import Run

EMPTY = fold(first_lines())
IN_EDGES = [(edge.source, need) for edge in FORWARD for need in edge.needs]
IN_ROWS = [(state, row.until) for state, rows in PLAYBOOK.items() for row in rows]
ALWAYS = (g.nothing_blocks, g.the_order_can_be_cancelled, c.a_sample_is_drawn)
OWN_DISK = {need for edge in FORWARD for need in edge.own_disk or ()}
OWN_DISK |= {row.until for rows in OWN_DISK_PLAYBOOK.values() for row in rows}
GUARDS = sorted(
    ({need for _, need in (*IN_EDGES, *IN_ROWS)} | OWN_DISK) - set(ALWAYS), key=lambda guard: guard.__name__
)
LANDED = run_in("ingested").since
HELPS = ("`seeding ", "; wait", "; mount", "; move", "; make room", "; seal that", "; find out", "; set ", "; enable",
         "; stop", "; do not")  # fmt: skip


def shrunk(percent: int) -> tuple[ItemInVault, ...]:
    """Return the agent's items when so many percent of their bytes landed."""
    return tuple(replace(item, bytes=item.bytes * percent // 100) for item in points(LANDED, sizes=True))


def gone(landed: datetime) -> PointsSeen:
    """Return points that were seen and no longer are."""
    return PointsSeen(tuple(replace(one, first=None, again=None) for one in sightings(landed).sightings))


def read(state: str, *facts: Evidence) -> Run:
    """Return the good run, all but moved on from *state*, with these facts read instead."""
    return added(ready_in(state), *(evidence(fact) for fact in facts))


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_every_guard_refuses_an_empty_run(guard: g.Guard):
    """Nothing on record is never enough."""
    assert guard(EMPTY)


@pytest.mark.parametrize(
    "state, guard", dict.fromkeys([*IN_EDGES, *IN_ROWS]), ids=lambda part: getattr(part, "__name__", None)
)
def test_every_guard_agrees_with_a_good_run(state: str, guard: g.Guard):
    """A guard that never agrees would hold every run for ever."""
    assert guard(ready_in(state)) is None


def test_every_guard_of_the_table_is_a_sentence_with_a_meaning():
    """Names and docstrings go into the docs' tables."""
    for guard in {need for edge in EDGES for need in edge.needs}:
        assert guard.__name__.count("_") >= 1 and len(guard.__doc__ or "") > 20, guard.__name__


# fmt: off
WRONG = {
    # guard: (state, what was read instead, words of the reason)
    g.the_order_exists: [
        ("planned", (job(job_name="other"),), ("no order perth0123", "`seeding advance perth-2026-11`"))],
    g.the_carrier_delivered: [
        ("ordered", (job("Dispatched"),), ("perth0123 is at Dispatched", "wait for the carrier")),
        ("ordered", (job("Delivered", job_name="other"),), ("not yet Delivered",)),
        ("ordered", (job("Cancelled"),), ("at Cancelled",)),
        ("ordered", (job("SomethingNew"),), ("at SomethingNew",))],
    g.the_office_confirmed_the_planned_device: [
        ("ordered", (replace(DELIVERED, serial="X-9"),), ("X-9 is not the planned one", SERIAL, "seeding record")),
        ("ordered", (DevicesNamed(()),), (f"{SERIAL} is not the planned one",)),
        ("ordered", (replace(DELIVERED, intact=False),), ("damaged", "`seeding reorder perth-2026-11`"))],
    g.the_device_is_empty_and_writable: [
        ("ordered", (replace(CHECKED, serial="X-9"),), ("/mnt/disk is device X-9", SERIAL)),
        ("ordered", (replace(CHECKED, writable=False),), ("/mnt/disk cannot be written", "mount")),
        ("ordered", (replace(CHECKED, foreign_files=("a.txt", "b.txt")),), ("a.txt, b.txt", "move them away")),
        ("ordered", (replace(CHECKED, free_bytes=999),), ("999 bytes free", "needs 1,000", "make room"))],
    g.every_item_is_on_the_device: [
        ("delivered", (replace(COPIED, items=COPIED.items[:1]),), ("sql", "on the device yet")),
        ("delivered", (replace(COPIED, items=()),), ("mail, sql",)),
        ("delivered", (replace(COPIED, items=(COPIED.items[0], on_device("sql", 0))),), ("sql: nothing of it",)),
        ("delivered", (replace(COPIED, serial="X-9"),), ("copy went to device X-9", SERIAL))],
    g.the_manifest_is_sealed: [
        ("delivered", (replace(SEALED, serial="X-9"),), ("device X-9", SERIAL)),
        ("delivered", (replace(SEALED, bytes=999),), ("lists 999 bytes", "wrote 1,000")),
        ("delivered", (replace(SEALED, bytes=1001),), ("lists 1,001 bytes", "wrote 1,000"))],
    g.every_byte_was_read_again: [
        ("delivered", (replace(VERIFIED, digest="e" * 64),), ("has not been read again",)),
        ("delivered", (replace(VERIFIED, faults=("a: changed", "b: gone")),), ("a: changed, b: gone",)),
        ("delivered", (replace(VERIFIED, bytes=999),), ("2 files of 999 bytes", "2 of 1,000")),
        ("delivered", (replace(VERIFIED, files=1),), ("1 files of 1,000 bytes", "2 of 1,000"))],
    g.the_carrier_has_it: [
        ("copied", (job("Delivered"),), ("at Delivered", "the carrier has scanned")),
        ("copied", (job("PickedUp", job_name="other"),), ("perth0123",))],
    g.the_job_completed_cleanly: [
        ("shipped", (job("Completed", "Succeeded", job_name="other"),), ("not Completed",)),
        ("shipped", (job("DataCopy"),), ("at DataCopy", "wait for the datacenter")),
        ("shipped", (job("CompletedWithErrors", "Succeeded"),), ("CompletedWithErrors", "seeding reorder")),
        ("shipped", (job("Completed", "Failed"),), ("data copy stage", "says Failed")),
        ("shipped", (job("Completed"),), ("says nothing",))],
    g.the_copy_log_is_clean: [
        ("shipped", (CopyLogRead("CompletedWithErrors", 2, 0, 0),), ("says CompletedWithErrors",)),
        ("shipped", (CopyLogRead("Succeeded", 2, 1, 0),), ("1 errors", "seeding reorder")),
        ("shipped", (CopyLogRead("Succeeded", 2, 0, 1),), ("1 renames",))],
    g.the_account_equals_the_manifest: [
        ("shipped", (replace(RECONCILED, digest="e" * 64),), ("contososeed has not been compared",)),
        ("shipped", (replace(RECONCILED, same=1),), ("1 of 2 files",)),
        ("shipped", (replace(RECONCILED, same=3),), ("3 of 2 files",)),
        ("shipped", (replace(RECONCILED, faults=("a: missing",), faulty=7),), ("7 of 2", "a: missing")),
        ("shipped", (replace(RECONCILED, faulty=1),), ("1 of 2 files differ",))],
    v.every_item_has_a_recovery_point: [
        ("ingested", (VaultSeen(()), agent(LANDED, items=())), ("mail, sql", "next scheduled backup", "; wait")),
        ("ingested", (VaultSeen(()),), ("the agent shows a point", "the vault shows none yet", "; wait")),
        ("ingested", (agent(LANDED, items=()),), ("the vault shows a point", "the agent shows none yet", "; wait")),
        ("ingested", (agent(LANDED, server="OTHER"),), ("for the server OTHER", PLAN.server, "; find out"))],
    v.what_landed_is_whole: [
        ("ingested", (agent(LANDED, items=points(LANDED)),), ("names no size", "600", "; find out")),
        ("ingested", (agent(LANDED, items=shrunk(74)),), ("mail: 444 bytes landed", "less", "600")),
        ("ingested", (agent(LANDED, items=shrunk(151)),), ("sql: 604 bytes landed", "more", "400"))],
    v.every_point_was_seen_again: [
        ("ingested", (PointsSeen(()),), ("mail, sql: not seen in two looks yet", "; wait")),
        ("ingested", (sightings(LANDED, again=False),), ("mail, sql: not seen in two looks yet",)),
        ("ingested", (gone(LANDED),), ("mail: its point of", "no longer is", "; find out"))],
    i.the_schedule_runs_ahead: [
        ("vaulted", (agent(LANDED, schedule_enabled=False),), ("PER-DPM01 is paused", "enable it")),
        ("vaulted", (agent(LANDED, next_run=None),), ("no next run", "set its schedule")),
        ("vaulted", (agent(LANDED, next_run=LANDED),), ("which is over",))],
    i.a_first_incremental_succeeded: [
        ("vaulted", (agent(LANDED, incremental_at=None),), ("no incremental backup of PER-DPM01",)),
        ("vaulted", (agent(LANDED, incremental_at=LANDED),), ("no incremental backup",)),
        ("vaulted", (agent(LANDED, incremental_bytes=51),), ("51 bytes", "50 are the most", "full upload"))],
}
# fmt: on
CASES = [(guard, *case) for guard, cases in WRONG.items() for case in cases]


@pytest.mark.parametrize("guard, state, facts, words", CASES, ids=lambda part: getattr(part, "__name__", None))
def test_each_single_wrong_fact_is_refused_in_words_that_name_it(guard, state, facts, words):
    """The good run with one thing wrong: the reason names the thing, the fact and what helps."""
    reason = guard(read(state, *facts))

    assert reason and all(word in reason for word in words), reason
    assert any(help in reason for help in HELPS), reason


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_each_reason_for_what_is_missing_names_what_helps(guard: g.Guard):
    """A reader who knows nothing of this code must know what to type or whom to wait for."""
    reason = guard(EMPTY) or ""

    assert any(help in reason for help in HELPS), reason
    assert "None" not in reason and "{" not in reason


@pytest.mark.parametrize("state, guard", IN_EDGES, ids=lambda part: getattr(part, "__name__", None))
def test_each_guard_needs_some_evidence_that_can_be_taken_away(state: str, guard: g.Guard):
    """Without any one kind of evidence some guard of the edge refuses; but two need none."""
    run = ready_in(state)
    needed = [kind for kind in run.evidence if guard(forget(run, (kind,)))]

    assert bool(needed) == (guard not in (g.nothing_blocks, c.a_sample_is_drawn))


def test_an_incremental_of_exactly_the_most_that_fits_is_small_enough():
    """The mark itself; tests/states/test_incremental.py has how it is made."""
    assert i.a_first_incremental_succeeded(read("vaulted", agent(LANDED, incremental_bytes=50))) is None


def test_a_device_with_exactly_the_room_that_is_needed_is_big_enough():
    """The mark itself."""
    assert g.the_device_is_empty_and_writable(read("ordered", replace(CHECKED, free_bytes=1_000))) is None


def test_a_blocking_condition_is_named_until_somebody_waives_it():
    """`blocks` blocks, `warn` does not."""
    from states.lines import Draft

    run = added(run_in("copied"), condition("copy-halted"), condition("order-delayed"))
    waived = added(run, Draft("waiver", {"code": "copy-halted", "reason": "seen"}))

    assert g.nothing_blocks(run) == "blocked by copy-halted; run `seeding explain perth-2026-11`"
    assert g.nothing_blocks(waived) is None


def test_the_two_rows_of_the_playbook_that_are_no_edge_of_their_own():
    """At the office means delivered and named; a pick-up means a booking on record."""
    run = ready_in("ordered")

    assert the_device_is_at_the_office(forget(run, (KIND_OF[DevicesNamed],)))
    assert "Delivered" in (the_device_is_at_the_office(read("ordered", job("Dispatched"))) or "")
    assert a_pickup_is_booked(run)
    assert SEALED.digest == DIGEST
