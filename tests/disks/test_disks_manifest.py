"""The drive manifest as documented: what we write is accepted by a reader that knows the documents only."""

from __future__ import annotations

import random
import re
import tracemalloc
import xml.etree.ElementTree as ET
from collections.abc import Callable

import drive_manifest_reader as reader
import pytest
from drive_sets import MIB, a_random_manifest

from tasks.office.disks import Credential, ManifestBlob, ManifestRefused, PageRange, check_drive, write_manifest
from tasks.office.disks.reread import file_hash

SETS = 500


def test_a_strict_reader_accepts_the_manifest_of_500_random_data_sets(fast):
    """Odd names, gaps between ranges, page and block blobs: all as documented, and the product's own check agrees."""
    for seed in range(SETS):
        root = fast / str(seed)
        root.mkdir()
        raw = a_random_manifest(root, seed)

        read = reader.read(raw, root)

        assert (read.drive_id, read.list_ids, read.credential) == (f"S-{seed}", (f"s{seed}#1-0",), "")
        if seed % 10 == 0:
            assert (
                check_drive(root, "DriveManifest.xml", file_hash(root / "DriveManifest.xml"), f"S-{seed}").faults == []
            )


def _first(tree: ET.Element, path: str) -> ET.Element:
    found = tree.find(path)
    assert found is not None
    return found


def _set(path: str, attribute: str, change: Callable[[str], str]) -> Callable[[ET.Element], None]:
    def mutate(tree: ET.Element) -> None:
        one = _first(tree, path)
        one.set(attribute, change(one.get(attribute, "")))

    return mutate


def _text(path: str, change: Callable[[str], str]) -> Callable[[ET.Element], None]:
    def mutate(tree: ET.Element) -> None:
        one = _first(tree, path)
        one.text = change(one.text or "")

    return mutate


def _add(path: str, tag: str, text: str, at: int) -> Callable[[ET.Element], None]:
    def mutate(tree: ET.Element) -> None:
        one = ET.Element(tag)
        one.text = text
        _first(tree, path).insert(at, one)

    return mutate


def _without(parent: str, tag: str) -> Callable[[ET.Element], None]:
    def mutate(tree: ET.Element) -> None:
        place = _first(tree, parent)
        place.remove(_first(place, tag))

    return mutate


def _overlap(tree: ET.Element) -> None:
    first, second = _first(tree, PAGES)[0], _first(tree, PAGES)[1]
    second.set("Offset", str(int(first.get("Offset", "")) + int(first.get("Length", "")) - 512))


def _unsorted(tree: ET.Element) -> None:
    ranges = _first(tree, PAGES)
    ranges[:] = list(reversed(ranges))


def _drive_id_last(tree: ET.Element) -> None:
    drive = _first(tree, "Drive")
    one = _first(drive, "DriveId")
    drive.remove(one)
    drive.append(one)


def _both(tree: ET.Element) -> None:
    _add("Drive", "StorageAccountKey", "a", 1)(tree)
    _add("Drive", "ContainerSas", "b", 2)(tree)


def _blob_twice(tree: ET.Element) -> None:
    blobs = _first(tree, "Drive/BlobList")
    blobs.append(blobs[0])


def _flip(text: str) -> str:
    return f"{int(text[0], 16) ^ 1:X}{text[1:]}"


