"""What strangers, cut connections and bad disks do to bytes, as Hypothesis draws it."""

from __future__ import annotations

from hypothesis import strategies as st

# Words that have broken readers before: numbers at and beyond every size, escapes, entities, names that lead elsewhere.
WORDS = (
    b"0", b"-1", b"9" * 5000, b"1e999", b"NaN", b"Infinity", b"null", b"true", b"[]", b"{}", b'""',
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", "\u00b2".encode(), "\u202e".encode(), b"\r\n", b"\t",
    b"\\", b"%s%n", b"${x}", b"&lol;", b"<!DOCTYPE x [<!ENTITY lol 'lol'>]>", b"<!--", b"<![CDATA[", b"]]>",
    b"..", b"../..", b"/etc/passwd", b"C:\\Windows", b"CON", b"a:b", b"~", b"&a [*a]", b"<<: *a", b"? ",
    b"!!python/object/apply:os.system ['true']", b"2026-02-30T25:61:61Z", b"0001-01-01T00:00:00Z",
    b"9999-12-31T23:59:59Z", b"=cmd|' /C calc'!A0", b"'; DROP TABLE lines; --",
)  # fmt: skip


@st.composite
def spoiled(draw: st.DrawFn, good: tuple[bytes, ...]) -> bytes:
    """One of the good ones, spoiled in one to five places."""
    data = bytearray(draw(st.sampled_from(good)))
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 40))
        match draw(st.sampled_from(("flip", "cut", "drop", "twice", "word", "number", "noise"))):
            case "flip" if at < len(data):
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del data[at:]
            case "drop":
                del data[at : at + length]
            case "twice":
                data[at:at] = data[at : at + length] * draw(st.integers(1, 3))
            case "word":
                data[at : at + length] = draw(st.sampled_from(WORDS))
            case "number":
                _another_number(data, at, draw(st.sampled_from(WORDS[:6])))
            case _:
                data[at:at] = draw(st.binary(max_size=20))
    return bytes(data)


def _another_number(data: bytearray, at: int, new: bytes) -> None:
    """Replace the next digits after *at*."""
    begin = next((n for n in range(at, len(data)) if 48 <= data[n] < 58), None)
    if begin is None:
        return
    end = begin
    while end < len(data) and 48 <= data[end] < 58:
        end += 1
    data[begin:end] = new
