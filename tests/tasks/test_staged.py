"""The staging place at the end: the seed's own files go, as they were sealed, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.office.staged import clear, staged_bytes
from tasks.ports import Staged

FILES = (Staged("staging/seed/one.AIBBlob", 3), Staged("staging/seed/sub/two.BaseBlob", 5))


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    """A staging place with the seed in it."""
    for file in FILES:
        path = tmp_path / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * file.bytes)
    return tmp_path / "staging"


def test_the_seed_goes_with_its_folders_and_the_place_stays(staging: Path):
    """And a second time is no error: the pass before may have been killed."""
    assert staged_bytes(staging.parent, FILES) == 8
    assert clear(staging.parent, staging, FILES) == () == clear(staging.parent, staging, FILES)
    assert staging.is_dir() and list(staging.iterdir()) == [] and staged_bytes(staging.parent, FILES) == 0


def test_other_files_stay_and_are_named(staging: Path):
    """Another seed in the same place, or somebody's notes."""
    (staging / "seed" / "notes.txt").write_text("mine")

    assert clear(staging.parent, staging, FILES) == (str(Path("seed") / "notes.txt"),)
    assert (staging / "seed" / "notes.txt").read_text() == "mine"


def test_a_file_that_is_not_as_sealed_is_somebody_elses(staging: Path):
    """The agent may have begun another copy under the same name."""
    (staging.parent / FILES[0].path).write_bytes(b"longer than it was")

    assert staged_bytes(staging.parent, FILES) == 5
    assert clear(staging.parent, staging, FILES) == (str(Path("seed") / "one.AIBBlob"),)


def test_a_link_and_a_path_that_leads_out_are_never_followed(staging: Path):
    """Nothing outside the staging place is deleted, whatever a manifest says."""
    outside = staging.parent / "outside"
    outside.write_bytes(b"xxx")
    link = staging / "link"
    link.symlink_to(outside)

    clear(staging.parent, staging, (Staged("outside", 3), Staged("staging/link", 3), Staged("staging/../outside", 3)))

    assert outside.read_bytes() == b"xxx" and link.is_symlink()
