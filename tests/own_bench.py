"""A run of the own-disk mode on a rehearsal Azure, brought to the state a test needs without playing all before it.

What came before is put on record as evidence; from the seal on, verbs do the real work: two drives, a seed of 1.5 MB.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

from journey_host import Journey, begun
from rehearsal_host import Rehearsal as Azure

from deploy.rehearse import answer, jump
from flows.passing import Passed
from states.facts import Copied, DrivesPrepared, DrivesReserved, DrivesSeen, FormatAllowed, ItemOnDevice
from states.playbook import Ask
from states.run import Run
from states.settle import Outcome
from tasks import answers
from tasks.perform import perform

ITEMS = ("branch-files", "ledger")
IMAGE_BYTES = 768 * 1024  # of each item: the two fit on two drives of a megabyte, not on one
PAGE_BYTES = 512
PERSON = "tests"


class Bench(Journey):
    """One office, nairobi; `serials` are the two drives its seed goes to, two more are spare."""

    def __init__(self, azure: Azure, home: Path) -> None:
        super().__init__(begun(azure, home, ("nairobi",), 1), azure)
        assert self.now_run.plan.own_disk is not None
        self.own = self.now_run.plan.own_disk
        self.serials = tuple(drive.serial for drive in self.own.drives[:2])
        self.staging = Path(self.own.staging)
        self.control = azure.control

    def sweep(self, run_ids: list[str] | None = None) -> list[Passed]:
        """Pass over this office's run alone: a journal may hold others."""
        return super().sweep(run_ids or [self.now_run.run_id])

    def forget_world(self) -> None:
        """Let the next pass read the inventory anew, as a new process would."""
        self.world.journal.close()
        del self.world

    def close(self) -> None:
        """Give the journals back."""
        self.rehearsal.journal.close()
        self.world.journal.close()

    @property
    def now_run(self) -> Run:
        """The run as its journal tells it now."""
        return self.run("nairobi")

    def told(self, verb: str, *facts) -> Run:
        """Put these facts on record, as *verb* would have."""
        return self.world.book(self.now_run.run_id).settle(Outcome(verb, facts))

    def ordered(self) -> Run:
        """Two drives are allocated and lie on the desk, not formatted."""
        self.control.add_drives(
            [{"serial": s, "capacity_bytes": self.own.drives[0].capacity_bytes} for s in self.serials]
        )
        return self.told("reserve-drives", DrivesReserved(self.serials, self.now_run.job_name, 10**12, 1))

    def attached(self) -> Run:
        """A person allowed formatting, and the drives are fit."""
        self.ordered()
        self.told("record", FormatAllowed(self.serials, PERSON))
        return self.told("check-drives", DrivesSeen(self.serials))

    def delivered(self, files: int = 1, stem: str = "seed") -> Run:
        """As attached, and the agent has written its seed to the staging place: so many files of each item."""
        self.attached()
        size = IMAGE_BYTES // files // PAGE_BYTES * PAGE_BYTES
        dice, items = random.Random(4), []
        for name in ITEMS:
            (self.staging / name).mkdir(parents=True)
            for number in range(files):
                (self.staging / name / f"{stem}{number:04}.AIBBlob").write_bytes(dice.randbytes(size))
            items.append(ItemOnDevice(name, f"{self.staging.name}/{name}", files, size * files, size * files))
        return self.told("copy", Copied("", tuple(items)))

    def sealed(self, stem: str = "seed") -> Run:
        """As delivered, and the seed is sealed; no drive is written yet."""
        run = self.delivered(stem=stem)
        book = self.world.book(run.run_id)
        return book.settle(perform("seal", book, self.world.site_of(run.plan)))

    def copied(self) -> Run:
        """The drives are written, and the import job stands in Azure."""
        self.delivered()
        return self.passed("copied")

    def shipped(self, tracking: str = "JD0001") -> Run:
        """The parcel is on its way, and Azure knows its number."""
        self.copied()
        return self.handed_over(tracking)

    def handed_over(self, tracking: str = "JD0001") -> Run:
        """The parcel is on its way, if it was not."""
        if self.now_run.state == "copied":
            answers.handed_over(self.world.book(self.now_run.run_id), PERSON, "DHL", tracking)
            self.passed("shipped")
        return self.now_run

    def passed(self, state: str) -> Run:
        """Make one pass; the run must stand in *state* then."""
        self.sweep()
        run = self.now_run
        assert run.state == state, (run.state, run.conditions)
        return run

    def folder(self, number: int = 0) -> Path:
        """The folder of the seed's first or second drive."""
        return Path(self.rehearsal.azure["drives"]) / self.serials[number]

    def prepared(self) -> DrivesPrepared:
        """What is on record of the prepared drives."""
        found = self.now_run.get(DrivesPrepared)
        assert found is not None
        return found

    def staged(self, number: int) -> Path:
        """A file of the seed in the staging place."""
        return sorted(self.staging.rglob("*.AIBBlob"))[number]

    def describe(self, **facts: object) -> None:
        """Let the first drive say other things of itself."""
        place = self.folder() / "drive.json"
        place.write_text(json.dumps({**json.loads(place.read_text()), **facts}))

    def put_away_keys(self) -> None:
        """Empty the place of the BitLocker keys; `put_back_keys` fills it again."""
        self._keys = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("SEEDING_KEY_")}

    def put_back_keys(self) -> None:
        """Fill the place of the keys again."""
        os.environ.update(self._keys)

    def until_condition(self, code: str, limit: int = 40, *, answering: bool = True) -> Run:
        """Let time jump, pass, and be the office (if *answering*) until *code* stands."""
        for _ in range(limit):
            step = self.sweep()[0].step
            run = self.now_run
            if code in run.conditions:
                return run
            asked = answering and isinstance(step, Ask) and not step.code
            if not (asked and answer(self.rehearsal, run)):
                jump(self.rehearsal)
        raise AssertionError(f"{code} never stood: {self.now_run.state}, {self.now_run.conditions}")

    def until_state(self, state: str, limit: int = 30) -> Run:
        """Let time jump and pass until the run has come to *state*."""
        for _ in range(limit):
            self.sweep()
            if self.now_run.state == state:
                return self.now_run
            jump(self.rehearsal)
        raise AssertionError(f"still {self.now_run.state}: {self.now_run.conditions}")

    def with_other_key(self, number: int = 0) -> None:
        """Lock a drive with another key than the job names."""
        place = self.folder(number) / "bitlocker.json"
        place.write_text(json.dumps({**json.loads(place.read_text()), "hash": "0" * 64}))
