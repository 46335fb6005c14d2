"""Dates leg by leg, on paper: business days where they count, staff where somebody must be, the fleet's own numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from offices_to_plan import CLOCK, GB, MONDAY, TB, office, way
from stories import PLAN as STORY_PLAN
from stories import T0

from deploy.calendars import Holidays
from states.planner.figures import Days, SpanSeen
from states.planner.history import rank, spans_of
from states.planner.lines import first_incremental
from states.planner.timing import Clockwork, by_device, milestone_after, slot_until, writing_days
from states.run import Passage, Run

DISK, BOX, OWN = "DataBoxDisk", "DataBox", "DataBoxCustomerDisk"


def march(day: int) -> date:
    return date(2026, 3, day)


def dates(sku: str, needs, chance: str = "p50", clock: Clockwork = CLOCK, start: date = MONDAY):
    return by_device(sku, needs.plan.items, start, needs, clock, chance)


def test_a_disk_at_p50():
    """3 business days to prepare, 3 to the office, a day until attached, 3 back, 2 to receive, 5 to read in."""
    found = dates(DISK, office(TB))

    assert found.delivered == march(10)  # Thu 5 prepared, Fri 6, Mon 9, Tue 10
    assert found.copied == march(12)  # Wed 11 attached, 1 TB at 150 MB/s in under two hours: the day counts
    assert found.shipped == march(12)
    assert found.ingested == march(24)  # Fri 13, Mon 16, Tue 17 back; Wed 18, Thu 19 received; 5 days
    assert found.vaulted == march(25)
    assert found.finished == march(25)  # no line is known: the first incremental is in no date


def test_a_data_box_at_p90():
    """2 + 3 business days, ten until attached, the next Monday, two days of writing, 3 + 2, eighteen, two."""
    found = dates(BOX, office(10 * TB, agent="files"), "p90")

    assert found.delivered == march(9)  # Wed 4 prepared; Thu, Fri, Mon
    assert found.copied == march(21)  # Thu 19 attached; 10 TB at 110 MB/s are 25.3 hours
    assert found.shipped == march(23)  # Saturday and Sunday nobody hands it over
    assert found.ingested == date(2026, 4, 17)  # Thu 26 back, Mon 30 received, 18 days
    assert found.vaulted == date(2026, 4, 19)


def test_own_disks_are_written_twice_and_come_back():
    """Nothing is ordered; staging and drives, 3 + 2 business days, nine to read in; home in three more."""
    found = dates(OWN, office(TB))

    assert found.delivered == MONDAY
    assert found.copied == march(4)  # attached on Tue 3; 2 x 1.85 hours
    assert found.ingested == march(20)  # Mon 9 there, Wed 11 received, nine days
    assert found.returned == march(25)  # Mon 23, Tue 24, Wed 25


def test_customs_days_are_added_where_somebody_named_them():
    """Five business days at the border move everything behind it; unnamed, they are told as unknown, not guessed."""
    abroad = office(TB, country="CH", location="germanywestcentral")

    plain, named = dates(OWN, abroad), dates(OWN, replace(abroad, customs_days=5))

    assert (named.vaulted - plain.vaulted).days == 7  # five business days are a week
    assert dates(OWN, office(TB, customs_days=5)) == dates(OWN, office(TB))  # no border, no customs


def test_staff_days_hold_up_what_takes_hands():
    """With staff on Wednesdays alone: delivered Tue 10, attached Wed 11, written Thu 12, handed over Wed 18."""
    found = dates(DISK, office(TB, staff_days=frozenset({2})))

    assert (found.delivered, found.copied, found.shipped) == (march(10), march(12), march(18))


@pytest.mark.parametrize(
    "sku, size, days",
    [
        (DISK, 7 * TB, 1),  # 12.96 hours at 150 MB/s
        (BOX, 80 * TB, 9),  # 8.42 days at 110 MB/s, nearly the whole ten days that are paid
        (OWN, 7 * TB, 2),  # twice 12.96 hours
        (DISK, 0, 0),
    ],
)
def test_how_long_writing_takes(sku, size, days):
    """Whole days, rounded up."""
    assert writing_days(sku, size, CLOCK.figures) == days


def test_holidays_and_weekends_are_the_countrys_own():
    """New Year, Australia Day, a state's own day, a Friday in Israel, and a country nobody knows."""
    calendar = Holidays()

    assert not calendar.works(date(2027, 1, 1), "FR")
    assert not calendar.works(date(2027, 1, 26), "AU")
    assert not calendar.works(date(2026, 11, 3), "AU", "VIC")  # Melbourne Cup
    assert calendar.works(date(2026, 11, 3), "AU", "NSW")
    assert calendar.works(date(2026, 11, 3), "AU", "no such state")
    assert not calendar.works(date(2026, 11, 27), "IL")  # a Friday
    assert calendar.works(date(2026, 11, 29), "IL")  # a Sunday
    assert not calendar.works(date(2026, 11, 29), "XX")
    assert calendar.works(date(2027, 1, 1), "XX")


