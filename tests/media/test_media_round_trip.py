"""Any tree goes copy, seal, verify, reconcile with the exact right verdict; any fault on the device is found."""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from media_trees import digests, header, plant, put_on

from tasks.media import Blob, Header, copy, entries, reconcile, seal, verify
from tasks.media.names import to_native

PART = st.binary(min_size=1, max_size=6).filter(lambda b: not set(b) & set(b"/\0") and b not in (b".", b".."))
CONTENT = st.one_of(st.binary(max_size=40), st.integers(0, 300_000).map(lambda n: random.Random(n).randbytes(n)))
TREES = st.dictionaries(st.lists(PART, min_size=1, max_size=3).map(tuple), CONTENT, max_size=12)


def _grow(root: Path, tree: dict[tuple[bytes, ...], bytes]) -> None:
    """Make a tree; where a name is wanted for a file and for a folder, the first come wins."""
    root.mkdir()
    for parts, data in tree.items():
        place = root / to_native(b"/".join(parts))
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.is_dir():
                place.write_bytes(data)
        except (FileExistsError, NotADirectoryError):
            continue


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES, later=TREES)
def test_any_tree_arrives_and_reconciles(fast, tree, later):
    """Whatever the names and sizes: the device equals the source, the manifest says so, the cloud agrees."""
    with tempfile.TemporaryDirectory(dir=fast) as scratch:
        source, device, state = Path(scratch, "s"), Path(scratch, "d"), Path(scratch, "st")
        _grow(source, tree)
        put_on(device, source, state)
        assert digests(device / "PageBlob") == digests(source)
        assert verify(device, device / "manifest.txt").ok

        blobs = [Blob("c", e.native, e.size, "page", e.md5) for e in entries(device / "manifest.txt")]
        found = reconcile(device / "manifest.txt", blobs=blobs, locate=lambda path: ("c", path, "page"))
        assert found.ok
        assert sum(found.counts.values()) == len(blobs)


class Device:
    """A small sealed device, with every kind of single fault, each of which can be undone."""

    def __init__(self, scratch: Path, rng: random.Random) -> None:
        self.rng, self.root, self.manifest = rng, scratch / "device", scratch / "device/manifest"
        sizes = [1, 2, 511, 512, 4096, 4097, 65536, 100_001, 100_001, 0, 0]
        files = {f"c/{'sub/' * (n % 3)}f{n}": rng.randbytes(size) for n, size in enumerate(sizes)}
        plant(self.root / "PageBlob", {**files, "c/ü\n": b"x\ny"})
        seal(self.root, ["PageBlob"], self.manifest, header=header())
        self.files = sorted(f for f in (self.root / "PageBlob").rglob("*") if f.is_file())
        self.full = [f for f in self.files if f.stat().st_size]

    def name(self, place: Path) -> str:
        return next(e.text for e in entries(self.manifest) if e.native == str(place.relative_to(self.root)))

    def flip(self):
        """Flip one bit; size and times stay."""
        place = self.rng.choice(self.full)
        data, info = bytearray(place.read_bytes()), place.stat()
        data[self.rng.randrange(len(data))] ^= 1 << self.rng.randrange(8)
        yield from self._put(place, bytes(data), info, {("differs", self.name(place))})

    def cut(self):
        place = self.rng.choice(self.full)
        data = place.read_bytes()
        yield from self._put(place, data[: self.rng.randrange(len(data))], place.stat(), {("size", self.name(place))})

    def extend(self):
        place = self.rng.choice(self.files)
        more = self.rng.randbytes(self.rng.choice([1, 511, 5000]))
        yield from self._put(place, place.read_bytes() + more, place.stat(), {("size", self.name(place))})

    def swap(self):
        """Two files change places: by size where the sizes differ, by content where they do not."""
        one, two = self.rng.sample([f for f in self.full if f.stat().st_size > 2], 2)
        kind = "differs" if one.stat().st_size == two.stat().st_size else "size"
        self._exchange(one, two)
        yield {(kind, self.name(one)), (kind, self.name(two))}
        self._exchange(one, two)

    def rename(self):
        place = self.rng.choice(self.full)
        other = place.with_name(self.rng.choice(["~renamed", "F", "zz"]))
        name = self.name(place)
        place.rename(other)
        yield {("renamed", name)}
        other.rename(place)

    def lose(self):
        place = self.rng.choice(self.full)
        name, data = self.name(place), place.read_bytes()
        place.unlink()
        yield {("missing", name)}
        place.write_bytes(data)

    def add(self):
        place = self.root / "PageBlob/c" / self.rng.choice(["extra", "sub/extra", "new/extra"])
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(self.rng.randbytes(self.rng.choice([3, 77])))
        yield {("extra", str(place.relative_to(self.root)))}
        place.unlink()

    def link(self):
        """A file is replaced by a link to its very content."""
        place = self.rng.choice(self.full)
        name, data = self.name(place), place.read_bytes()
        (self.root / "aside").write_bytes(data)
        place.unlink()
        place.symlink_to(self.root / "aside")
        yield {("extra", name), ("missing", name)}
        place.unlink()
        place.write_bytes(data)

    def _put(self, place, data, info, expected):
        right = place.read_bytes()
        place.write_bytes(data)
        os.utime(place, ns=(info.st_atime_ns, info.st_mtime_ns))
        yield expected
        place.write_bytes(right)

    def _exchange(self, one, two):
        spare = one.with_name("~spare")
        one.rename(spare)
        two.rename(one)
        spare.rename(two)


def test_a_thousand_single_faults_are_all_found_and_named(fast):
    """Flip, cut, extend, swap, rename, lose, add, link: each is found, for what it is, where it is. Seed printed."""
    seed = int(os.environ.get("MEDIA_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"MEDIA_SEED={seed}")
    device = Device(fast, random.Random(seed))
    kinds = (device.flip, device.cut, device.extend, device.swap, device.rename, device.lose, device.add, device.link)
    assert verify(device.root, device.manifest).ok
    for number in range(1000):
        for expected in kinds[number % len(kinds)]():
            found = verify(device.root, device.manifest)

            assert not found.ok
            assert {(f.kind, f.path) for f in found.faults} == expected, (number, seed)
    assert verify(device.root, device.manifest).ok


def test_what_verify_does_not_see(tmp_path):
    """Times, permissions and empty folders are not part of a seed; files outside the sealed folders neither."""
    device = tmp_path / "device"
    plant(device / "PageBlob", {"c/a": b"1"})
    seal(device, ["PageBlob"], device / "manifest", header=header())
    os.utime(device / "PageBlob/c/a", (1, 1))
    (device / "PageBlob/c/a").chmod(0o600)
    (device / "PageBlob/empty").mkdir()
    (device / "elsewhere").write_bytes(b"x")

    assert verify(device, device / "manifest").ok


def test_two_devices_do_not_mix(tmp_path):
    """One source on two devices with one state directory: both are right, and each is reused by itself."""
    source, state = plant(tmp_path / "s", {"c/a": b"1", "c/b": b"2" * 9000}), tmp_path / "state"
    for name in ("one", "two"):
        assert copy(source, tmp_path / name / "PageBlob", state=state).reused_bytes == 0
    for name in ("one", "two"):
        assert copy(source, tmp_path / name / "PageBlob", state=state).reused_bytes == 9001
        assert isinstance(header(), Header)
        seal(tmp_path / name, ["PageBlob"], tmp_path / name / "m", header=header(), state=state)
        assert verify(tmp_path / name, tmp_path / name / "m").ok
