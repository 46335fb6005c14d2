"""MD5 whose state can be saved, so that a copy killed half-way through 8 TiB need not hash the first half again.

libcrypto keeps the state in 92 plain bytes; `hashlib` hides it. Where libcrypto cannot be used, or answers
wrongly, hashlib takes over: same digests, no saved state. MD5 is what Azure stores; it protects nothing here.
"""

from __future__ import annotations

import ctypes
import hashlib
import struct
from typing import Any, Protocol

from blake3 import blake3

_STATE_BYTES = 92
_VERSION = b"md5-1"
_CHECK_BYTES = 8


class Md5(Protocol):
    """A running MD5."""

    def update(self, data: Any) -> None:
        """Add bytes-like *data*."""

    def digest(self) -> bytes:
        """Return the 16 bytes for what was added so far."""

    def save(self) -> bytes | None:
        """Return what `resume` needs to go on from here; None when this kind cannot be resumed."""


class _Hashlib:
    def __init__(self) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.update = self._md5.update
        self.digest = self._md5.digest

    def save(self) -> bytes | None:
        return None


class _Libcrypto:
    def __init__(self, state: bytes | None = None) -> None:
        self._state = ctypes.create_string_buffer(state or bytes(_STATE_BYTES), _STATE_BYTES)
        if state is None:
            _CRYPTO.MD5_Init(self._state)

    def update(self, data: Any) -> None:
        """Add bytes; a writable buffer is read in place, without a copy and without the interpreter lock."""
        size = len(data)
        if not size:
            return
        place = bytes(data) if memoryview(data).readonly else (ctypes.c_char * size).from_buffer(data)
        _CRYPTO.MD5_Update(self._state, place, ctypes.c_size_t(size))

    def digest(self) -> bytes:
        copy = ctypes.create_string_buffer(self._state.raw, _STATE_BYTES)
        out = ctypes.create_string_buffer(16)
        _CRYPTO.MD5_Final(out, copy)
        return out.raw

    def save(self) -> bytes | None:
        body = _VERSION + self._state.raw
        return body + blake3(body).digest(_CHECK_BYTES)


def new_md5() -> Md5:
    """Return an MD5 of nothing yet, resumable where libcrypto allows."""
    return _Libcrypto() if _CRYPTO is not None else _Hashlib()


def resume_md5(saved: bytes | None, at_bytes: int) -> Md5 | None:
    """Return the MD5 that was saved after *at_bytes*; None when *saved* is damaged, foreign or of another offset."""
    if _CRYPTO is None or not saved or len(saved) != len(_VERSION) + _STATE_BYTES + _CHECK_BYTES:
        return None
    body, check = saved[:-_CHECK_BYTES], saved[-_CHECK_BYTES:]
    if not body.startswith(_VERSION) or blake3(body).digest(_CHECK_BYTES) != check:
        return None
    state = body[len(_VERSION) :]
    low, high = struct.unpack_from("=II", state, 16)
    (pending,) = struct.unpack_from("=I", state, 88)
    counted = (high << 32 | low) // 8
    return _Libcrypto(state) if counted == at_bytes and pending == at_bytes % 64 else None


def _find_libcrypto() -> Any:
    """Return a libcrypto whose MD5 has been tried against hashlib's, saved and resumed in the middle; else None."""
    for name in ("libcrypto.so.3", "libcrypto.so.1.1", "libcrypto-3-x64.dll"):
        try:
            library = ctypes.CDLL(name)
            if _works(library):
                return library
        except (OSError, AttributeError):
            continue
    return None


def _works(library: Any) -> bool:
    data = bytes(range(200))
    state, out = ctypes.create_string_buffer(_STATE_BYTES + 64), ctypes.create_string_buffer(16)
    library.MD5_Init(state)
    library.MD5_Update(state, data[:77], ctypes.c_size_t(77))
    again = ctypes.create_string_buffer(state.raw[:_STATE_BYTES], _STATE_BYTES + 64)
    library.MD5_Update(again, data[77:], ctypes.c_size_t(123))
    library.MD5_Final(out, again)
    return out.raw == hashlib.md5(data, usedforsecurity=False).digest()


_CRYPTO = _find_libcrypto()
