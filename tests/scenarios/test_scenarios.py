"""The scenario table: its rows are whole, a sample of them is played here, and all of them by `make faults`."""

from __future__ import annotations

from contextlib import closing, nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import get_args

import pytest
from rehearsal_host import Rehearsal as Azure

from deploy.cli.envelope import Exit
from deploy.cli.faults import chosen_by
from deploy.cli.soak import answered
from deploy.rehearsal.control import Control
from deploy.scenarios.chaos import Chaos, Story
from deploy.scenarios.own_disks import OWN_DISKS
from deploy.scenarios.plans import PLANS
from deploy.scenarios.scenario import Kind, Scenario
from deploy.scenarios.soak import soak, summed
from deploy.scenarios.stage import Differs, Stage
from deploy.scenarios.table import SCENARIOS, play_all, play_chaos
from states.conditions import CATALOGUE
from states.faults import FAULTS
from states.steps import Ask
from tasks.errors import InvalidInput

# Rows of the trade's faults that concern own disks; 56 has a test of its own.
OWN_DISK_ROWS = {*range(48, 56), 57, *range(62, 66), 70, 72, *range(79, 84)}
ROOT = Path(__file__).parents[2]
SEED = 3
# Faults that no stage can show as they are, and the file that plays them.
ELSEWHERE = {
    7: "tests/tasks/test_order_slots.py",
    8: "tests/azure/test_azure_doctor.py",
    11: "tests/office/test_agent_doctor.py",
    12: "tests/office/test_agent_doctor.py",
    13: "tests/inventory/test_inventory_hostile.py",
    40: "tests/media/test_media_devices.py",
}
AT_WORK = [row for row in SCENARIOS if isinstance(row, Scenario)]
QUICK = (
    "the drive holds something",
    "a byte changes before the device is prepared, and its checksums agree",
    "the carrier lost every drive, and the run is given up",
)


def test_every_row_of_the_trade_that_concerns_own_disks_is_played():
    """A row that is dropped from the table is missed."""
    assert {row for scenario in (*OWN_DISKS, *PLANS) for row in scenario.rows} >= OWN_DISK_ROWS


def test_no_two_scenarios_have_one_name():
    """Their sentences tell them apart."""
    named = [row.what for row in SCENARIOS]
    assert len(named) == len(set(named))


@pytest.mark.parametrize("row", AT_WORK, ids=lambda row: row.what)
def test_every_row_at_work_names_a_condition_that_the_product_has(row: Scenario):
    """And words of its remedy."""
    assert row.helps in CATALOGUE[row.code].remedy.format(run="RUN")


@pytest.mark.parametrize("row", PLANS, ids=lambda row: row.what)
def test_a_fault_of_the_plan_is_found_before_anything_happens(row):
    """With what to do about it."""
    assert row.play() == row.expected


@pytest.mark.parametrize("what", QUICK)
def test_a_scenario_shows_what_its_row_says(rehearsal: Azure, what: str):
    """One of each way to end; `make faults` plays all."""
    (result,) = play_all([row for row in SCENARIOS if row.what == what], rehearsal.known)

    assert result.seen == result.scenario.expected


def test_a_scenario_that_goes_another_way_is_found(rehearsal: Azure):
    """The comparison rings for another state, and for words that are not there."""
    good = next(row for row in AT_WORK if row.what == "the drive holds something")
    wrong = [replace(good, state="copied"), replace(good, says="beer")]

    results = list(play_all(wrong, rehearsal.known))

    assert [result.as_expected for result in results] == [False, False]
    assert "delivered" in str(results[0].seen) and "beer" in str(results[1].seen)


def test_a_code_that_nobody_knows_is_refused_with_the_nearest_one():
    """A slip of the finger costs no rehearsal."""
    with pytest.raises(InvalidInput) as refused:
        chosen_by("drive-changed,drive-fialed")

    assert "drive-fialed" in refused.value.message and "`drive-failed`" in refused.value.next


def test_faults_are_chosen_by_code_by_number_or_all():
    """With commas between."""
    assert {row.code for row in chosen_by("drive-locked, 72")} == {"drive-locked", "drives-not-returned"}
    assert chosen_by("all") == SCENARIOS


def test_every_fault_that_a_wire_a_disk_or_an_agent_can_show_is_played():
    """What has codes is rehearsed; the rest is played where it can be, or says here why not."""
    played = {row for scenario in SCENARIOS for row in scenario.rows}
    missing = {fault.number for fault in FAULTS if fault.codes} - played

    assert missing == set(ELSEWHERE)
    assert all((ROOT / path).exists() for path in ELSEWHERE.values())


def test_every_way_to_end_is_in_the_table():
    """By itself, by a person, given up, and refused."""
    assert {scenario.expected.kind for scenario in SCENARIOS} == set(get_args(Kind))


@pytest.mark.slow
def test_one_seed_tells_one_story(rehearsal: Azure):
    """The same faults at the same times, the same answers, the same end; and it ends as a run may."""
    first, again = (list(islice(play_chaos(SEED, rehearsal.known), 1)) for _ in range(2))

    assert first == again and first[0].told and not first[0].wrong


@pytest.mark.slow
def test_a_soak_of_a_few_seeds_ends_as_it_may(tmp_path: Path):
    """Chains whole, nothing twice, nobody waited for who is nobody; and 101 ends with a second device, not given up."""
    sums = summed(soak(days=60, first=100, jobs=2, home=tmp_path))

    assert not sums.wrong and sums.days >= 60 and {100, 101} <= set(sums.seeds)
    assert sums.chains == sum(sums.ways.values()) and sums.azure["orders"] >= sums.chains
    assert all(": " in way for way in set(sums.ways) - {"done", "given up"})


def test_a_soak_says_which_seed_went_wrong_and_when_too_little_time_has_passed():
    """The exit code is not zero, the trouble is named, and the command plays it again."""
    good = Story(7, "lyon", (), "end", "done", 40.0, 50, ("late",), ("order-gone",), {"orders": 2, "pickups": 1})
    bad = replace(good, seed=8, way="nobody", wrong="pickups of x was done 2 times")

    well, ill, short = (answered(summed(told), 40, 1.0) for told in ((good,), (good, bad), ()))

    assert well.exit == Exit.DONE and not well.problems
    assert ill.exit == Exit.FAILED and [p.next for p in ill.problems] == ["seeding rehearse --chaos 8"]
    assert "2 times" in ill.problems[0].message and ill.data["azure"] == {"orders": 4, "pickups": 2}
    assert short.exit == Exit.FAILED and "0 of 40" in short.problems[0].message


def test_a_run_that_waits_for_nobody_is_wrong(rehearsal: Azure, tmp_path: Path):
    """A question needs somebody: neither Azure nor the agent is a person."""
    Control(rehearsal.known["control"], rehearsal.known["ca"]).reset(retry_after=0)
    with closing(Stage(rehearsal.known, tmp_path, "lyon")) as stage:
        chaos = Chaos(stage, SEED)
        stage.sweep()
        for who, allowed in (("the office", True), ("Azure", False), ("the agent", False)):
            stage.step = Ask(who, "Well?", "seeding status", stage.now_run.since, stage.now_run.since)
            with nullcontext() if allowed else pytest.raises(Differs, match="waiting for nobody"):
                chaos.check(stage.now_run)
