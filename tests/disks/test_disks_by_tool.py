"""Preparing with the vendor's tool, from the verb to its journal: a stand-in program at the real process boundary.

It leaves drives, manifests and keys as the documents say. The words it prints are invented: see `samples/README.md`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from drive_sets import plug_in
from fakes import FakeOffice, FakeOrders, FakeWorld
from stories import ACTOR, PLAN, T0, evidence, job, opening

from states.facts import DriveReady, DrivesPrepared, DrivesReserved, FormatAllowed, Sealed, Verified
from states.plan import Drive, OwnDisk
from states.run import Run
from states.settle import Outcome
from tasks.journal import Journal, Logbook
from tasks.office.disks import (
    FolderBitLocker,
    FolderDrives,
    FolderFormatter,
    MemoryKeys,
    Tool,
    ToolAnswers,
    ToolRefused,
)
from tasks.office.local_disks import LocalDisks
from tasks.on_site import work_for
from tasks.perform import perform
from tasks.ports import DriveWork, Site

TOOL = (sys.executable, "-S", str(Path(__file__).parent / "pretended_disk_prep.py"))
SERIALS = ("WD-1", "WD-2")
JOB = "nairobi0001"
ANSWERS = ToolAnswers("Kim Lee", "+254 20 555", "backup@example.com", "5 Avenue, Nairobi", "Kenya", "00100")
RUN_ID = "nairobi/2026-11"
SEED = {"vol1.BaseBlob": b"base" * 128 * 3000, "vol1.AIBBlob": b"head" * 128}


@dataclass
class Bench:
    """An office with a staged seed, two empty drives, the tool, and a run that may format both."""

    folder: Path
    options: tuple[str, ...] = ()
    allowed: tuple[str, ...] = SERIALS
    sign_in: Callable[[], bool] | None = lambda: True
    program: tuple[str, ...] = TOOL

    def __post_init__(self) -> None:
        self.staging, self.home = self.folder / "staging", self.folder / "home"
        self.volumes = {serial: plug_in(self.folder / "bays", serial) for serial in SERIALS}
        self.staging.mkdir()
        for name, data in SEED.items():
            (self.staging / name).write_bytes(data)
        own = OwnDisk(str(self.staging), "seed", tuple(Drive(s, 64 << 20) for s in SERIALS), "NBO-COPY", "DHL")
        plan = replace(PLAN, office="nairobi", mode="own-disk", job_name=JOB, own_disk=own)
        self.journal = Journal(f"sqlite:///{self.folder / 'journal.db'}")
        facts = (DrivesReserved(SERIALS, JOB, 1 << 30, self.bytes), FormatAllowed(self.allowed, "jo"), self.sealed)
        self.journal.open(RUN_ID, [*opening(RUN_ID, plan), *map(evidence, facts)], T0, ACTOR)
        self.orders = FakeOrders(named=SERIALS)
        verified = FakeOffice(answers={"verify": Verified("d" * 64, len(SEED), self.bytes)})
        (self.folder / "world").mkdir()
        self.world = FakeWorld(self.folder / "world", office=verified)

    @property
    def bytes(self) -> int:
        return sum(map(len, SEED.values()))

    @property
    def sealed(self) -> Sealed:
        return Sealed("", "d" * 64, len(SEED), self.bytes, "seed.manifest")

    @property
    def disks(self) -> LocalDisks:
        drives = FolderDrives(self.folder / "bays")
        lock = FolderBitLocker(MemoryKeys(), {str(path): serial for serial, path in self.volumes.items()})
        program = (*self.program, *self.options, "--journal", str(self.folder / "tool"), JOB, *SERIALS)
        tool = Tool(program, str(self.staging), ANSWERS, self.sign_in, 0.05)
        return LocalDisks(self.home, drives, FolderFormatter(drives), lock, MemoryKeys(), (), tool)

    @property
    def site(self) -> Site:
        return replace(self.world.site, orders=self.orders, disks=self.disks)

    def perform(self, verb: str = "prepare-drives") -> tuple[Outcome, Run]:
        book = Logbook(self.journal, RUN_ID, lambda: T0 + timedelta(hours=1), ACTOR)
        outcome = perform(verb, book, self.site)
        return outcome, book.settle(outcome)

    def said(self) -> str:
        """Everything that the product wrote: its journal and its state beside the drives."""
        kept = [path.read_text("utf-8", "replace") for path in self.home.rglob("*") if path.is_file()]
        return "\n".join([*(str(line.payload) for line in self.journal.lines(RUN_ID)), *kept])


def stopped(bench: Bench, code: str, words: str) -> bool:
    """Say whether the verb ends in that condition, with these words and something to do."""
    _, run = bench.perform()
    assert code in run.conditions, run.conditions
    return words in run.conditions[code].detail and run.get(DrivesPrepared) is None


def test_the_tool_prepares_the_drives_and_the_run_has_its_evidence(tmp_path):
    """Serials, manifest hashes, bytes and blobs of both drives are read off them; the intent stands before."""
    bench = Bench(tmp_path)

    _, run = bench.perform()

    prepared = run.get(DrivesPrepared)
    assert prepared is not None and prepared.job_made and prepared.digest == "d" * 64
    assert [drive.serial for drive in prepared.drives] == list(SERIALS)
    assert sum(drive.bytes for drive in prepared.drives) == bench.bytes and run.get(Verified)
    assert all(len(drive.manifest_hash) == 32 and drive.blobs == 1 for drive in prepared.drives)
    kinds = [line.kind for line in bench.journal.lines(RUN_ID)]
    assert kinds.index("intent") < kinds.index("outcome") and run.intents == {}
    assert all(json.loads((v.parent / "bitlocker.json").read_text())["locked"] for v in bench.volumes.values())


def test_no_key_of_the_tool_is_in_anything_the_product_writes(tmp_path):
    """Neither the BitLocker keys that the tool prints nor the storage key in its manifests."""
    bench = Bench(tmp_path)
    bench.perform()

    keys = [path.read_text() for path in (tmp_path / "tool").glob("*.jrn")]
    assert len(keys) == 2 and "A" * 86 in (bench.volumes["WD-1"] / "DriveManifest.xml").read_text()
    assert not [secret for secret in (*keys, "A" * 86) if secret in bench.said()]


def test_a_second_call_starts_no_tool_and_brings_the_same(tmp_path):
    """Also when the first died between the locked drives and the journal: the result was kept."""
    bench = Bench(tmp_path)
    first, _ = bench.perform()
    bench.options = ("--die-at", "copy")

    assert bench.perform()[0].evidence == first.evidence


def test_a_result_that_was_never_noted_is_read_off_the_drives(tmp_path):
    """The tool ended, then the power went: the drives say what they hold, and nothing is formatted again."""
    bench = Bench(tmp_path)
    first, _ = bench.perform()
    (result,) = bench.home.rglob("tool-result.json")
    result.unlink()
    for volume in bench.volumes.values():
        facts = json.loads((volume.parent / "bitlocker.json").read_text())
        (volume.parent / "bitlocker.json").write_text(json.dumps({**facts, "locked": False}))
    bench.options = ("--die-at", "copy")

    assert bench.perform()[0].evidence == first.evidence


def test_a_tool_that_stopped_half_way_is_not_started_over_a_half_written_drive(tmp_path):
    """First the person hears why; then that the drives must be cleared; cleared, the tool is started anew."""
    bench = Bench(tmp_path, ("--die-at", "copy"))
    assert stopped(bench, "disk-tool-stopped", "exit code 9")

    bench.options = ()
    assert stopped(bench, "disk-tool-stopped", f"the seed has {bench.bytes:,}")
    for volume in bench.volumes.values():
        FolderFormatter(FolderDrives(tmp_path / "bays")).format(
            next(seen for seen in FolderDrives(tmp_path / "bays").look() if seen.path == str(volume)), erase=True
        )
    assert bench.perform()[1].get(DrivesPrepared)


def test_a_drive_that_holds_anything_is_refused_before_the_tool_is_started(tmp_path):
    """Row 51: the letter may belong to another disk; what is on it is for a person to remove."""
    bench = Bench(tmp_path)
    precious = bench.volumes["WD-2"] / "holiday.jpg"
    precious.write_bytes(b"the only copy")

    assert stopped(bench, "drive-not-usable", "drive WD-2 holds holiday.jpg")
    assert precious.read_bytes() == b"the only copy" and not list(bench.volumes["WD-1"].iterdir())


def test_a_drive_that_changed_places_under_way_is_not_formatted(tmp_path):
    """The serial is looked at again when the tool asks for its y: another drive behind the letter stops it."""
    bench = Bench(tmp_path)
    cards = [volume.parent / "drive.json" for volume in bench.volumes.values()]

    def swap() -> bool:
        one, other = (card.read_text() for card in cards)
        cards[0].write_text(other)
        cards[1].write_text(one)
        return True

    bench.sign_in = swap

    assert stopped(bench, "drive-not-usable", "drive WD-2 holds")
    assert not list(bench.volumes["WD-2"].iterdir())


def test_a_drive_nobody_allowed_is_never_given_to_the_tool(tmp_path):
    """One approval is for one serial; the tool would format what it is told."""
    bench = Bench(tmp_path, allowed=("WD-1",))

    assert stopped(bench, "drive-not-usable", "nobody allowed WD-2 to be formatted")
    assert not list(bench.volumes["WD-1"].iterdir())


@pytest.mark.parametrize(
    ("says", "code"),
    [
        ("Error: DriveManifest.xml already exists on target drive", "drive-not-usable"),
        ("Error: the CopySessionId refers to a previous session", "drive-not-usable"),
        ("Error: BitLocker is not enabled on this computer", "drive-not-usable"),
        ("Error: a path has more than 256 characters", "source-not-readable"),
        ("Error: Microsoft.DataBox is not registered", "not-allowed"),
        ("No import jobs were found for this staging location", "disk-tool-stopped"),
        (f"Error: cannot unlock with {'-'.join(['135795'] * 8)}", "disk-tool-stopped"),
    ],
)
def test_what_the_tool_fails_with_becomes_a_condition(tmp_path, says, code):
    """Rows 10, 49, 53 to 55: in its own words, without a key, with what helps."""
    bench = Bench(tmp_path, ("--says", says))

    assert stopped(bench, code, "the disk preparation tool stops: ")
    assert "135795" not in bench.said()


def test_a_drive_the_tool_left_unencrypted_is_not_shipped(tmp_path):
    """Whatever it says about having ended well."""
    assert stopped(Bench(tmp_path, ("--unencrypted",)), "drive-not-usable", "left unencrypted")


def test_a_byte_that_differs_from_the_tools_manifest_is_found(tmp_path):
    """Every range is read again before the drive is believed."""
    bench = Bench(tmp_path, ("--die-at", "job"))
    bench.perform()
    file = max((bench.volumes["WD-2"] / "seed").iterdir())
    file.write_bytes(bytes([file.read_bytes()[0] ^ 1]) + file.read_bytes()[1:])

    assert stopped(bench, "drive-not-usable", "drive WD-2 does not hold what its manifest says")


def test_without_a_person_to_sign_in_nothing_is_started(tmp_path):
    """A service has no browser; the drives stay as they are."""
    bench = Bench(tmp_path, sign_in=None)

    assert stopped(bench, "disk-tool-stopped", "needs a person at the copy computer")
    assert not any(list(volume.iterdir()) for volume in bench.volumes.values())


def test_the_tool_cannot_bring_the_rest_of_a_seed(tmp_path):
    """It copies the whole staging folder; the missing share alone needs our own way."""
    bench = Bench(tmp_path)
    wanted = DriveWork(("WD-2",), ("WD-1",), ("WD-2",), "jo", bench.sealed)

    with pytest.raises(ToolRefused, match="the tool cannot write the rest alone"):
        bench.disks.prepare_drives(work_for(bench.journal.run(RUN_ID), T0), wanted, lambda _serial: None)


def prepared(bench: Bench) -> None:
    """Put on record that the tool prepared both drives."""
    ready = tuple(DriveReady(serial, "\\DriveManifest.xml", "0" * 32, 1, 1) for serial in SERIALS)
    book = Logbook(bench.journal, RUN_ID, lambda: T0 + timedelta(hours=1), ACTOR)
    book.write(evidence(DrivesPrepared("d" * 64, ready, job_made=True)))


def test_the_job_the_tool_made_is_taken_when_it_names_exactly_its_drives(tmp_path):
    """No second job is created; the return carrier, which the tool does not ask for, is left to a person."""
    bench = Bench(tmp_path)
    prepared(bench)
    assert "does not show it yet" in bench.perform("create-import-job")[0].notes[0]
    bench.orders.jobs[JOB] = job("Created", job_name=JOB)
    bench.orders.tags_of[JOB] = {}

    outcome, run = bench.perform("create-import-job")

    assert outcome.evidence == (bench.orders.jobs[JOB],) and "return carrier" in outcome.notes[0]
    assert run.conditions == {} and "create" not in bench.orders.trouble.calls


def test_a_job_with_other_drives_is_not_ours_until_somebody_tags_it(tmp_path):
    """The name alone proves nothing; the remedy of the condition does."""
    bench = Bench(tmp_path)
    prepared(bench)
    bench.orders.jobs[JOB], bench.orders.tags_of[JOB] = job("Created", job_name=JOB), {}
    bench.orders.named = ("WD-1", "WD-9")
    _, run = bench.perform("create-import-job")
    assert "WD-1, WD-9; prepared are WD-1, WD-2" in run.conditions["order-foreign"].detail
    bench.orders.tags_of[JOB] = {"seeding-run": RUN_ID, "seeding-attempt": "1"}

    assert bench.perform("create-import-job")[1].conditions == {}


def test_a_tool_that_is_not_there_waits(tmp_path):
    """The verb is tried again: this may be the hub, and not the copy computer."""
    outcome, run = Bench(tmp_path, program=("/no/such/tool.exe",)).perform()

    assert outcome.pending and "cannot be started here" in outcome.notes[0] and run.conditions == {}
