"""What copies hashed on the way, as far as the device still proves it: for sealing without a second read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.media.faults import NotSealed
from tasks.media.names import to_bytes
from tasks.media.platform_io import NO_IDENTITY, volume_of
from tasks.media.state import Done, State, stamp_of
from tasks.media.walk import Found


@dataclass
class _Cursor:
    """Goes once through the finished files of one copy, in path order."""

    prefix: bytes
    rows: Iterator[Done]
    row: Done | None

    def find(self, path: bytes) -> Done | None:
        inside = path[len(self.prefix) :]
        while self.row is not None and self.row.path < inside:
            self.row = next(self.rows, None)
        return self.row if self.row is not None and self.row.path == inside else None


def _cursor(prefix: bytes, opened: State) -> _Cursor:
    rows = opened.all()
    return _Cursor(prefix, rows, next(rows, None))


class Remembered:
    """The states in a state directory that belong to this device. Ask for paths in manifest order."""

    def __init__(self, device: Path, state: Path | None, opened: State | None = None) -> None:
        """Open what is in the directory *state*; *opened* is one of these that the caller has open already."""
        self._opened = opened
        self._states = self._open(device, state) if state is not None else []
        self._cursors = [_cursor(prefix, opened) for prefix, opened in self._states]
        self.reading = "buffered" if any(s.get("reading") == "buffered" for _, s in self._states) else "direct"

    def _open(self, device: Path, state: Path) -> list[tuple[bytes, State]]:
        volume = volume_of(device)
        found: list[tuple[bytes, State]] = []
        for place in sorted(state.glob(f"*-{volume.identity or NO_IDENTITY}-*.state")):
            mine = self._opened is not None and self._opened.place == place
            opened = self._opened if mine and self._opened is not None else State(place)
            inside = os.path.relpath(volume.root / opened.get("inside"), device.resolve())
            if opened.get("volume") == volume.identity and not inside.startswith(".."):
                found.append((b"" if inside == "." else to_bytes(inside) + b"/", opened))
            else:
                opened.close()
        return found

    def __enter__(self) -> Remembered:
        return self

    def __exit__(self, *problem: object) -> None:
        for _, opened in self._states:
            if opened is not self._opened:
                opened.close()

    def insist_on_finished(self, folders: Sequence[str]) -> None:
        """Raise NotSealed when a copy into one of *folders* has not reached its end."""
        for prefix, opened in self._states:
            touched = any(not f or (prefix + b"/").startswith(to_bytes(f) + b"/") or
                          to_bytes(f).startswith(prefix) for f in folders)  # fmt: skip
            if touched and opened.get("phase") != "copied":
                raise NotSealed(f"the copy to {opened.get('target')} is not finished")

    def row(self, found: Found, *, md5: bool, ranges: bool) -> Done | None:
        """Return the row of a file that is provably as it was copied and has the hashes wanted; else None."""
        stamp = stamp_of(found.info)
        for cursor in self._cursors:
            if found.path.startswith(cursor.prefix):
                row = cursor.find(found.path)
                if row is not None and row.stamp == stamp and row.has(md5=md5, ranges=ranges):
                    return row
        return None
