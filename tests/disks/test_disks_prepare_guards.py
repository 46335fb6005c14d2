"""The guards of preparing drives: each refuses, and agrees when the cause is gone."""

from __future__ import annotations

import json
import os
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from drive_sets import CHUNK, MIB, a_seed, noise, stopped_after

from tasks.errors import InvalidInput, NotYet, SeedingError
from tasks.media import platform_io
from tasks.office.disks import (
    Credential,
    DoesNotFit,
    DriveManifestExists,
    DriveRefused,
    DriveTarget,
    SessionReused,
    StagingChanged,
    StagingRefused,
    look_at_staging,
    usable,
)


def test_a_staging_folder_that_changed_since_the_survey_is_refused_before_anything_is_written(fast):
    """Another byte count, another time, one file more: named, and the drives stay empty."""
    bench = a_seed(fast)
    (bench.staging / "sql/two.AIBBlob").write_bytes(bytes(512))

    with pytest.raises(StagingChanged, match=r"sql/two.AIBBlob"):
        bench.prepare()
    assert list(bench.home.glob("*/volume/*")) == []

    bench.prepare(bench.work(surveyed=look_at_staging(bench.staging, bench.container)))


def test_a_staging_file_written_to_while_it_is_copied_is_noticed(fast):
    """The agent was not done: no manifest is written over a mixture."""
    bench = a_seed(fast)

    def write(*_told: object) -> None:
        with (bench.staging / "sql/one.AIBBlob").open("r+b") as file:
            file.write(b"later")
        os.utime(bench.staging / "sql/one.AIBBlob", ns=(1, 1))

    with pytest.raises(StagingChanged, match=r"was written to since it was surveyed"):
        bench.prepare(moved=write)
    assert list(bench.home.glob("*/volume/DriveManifest.xml")) == []


@pytest.mark.parametrize(
    ("name", "size", "code"),
    [
        ("odd.AIBBlob", 513, "page-alignment"),
        ("notes.txt", 512, "not-a-seed-file"),
        ("x" * 240 + ".AIBBlob", 512, "path-too-long"),
        ("a:b.AIBBlob", 512, "name-character"),
    ],
)
def test_what_a_drive_or_azure_would_refuse_is_refused_here(fast, name, size, code):
    """By code and with what helps; named as left out, it is no part of the seed."""
    bench = a_seed(fast)
    (bench.staging / name).write_bytes(bytes(size))
    found = look_at_staging(bench.staging, bench.container)

    assert code in [problem.code for problem in found.problems]
    with pytest.raises(StagingRefused) as refused:
        usable(found)
    assert refused.value.next and len(refused.value.reasons) == len(found.problems)
    assert (
        usable(look_at_staging(bench.staging, bench.container, leave_out=[name])).sizes().keys() == bench.files.keys()
    )


def test_an_empty_staging_folder_is_no_seed(tmp_path):
    """Nothing to prepare is a refusal, not a success."""
    with pytest.raises(StagingRefused, match=r"no seed is in"):
        usable(look_at_staging(tmp_path, "seed"))


def test_a_drive_that_holds_anything_is_refused_with_every_reason_of_every_drive(fast):
    """Before the first byte is written to any of them."""
    bench = a_seed(fast, room={"S1": 8 * MIB, "S2": 8 * MIB})
    (bench.volume("S1") / "letters.doc").write_bytes(b"x")
    facts = bench.home / "bay-S2/drive.json"
    facts.write_text(json.dumps({"serial": "S2", "capacity_bytes": MIB, "bus": "USB", "sector_bytes": 4096}))

    with pytest.raises(DriveRefused) as refused:
        bench.prepare()

    said = " ".join(refused.value.reasons)
    assert len(refused.value.reasons) == 4
    assert all(word in said for word in ("letters.doc", "4,096 bytes", "connected by USB", "1,048,576 bytes"))
    assert sorted(p.name for p in bench.home.rglob("volume/*")) == ["letters.doc"]


def test_another_drive_at_the_planned_place_is_refused(fast):
    """The letter is right and the serial is not: nothing is written."""
    bench = a_seed(fast, room={"S1": 32 * MIB})
    (bench.home / "bay-S1/drive.json").write_text(json.dumps({"serial": "WRONG", "capacity_bytes": 64 * MIB}))

    with pytest.raises(DriveRefused, match=r"planned is drive S1; .* is WRONG"):
        bench.prepare()


