"""The stage of the own-disk mode: nairobi's run, brought to the state a scenario needs without playing all before it.

What came before is put on record as evidence; from the seal on, verbs do the real work: two drives, a seed of 1.5 MB.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

from deploy.scenarios.stage import Stage, must
from states.facts import Copied, DrivesPrepared, DrivesReserved, DrivesSeen, FormatAllowed, ItemOnDevice
from states.run import Run
from tasks import answers
from tasks.perform import perform

ITEMS = ("branch-files", "ledger")
IMAGE_BYTES = 768 * 1024  # of each item: the two fit on two drives of a megabyte, not on one
PAGE_BYTES = 512
PERSON = "stand-in"


class Bench(Stage):
    """One office, nairobi; `serials` are the two drives its seed goes to, two more are spare."""

    def __init__(self, azure: dict[str, Any], home: Path) -> None:
        """Lay the office out; nothing is ordered yet."""
        super().__init__(azure, home, "nairobi", 1)
        own = self.now_run.plan.own_disk
        assert own is not None
        self.own = own
        self.serials = tuple(drive.serial for drive in own.drives[:2])
        self.staging = Path(own.staging)

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
        dice, items = random.Random(4), []  # noqa: S311 - data to copy, no secret
        for name in ITEMS:
            (self.staging / name).mkdir(parents=True)
            for number in range(files):
                (self.staging / name / f"{stem}{number:04}.AIBBlob").write_bytes(dice.randbytes(size))
            items.append(ItemOnDevice(name, f"{self.staging.name}/{name}", files, size * files, size * files))
        return self.told("copy", Copied("", tuple(items)))

    def sealed(self, stem: str = "seed") -> Run:
        """As delivered, and the seed is sealed; no drive is written yet."""
        self.delivered(stem=stem)
        return self.performed("seal")

    def performed(self, verb: str) -> Run:
        """Do one verb and settle what it brought."""
        book = self.book
        return book.settle(perform(verb, book, self.world.site_of(book.run.plan)))

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
            answers.handed_over(self.book, PERSON, "DHL", tracking)
            self.passed("shipped")
        return self.now_run

    def folder(self, number: int = 0) -> Path:
        """The folder of the seed's first or second drive."""
        return Path(self.rehearsal.azure["drives"]) / self.serials[number]

    def prepared(self) -> DrivesPrepared:
        """What is on record of the prepared drives."""
        found = self.now_run.get(DrivesPrepared)
        must(found, "no drive is prepared")
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

    def with_other_key(self, number: int = 0) -> None:
        """Lock a drive with another key than the job names."""
        place = self.folder(number) / "bitlocker.json"
        place.write_text(json.dumps({**json.loads(place.read_text()), "hash": "0" * 64}))