BLOB = "Drive/BlobList/Blob"
PAGES, PAGE = f"{BLOB}/PageRangeList", f"{BLOB}/PageRangeList/PageRange"
# fmt: off
MUTATIONS: dict[str, Callable[[ET.Element], None]] = {
    "ranges overlap":             _overlap,
    "ranges are not sorted":      _unsorted,
    "offset not 512":             _set(PAGE, "Offset", lambda v: str(int(v) + 1)),
    "length not 512":             _set(PAGE, "Length", lambda v: str(int(v) - 1)),
    "length of nothing":          _set(PAGE, "Length", lambda v: "0"),
    "range over 4 MiB":           _set(PAGE, "Length", lambda v: str(4 * MIB + 512)),
    "range beyond the blob":      _set(f"{PAGE}[last()]", "Offset", lambda v: str(int(v) + 512 * 64)),
    "hash too short":             _set(PAGE, "Hash", lambda v: v[:-2]),
    "hash in small letters":      _set(PAGE, "Hash", lambda v: f"ab{v[2:]}".lower()),
    "hash in Base64":             _set(PAGE, "Hash", lambda v: "1B2M2Y8AsgTpgAmY7PhCfg=="),
    "hash of other bytes":        _set(PAGE, "Hash", _flip),
    "hash missing":               lambda tree: _first(tree, PAGE).attrib.pop("Hash"),
    "strange attribute":          _set(PAGE, "Note", lambda v: "x"),
    "no DriveId":                 _without("Drive", "DriveId"),
    "DriveId after BlobList":     _drive_id_last,
    "DriveId twice":              _add("Drive", "DriveId", "S", 1),
    "DriveId empty":              _text("Drive/DriveId", lambda v: ""),
    "key and SAS":                _both,
    "blob twice":                 _blob_twice,
    "length of the blob too big": _text(f"{BLOB}/Length", lambda v: str(int(v) + 512)),
    "length of the blob too small": _text(f"{BLOB}/Length", lambda v: str(int(v) - 512)),
    "length not a number":        _text(f"{BLOB}/Length", lambda v: f"+{v}"),
    "disposition unknown":        _text(f"{BLOB}/ImportDisposition", lambda v: "Overwrite!"),
    "no FilePath":                _without(BLOB, "FilePath"),
    "FilePath leaves the drive":  _text(f"{BLOB}/FilePath", lambda v: "\\..\\x"),
    "FilePath of another file":   _text(f"{BLOB}/FilePath", lambda v: v + "x"),
    "no container":               _text(f"{BLOB}/BlobPath", lambda v: "AIBBlob"),
    "container in capitals":      _text(f"{BLOB}/BlobPath", lambda v: "C" + v),
    "no list":                    _without(BLOB, "PageRangeList"),
    "two lists":                  _add(BLOB, "BlockList", "", 5),
    "parts out of order":         _add(BLOB, "Snapshot", "x", 5),
    "strange element":            _add(BLOB, "Owner", "x", 0),
    "stray text":                 _text("Drive/BlobList", lambda v: "x"),
    "version unknown":            lambda tree: tree.set("Version", "2014-11-02"),
    "another root":               lambda tree: setattr(tree, "tag", "Manifest"),
}
# fmt: on
RAW: dict[str, Callable[[bytes], bytes]] = {
    "entity": lambda raw: raw.replace(b"<DriveManifest", b'<!DOCTYPE d [<!ENTITY e "S">]><DriveManifest', 1),
    "undefined entity": lambda raw: raw.replace(b"<DriveId>", b"<DriveId>&drive;", 1),
    "not UTF-8": lambda raw: raw.replace(b"<DriveId>", b"<DriveId>\xff", 1),
    "cut short": lambda raw: raw[: len(raw) // 2],
}


def test_a_strict_reader_rejects_500_mutated_manifests(fast):
    """Every class of mutation, each on many data sets: a reader that accepts anything proves nothing."""
    names = [*MUTATIONS, *RAW]
    survived = []
    for seed in range(SETS):
        root, name = fast / str(seed), names[seed % len(names)]
        root.mkdir()
        raw = _with_two_ranges(root, seed)
        if name in RAW:
            mutated = RAW[name](raw)
        else:
            tree = ET.fromstring(raw)
            MUTATIONS[name](tree)
            mutated = ET.tostring(tree, "utf-8", xml_declaration=True)
        try:
            reader.read(mutated, root)
            survived.append((seed, name))
        except reader.Wrong:
            pass

    assert survived == []


def _with_two_ranges(root, seed: int) -> bytes:
    """A data set whose first blob is a page blob with two ranges at least: what the mutations need."""
    data = random.Random(seed).randbytes(4096)
    (root / "aaa").mkdir()
    (root / "aaa/1").write_bytes(data)
    parts = [PageRange(at, 1024, _md5(data[at : at + 1024])) for at in (0, 1024, 2048, 3072)]
    write_manifest(root / "M.xml", serial="S", session="s", blobs=[ManifestBlob("aaa/1", "aaa/1", 4096, parts)])
    raw = (root / "M.xml").read_bytes()
    reader.read(raw, root)
    return raw


def _md5(data: bytes) -> bytes:
    import hashlib

    return hashlib.md5(data).digest()


GOOD = PageRange(0, 512, bytes(16))
REFUSED = {
    "unaligned blob": [ManifestBlob("aaa/1", "f", 513, [GOOD])],
    "negative blob": [ManifestBlob("aaa/1", "f", -512, [])],
    "unaligned range": [ManifestBlob("aaa/1", "f", 1024, [PageRange(1, 512, bytes(16))])],
    "over 4 MiB": [ManifestBlob("aaa/1", "f", 8 * MIB, [PageRange(0, 4 * MIB + 512, bytes(16))])],
    "overlap": [ManifestBlob("aaa/1", "f", 2048, [PageRange(0, 1024, bytes(16)), PageRange(512, 512, bytes(16))])],
    "beyond the end": [ManifestBlob("aaa/1", "f", 512, [PageRange(512, 512, bytes(16))])],
    "no md5": [ManifestBlob("aaa/1", "f", 512, [PageRange(0, 512, b"x")])],
    "no container": [ManifestBlob("one", "f", 512, [GOOD])],
    "leaves the drive": [ManifestBlob("aaa/1", "../f", 512, [GOOD])],
    "twice": [ManifestBlob("aaa/1", "f", 512, [GOOD]), ManifestBlob("aaa/1", "g", 512, [GOOD])],
    "out of order": [ManifestBlob("aaa/2", "f", 512, [GOOD]), ManifestBlob("aaa/1", "g", 512, [GOOD])],
    "not for XML": [ManifestBlob("aaa/\x01", "f", 512, [GOOD])],
    "gap in blocks": [ManifestBlob("aaa/1", "f", 1024, [PageRange(512, 512, bytes(16))], "block")],
    "blocks too few": [ManifestBlob("aaa/1", "f", 1024, [GOOD], "block")],
}


@pytest.mark.parametrize("blobs", REFUSED.values(), ids=REFUSED)
def test_the_writer_writes_nothing_that_is_not_as_documented(blobs, tmp_path):
    """Refused, and neither a manifest nor a part of one is left."""
    with pytest.raises(ManifestRefused):
        write_manifest(tmp_path / "M.xml", serial="S", session="s", blobs=blobs)

    assert list(tmp_path.iterdir()) == []


def test_no_credential_is_written_unless_one_is_given(tmp_path):
    """By default the job names the account; a manifest with a key says that it is secret, and the key is in no repr."""
    plain = write_manifest(tmp_path / "A.xml", serial="S", session="s", blobs=[])
    key = Credential("key", "c2VjcmV0&<")
    with_key = write_manifest(tmp_path / "B.xml", serial="S", session="s", blobs=[], credential=key)

    assert (plain.secret, reader.read((tmp_path / "A.xml").read_bytes()).credential) == (False, "")
    assert (with_key.secret, reader.read((tmp_path / "B.xml").read_bytes()).credential) == (True, "StorageAccountKey")
    assert "c2Vj" not in repr(key) + repr(with_key)


def test_the_same_data_gives_the_same_manifest_and_it_replaces_an_old_one_whole(tmp_path):
    """Deterministic to the byte; only the owner may read it."""
    for name in ("A.xml", "B.xml", "A.xml"):
        write_manifest(tmp_path / name, serial="S", session="s", blobs=[ManifestBlob("aaa/1", "f", 512, [GOOD])])

    assert (tmp_path / "A.xml").read_bytes() == (tmp_path / "B.xml").read_bytes()
    assert re.fullmatch("0o1006[04]0", oct((tmp_path / "A.xml").stat().st_mode))


def test_a_huge_blob_needs_no_memory(fast):
    """30,000 ranges of a sparse blob of 8 TiB pass through as a stream: under 1.5 MB at any time."""
    step = (8 << 40) // 30_000 // 512 * 512
    ranges = (PageRange(at * step, 4 * MIB, bytes(16)) for at in range(30_000))
    tracemalloc.start()
    written = write_manifest(
        fast / "M.xml", serial="S", session="s", blobs=[ManifestBlob("aaa/1", "f", 8 << 40, ranges)]
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert written.ranges == 30_000 and written.bytes > 2_000_000
    assert peak < 1_500_000