def test_an_order_over_christmas_takes_longer():
    """The same order placed on 21 December is days later than in March, because nobody works in between."""
    clock = Clockwork(CLOCK.figures, Holidays())

    christmas = dates(DISK, office(TB), clock=clock, start=date(2026, 12, 21))

    assert christmas.days > dates(DISK, office(TB), clock=clock).days


def test_a_states_own_holiday_holds_up_the_carrier():
    """Prepared in three business days, on the road Thursday, Friday and Monday; Melbourne waits for its Cup Day."""
    clock, start = Clockwork(CLOCK.figures, Holidays()), date(2026, 10, 26)

    def delivered(state: str) -> date:
        return dates(DISK, office(TB, subdivision=state), clock=clock, start=start).delivered

    assert (delivered("NSW"), delivered("VIC")) == (date(2026, 11, 3), date(2026, 11, 4))


def test_the_first_incremental_is_what_changed_on_the_road():
    """1 % of 10 TB a day, 30 days: 3 TB, of which dpm sends 2.7 TB at P90 and the agent files all."""
    needs = office(10 * TB, change=100 * GB, mbps=100)
    plain = office(10 * TB, change=100 * GB, mbps=100, agent="files")

    assert first_incremental(needs.plan.items, 30, needs, CLOCK.figures, "p90") == 2_700 * GB
    assert first_incremental(plain.plan.items, 30, plain, CLOCK.figures, "p90") == 3_000 * GB
    assert first_incremental(needs.plan.items, 30, needs, CLOCK.figures, "p50") < 2_700 * GB  # it compresses better


def test_the_fleets_own_days_replace_what_was_published():
    """Once five runs took 20 and 40 days to be read in, these count; with four, they do not yet."""
    enough = {(DISK, "ingested"): SpanSeen(Days(20, 40), 5)}
    few = {(DISK, "ingested"): SpanSeen(Days(20, 40), 4)}

    with_own = dates(DISK, office(TB), "p90", Clockwork(replace(CLOCK.figures, history=enough), CLOCK.calendar))
    without = dates(DISK, office(TB), "p90", Clockwork(replace(CLOCK.figures, history=few), CLOCK.calendar))

    assert (with_own.ingested - with_own.shipped).days == 40
    assert without == dates(DISK, office(TB), "p90")


@pytest.mark.parametrize("size, days", [(10 * TB, 3), (80 * TB, 9)])
def test_the_fleets_own_days_of_copying_are_never_fewer_than_writing_takes(size, days):
    """Its runs copied in three days, which says nothing of 80 TB: 8.42 days at 110 MB/s."""
    seen = {(BOX, "copied"): SpanSeen(Days(3, 3), 5)}

    found = dates(
        BOX, office(size, agent="files"), clock=Clockwork(replace(CLOCK.figures, history=seen), CLOCK.calendar)
    )

    assert (found.copied - found.delivered).days == days


