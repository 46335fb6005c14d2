"""The hashes of one file, made while its bytes pass by once: BLAKE3 by block, CRC-64/NVME, MD5, MD5 by range.

A file of up to BLOCK bytes has the plain BLAKE3 of its content. A larger one is cut into blocks of BLOCK bytes and
has the BLAKE3 of its block digests laid end to end, so that any block can be checked, read again or resumed alone.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from blake3 import blake3

from tasks.media.crc64 import crc64
from tasks.media.md5 import Md5, new_md5

BLOCK = 32 << 20
RANGE = 4 << 20


class Digests(NamedTuple):
    """What is known of a file's bytes. `blocks` is empty up to one block; `ranges` is None when not asked for."""

    blake3: bytes
    crc64: int
    md5: bytes | None
    blocks: tuple[bytes, ...] = ()
    ranges: tuple[bytes, ...] | None = None

    @property
    def text(self) -> str:
        """The three columns that a manifest has for them."""
        return f"{self.blake3.hex()}\t{self.crc64:016x}\t{self.md5.hex() if self.md5 is not None else '-'}"


def columns(data: bytes, *, md5: bool) -> str:
    """Return `Digests.text` of a file whose whole content is *data*, at most BLOCK bytes."""
    plain = hashlib.md5(data, usedforsecurity=False).hexdigest() if md5 else "-"
    return f"{blake3(data).hexdigest()}\t{crc64(data):016x}\t{plain}"


def warm_up() -> None:
    """Load what hashing needs, once, before worker processes are forked: each of them would load it again."""
    columns(b"", md5=True)


def range_digests(data: Any) -> tuple[bytes, ...]:
    """Return the MD5 of each RANGE of *data*, which starts on a range boundary."""
    view = memoryview(data)
    return tuple(
        hashlib.md5(view[at : at + RANGE], usedforsecurity=False).digest() for at in range(0, len(view), RANGE)
    )


def strong_hash(blocks: list[bytes]) -> bytes:
    """Return the strong hash of a file from its block digests (one at least)."""
    return blocks[0] if len(blocks) == 1 else blake3(b"".join(blocks)).digest()


class BlockHash:
    """BLAKE3 by block and CRC-64 over pieces in file order. No piece may cross a block boundary."""

    def __init__(self, blocks: list[bytes] | None = None, crc: int = 0) -> None:
        self.blocks = list(blocks or [])
        self.crc = crc
        self._open = blake3()
        self._in_block = 0

    def update(self, piece: Any) -> None:
        """Add the next piece."""
        self._open.update(piece)
        self.crc = crc64(piece, self.crc)
        self._in_block += len(piece)
        if self._in_block == BLOCK:
            self.blocks.append(self._open.digest())
            self._open, self._in_block = blake3(), 0

    def finish(self) -> list[bytes]:
        """Close the last block and return all of them; an empty file has one, of no bytes."""
        if self._in_block or not self.blocks:
            self.blocks.append(self._open.digest())
        return self.blocks


class Md5Hash:
    """MD5 of the whole, of each RANGE, of both or of neither, over pieces that begin on a range boundary."""

    def __init__(self, whole: Md5 | None, ranges: list[bytes] | None) -> None:
        self.whole = whole
        self.ranges = ranges

    @classmethod
    def fresh(cls, *, md5: bool, ranges: bool) -> Md5Hash:
        """Return one for a file not yet read."""
        return cls(new_md5() if md5 else None, [] if ranges else None)

    def update(self, piece: Any) -> None:
        """Add the next piece."""
        if self.whole is not None:
            self.whole.update(piece)
        if self.ranges is not None:
            self.ranges.extend(range_digests(piece))


def digests(blocks: BlockHash, md5s: Md5Hash) -> Digests:
    """Put the results of both together when the last byte has passed."""
    done = blocks.finish()
    return Digests(
        strong_hash(done),
        blocks.crc,
        md5s.whole.digest() if md5s.whole is not None else None,
        tuple(done) if len(done) > 1 else (),
        tuple(md5s.ranges) if md5s.ranges is not None else None,
    )
