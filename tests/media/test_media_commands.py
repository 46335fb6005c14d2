"""The hand-held commands: one envelope, exit codes that scripts can use, progress on stderr only."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
from media_trees import a_seed, digests, plant

from tasks.media import Progress, entries
from tasks.media.progress import progress_line

APP = "import typer; from deploy.cli.media import register; app = typer.Typer(); register(app); app()"


@pytest.fixture(name="tmp_path")
def scratch(fast: Path) -> Path:
    """These tests are about answers, not about disks: they run in memory."""
    return fast


def _seeding(*words: object) -> tuple[int, dict, str]:
    done = subprocess.run([sys.executable, "-c", APP, *map(str, words), "--json"], capture_output=True, text=True,
                          cwd=Path(__file__).parents[2])  # fmt: skip
    return done.returncode, json.loads(done.stdout), done.stderr


def test_copy_seal_verify_by_hand(tmp_path):
    """Three commands, three envelopes; afterwards one changed byte is exit code 1 with the file's name."""
    source, device = a_seed(tmp_path / "s", small=5), tmp_path / "device"
    device.mkdir()

    code, envelope, progress = _seeding("copy", source, device)
    assert (code, envelope["ok"], envelope["command"], progress) == (0, True, "copy", "")
    assert digests(device / "PageBlob") == digests(source)
    code, envelope, _ = _seeding("seal", device, "--item", "files=PageBlob", "--serial", "S1")
    assert (code, envelope["data"]["digest"][:7]) == (0, "sha256:")
    assert _seeding("verify", device)[0] == 0
    (device / "PageBlob/d1/e1/f00001").write_bytes(b"other")
    code, envelope, _ = _seeding("verify", device)
    assert (code, envelope["ok"], envelope["problems"][0]["code"]) == (1, False, "size")
    assert "PageBlob/d1/e1/f00001" in envelope["problems"][0]["message"]


def test_problems_carry_a_code_and_the_next_step(tmp_path):
    """Wrong words are 2, links make gaps and 3, a missing manifest is 1, a missing device needs a person: 4."""
    source = plant(tmp_path / "s", {"c-1/a": b"123"})
    (source / "c-1/link").symlink_to("a")
    device = tmp_path / "device"
    device.mkdir()

    assert _seeding("copy", source, device, "--check", "page")[0] == 2
    assert _seeding("copy", source, device, "--check", "nonsense")[0] == 2
    code, envelope, _ = _seeding("copy", source, device)
    assert (code, envelope["problems"][0]["code"]) == (3, "skipped")
    code, envelope, _ = _seeding("verify", device)
    assert (code, envelope["problems"][0]["code"]) == (1, "not-sealed")
    assert envelope["problems"][0]["next"]
    assert _seeding("verify", tmp_path / "nowhere")[0] == 4
    code, envelope, _ = _seeding("verify", tmp_path / ("d" * 300))
    assert (code, envelope["problems"][0]["code"]) == (2, "invalid-input")


def test_reconcile_takes_the_listing_of_az(tmp_path):
    """The JSON of `az storage blob list` against the manifest: the same, then one missing."""
    source, device = plant(tmp_path / "s", {"c-1/a": b"1" * 512, "c-1/b": b"2" * 512}), tmp_path / "device"
    device.mkdir()
    _seeding("copy", source, device)
    _seeding("seal", device)
    rows = [
        {"container": "c-1", "name": e.native.rpartition("/")[2],
         "properties": {"contentLength": e.size, "blobType": "PageBlob",
                        "contentSettings": {"contentMd5": base64.b64encode(e.md5 or b"").decode()}}}
        for e in entries(device / "seeding-manifest.txt")
    ]  # fmt: skip
    listing = tmp_path / "blobs.json"

    listing.write_text(json.dumps(rows))
    assert _seeding("reconcile", device / "seeding-manifest.txt", "--blobs", listing)[0] == 0
    listing.write_text(json.dumps(rows[1:]))
    code, envelope, _ = _seeding("reconcile", device / "seeding-manifest.txt", "--blobs", listing)
    assert (code, envelope["data"]["counts"]) == (1, {"missing": 1, "same": 1})
    listing.write_text("not json")
    assert _seeding("reconcile", device / "seeding-manifest.txt", "--blobs", listing)[0] == 2


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (Progress("copy", 1, 2, 5 << 20, 10 << 20, 1048576.0, 4.0, 65.0), "4 s to 1 min left"),
        (Progress("copy", 0, 2, 0, 10 << 20), "0 %"),
        (Progress("copy", 0, 0, 0, 0), "100 %"),
    ],
)
def test_progress_is_one_line_of_words(moment, words):
    """Share, bytes, files, rate and a range of the time left, as far as they are known."""
    assert words in progress_line("copied", moment)
    assert "\n" not in progress_line("copied", moment)
