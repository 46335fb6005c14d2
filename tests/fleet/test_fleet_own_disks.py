"""Own drives at an office with a worker of its own: questions and answers go as JSON between two homes."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import pytest
from journey_host import Journey, begun
from rehearsal_host import Rehearsal as Azure

from deploy.inventory import load
from deploy.office import hands_by
from deploy.rehearse import GOAL
from deploy.settings import Settings, settings
from deploy.wiring import afar, own_drives, site, world
from flows.passing import Passed
from flows.world import World
from states.facts import DrivesPrepared
from states.plan import Plan
from tasks.office.afar.questions import Question, Reply, answered, read_question, to_text
from tasks.office.afar.remote import Asked
from tasks.ports import Site

pytestmark = pytest.mark.slow


@dataclass
class Carried:
    """A Desk: what is asked for the first time is laid down, and answered when it is asked again."""

    office: Settings
    waiting: set[str] = field(default_factory=set)
    replies: dict[tuple[str, str], Reply] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    travelled: list[str] = field(default_factory=list)
    laid: list[set[str]] = field(default_factory=list)  # by pass: the questions it laid down

    def ask(self, question: Question) -> Asked:
        """Answer what lies here. An answer is given out until the run has learnt something from it."""
        key = (question.key, question.work.mark)
        if key in self.replies:
            return Asked(question.work.now, self.replies[key])
        if question.key not in self.waiting:
            self.waiting.add(question.key)
            self.laid[-1].add(question.key)
            return Asked(question.work.now)
        self.waiting.remove(question.key)
        self.replies[key] = self._answered(to_text(question))
        return Asked(question.work.now, self.replies[key])

    def _answered(self, text: str) -> Reply:
        asked = read_question(text)
        reply = answered(asked, lambda: hands_by(self.office, asked.inventory, lambda _work, _at: None))
        assert reply is not None
        self.done[asked.verb] += "answer" in reply.data
        self.travelled += [text, json.dumps(reply.data), reply.content.decode("utf-8", "replace")]
        return replace(reply, data=json.loads(self.travelled[-2]))


class Afar(Journey):
    """The journey of nairobi, whose drives another home reaches; the hub has the journal and Azure."""

    desk: Carried

    @cached_property
    def world(self) -> World:
        return replace(world(self.rehearsal.where), site_of=self._site)

    def sweep(self, run_ids: list[str] | None = None) -> list[Passed]:
        """Pass until nothing is asked or answered any more."""
        while True:
            before = len(self.desk.travelled), set(self.desk.waiting)
            passed = super().sweep(run_ids)
            if before == (len(self.desk.travelled), self.desk.waiting):
                return passed

    def _site(self, plan: Plan) -> Site:
        self.desk.laid.append(set())  # a pass begins
        where, inventory = self.rehearsal.where, load(self.rehearsal.where.inventory)
        entry = inventory.office(plan.office)
        assert entry is not None
        hands = afar(self.desk, entry, own_drives(where, entry))
        return replace(site(where, inventory, plan), office=hands.office, samples=hands.samples, disks=hands.disks)


@pytest.fixture(scope="module")
def journey(running_rehearsal: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Afar]:
    """The journey at its end."""
    running_rehearsal.control.reset()
    home = tmp_path_factory.mktemp("afar")
    journey = Afar(begun(running_rehearsal, home / "hub", ("nairobi",)), running_rehearsal)
    (home / "office").mkdir()
    shutil.copyfile(home / "hub" / "azure.json", home / "office" / "azure.json")  # where a rehearsal keeps its drives
    journey.desk = Carried(settings(home / "office"))
    journey.play()
    yield journey
    journey.rehearsal.journal.close()
    journey.world.journal.close()


def test_a_seeding_with_own_drives_is_worked_by_its_office_from_first_look_to_last(journey: Afar) -> None:
    """The office copies, seals, reads again and writes the drives, each once; the hub makes one job of them."""
    run, once = journey.run("nairobi"), ("check-drives", "copy", "seal", "verify", "prepare-drives")
    prepared = run.get(DrivesPrepared)

    assert (run.state, run.conditions) == (GOAL, {}) and prepared is not None and len(prepared.drives) == 2
    assert {verb: journey.desk.done[verb] for verb in once} == dict.fromkeys(once, 1)
    assert journey.rehearsal.control.stats()["orders"] == {run.job_name: 1}


def test_a_pass_asks_an_office_one_thing(journey: Afar) -> None:
    """A question more would take the first one back, and the office would have been asked in vain."""
    assert {len(one) for one in journey.desk.laid} == {0, 1}


def test_a_site_serves_one_pass_over_one_run_or_over_many(journey: Afar) -> None:
    """What an office has not answered is forgotten with the pass that asked: the next may ask something else."""
    wired, plan = world(journey.rehearsal.where), journey.run("nairobi").plan
    many = wired.for_many()

    assert wired.site_of(plan) is not wired.site_of(plan)
    assert many.site_of(plan) is many.site_of(plan) is not wired.for_many().site_of(plan)
    wired.journal.close()


def test_the_hub_touches_no_drive_and_the_office_keeps_its_plans(journey: Afar) -> None:
    """What the preparation remembers lies at the office alone, for the attempt after a lost drive."""
    job = journey.run("nairobi").job_name

    assert not list(journey.rehearsal.where.media.glob("*"))
    assert (journey.desk.office.media / job / "allocation.json").exists()


def test_no_key_travels_in_a_question_or_an_answer(journey: Afar) -> None:
    """Both sides read the keys where the inventory names them; the hub's reading and the office's are on record."""
    secrets = [v for k, v in os.environ.items() if k.startswith(("SEEDING_KEY_WD", "SEEDING_RETURN_ACCOUNT"))]
    read = [line.payload["what"] for line in journey.rehearsal.journal.lines("nairobi/2026-11")
            if line.kind == "secret-read"]  # fmt: skip

    assert len(secrets) >= 5 and not [secret for secret in secrets for text in journey.desk.travelled if secret in text]
    assert sum("to encrypt the drive" in what for what in read) == 2
    assert sum("for the import job" in what for what in read) == 1
