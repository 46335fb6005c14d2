"""The fleet's schedule: five slots are five, drives are in one place at a time, a run under way holds its slot."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from offices_to_plan import CLOCK, GB, MONDAY, TB, advice, office

from deploy.cli.gantt import LEGEND, gantt
from states.plan import Drive, OwnDisk
from states.planner.advice import Advice
from states.planner.needs import Line
from states.planner.waves import Busy, Schedule, better_without_slot, pool_of, schedule, with_line

DISK, BOX, OWN = "DataBoxDisk", "DataBox", "DataBoxCustomerDisk"
DRIVES = (Drive("A", 8 * TB), Drive("B", 8 * TB))
OWN_DISK = OwnDisk("S:", "seed", DRIVES, "PER-COPY01", "DHL")


def one(name: str, *sizes: int, **how) -> Advice:
    return advice(office(*(sizes or (5 * TB,)), office=name, **how))


def fleet(count: int, **how) -> list[Advice]:
    return [one(f"office-{number:02}", **how) for number in range(count)]


def laid_out(advices, slots: int = 5, busy=(), chance: str = "p50") -> Schedule:
    return schedule(advices, MONDAY, CLOCK, chance, slots=slots, busy=busy)


def most_at_once(found: Schedule) -> int:
    """Return how many orders of one pool are active on the busiest day."""
    active = Counter(
        (bar.pool, bar.dates.start + timedelta(day))
        for bar in found.bars
        if bar.pool
        for day in range((bar.dates.ingested - bar.dates.start).days + 1)
    )
    return max(active.values(), default=0)


def test_the_sixth_order_waits_until_the_first_is_ingested():
    """Five begin on Monday 2 March; they are read in on Tuesday 24, and on Wednesday 25 the sixth begins."""
    found = laid_out(fleet(6))

    assert [bar.dates.start for bar in found.bars] == [MONDAY] * 5 + [date(2026, 3, 25)]
    assert [bar.wave for bar in found.bars] == [1] * 5 + [2]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 7), min_size=1, max_size=12), st.integers(1, 3))
def test_there_are_never_more_active_orders_than_slots(sizes, slots):
    """Whatever the fleet and the limit, on no day too many orders are active, at either chance."""
    advices = [one(f"office-{number:02}", size * TB) for number, size in enumerate(sizes)]

    assert most_at_once(laid_out(advices, slots)) <= slots
    assert most_at_once(laid_out(advices, slots, chance="p90")) <= slots


def test_countries_of_the_eu_share_their_slots_and_others_do_not():
    """Three in France and three in Spain are six of one boundary; three in Japan have slots of their own."""
    eu = [
        one(f"{cc}-{n}", country=cc, location=at)
        for cc, at in (("FR", "francecentral"), ("ES", "spaincentral"))
        for n in "abc"
    ]
    japan = [one(f"jp-{n}", country="JP", location="japaneast") for n in "abc"]

    late = {bar.office for bar in laid_out([*eu, *japan]).bars if bar.dates.start > MONDAY}

    assert len(late) == 1
    assert not any(name.startswith("jp") for name in late)


def test_another_subscription_or_device_has_slots_of_its_own():
    """The limit is for each subscription and product."""
    other = fleet(5, subscription_id="00000000-0000-4000-8000-00000000000f")
    boxes = [one(f"box-{number}", 20 * TB, sku=BOX, device_bytes=80 * TB) for number in range(5)]

    assert {bar.dates.start for bar in laid_out([*fleet(5), *other, *boxes]).bars} == {MONDAY}


def test_own_drives_take_no_slot_but_are_in_one_place_at_a_time():
    """Two offices list the same two drives: the second begins on the day after they are back from the first."""
    advices = [one(name, 12 * TB, mode="own-disk", sku=OWN, own_disk=OWN_DISK) for name in ("nairobi", "mombasa")]

    first, second = laid_out(advices).bars

    assert first.pool is None
    assert second.dates.start == first.dates.returned + timedelta(1)


def test_a_run_under_way_holds_its_slot():
    """With four slots held until Friday 13 March, two of three new orders wait for the Saturday after."""
    pool = pool_of(office(TB), DISK)
    assert pool is not None

    found = laid_out(fleet(3), busy=[Busy(pool, date(2026, 3, 13))] * 4)

    assert [bar.dates.start for bar in found.bars] == [MONDAY, date(2026, 3, 14), date(2026, 3, 14)]


def test_more_runs_under_way_than_slots_wait_for_the_surplus():
    """Two slots, three held until the 3rd, 4th and 5th: the first new order begins after the second is free."""
    pool = pool_of(office(TB), DISK)
    assert pool is not None
    busy = [Busy(pool, date(2026, 3, day)) for day in (3, 4, 5)]

    assert laid_out(fleet(1), slots=2, busy=busy).bars[0].dates.start == date(2026, 3, 5)


def test_more_slots_end_earlier():
    """What if: twelve orders with ten slots are done before twelve with five."""
    assert laid_out(fleet(12), slots=10).finished < laid_out(fleet(12), slots=5).finished


def test_a_faster_line_is_a_what_if():
    """With 1 Gbit/s everywhere nothing has to travel; the hours of the line stay."""
    needs = office(5 * TB, mbps=10, hours=12)

    faster = advice(with_line(needs, 1000))

    assert faster.needs.line is not None
    assert faster.needs.line.hours_a_day == 12
    assert faster.chosen is not None
    assert faster.chosen.key == "network"


def test_a_line_for_an_office_without_one_is_a_what_if_all_day():
    """Nobody has said its hours, so they are all there are."""
    assert with_line(office(TB), 1000).line == Line(1000, 24.0)


@pytest.mark.parametrize("chance, first", [("p50", "tuesdays"), ("p90", "slow-line")])
def test_the_order_that_takes_longest_begins_first(chance, first):
    """One slot: staff on Tuesdays alone cost a day more at P50; at P90 the slow line needs weeks to catch up."""
    tuesdays = one("tuesdays", agent="files", staff_days=frozenset({1}))
    slow_line = one("slow-line", agent="files", change=20 * GB, mbps=5)

    assert laid_out([tuesdays, slow_line], slots=1, chance=chance).bars[0].office == first


def test_the_order_of_the_offices_makes_no_difference():
    """A sorted inventory gives the same schedule."""
    advices = [one(f"office-{number:02}", (number % 7 + 1) * TB) for number in range(20)]
    shuffled = list(advices)
    random.Random(3).shuffle(shuffled)

    assert laid_out(shuffled) == laid_out(advices)


def test_a_mix_has_a_bar_for_each_part():
    """One order by disk and one first backup online stand side by side."""
    mixed = one("mixed", 6 * TB, 3 * TB, mbps=50)
    part = next(verdict.way for verdict in mixed.verdicts if verdict.way.key == f"hybrid-{DISK}")

    bars = laid_out([replace(mixed, chosen=part)]).bars

    assert sorted(bar.sku for bar in bars) == ["", DISK]


def test_an_office_without_a_way_has_no_bar():
    """What cannot be done is not in the schedule, and an empty schedule ends when it begins."""
    none = one("lagos", country="NG", location="southafricanorth", agent="files")
    assert none.chosen is None

    assert laid_out([none]).bars == ()
    assert laid_out([none]).finished == MONDAY


def test_an_office_that_waits_too_long_is_told_what_would_be_faster():
    """5 TB at 10 Mbit/s take 60 days online (P90), a disk at once 50 and a disk within a week counts as written.

    So all eleven take the disk; the eleventh waits for two waves, and would be done sooner online.
    """
    advices = fleet(11, mbps=10)
    late = laid_out(advices, chance="p90")
    waiting = max(late.bars, key=lambda bar: bar.wave)

    told = list(better_without_slot([one("online", TB, mbps=1000), *advices], late, CLOCK))

    assert {advice.chosen.key for advice in advices if advice.chosen} == {DISK}
    assert waiting.office in {problem.message.partition(":")[0] for problem in told}
    assert not {bar.office for bar in late.bars if bar.wave == 1} & {p.message.partition(":")[0] for p in told}
    assert list(better_without_slot(advices, laid_out(advices, slots=11, chance="p90"), CLOCK)) == []


def test_the_gantt_shows_waiting_ways_and_the_tail():
    """Letters for what happens at P50, dots until P90; a row for each order, and never wider than a screen."""
    advices = [*fleet(6), one("fast", TB, mbps=1000)]

    lines = list(gantt(laid_out(advices), laid_out(advices, chance="p90")))

    rows = {line.partition(":")[0]: line for line in lines[1:-1]}
    assert lines[0].split()[0] == "03-02"
    assert lines[-1].startswith(LEGEND)
    assert len(rows) == 7
    assert rows["fast"].split()[-1].startswith("n")
    assert rows["office-05"].split()[-1].startswith("-")
    assert rows["office-00"].rstrip().endswith(".")
    assert max(map(len, lines[:-1])) <= 100
