"""How things go wrong with own drives: at the office before the parcel leaves, and on its way. One function a harm."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace

from journey_host import flip_one_byte
from own_bench import PERSON, Bench
from own_stories import lines_to

from deploy.rehearse import set_the_wizard
from states.facts import Copied, HandedOver
from tasks.perform import perform


def nothing(bench: Bench) -> None:
    """Time alone is the fault."""


def mishap(name: str, of_a_drive: bool = False, **more: str) -> Callable[[Bench], None]:
    """Return what tells the rehearsal Azure of something that befalls the run's job, or its first drive."""

    def happen(bench: Bench) -> None:
        about = {"serial": bench.serials[0]} if of_a_drive else {}
        bench.control.add_faults({"world": name, "job": bench.now_run.job_name, **about, **more})

    return happen


def staged_byte_flipped(bench: Bench) -> None:
    flip_one_byte(next(bench.staging.rglob("*.AIBBlob")))


def staging_deleted(bench: Bench) -> None:
    shutil.rmtree(bench.staging)
    bench.staging.mkdir()


def policy_names_another_staging(bench: Bench) -> None:
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
    book = bench.world.book(bench.now_run.run_id)
    perform("prepare-drives", book, bench.world.site_of(book.run.plan))
    copied = bench.now_run.get(Copied)
    for path in bench.staging.rglob("*.AIBBlob"):
        path.write_bytes(os.urandom(path.stat().st_size))
    assert copied
    bench.told("copy", replace(copied, serial=""))
    book = bench.world.book(bench.now_run.run_id)
    book.settle(perform("seal", book, bench.world.site_of(book.run.plan)))


def keys_lost(bench: Bench) -> None:
    """The drives are written; then the place of the keys loses them."""
    book = bench.world.book(bench.now_run.run_id)
    book.settle(perform("prepare-drives", book, bench.world.site_of(book.run.plan)))
    bench.put_away_keys()


def same_number_recorded_at_the_same_moment(bench: Bench) -> None:
    """Another run's parcel has that number; ours was written down before either could see the other."""
    bench.rehearsal.journal.add(None, lines_to("shipped"))
    bench.told("record", HandedOver(PERSON, "dhl", "jd-0001"))


def edited_manifest(bench: Bench) -> None:
    manifest = bench.folder() / "volume" / "DriveManifest.xml"
    manifest.write_text(manifest.read_text("utf-8") + " ")


def formatted(bench: Bench) -> None:
    shutil.rmtree(bench.folder() / "volume")
    (bench.folder() / "volume").mkdir()


def not_encrypted(bench: Bench) -> None:
    (bench.folder() / "bitlocker.json").unlink()


def damaged_range(bench: Bench) -> None:
    flip_one_byte(next((bench.folder() / "volume").rglob("*.AIBBlob")))


def left_on_the_desk(bench: Bench) -> None:
    (bench.folder() / "drive.json").unlink()