def test_a_drive_that_is_not_connected_is_named(fast):
    """And where it is, when it is somewhere else."""
    bench = a_seed(fast, room={"S1": 32 * MIB})
    (bench.home / "bay-S1").rename(bench.home / "other")

    with pytest.raises(DriveRefused, match=r"drive S1 is planned at .*bay-S1.*, it is at .*other"):
        bench.prepare()


def test_the_manifest_of_another_session_is_never_overwritten(fast):
    """A disk that was used before; formatted, it is taken."""
    bench = a_seed(fast)
    serial = bench.prepare().drives[0].serial

    with pytest.raises(DriveManifestExists, match=r"of another session than sydney-2"):
        bench.prepare(bench.work(session="sydney-2"))
    shutil.rmtree(bench.volume(serial))
    bench.volume(serial).mkdir()
    bench.check(bench.prepare(bench.work(session="sydney-2")))


def test_a_session_stands_for_one_set_of_contents(fast):
    """Half prepared, then the plan changed under the same name: a new name is asked for."""
    bench = a_seed(fast)
    stopped_after(bench, "write", 2)
    (bench.staging / "sql/one.BaseBlob").write_bytes(bytes(1024))
    work = bench.work(surveyed=look_at_staging(bench.staging, bench.container))

    with pytest.raises(SessionReused, match=r"was begun for other contents"):
        bench.prepare(work)


def test_a_lost_preparation_journal_means_the_drive_is_not_believed(fast):
    """Row 57: the drive is finished, nobody can vouch for it, so it is prepared again from the start."""
    bench = a_seed(fast)
    bench.prepare()
    shutil.rmtree(bench.state)

    with pytest.raises(DriveManifestExists):
        bench.prepare()


def test_two_processes_never_prepare_one_drive(fast):
    """The second is told to wait."""
    bench = a_seed(fast, room={"S1": 32 * MIB})
    bench.state.mkdir()
    lock = platform_io.Lock(bench.state / "S1.lock")
    lock.take()

    with pytest.raises(NotYet, match=r"another process is preparing drive S1"):
        bench.prepare()
    lock.release()
    bench.prepare()


def test_more_than_fits_and_more_than_ten_drives_are_refused(fast):
    """With the numbers, before a drive is looked at."""
    bench = a_seed(fast, room={"S1": 4 * MIB})
    with pytest.raises(DoesNotFit, match=r"9,438,720 bytes"):
        bench.prepare()
    many = tuple(DriveTarget(f"S{n}", Path("/x"), MIB) for n in range(11))
    with pytest.raises(InvalidInput, match=r"11 drives; a job takes 10"):
        bench.prepare(replace(bench.work(), drives=many))


@pytest.mark.parametrize("changes", [{"session": "a b"}, {"drives": (DriveTarget("../x", Path("/x"), 1),)}])
def test_names_that_could_leave_their_folder_are_refused(fast, changes):
    """Serials and sessions become file names."""
    bench = a_seed(fast)

    with pytest.raises(InvalidInput):
        bench.prepare(replace(bench.work(), **changes))


def test_a_credential_is_written_to_the_drive_alone(fast):
    """Asked for, it stands in the drive's manifest; the journal and the result do not have it."""
    bench = a_seed(fast)
    secret = "a2V5LWNhbmFyeS1mb3ItdGhlLWFjY291bnQ="
    prepared = bench.prepare(credential=Credential("sas", secret))

    holders = [place for place in fast.rglob("*") if place.is_file() and secret.encode() in place.read_bytes()]
    assert [place.name for place in holders] == ["DriveManifest.xml"]
    assert secret not in repr(prepared)


def test_every_refusal_says_what_helps(fast):
    """A message, a code and a next step: an error that leaves the reader alone is half an error."""
    bench = a_seed(fast, room={"S1": 4 * MIB})

    with pytest.raises(SeedingError) as refused:
        bench.prepare()
    assert refused.value.code == "does-not-fit" and refused.value.next


def test_chunks_are_whole_ranges(fast):
    """A chunk off the 4 MiB would make ranges that cannot be described."""
    with pytest.raises(InvalidInput):
        a_seed(fast).prepare(chunk_bytes=CHUNK + 512)


def test_noise_is_noise():
    """The data of these tests would show two swapped ranges."""
    assert noise(random.Random(1), 2 * MIB)[:MIB] != noise(random.Random(1), 2 * MIB)[MIB:]
