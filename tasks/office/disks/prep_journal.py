"""The preparation journal of one drive: what has surely been written to it, line by line.

JSON lines, kept on the office's own disk and never on the drive, with no key in it. A line is added after the bytes it
speaks of were synced. A last line that is cut short (the power went) is dropped; any other damage is an error.
Memory: one entry for each line, never the digests.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tasks.office.disks.faults import PrepJournalDamaged
from tasks.office.disks.manifest_xml import MOST_RANGE, PageRange

SCHEMA = "seeding.drive-preparation/1"


class PrepJournal:
    """An open journal. Use it from one thread; close it at the end."""

    def __init__(self, place: Path) -> None:
        """Open or create *place*. Raises PrepJournalDamaged."""
        place.parent.mkdir(parents=True, exist_ok=True)
        self.place = place
        handle = os.open(place, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        self._file = os.fdopen(handle, "r+b")
        self._chunks: dict[tuple[str, int], tuple[int, int]] = {}
        self._facts: dict[str, dict[str, Any]] = {}
        try:
            self._read()
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def get(self, kind: str) -> dict[str, Any]:
        """Return the latest line of that kind; {} when there is none."""
        return self._facts.get(kind, {})

    def add(self, kind: str, **facts: Any) -> None:
        """Add a line, durably. What it speaks of must be on the drive already."""
        line = {"kind": kind, **facts}
        at = self._file.seek(0, os.SEEK_END)
        self._file.write(json.dumps(line, sort_keys=True, ensure_ascii=True).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._take(line, at)

    def wrote(self, blob: str, offset: int, size: int, md5s: tuple[bytes, ...]) -> None:
        """Note that *size* bytes of a blob from *offset* on are on the drive, with the MD5 of each 4 MiB."""
        self.add("chunk", blob=blob, offset=offset, bytes=size, md5="".join(digest.hex() for digest in md5s))

    def has(self, blob: str, offset: int, size: int) -> bool:
        """Say whether exactly that chunk was written."""
        found = self._chunks.get((blob, offset))
        return found is not None and found[1] == size

    def restart(self, **facts: Any) -> None:
        """Begin again from nothing: what was noted before is about a drive that was emptied since."""
        self.add("restart")
        self.add("opened", schema=SCHEMA, **facts)

    def forget(self, blob: str) -> None:
        """Note that nothing written of a blob is to be believed any more."""
        self.add("forget", blob=blob)

    def ranges(self, blob: str) -> Iterator[PageRange]:
        """Yield the ranges of a blob in order of their offsets, one line in memory at a time."""
        places = sorted((offset, at) for (name, offset), (at, _) in self._chunks.items() if name == blob)
        for offset, at in places:
            self._file.seek(at)
            line = json.loads(self._file.readline())
            yield from _ranges(offset, line["bytes"], bytes.fromhex(line["md5"]))

    def _read(self) -> None:
        at = 0
        for raw in self._file:
            if not raw.endswith(b"\n"):
                self._file.truncate(at)  # the power went while this line was written
                break
            try:
                self._take(json.loads(raw), at)
            except (ValueError, KeyError, TypeError, AttributeError):
                raise PrepJournalDamaged(
                    f"the preparation journal {self.place} cannot be read from byte {at:,} on",
                    next="prepare this drive again with a new session, after formatting it",
                ) from None
            at += len(raw)

    def _take(self, line: dict[str, Any], at: int) -> None:
        if line["kind"] == "chunk":
            size = int(line["bytes"])
            if len(line["md5"]) != 32 * -(-size // MOST_RANGE):
                raise ValueError("digests")
            self._chunks[line["blob"], int(line["offset"])] = (at, size)
        elif line["kind"] == "restart":
            self._chunks, self._facts = {}, {}
        elif line["kind"] == "forget":
            self._chunks = {key: value for key, value in self._chunks.items() if key[0] != line["blob"]}
        else:
            self._facts[line["kind"]] = line


def _ranges(offset: int, size: int, digests: bytes) -> Iterator[PageRange]:
    for number, at in enumerate(range(0, size, MOST_RANGE)):
        yield PageRange(offset + at, min(MOST_RANGE, size - at), digests[16 * number : 16 * number + 16])
