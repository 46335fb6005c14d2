"""Which files a sample holds, and what it proves.

The files are those whose names, hashed with the run and its attempt, come first: random to anybody who damages data,
and the same each time it is asked. With n files equal, there is 95 % confidence that fewer than 1 - 0.05^(1/n) of all
are damaged: 59 files say "fewer than 5 %", 12 files "fewer than 22 %".
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from typing import TypeVar

from states.facts import Copied, Sealed
from states.release import SampleDrawn, SampleFile
from states.run import Run
from tasks import media
from tasks.errors import NotYet
from tasks.media_errors import on_media
from tasks.ports import Site

BY_AGENT = 59
BY_HAND = 12
LARGEST_BYTES = 1024**3  # larger files are drawn only where there are too few others
CONFIDENCE = 0.95

_T = TypeVar("_T")


def drawn(run_id: str, attempt: int, files: Iterable[tuple[str, int, _T]], count: int) -> list[_T]:
    """Return *count* of *files* (name, bytes, anything), drawn for this run and attempt; all when there are fewer."""

    def lot(file: tuple[str, int, _T]) -> tuple[bool, bytes]:
        text = f"{run_id}\n{attempt}\n{file[0]}"
        return file[1] > LARGEST_BYTES, hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()

    return [file[2] for file in heapq.nsmallest(count, files, key=lot)]


def from_manifest(run: Run, site: Site) -> SampleDrawn:
    """Return a sample of the sealed manifest's files, with the hashes it holds. Raises NotYet before the seal."""
    sealed, copied = run.get(Sealed), run.get(Copied)
    if sealed is None or copied is None:
        raise NotYet(f"{run.run_id} has no sealed manifest")
    folders = {item.folder: item.name for item in copied.items}
    with on_media():
        entries = media.entries(site.archive.open(run.run_id, sealed.manifest))
        chosen = drawn(run.run_id, run.attempt, ((e.text, e.size, e) for e in entries), BY_AGENT)
    return SampleDrawn(tuple(_file(entry, folders) for entry in chosen), sealed.files)


def confidence(good: int, of_files: int) -> str:
    """Return in words what *good* equal files of *of_files* say."""
    if good >= of_files:
        return f"all {of_files} files are equal"
    share = 1 - (1 - CONFIDENCE) ** (1 / good) if good else 1.0
    return f"{good} of {of_files} files are equal: with 95 % confidence fewer than {share:.0%} are damaged"


def _file(entry: media.Entry, folders: dict[str, str]) -> SampleFile:
    folder = max((folder for folder in folders if entry.native.startswith(f"{folder}/")), key=len)
    inner = entry.native[len(folder) + 1 :]
    return SampleFile(folders[folder], inner, entry.size, f"blake3:{entry.blake3.hex()}")
