"""The sample restore: what is drawn, what is compared, and what a wrong hash does."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeWorld
from hypothesis import given
from hypothesis import strategies as st
from stories import PLAN, RUN_ID, T0, added, condition, evidence, run_in
from trials import tries

from states.clean_up import a_sample_was_restored
from states.interlock import READY
from states.playbook import Ask, next_step
from states.refused import Refused
from states.release import SampleDrawn, SampleFile, SampleRestored
from states.run import Run
from states.settle import Outcome
from tasks import answers
from tasks.errors import InvalidInput
from tasks.media import Header, entries, seal
from tasks.media.hashing import BLOCK
from tasks.media_errors import SourceNotReadable
from tasks.office.agent import AgentCommand, AgentRefuses
from tasks.office.sample import LocalSamples, digest
from tasks.perform import perform
from tasks.ports import OnSite
from tasks.sample import BY_AGENT, LARGEST_BYTES, confidence, drawn

GOOD, BAD = "a" * 64, "b" * 64
DRAWN = SampleDrawn((SampleFile("mail", "a", 1, f"sha256:{GOOD}"), SampleFile("sql", "b", 1, f"sha256:{GOOD}")), 9)
BY_HAND = replace(PLAN, agent="dpm")


def office(tmp_path: Path, script: str = "") -> tuple[LocalSamples, OnSite]:
    """Return an office with three source files and an agent that runs *script* with its arguments in `told`."""
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "sub/c.txt"):
        (source / name).write_text(name)
    (source / "link").symlink_to("a.txt")
    told = "import json, sys, pathlib; told = dict(zip(sys.argv[2::2], sys.argv[3::2]))\n"
    command = AgentCommand([sys.executable, "-c", told + script]) if script else None
    items = (replace(PLAN.items[0], source=str(source)),)
    return LocalSamples(tmp_path / "home", command), OnSite(RUN_ID, 1, replace(PLAN, items=items), "perth0123", "D", T0)


# An agent that restores every file with its own name as content, but for what the test adds.
RESTORES = """
for file in json.loads(told["--files"]):
    to = pathlib.Path(told["--to"]) / file["item"] / file["path"]
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(file["path"])
    {more}