def passages(*states_and_days: tuple[str, float]) -> tuple[Passage, ...]:
    at: datetime = T0
    out = []
    for seq, (state, days) in enumerate(states_and_days):
        at += timedelta(days=days)
        out.append(Passage(state, at, seq, 1, ""))
    return tuple(out)


def test_spans_are_read_from_transitions():
    """Ordered at once, delivered after 9.5 days (ten), copied, reopened and copied again: each forward step counts."""
    history = passages(
        ("planned", 0), ("ordered", 0), ("delivered", 9.5), ("copied", 2),
        ("delivered", 1), ("copied", 4), ("shipped", 0.2),
    )  # fmt: skip

    found = spans_of([Run("perth/1", STORY_PLAN, T0, history=history)])

    assert found[DISK, "delivered"] == SpanSeen(Days(10, 10), 1)
    assert found[DISK, "copied"] == SpanSeen(Days(2, 4), 2)
    assert found[DISK, "shipped"] == SpanSeen(Days(1, 1), 1)


@pytest.mark.parametrize("percent, expected", [(50, 5), (90, 9), (100, 10), (1, 1)])
def test_the_nearest_rank_of_ten(percent, expected):
    """Of 1 to 10, half are at most 5, nine tenths at most 9."""
    assert rank(range(1, 11), percent) == expected


def test_the_nearest_rank_of_a_thousand():
    """A long history is read as exactly as a short one."""
    assert rank(range(1, 1_001), 90) == 900


def test_a_run_under_way_holds_its_slot_for_what_is_left():
    """What was shipped on 2 March is read in 3 + 2 business days and 18 days later; what was ordered, much later."""
    needs = office(TB)

    shipped = slot_until("shipped", MONDAY, DISK, needs, CLOCK)
    ordered = slot_until("ordered", MONDAY, DISK, needs, CLOCK)

    assert shipped == march(27)  # Thu 5, Mon 9, 18 days
    assert ordered == dates(DISK, needs, "p90").ingested


def test_a_plan_without_a_line_says_so():
    """The dates end with the recovery point, and the problem says that the first incremental is not in them."""
    found = way(office(TB), DISK)

    assert found.p90 is not None
    assert found.p90.finished == found.p90.vaulted


def test_each_state_is_left_by_its_own_leg_of_the_way():
    """A run in a state has the rest of the way before it, from the day it came there."""
    needs, seen = office(TB), {}
    for state in ("ordered", "delivered", "copied", "shipped", "ingested"):
        seen[state] = milestone_after(state, MONDAY, DISK, needs, CLOCK, "p50")

    assert seen == {
        "ordered": march(10),  # as in the story of a disk at P50, above
        "delivered": march(4),  # attached on Tue 3, a day to write
        "copied": MONDAY,  # handed over on a day that is worked
        "shipped": march(14),  # Thu 5 back; Fri 6, Mon 9 received; 5 days to read in
        "ingested": march(3),
    }
    assert milestone_after("vaulted", MONDAY, DISK, needs, CLOCK, "p50") is None


def test_a_slot_is_held_for_the_rest_of_the_way_and_no_longer():
    """An earlier state holds it longer; a planned run as long as one just ordered."""
    until = [
        slot_until(state, MONDAY, DISK, office(TB), CLOCK) for state in ("shipped", "copied", "delivered", "ordered")
    ]

    assert until == sorted(until) and len(set(until)) == 3  # on a Monday the carrier comes at once
    assert slot_until("planned", MONDAY, DISK, office(TB), CLOCK) == until[-1]


def test_a_copied_device_waits_for_the_carrier_over_the_weekend():
    """Copied on a Saturday, it is handed over on Monday, and its slot is held for that much longer."""
    assert slot_until("copied", march(7), DISK, office(TB), CLOCK) == slot_until(
        "shipped", march(9), DISK, office(TB), CLOCK
    )
