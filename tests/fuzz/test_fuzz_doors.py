"""Whatever comes in through a door, only errors with codes come out, in bounded time and memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from doors import DOORS, ROOT, Door, tried
from hypothesis import given
from hypothesis import strategies as st
from spoiling import WORDS, spoiled
from trials import tries

MIB = 1 << 20
by_name = pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)


@by_name
def test_what_is_good_is_understood(door: Door) -> None:
    """A door that refuses everything would pass every other test here."""
    assert [tried(door, data) for data in door.examples()] == [None] * len(door.examples()) != []


@by_name
@given(data=st.data())
@tries(30)
def test_what_is_spoiled_is_understood_or_refused_with_a_code(door: Door, data: st.DataObject) -> None:
    """Bytes flipped, cut, doubled, words from everywhere put in; with a right checksum half of the time."""
    spoilt = data.draw(spoiled(door.examples()))
    if data.draw(st.booleans()):
        spoilt = door.mended(spoilt)
    told = tried(door, spoilt)
    assert told is None or str(told).strip()


@by_name
@given(data=st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(WORDS), max_size=30).map(b"".join)))
@tries(15)
def test_noise_is_refused_with_a_code(door: Door, data: bytes) -> None:
    """What never was a document."""
    tried(door, data)


BOMBS = {
    "one-line": b"a" * MIB,
    "one-number": b"9" * MIB,
    "deep-lists": b"[" * 100_000,
    "deep-objects": b'{"schema":' * 100_000,
    "deep-elements": b"<a>" * 15_000,
    "comments": b"<!--" * 40_000,
    "comments-in-it": b"<CopyLog>" + b"<!-- " * 40_000,
    "cdata": b"<![CDATA[" * 50_000,
    "doctypes": b"<!DOCTYPE a [" * 50_000,
    "half-tags": b"<a b='" * 50_000,
    "spaces-in-a-tag": b"<a" + b" " * 300_000,
    "attributes": b"<a" + b" b='c'" * 100_000 + b"/>",
    "ampersands": b"<a>" + b"&" * 200_000 + b"</a>",
    "laughs": b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><Status>&j;</Status>",
    "anchors": b"a: &a [x]\n" + b"".join(b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 10))
                                        for n in range(9)),
    "yaml-object": b"offices: !!python/object/apply:os.system ['touch /tmp/owned']",
    "keys": b"".join(b"k%d: 1\n" % n for n in range(2_000)),
}  # fmt: skip


@by_name
@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.timeout(60)
def test_a_bomb_does_not_go_off(door: Door, bomb: str) -> None:
    """Refused, or read in memory that grows with the file and no faster; what is quadratic runs into the limit."""
    data = BOMBS[bomb]
    tracemalloc.start()
    try:
        tried(door, data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * MIB + 12 * len(data)


def test_no_yaml_of_ours_can_make_objects(tmp_path: Path) -> None:
    """The tag is refused by name, and nothing of it ran."""
    door = next(door for door in DOORS if door.name == "inventory")
    owned = tmp_path / "owned"
    told = tried(door, f"offices: !!python/object/apply:os.mkdir ['{owned}']".encode())
    assert told is not None and not owned.exists()
    sources = [place for folder in ("tasks", "deploy", "flows", "states") for place in (ROOT / folder).rglob("*.py")]
    assert not [place for place in sources if "yaml.unsafe" in place.read_text("utf-8")]


def test_the_check_rings() -> None:
    """A door that lets a plain exception out is a bug, and is told as one."""
    leaky = Door("leaky", lambda: (b"1",), lambda data, at: int(data))
    assert tried(leaky, b"1") is None
    with pytest.raises(ValueError, match="invalid literal"):
        tried(leaky, b"x")
