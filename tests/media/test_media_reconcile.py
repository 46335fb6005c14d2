"""Reconcile: each file's verdict from manifest, device list, copy log, listing and re-read, and how sure it is."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from media_trees import MIB, header, noise, plant

from tasks.media import Blob, BomLine, CopyLog, LogEntry, Reread, entries, reconcile, seal

CLEAN = CopyLog("Succeeded", 3, 0, ())


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three files in one container; the last is of three blocks. Nothing here writes to it."""
    root = tmp_path_factory.mktemp("reconcile") / "device"
    plant(root / "PageBlob", {"c/a": b"1" * 512, "c/b": b"2" * 1024, "c/z": noise(random.Random(1), 70 * MIB)})
    seal(root, ["PageBlob"], root / "manifest", header=header())
    return root


def _locate(path: str):
    container, _, name = path.removeprefix("PageBlob/").partition("/")
    return container, name, "page"


def _blobs(device: Path) -> dict[str, Blob]:
    return {e.native[-1]: Blob(*_locate(e.native)[:2], e.size, "page", e.md5) for e in entries(device / "manifest")}


def _bom(device: Path) -> dict[str, BomLine]:
    return {e.native[-1]: BomLine(e.native.removeprefix("PageBlob/"), e.size, e.crc64) for e in
            entries(device / "manifest")}  # fmt: skip


def _verdicts(device: Path, blobs, **evidence):
    found = reconcile(device / "manifest", blobs=blobs.values(), locate=_locate, **evidence)
    return found, {row.path.removeprefix("PageBlob/"): row.verdict for row in found.rows}


def test_everything_the_same_is_ok_and_says_how_sure(device):
    """A listing alone is ok and claims no more than a listing."""
    found, verdicts = _verdicts(device, _blobs(device), copy_log=CLEAN, bom=_bom(device).values())

    assert found.ok
    assert set(verdicts.values()) == {"same"}
    assert found.items == {"files": {"same": 3}}
    assert "no blob was read" in str(found.confidence)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"size": 513}, "differs"),
        ({"type": "block"}, "differs"),
        ({"md5": b"x" * 16}, "differs"),
        ({"md5": None}, "same"),
        ({"name": "DataBox-0x" + "ab" * 32}, "renamed"),
        ({"container": "databoxdisk-invalid-pb-c"}, "renamed"),
        ({"container": "databox-0123456789abcdef0123456789abcdef01234567"}, "renamed"),
    ],
)
def test_each_difference_of_a_blob_has_its_verdict(device, change, verdict):
    """Size, type, MD5, another name or container: one file each, and the others stay the same."""
    blobs = _blobs(device)
    blobs["a"] = replace(blobs["a"], **change)

    found, verdicts = _verdicts(device, blobs)

    assert verdicts == {"c/a": verdict, "c/b": "same", "c/z": "same"}
    assert found.ok == (verdict == "same")


def test_missing_and_extra_are_told_apart(device):
    """A file without a blob, a blob without a file."""
    blobs = _blobs(device)
    del blobs["a"]
    blobs["n"] = Blob("c", "stranger", 9, "page")

    _, verdicts = _verdicts(device, blobs)

    assert verdicts == {"c/a": "missing", "c/b": "same", "c/z": "same", "c/stranger": "extra"}


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (BomLine("c/a", 512, 1), "differs"),
        (BomLine("c/a", 511, None), "differs"),
        (BomLine("c/a", 512, None), "unreadable"),
        (BomLine("c/a", None, None, "REPARSE_POINT_ERROR"), "unreadable"),
        (BomLine("c/other", 512, 1), "differs"),
    ],
)
def test_the_devices_own_list_is_compared(device, line, verdict):
    """Another CRC, another size, no CRC, an error, no line at all."""
    bom = _bom(device)
    bom["a"] = line

    _, verdicts = _verdicts(device, _blobs(device), bom=bom.values())

    assert verdicts["c/a"] == verdict
    assert verdicts["c/b"] == "same"


def test_a_copy_log_that_is_not_clean_is_never_ok(device):
    """An error or a status other than success makes the whole not ok; a named file gets its reason."""
    error = LogEntry("c/b", "UploadErrorCloudHttp", "409", "conflict", "File")
    found, verdicts = _verdicts(device, _blobs(device), copy_log=CopyLog("Failed", 3, 1, (error,)))

    assert not found.ok
    assert verdicts == {"c/a": "same", "c/b": "differs", "c/z": "same"}
    assert not _verdicts(device, _blobs(device), copy_log=CopyLog("", None, None, ()))[0].ok


def _reader(device: Path, broken: tuple[str, int] | None = None):
    def read(container: str, name: str, offset: int, length: int) -> bytes:
        data = (device / "PageBlob" / container / name).read_bytes()
        if broken is not None and name == broken[0]:
            data = data[: broken[1]] + bytes([data[broken[1]] ^ 1]) + data[broken[1] + 1 :]
        return data[offset : offset + length]

    return read


@pytest.mark.parametrize(("name", "at"), [("a", 0), ("b", 1023), ("z", 33 * MIB), ("z", 70 * MIB - 1)])
def test_a_full_reread_finds_any_byte(device, name, at):
    """Read all of it again: one wrong bit anywhere is a different file."""
    found, verdicts = _verdicts(device, _blobs(device), reread=Reread(_reader(device, (name, at)), "full"))

    assert verdicts[f"c/{name}"] == "differs"
    assert sum(v == "same" for v in verdicts.values()) == 2
    assert found.confidence.mode == "full"


def test_a_sample_says_how_much_it_would_have_seen(device):
    """Two of five blocks: read in number, and the chance is computed, not claimed."""
    found, _ = _verdicts(device, _blobs(device), reread=Reread(_reader(device), "sample", samples=2, seed=4))

    assert found.ok
    assert (found.confidence.blocks_read, found.confidence.blocks_total) == (2, 5)
    assert found.confidence.sees_one_percent == pytest.approx(2 / 5)


def test_a_blob_that_cannot_be_read_is_said_to_be_so(device):
    """Whatever the reader raises becomes that file's verdict; the others are still compared."""

    def read(container: str, name: str, offset: int, length: int) -> bytes:
        if name == "b":
            raise OSError("connection reset")
        return _reader(device)(container, name, offset, length)

    _, verdicts = _verdicts(device, _blobs(device), reread=Reread(read, "full"))

    assert verdicts == {"c/a": "same", "c/b": "unreadable", "c/z": "same"}
