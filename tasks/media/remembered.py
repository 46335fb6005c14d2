"""What copies hashed on the way, as far as the device still proves it: for sealing without a second read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tasks.media.faults import NotSealed
from tasks.media.names import to_bytes
from tasks.media.packs import SMALL, Folders, Row, has_md5, stamp
from tasks.media.platform_io import NO_IDENTITY, volume_of
from tasks.media.state import State, stamp_of


class Hashes(NamedTuple):
    """The three columns a manifest has for a file's hashes; the digests of blocks and ranges, laid end to end."""

    columns: str
    blocks: bytes = b""
    ranges: bytes | None = None


class Remembered:
    """The states in a state directory that belong to this device. Ask for folders in manifest order."""

    def __init__(self, device: Path, state: Path | None, *, md5: bool, ranges: bool,
                 opened: State | None = None) -> None:  # fmt: skip
        """Open what is in the directory *state*; *opened* is one of these that the caller has open already."""
        self._opened, self._md5, self._ranges = opened, md5, ranges
        self._states = self._open(device, state) if state is not None else []
        self._folders = [Folders(opened.packs()) for _, opened in self._states]
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

    def folder(self, prefix: bytes) -> list[dict[str, Row]]:
        """Return what each state knows of the small files of a folder, for `hashes`."""
        return [
            known.at(prefix[len(inside) :])
            for (inside, _), known in zip(self._states, self._folders, strict=True)
            if prefix.startswith(inside)
        ]

    def hashes(self, known: list[dict[str, Row]], name: str, path: bytes, info: os.stat_result) -> Hashes | None:
        """Return the hashes of a file that is provably as it was copied, if those wanted were made; else None."""
        if info.st_size > SMALL:
            return self._large(path, info)
        there = stamp(info)
        for rows in known:
            row = rows.get(name)
            if row is not None and row[1] == there:
                hashes = self._of(row[2], info.st_size)
                if hashes is not None:
                    return hashes
        return None

    def _of(self, columns: str, size: int) -> Hashes | None:
        if not has_md5(columns):
            return None if self._md5 or self._ranges else Hashes(columns)
        whole = columns[-32:]
        ranges = bytes.fromhex(whole) if self._ranges and size else b"" if self._ranges else None
        return Hashes(columns if self._md5 else columns[:-32] + "-", b"", ranges)

    def _large(self, path: bytes, info: os.stat_result) -> Hashes | None:
        for prefix, opened in self._states:
            row = opened.find_large(path[len(prefix) :]) if path.startswith(prefix) else None
            if row is not None and row.stamp == stamp_of(info) and row.has(md5=self._md5, ranges=self._ranges):
                columns = row.hashes if self._md5 else row.hashes[: row.hashes.rindex("\t")] + "\t-"
                return Hashes(columns, row.blocks, row.ranges if self._ranges else None)
        return None
