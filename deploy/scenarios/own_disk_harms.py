"""How things go wrong with own drives: at the office before the parcel leaves, and on its way. One function a harm."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace

from deploy.rehearse import set_the_wizard
from deploy.scenarios.own_disk_stage import PERSON, Bench
from deploy.scenarios.stage import flip_one_byte, must
from states.facts import Copied, HandedOver
from states.lines import Draft
from states.settle import Outcome
from tasks.perform import perform

OTHER_RUN = "leeds/2026-11"


def nothing(bench: Bench) -> None:
    """Time alone is the fault."""


def mishap(name: str, of_a_drive: bool = False, **more: str) -> Callable[[Bench], None]:
    """Return what tells the rehearsal Azure of something that befalls the run's job, or its first drive."""

    def happen(bench: Bench) -> None:
        about = {"serial": bench.serials[0]} if of_a_drive else {}
        bench.control.add_faults({"world": name, "job": bench.now_run.job_name, **about, **more})

    return happen


def before_the_parcel_leaves(harm: Callable[[Bench], object]) -> Callable[[Bench], None]:
    """Return the harm, and then the hand-over of the parcel."""

    def happen(bench: Bench) -> None:
        harm(bench)
        bench.handed_over()

    return happen


def staged_byte_flipped(bench: Bench) -> None:
    """Change the staging place after the seal."""
    flip_one_byte(next(bench.staging.rglob("*.AIBBlob")))


def staging_deleted(bench: Bench) -> None:
    """Empty the staging place after the seal."""
    shutil.rmtree(bench.staging)
    bench.staging.mkdir()


def policy_names_another_staging(bench: Bench) -> None:
    """Set another staging path in the backup console."""
    other = bench.staging.with_name("elsewhere")
    other.mkdir()
    set_the_wizard(bench.rehearsal, bench.now_run, own_disk=replace(bench.own, staging=str(other)))


def on_the_drive(name: str, text: str = "the only copy") -> Callable[[Bench], None]:
    """Return what puts a file on the first drive before it is prepared."""

    def put(bench: Bench) -> None:
        (bench.folder() / "volume").mkdir()
        (bench.folder() / "volume" / name).write_text(text)

    return put


def drive_says(**facts: object) -> Callable[[Bench], None]:
    """Return what makes the first drive another kind of drive."""
    return lambda bench: bench.describe(**facts)


def prepared_and_forgotten(bench: Bench) -> None:
    """The drives were written, the process died before it told the journal, and the agent wrote another seed."""
    book = bench.book
    perform("prepare-drives", book, bench.world.site_of(book.run.plan))
    copied = bench.now_run.get(Copied)
    must(copied, "nothing was copied")
    assert copied is not None
    for path in bench.staging.rglob("*.AIBBlob"):
        path.write_bytes(os.urandom(path.stat().st_size))
    bench.told("copy", replace(copied, serial=""))
    bench.performed("seal")


def keys_lost(bench: Bench) -> None:
    """The drives are written; then the place of the keys loses them."""
    bench.performed("prepare-drives")
    bench.put_away_keys()


def same_number_recorded_at_the_same_moment(bench: Bench) -> None:
    """Another run's parcel has that number; ours was written down before either could see the other."""
    journal, now = bench.rehearsal.journal, bench.rehearsal.clock.now()
    opened = [line for line in journal.lines(bench.now_run.run_id) if line.kind in ("opened", "planned")]
    journal.open(OTHER_RUN, [Draft(line.kind, line.payload) for line in opened], now, PERSON)
    bench.world.book(OTHER_RUN).settle(Outcome("record", (HandedOver(PERSON, "DHL", "JD0001"),)))
    bench.told("record", HandedOver(PERSON, "dhl", "jd-0001"))


def edited_manifest(bench: Bench) -> None:
    """Add a blank to the drive's manifest."""
    manifest = bench.folder() / "volume" / "DriveManifest.xml"
    manifest.write_text(manifest.read_text("utf-8") + " ")


def formatted(bench: Bench) -> None:
    """Empty the drive after it was prepared."""
    shutil.rmtree(bench.folder() / "volume")
    (bench.folder() / "volume").mkdir()


def not_encrypted(bench: Bench) -> None:
    """Take BitLocker off."""
    (bench.folder() / "bitlocker.json").unlink()


def damaged_range(bench: Bench) -> None:
    """Flip a byte on the prepared drive."""
    flip_one_byte(next((bench.folder() / "volume").rglob("*.AIBBlob")))


def left_on_the_desk(bench: Bench) -> None:
    """Forget one drive when the parcel is packed."""
    (bench.folder() / "drive.json").unlink()
