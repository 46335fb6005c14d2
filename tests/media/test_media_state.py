"""The state beside a copy: packs of small files come back in folder order, the newer line counts, damage does not."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from media_trees import MIB, digests, header, plant

from tasks.media import SourceChanged, copy, entries, seal
from tasks.media.packs import Folders, Pack, line
from tasks.media.state import State


@pytest.fixture(name="tmp_path")
def scratch(fast: Path) -> Path:
    """These tests are about answers, not about disks: they run in memory."""
    return fast


def _pack(folder: bytes, *names: str, hashes: str = "b\tc\tm") -> Pack:
    return Pack(folder, "\n".join(line(name, "1 2 3", "4 1 2 3", hashes) for name in names), len(names), len(names))


def test_packs_come_by_folder_whatever_the_order_they_were_finished_in(tmp_path):
    """Workers finish out of order, and one folder in several packs; asking in path order finds each of them once."""
    state = State(tmp_path / "s.state")
    state.add_packs([_pack(b"b/", "x"), _pack(b"a/m/", "y"), _pack(b"a/", "z")])
    state.add_packs([_pack(b"a/", "b"), _pack(b"", "top")])
    known = Folders(state.packs())

    assert [sorted(known.at(f)) for f in (b"", b"a/", b"a/m/", b"a/n/", b"b/")] == [
        ["top"],
        ["b", "z"],
        ["y"],
        [],
        ["x"],
    ]
    state.close()


def test_of_two_lines_for_a_file_the_newer_one_counts(tmp_path):
    """A file that was copied again is described by its last copy."""
    state = State(tmp_path / "s.state")
    state.add_packs([_pack(b"a/", "f", "g", hashes="old\t1\t-")])
    state.add_packs([_pack(b"a/", "f", hashes="new\t2\t-")])

    rows = Folders(state.packs()).at(b"a/")

    assert (rows["f"][2], rows["g"][2]) == ("new\t2\t-", "old\t1\t-")
    state.close()


def test_folders_that_were_not_asked_for_are_shown_in_passing(tmp_path):
    """What a source has lost since is noticed: folders passed over, and those behind the last one asked for."""
    state = State(tmp_path / "s.state")
    state.add_packs([_pack(b"a/", "1"), _pack(b"b/", "2"), _pack(b"c/", "3"), _pack(b"d/", "4")])
    known = Folders(state.packs())

    assert [folder for folder, _ in known.up_to(b"bb/")] == [b"a/", b"b/"]
    assert list(known.at(b"c/")) == ["3"]
    assert [folder for folder, _ in known.rest()] == [b"d/"]
    state.close()


def _copied(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A copied tree in which files and folders of one folder interleave, and the place of its state."""
    files = {"a": b"1", "m/x": b"2", "m/y": b"3", "m.txt": b"4", "m/n/z": b"5", "z": b"6", "büro\n/ü": b"7"}
    source, target = plant(tmp_path / "s", files), tmp_path / "device/c"
    copy(source, target, state=tmp_path / "st")
    (state,) = (tmp_path / "st").glob("copy-*.state")
    return source, target, state


@pytest.mark.parametrize("damage", [
    "UPDATE packs SET lines = replace(lines, '1', '2')",
    "UPDATE packs SET folder = CAST('m/n/' AS BLOB)",
    "UPDATE packs SET sealed = NULL",
    "DELETE FROM packs",
])  # fmt: skip
def test_a_damaged_pack_is_not_believed(tmp_path, damage):
    """Whatever was changed in it, a pack whose checksum does not fit is as if it were not there: copied again."""
    source, target, state = _copied(tmp_path)
    with closing(sqlite3.connect(state, isolation_level=None)) as db:
        db.execute(damage)

    assert copy(source, target, state=tmp_path / "st").reused_bytes == (1 if "folder" in damage else 0)
    assert digests(target) == digests(source)


def test_a_seal_takes_every_hash_from_the_packs(tmp_path):
    """Files and folders interleave in path order, names need escapes: nothing is hashed a second time."""
    source, target, _ = _copied(tmp_path)
    (source / "m/y").write_bytes(b"changed")
    copy(source, target, state=tmp_path / "st")

    seal(tmp_path / "device", ["c"], tmp_path / "m", header=header(), state=tmp_path / "st")

    assert not list((tmp_path / "st").glob("seal-*"))
    assert [e.path for e in entries(tmp_path / "m")] == sorted(
        b"c/" + os.fsencode(f.relative_to(target)) for f in target.rglob("*") if f.is_file()
    )


@pytest.mark.parametrize("grows", [True, False])
def test_a_file_that_grew_large_or_became_small_is_copied_again_and_is_not_missed(tmp_path, grows):
    """Small files are remembered in packs, large ones singly: changing sides is a change, and no file gone missing."""
    source = plant(tmp_path / "s", {"c/f": b"x" if grows else bytes(5 * MIB), "c/g": b"y"})
    copy(source, tmp_path / "d", state=tmp_path / "st")
    (source / "c/f").write_bytes(bytes(6 * MIB) if grows else b"z")

    assert copy(source, tmp_path / "d", state=tmp_path / "st").reused_bytes == 1
    assert digests(tmp_path / "d") == digests(source)
    seal(tmp_path / "d", ["."], tmp_path / "m", header=header(), state=tmp_path / "st")
    assert not list((tmp_path / "st").glob("seal-*"))


@pytest.mark.parametrize("gone", ["a", "m", "m/n/z", "z", "big"])
def test_whatever_left_the_source_is_named(tmp_path, gone):
    """A file or a folder gone from the source, the first or the last, small or large, is still on the device: said."""
    source, target, _ = _copied(tmp_path)
    plant(source, {"big": bytes(5 * MIB)})
    copy(source, target, state=tmp_path / "st")
    lost = source / gone
    expected = {gone} if lost.is_file() else {"m/x", "m/y", "m/n/z"}
    lost.rename(tmp_path / "elsewhere")

    with pytest.raises(SourceChanged) as found:
        copy(source, target, state=tmp_path / "st")

    assert {path.partition(" (")[0] for path in found.value.paths} == expected
