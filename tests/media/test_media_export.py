"""Exports: other people's tools check the device with them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from media_trees import MIB, a_seed, header, put_on

from tasks.media import ManifestInvalid, SealedThenChanged, export_bagit, export_md5, export_sha256, seal


@pytest.fixture(name="tmp_path")
def scratch(fast: Path) -> Path:
    """These tests are about answers, not about disks: they run in memory."""
    return fast


@pytest.fixture
def device(tmp_path):
    """A sealed device with odd names and a file of more than one block."""
    root = tmp_path / "device"
    put_on(root, a_seed(tmp_path / "s", small=9, large_bytes=33 * MIB), tmp_path / "state")
    return root


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs GNU coreutils")
@pytest.mark.parametrize("tool", ["sha256sum", "md5sum"])
def test_coreutils_check_the_export_and_find_a_flip(device, tmp_path, tool):
    """`sha256sum -c` and `md5sum -c` accept every line, odd names included, and notice one changed byte."""
    out = tmp_path / "sums"
    count = export_sha256(device, device / "manifest.txt", out) if tool == "sha256sum" else export_md5(
        device / "manifest.txt", out)  # fmt: skip
    check = [tool, "--strict", "--quiet", "-c", str(out)]

    assert count == 14
    assert subprocess.run(check, cwd=device, capture_output=True).returncode == 0
    (device / "PageBlob/Büro/ä\nb\t\\c").write_bytes(b"ODD")
    assert subprocess.run(check, cwd=device, capture_output=True).returncode == 1


def test_sha256_is_only_given_for_the_sealed_bytes(device, tmp_path):
    """An export must not bless what was changed after sealing."""
    (device / "PageBlob/d1/e1/f00001").write_bytes(b"changed")

    with pytest.raises(SealedThenChanged, match="f00001"):
        export_sha256(device, device / "manifest.txt", tmp_path / "sums")
    assert not (tmp_path / "sums").exists()


def test_bagit_tag_files_say_what_a_bag_must_say(device, tmp_path):
    """Declaration, payload manifest below data/, Payload-Oxum, tag manifest; newlines in names as %0A."""
    count = export_bagit(device / "manifest.txt", tmp_path / "bag")
    bag = tmp_path / "bag"

    assert (bag / "bagit.txt").read_text().startswith("BagIt-Version: 1.0\n")
    payload = (bag / "manifest-md5.txt").read_bytes()
    assert payload.count(b"\n") == payload.count(b"  data/PageBlob/") == count
    assert "ä%0Ab\t\\c".encode() in payload
    size = sum(f.stat().st_size for f in (device / "PageBlob").rglob("*") if f.is_file())
    assert f"Payload-Oxum: {size}.{count}" in (bag / "bag-info.txt").read_text()
    tags = subprocess.run(["md5sum", "--quiet", "-c", "tagmanifest-md5.txt"], cwd=bag, capture_output=True)
    assert tags.returncode == 0


def test_without_md5_there_is_no_md5_export(device, tmp_path):
    """Asked for what was never computed, the export says what to do instead."""
    seal(device, ["PageBlob"], device / "m2", header=header(), md5=False)

    with pytest.raises(ManifestInvalid, match="SHA-256"):
        export_md5(device / "m2", tmp_path / "sums")
