"""The scenario table: every row, by the fault's code. The command, `make faults` and the tests read it here."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.rehearsal.control import Control
from deploy.scenarios.chaos import Chaos, Story, broke_off
from deploy.scenarios.data_box import DATA_BOX
from deploy.scenarios.landing import LANDING
from deploy.scenarios.own_disk_stage import Bench
from deploy.scenarios.own_disks import OWN_DISKS
from deploy.scenarios.plans import PLANS, PlanScenario
from deploy.scenarios.scenario import Scenario, Seen, played
from deploy.scenarios.stage import Differs, Stage

CHAOS_OFFICES = ("sydney", "lyon", "nairobi")
Row = PlanScenario | Scenario
SCENARIOS: tuple[Row, ...] = (*PLANS, *DATA_BOX, *OWN_DISKS, *LANDING)


@dataclass(frozen=True)
class Result:
    """One scenario played: what was seen, or what went another way; `seconds` of this machine."""

    scenario: Row
    seen: Seen | str
    seconds: float

    @property
    def as_expected(self) -> bool:
        """Whether all that was seen is what the row says."""
        return self.seen == self.scenario.expected


def play_all(scenarios: Iterable[Row], azure: dict[str, Any]) -> Iterator[Result]:
    """Play these scenarios one after the other, each on a fresh world of the embedded *azure*; yield as they end."""
    for scenario in scenarios:
        begun = time.monotonic()
        try:
            seen: Seen | str = _play(scenario, azure)
        except Differs as differs:
            seen = str(differs)
        except Exception as bug:
            seen = broke_off(bug)
        yield Result(scenario, seen, time.monotonic() - begun)


def _play(scenario: Row, azure: dict[str, Any]) -> Seen:
    if isinstance(scenario, PlanScenario):
        return scenario.play()
    Control(azure["control"], azure["ca"]).reset(retry_after=0)
    with (
        tempfile.TemporaryDirectory(prefix="seeding-scenario-") as home,
        closing(stage_for(scenario, azure, Path(home))) as stage,
    ):
        return played(scenario, stage)


def stage_for(scenario: Scenario, azure: dict[str, Any], home: Path) -> Stage:
    """Return the fresh stage that *scenario* plays on."""
    return Bench(azure, home) if scenario.office == "nairobi" else Stage(azure, home, scenario.office)


def play_chaos(seed: int, azure: dict[str, Any]) -> Iterator[Story]:
    """Tell the story of *seed* for each sample office, each on a fresh world of the embedded *azure*."""
    for office in CHAOS_OFFICES:
        Control(azure["control"], azure["ca"]).reset(retry_after=0)
        with (
            tempfile.TemporaryDirectory(prefix="seeding-chaos-") as home,
            closing(Stage(azure, Path(home), office)) as stage,
        ):
            yield Chaos(stage, seed).play()