print(json.dumps({{"schema": "seeding.agent/1"}}))
"""


@tries(50)
@given(st.lists(st.integers(0, 2 * LARGEST_BYTES), max_size=40), st.integers(1, 20))
def test_the_same_run_draws_the_same_files_and_large_ones_last(sizes: list[int], count: int) -> None:
    """Repeatable whatever the order; a file above the limit only where there are too few others."""
    files = [(f"f{number}", size, number) for number, size in enumerate(sizes)]
    found = drawn(RUN_ID, 1, files, count)

    assert found == drawn(RUN_ID, 1, reversed(files), count) and len(found) == min(count, len(files)) == len(set(found))
    small = sum(size <= LARGEST_BYTES for size in sizes)
    assert sum(sizes[number] <= LARGEST_BYTES for number in found) == min(count, small)


def test_another_run_or_attempt_draws_others() -> None:
    """Nobody can prepare the files that will be looked at."""
    files = [(f"f{number}", 1, number) for number in range(500)]
    draws = {tuple(drawn(run, attempt, files, 10)) for run in ("a", "b") for attempt in (1, 2)}

    assert len(draws) == 4


@pytest.mark.parametrize("good, of, words", [
    (59, 1_000_000, "fewer than 5%"), (12, 400, "fewer than 22%"), (3, 3, "all 3 files"), (0, 9, "fewer than 100%"),
])  # fmt: skip
def test_the_confidence_is_said_as_it_is(good: int, of: int, words: str) -> None:
    """The figures of docs/clean-up.md."""
    assert words in confidence(good, of)


def test_files_are_drawn_at_the_source_with_the_hash_that_windows_prints(tmp_path: Path) -> None:
    """Links are no files of the backup; `Get-FileHash` gives SHA-256."""
    samples, work = office(tmp_path)
    sample = samples.draw(work, 59)

    assert sample is not None and sample.of_files == 3
    assert {file.path for file in sample.files} == {"a.txt", "b.txt", "sub/c.txt"}
    assert all(file.digest == f"sha256:{hashlib.sha256(file.path.encode()).hexdigest()}" for file in sample.files)


def test_an_item_without_a_source_says_so(tmp_path: Path) -> None:
    """Before the copy, not months later."""
    samples, work = office(tmp_path)
    item = replace(work.plan.items[0], source="")

    with pytest.raises(SourceNotReadable, match="no sample can be drawn"):
        samples.draw(replace(work, plan=replace(work.plan, items=(item,))), 1)


@pytest.mark.parametrize("more, wrong", [
    ("", ()),
    ("if file['path'] == 'b.txt': to.write_text('B.TXT')", ("mail/b.txt",)),
    ("if file['path'] == 'b.txt': to.write_text('b.txt ')", ("mail/b.txt",)),
    ("if file['path'] == 'sub/c.txt': to.unlink()", ("mail/sub/c.txt",)),
])  # fmt: skip
def test_what_the_agent_restores_is_compared_and_deleted_again(
    tmp_path: Path, more: str, wrong: tuple[str, ...]
) -> None:
    """Equal, changed by a bit, longer, missing: nothing of it stays on the disk."""
    samples, work = office(tmp_path, RESTORES.format(more=more))
    sample = samples.draw(work, 59)
    assert sample is not None

    seen = samples.restore(work, sample)

    assert seen is not None and seen.wrong == wrong and len(seen.good) + len(wrong) == seen.drawn == 3
    assert not (tmp_path / "home" / "perth0123" / "restored").exists()


def test_an_agent_that_refuses_or_is_not_there_is_no_proof(tmp_path: Path) -> None:
    """Its own words go to the office."""
    told = 'print(json.dumps({"schema": "seeding.agent/1", "error": {"code": "X", "message": "passphrase missing"}}))'
    samples, work = office(tmp_path, told)

    with pytest.raises(AgentRefuses, match="passphrase missing"):
        samples.restore(work, DRAWN)
    with pytest.raises(AgentRefuses, match="no command"):
        replace(samples, command=None).restore(work, DRAWN)


@pytest.fixture
def world(tmp_path: Path) -> FakeWorld:
    """A DPM office whose sample was drawn, at the end of the good story."""
    return FakeWorld(tmp_path, READY)


def by_hand(world: FakeWorld) -> Run:
    """Return the run as of a DPM office whose sample was drawn."""
    run = world.book().run
    return replace(added(run, evidence(DRAWN)), plan=BY_HAND)


def test_a_person_is_asked_with_the_steps_the_files_and_the_command(world: FakeWorld) -> None:
    """In the words of the console, with what is still to be recorded."""
    book = world.book()
    book.run = by_hand(world)
    ((code, steps),) = perform("restore-sample", book, world.site).raised

    run = added(by_hand(world), condition(code, steps, by="restore-sample"))
    asked = next_step(run, run.since, dict.fromkeys(("restore-sample", "watch-freeze"), run.since))

    assert code == "restore-by-hand" and "DPM console" in steps and "mail/a, sql/b" in steps
    assert isinstance(asked, Ask) and asked.command.startswith(f"seeding record {RUN_ID} restored --file")


def told(hashes: dict[str, str], before: SampleRestored | None = None) -> Outcome:
    """Return what recording these hashes brings, after what was recorded before."""
    kept: list[Outcome] = []

    class Book:
        run = replace(added(run_in(READY), evidence(DRAWN), *([evidence(before)] if before else [])), plan=BY_HAND)
        settle = staticmethod(kept.append)

    answers.restored(Book(), hashes, "jo")  # type: ignore[arg-type]
    return kept[0]


def restored(hashes: dict[str, str], before: SampleRestored | None = None) -> SampleRestored:
    """Return the evidence alone."""
    (fact,) = told(hashes, before).evidence
    assert isinstance(fact, SampleRestored)
    return fact


def verdict(fact: SampleRestored) -> str:
    """Return what the guard says of it, "" when it agrees."""
    return a_sample_was_restored(replace(added(run_in(READY), evidence(fact)), plan=BY_HAND)) or ""


def test_hashes_may_come_one_by_one_and_count_once_each() -> None:
    """Capitals as Windows prints them; a file recorded again replaces what was said of it."""
    first = restored({"mail/a": GOOD.upper()})
    second = restored({"sql/b": BAD}, first)
    third = restored({"sql/b": GOOD}, second)

    assert (first.good, first.wrong) == (("mail/a",), ())
    assert (second.good, second.wrong) == (("mail/a",), ("sql/b",))
    assert (third.good, third.wrong) == (("mail/a", "sql/b"), ())
    assert "1 of 2 files" in verdict(first) and "differ: sql/b" in verdict(second) and verdict(third) == ""


def test_a_wrong_hash_blocks_and_a_right_one_takes_the_question_away() -> None:
    """`restore-differs` is nothing to be talked over."""
    wrong, right = told({"mail/a": BAD}), told({"mail/a": GOOD, "sql/b": GOOD})

    assert [code for code, _ in wrong.raised] == ["restore-differs"] and right.raised == ()
    assert right.by == "restore-sample"


@pytest.mark.parametrize("hashes, error", [
    ({"mail/zzz": GOOD}, InvalidInput), ({"mail/a": "abc"}, InvalidInput), ({"mail/a": ""}, InvalidInput),
])  # fmt: skip
def test_a_file_that_was_not_drawn_and_what_is_no_hash_are_refused(hashes: dict[str, str], error: type) -> None:
    """A slip of the hand is no proof and no damage."""
    with pytest.raises(error):
        told(hashes)


def test_a_files_office_records_nothing_by_hand(world: FakeWorld) -> None:
    """There the agent does it."""
    with pytest.raises(Refused):
        answers.restored(world.book(), {"mail/a": GOOD}, "jo")


def test_enough_files_are_drawn_for_what_is_promised() -> None:
    """59 is the least number with which 95 % confidence says less than 5 %."""
    assert 0.95**BY_AGENT < 0.05 < 0.95 ** (BY_AGENT - 1) and json.dumps(BY_AGENT)


@pytest.mark.parametrize("size", [0, 5, BLOCK, BLOCK + 1])
def test_a_restored_files_hash_is_the_manifests_however_large_it_is(tmp_path: Path, size: int) -> None:
    """Above one block the manifest has the hash of the block hashes: a plain hash of the file would never equal it."""
    (tmp_path / "device").mkdir()
    (tmp_path / "device" / "f").write_bytes(b"x" * size)
    header = Header("run", 1, {"i": ""}, "serial", "test", "2026-01-01T00:00:00Z")
    seal(tmp_path / "device", ["."], tmp_path / "manifest", header=header)

    assert digest(tmp_path / "device" / "f", "blake3") == next(entries(tmp_path / "manifest")).blake3.hex()
