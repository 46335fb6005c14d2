"""The manifest: what is written comes back, what is altered is refused, strangers can check it."""

from __future__ import annotations

import hashlib
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from media_trees import MIB, a_seed, header, plant, put_on

from tasks.media import Entry, ManifestInvalid, NotSealed, entries, read_manifest, seal
from tasks.media.hashing import BLOCK, RANGE
from tasks.media.manifest import Writer, item_of

NAMES = st.binary(min_size=1, max_size=12).filter(lambda b: b"/" not in b and b"\0" not in b and b not in (b".", b".."))
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(b"/".join)


@pytest.fixture(name="tmp_path")
def scratch(fast: Path) -> Path:
    """These tests are about answers, not about disks: they run in memory."""
    return fast


@st.composite
def an_entry(draw: st.DrawFn, path: bytes) -> Entry:
    """Any entry a device could give."""
    size = draw(st.one_of(st.integers(0, BLOCK), st.integers(BLOCK + 1, 4 * BLOCK)))
    blocks = tuple(draw(st.binary(min_size=32, max_size=32)) for _ in range(-(-size // BLOCK) if size > BLOCK else 0))
    many = -(-size // RANGE)
    ranges = draw(st.one_of(st.none(), st.just(tuple(bytes([n % 256]) * 16 for n in range(many)) or None)))
    md5 = draw(st.one_of(st.none(), st.binary(min_size=16, max_size=16)))
    strong, crc = draw(st.binary(min_size=32, max_size=32)), draw(st.integers(0, 2**64 - 1))
    return Entry(path, size, draw(st.integers(-(10**18), 10**19)), strong, crc, md5, blocks, ranges)


@settings(max_examples=30, deadline=None)
@given(st.data(), st.sets(PATHS, max_size=6))
def test_what_is_written_comes_back(tmp_path_factory, data, paths):
    """Entries with any names, sizes, hashes, blocks and ranges survive writing and reading."""
    place = tmp_path_factory.mktemp("m") / "manifest"
    written = [data.draw(an_entry(path)) for path in sorted(paths)]
    writer = Writer(place, header(run="é\t\n\\x"), ["a", "b\n"])
    for entry in written:
        writer.add(entry)
    digest, _ = writer.finish()
    writer.publish()

    assert list(entries(place)) == written
    assert read_manifest(place).digest == digest
    assert read_manifest(place).header == header(run="é\t\n\\x")


def test_every_altered_byte_is_refused(tmp_path):
    """A manifest with any one bit flipped, anywhere, cannot be read."""
    place = _sealed(tmp_path)
    right, rng = place.read_bytes(), random.Random(5)
    for at in range(len(right)):
        wrong = bytearray(right)
        wrong[at] ^= 1 << rng.randrange(8)
        place.write_bytes(wrong)

        with pytest.raises(ManifestInvalid):
            read_manifest(place)


def test_a_manifest_cut_short_anywhere_is_refused(tmp_path):
    """Half a manifest, or one byte less, or one more, is never taken for a whole one."""
    place = _sealed(tmp_path)
    right = place.read_bytes()
    for text in [right[:at] for at in range(0, len(right), 7)] + [right[:-1], right + b"\n"]:
        place.write_bytes(text)

        with pytest.raises(ManifestInvalid):
            read_manifest(place)


def test_a_line_out_of_order_is_refused_although_the_digest_is_right(tmp_path):
    """Whoever makes a manifest by hand must make it canonical: swapped lines are an error even with a fresh digest."""
    place = _sealed(tmp_path)
    lines = place.read_bytes().split(b"\n")
    first = next(n for n, line in enumerate(lines) if line.startswith(b"size\t")) + 1
    lines[first], lines[first + 1] = lines[first + 1], lines[first]
    body = b"\n".join(lines[:-2]) + b"\n"
    place.write_bytes(body + b"digest\tsha256:" + hashlib.sha256(body).hexdigest().encode() + b"\n")

    with pytest.raises(ManifestInvalid, match="not in order"):
        read_manifest(place)


def _manifest_of(place: Path, lines: list[bytes], right: bytes) -> None:
    """Write a manifest of these lines whose counts and digest are as right as they can be."""
    head = right[: right.index(b"size\t")] + right[right.index(b"size\t") :].split(b"\n")[0] + b"\n"
    files = [line for line in lines if not line.startswith(b"+")]
    sizes = [line.split(b"\t")[0] for line in files]
    total = sum(int(size) if size.isdigit() else 0 for size in sizes)
    body = head + b"".join(line + b"\n" for line in lines)
    body += f"\nreading\tdirect\nfiles\t{len(files)}\nbytes\t{total}\n".encode()
    place.write_bytes(body + b"digest\tsha256:" + hashlib.sha256(body).hexdigest().encode() + b"\n")


def _mutations(line: bytes, rng: random.Random) -> Iterator[bytes]:
    """Every byte of a line replaced, doubled, taken out, or with another put before it."""
    for at in range(len(line)):
        for byte in {0, 9, 10, 13, 32, 43, 45, 46, 47, 48, 65, 70, 92, 97, 103, 127, 0xC3, 0xFF, rng.randrange(256)}:
            yield line[:at] + bytes([byte]) + line[at + 1 :]
            yield line[:at] + bytes([byte]) + line[at:]
        yield line[:at] + line[at + 1 :]


@pytest.mark.parametrize("path", [b"c/a.b/x", "c/\u00fc\n\\".encode(), b"c/\xff\x7f"])
def test_a_line_is_read_only_if_a_writer_would_have_written_it_so(tmp_path, path):
    """Strict to the byte, apart from digests: what is accepted, written again, is the very same line."""
    place, again, rng = _sealed(tmp_path), tmp_path / "again", random.Random(3)
    right = place.read_bytes()
    entry = Entry(path, 7, -5, bytes(range(32)), 10, None)
    line = f"7\t-5\t{entry.blake3.hex()}\t{10:016x}\t-\t{entry.text}".encode()
    accepted = 0
    for wrong in {line, *_mutations(line, rng)}:
        _manifest_of(place, wrong.split(b"\n"), right)
        try:
            found = list(entries(place))
        except ManifestInvalid:
            continue
        accepted += 1
        writer = Writer(again, header(), ["PageBlob"])
        for one in found:
            writer.add(one)
        writer.finish()
        writer.publish()
        assert wrong + b"\n" in again.read_bytes()
    assert accepted > len(line)


def test_a_missing_manifest_says_what_to_do(tmp_path):
    """No manifest means: copy and seal first."""
    with pytest.raises(NotSealed, match="seeding seal"):
        read_manifest(tmp_path / "none")


def test_the_innermost_item_owns_a_file():
    """A file belongs to the item whose folder is nearest to it."""
    items = {"all": "PageBlob", "sql": "PageBlob/sql", "root": ""}

    assert [item_of(p, items) for p in (b"PageBlob/sql/x", b"PageBlob/y", b"z")] == ["sql", "all", "root"]


def test_the_snippet_of_the_document_agrees(tmp_path):
    """The few lines of Python in docs/manifest-format.md check a device without any of our code, and find a flip."""
    device = tmp_path / "device"
    put_on(device, a_seed(tmp_path / "source", large_bytes=33 * MIB), tmp_path / "state")
    page = Path(__file__).parents[2] / "docs" / "manifest-format.md"
    code = re.search(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    assert code is not None
    check = [sys.executable, "-c", code[1], str(device), str(device / "manifest.txt")]

    assert subprocess.run(check, capture_output=True).returncode == 0
    with (device / "PageBlob/big/image 0.vhdx").open("r+b") as file:
        file.seek(32 * MIB + 5)
        file.write(b"\0\1")
    assert subprocess.run(check, capture_output=True).returncode == 1


def test_the_digest_can_be_checked_in_a_shell(tmp_path):
    """`head -n -1 manifest | sha256sum` is the digest that goes into the journal."""
    place = _sealed(tmp_path)
    words = f"head -n -1 '{place}' | sha256sum"

    out = subprocess.run(["sh", "-c", words], capture_output=True, text=True, check=True).stdout

    assert "sha256:" + out.split()[0] == read_manifest(place).digest


def test_ranges_are_those_of_the_drive_manifest(tmp_path):
    """With ranges, every 4 MiB has its own MD5, as a drive manifest wants it."""
    data = random.Random(1).randbytes(9 * MIB + 512)
    device = tmp_path / "device"
    plant(device / "PageBlob", {"c/image": data})
    seal(device, ["PageBlob"], device / "m", header=header(), ranges=True)

    (entry,) = entries(device / "m")

    assert entry.ranges == tuple(hashlib.md5(data[at : at + 4 * MIB]).digest() for at in range(0, len(data), 4 * MIB))


def _sealed(tmp_path: Path) -> Path:
    device = tmp_path / "device"
    plant(device / "PageBlob", {"c/a": b"1", "c/b": b"22", "c/ü\n": b""})
    return seal(device, ["PageBlob"], device / "manifest", header=header()).manifest
