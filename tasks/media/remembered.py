"""What copies to a device hashed on the way, as far as the device still proves it: for sealing without a second read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.media.faults import NotSealed
from tasks.media.manifest import Entry
from tasks.media.names import to_bytes
from tasks.media.platform_io import volume_of
from tasks.media.state import Done, Stamp, State
from tasks.media.walk import Found


@dataclass
class _Cursor:
    """Goes once through the finished files of one copy, in path order."""

    prefix: bytes
    rows: Iterator[Done]
    row: Done | None = None

    def find(self, path: bytes) -> Done | None:
        inside = path[len(self.prefix) :]
        while self.row is None or self.row.path < inside:
            self.row = next(self.rows, None)
            if self.row is None:
                self.rows = iter(())
                return None
        return self.row if self.row.path == inside else None


class Remembered:
    """The states in a state directory that belong to this device. Ask for paths in manifest order."""

    def __init__(self, device: Path, state: Path | None) -> None:
        self._states = self._open(device, state) if state is not None else []
        self._cursors = [_Cursor(prefix, opened.all()) for prefix, opened in self._states]
        self.reading = "buffered" if any(s.get("reading") == "buffered" for _, s in self._states) else "direct"

    def _open(self, device: Path, state: Path) -> list[tuple[bytes, State]]:
        volume, found = volume_of(device), []
        for place in sorted(state.glob("copy-*.state")):
            opened = State(place)
            inside = os.path.relpath(volume.root / opened.get("inside"), device.resolve())
            if opened.get("volume") == volume.identity and not inside.startswith(".."):
                found.append((b"" if inside == "." else to_bytes(inside) + b"/", opened))
            else:
                opened.close()
        return found

    def __enter__(self) -> Remembered:
        return self

    def __exit__(self, *_: object) -> None:
        for _, opened in self._states:
            opened.close()

    def insist_on_finished(self, folders: Sequence[str]) -> None:
        """Raise NotSealed when a copy into one of *folders* has not reached its end."""
        for prefix, opened in self._states:
            touched = any(not f or (prefix + b"/").startswith(to_bytes(f) + b"/") or
                          to_bytes(f).startswith(prefix) for f in folders)  # fmt: skip
            if touched and opened.get("phase") != "copied":
                raise NotSealed(f"the copy to {opened.get('target')} is not finished")

    def entry(self, found: Found, md5: bool, ranges: bool) -> Entry | None:
        """Return the entry of a file that is provably as it was copied and has the hashes wanted; else None."""
        for cursor in self._cursors:
            if found.path.startswith(cursor.prefix):
                row = cursor.find(found.path)
                if row is not None and row.stamp == Stamp.of(found.info) and _has(row, md5, ranges):
                    return Entry.of(found.path, row.stamp.size, row.stamp.mtime, row.digests)
        return None


def _has(row: Done, md5: bool, ranges: bool) -> bool:
    return (row.digests.md5 is not None or not md5) and (row.digests.ranges is not None or not ranges)
