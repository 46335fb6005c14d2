"""File names as bytes, as the one text a manifest writes for them, and as places below a root.

A path inside a manifest is bytes with "/" between its parts, whatever the platform. Nothing here touches a disk.
"""

from __future__ import annotations

import os
import re

from tasks.media.faults import ManifestInvalid

UNFINISHED = b".seeding-partial-"
"""How the folder is named in which a copy keeps what is not finished; it is there until the copy is."""

_PLAIN = re.compile(rb"[\x20-\x5b\x5d-\x7e]*")
_PLAIN_TEXT = re.compile(r"[\x20-\x5b\x5d-\x7e]*")
_ASTRAY = re.compile(rb"(?:\A|/)\.{0,2}(?:/|\Z)|\0")
_ESCAPE = re.compile(r"\\(\\|t|n|r|x[0-9a-f]{2}|.?)", re.DOTALL)
_SHORT = {0x5C: "\\\\", 0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}
_LONG = {"\\": b"\\", "t": b"\t", "n": b"\n", "r": b"\r"}


def to_text(path: bytes) -> str:
    """Return the one spelling of *path* in a manifest: UTF-8, control characters and stray bytes escaped.

    >>> to_text("Büro/a\\tb".encode()), to_text(b"x\\xff")
    ('Büro/a\\\\tb', 'x\\\\xff')
    """
    if _PLAIN.fullmatch(path):
        return path.decode("ascii")
    return "".join(_spell(c) for c in path.decode("utf-8", "surrogateescape"))


def _spell(char: str) -> str:
    code = ord(char)
    if code in _SHORT:
        return _SHORT[code]
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return char


def from_text(text: str) -> bytes:
    """Return the bytes that *text* spells; raise ManifestInvalid when it is not the one spelling of them."""
    if _PLAIN_TEXT.fullmatch(text):
        return text.encode("ascii")
    path = _unescape(text) if "\\" in text else text.encode("utf-8", "surrogatepass")
    if to_text(path) != text:
        raise ManifestInvalid(f"the name {text!r} is not in its one allowed spelling")
    return path


def from_field(spelled: bytes) -> bytes:
    """Return the path that a manifest's line spells; raise ManifestInvalid as `from_text` and `checked` do."""
    if _PLAIN.fullmatch(spelled):
        return checked(spelled)
    try:
        return checked(from_text(spelled.decode("utf-8")))
    except UnicodeDecodeError:
        raise ManifestInvalid("this is not UTF-8") from None


def _unescape(text: str) -> bytes:
    out, at = [], 0
    for found in _ESCAPE.finditer(text):
        out.append(text[at : found.start()].encode("utf-8", "surrogatepass"))
        what = found[1]
        if what in _LONG:
            out.append(_LONG[what])
        elif len(what) == 3:
            out.append(bytes.fromhex(what[1:]))
        else:
            raise ManifestInvalid(f"the name {text!r} has an escape that does not exist")
        at = found.end()
    out.append(text[at:].encode("utf-8", "surrogatepass"))
    return b"".join(out)


def checked(path: bytes) -> bytes:
    """Return *path* when it stays below its root; raise ManifestInvalid for "..", "/x", "a//b" and the like."""
    if _ASTRAY.search(path):
        raise ManifestInvalid(f"the path {to_text(path)!r} leaves its folder or names nothing")
    if os.name == "nt" and (b"\\" in path or b":" in path):
        raise ManifestInvalid(f"the path {to_text(path)!r} leaves its folder on this system")
    return path


def to_bytes(relative: str) -> bytes:
    """Return a relative path of this system as manifest bytes."""
    return os.fsencode(relative).replace(b"\\", b"/") if os.name == "nt" else os.fsencode(relative)


def to_native(path: bytes) -> str:
    """Return manifest bytes as a relative path that `os.open` takes on this system."""
    return os.fsdecode(path)
