"""Survey: everything the device or Azure would refuse, all at once, before a byte is copied."""

from __future__ import annotations

import os
import socket

import pytest
from media_trees import digests, plant

from tasks.media import BLOCK, PAGE, Rules, SourceMissing, survey


def _codes(found):
    return {(p.code, p.path) for p in found.problems}


def test_a_clean_seed_has_no_problem(tmp_path):
    """Aligned images in a well-named container may go as page blobs; sizes and counts are right."""
    source = plant(tmp_path / "s", {"backup-1/a.vhd": b"x" * 1024, "backup-1/sub/b.vhd": b"", "c-2/d": b"y" * 512})

    found = survey(source, PAGE)

    assert (found.files, found.bytes, found.folders, found.problems) == (3, 1536, 3, ())


def test_every_problem_comes_at_once(tmp_path):
    """One walk names each bad file, whatever is wrong with it."""
    source = plant(
        tmp_path / "s",
        {"Bad_Name/a": b"1", "good/odd": b"123", "good/star*": b"", "good/dot.": b"", "good/Twin": b"",
         "good/twin": b"", "loose": b"", os.fsdecode(b"good/\xff"): b""},
    )  # fmt: skip
    (source / "good/link").symlink_to("odd")
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(source / "good/sock"))
        found = survey(source, PAGE)

    assert _codes(found) >= {
        ("container-name", "Bad_Name"), ("page-alignment", "good/odd"), ("name-character", "good/star*"),
        ("name-ending", "good/dot."), ("case-collision", "good/twin"), ("no-container", "loose"),
        ("name-not-utf8", r"good/\xff"), ("special-file", "good/link"), ("special-file", "good/sock"),
    }  # fmt: skip
    assert all(p.message and p.next for p in found.problems)


def test_limits_of_a_device_are_said_with_numbers(tmp_path):
    """Too many files, too many bytes, one file too large: each says by how much."""
    source = plant(tmp_path / "s", {f"con/{n}": b"x" * 600 for n in range(4)})

    found = survey(source, Rules("this disk", max_bytes=2000, max_files=3, max_file_bytes=599, blob="block"))

    messages = " ".join(p.message for p in found.problems)
    assert "400 more than this disk" in messages
    assert "1 more than this disk" in messages
    assert sum(p.code == "file-size" for p in found.problems) == 4


@pytest.mark.parametrize("name", ["ab", "a" * 64, "-ab", "ab-", "a--b", "Abc", "a_b"])
def test_container_names_are_azures(tmp_path, name):
    """3 to 63 small letters, digits and single hyphens."""
    source = plant(tmp_path / "s", {f"{name}/f": b""})

    assert ("container-name", name) in _codes(survey(source, BLOCK))


def test_a_given_container_takes_the_whole_tree(tmp_path):
    """With a container given, loose files are fine and folder names are just parts of blob names."""
    source = plant(tmp_path / "s", {"Any_Folder/x": b"", "loose": b""})

    assert survey(source, BLOCK, container="seed").problems == ()
    assert _codes(survey(source, BLOCK, container="Seed")) == {("container-name", "Seed")}


def test_long_and_deep_names_are_found(tmp_path):
    """A blob name has at most 1,024 characters and 254 parts."""
    source = plant(tmp_path / "s", {"con/" + "/".join("d" for _ in range(255)): b""})

    assert {code for code, _ in _codes(survey(source, BLOCK))} == {"name-depth"}


def test_a_link_to_elsewhere_is_not_followed(tmp_path):
    """The walk never leaves the tree."""
    plant(tmp_path / "other", {"secret": b"x" * 100})
    source = plant(tmp_path / "s", {"con/a": b"1"})
    (source / "con/away").symlink_to(tmp_path / "other")

    assert (survey(source, BLOCK).files, survey(source, BLOCK).bytes) == (1, 1)


def test_case_may_matter(tmp_path):
    """On a device that tells case apart, names in different case are no problem."""
    source = plant(tmp_path / "s", {"con/A": b"", "con/a": b"", "con/x/A": b"", "con/y/a": b""})

    assert _codes(survey(source, BLOCK)) == {("case-collision", "con/a")}
    assert survey(source, Rules("nfs", None, None, None, "block", case_insensitive=False)).problems == ()


def test_nothing_is_written_and_a_missing_source_is_said(tmp_path):
    """A survey changes nothing; no source is an error of its own."""
    source = plant(tmp_path / "s", {"con/a": b"1"})
    before = digests(tmp_path)
    survey(source, BLOCK)

    assert digests(tmp_path) == before
    with pytest.raises(SourceMissing):
        survey(tmp_path / "none", BLOCK)
