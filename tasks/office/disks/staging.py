"""The staging folder: what the backup agent wrote there, and whether it is still the same.

The agent's files are `*.AIBBlob` and `*.BaseBlob`, page-blob data, each a multiple of 512 bytes (named on one page of
2015-16 only). A file of another kind is a problem, never silently left behind: it may be part of the seed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from tasks.media import PAGE, Problem, survey
from tasks.media.names import to_text
from tasks.media.walk import walk
from tasks.media_errors import on_media
from tasks.office.disks.faults import StagingChanged, StagingRefused

SEED_FILES = (".aibblob", ".baseblob")
LONGEST_PATH = 256  # characters of a path on the drive, with its letter; more needs long paths switched on


@dataclass(frozen=True, slots=True, order=True)
class StagedFile:
    """One file of the seed: its path below the staging folder with "/", its bytes, when it was last written."""

    name: str
    bytes: int
    modified_ns: int


@dataclass(frozen=True)
class Staged:
    """The staging folder as it was found. `problems` is everything a drive or Azure would refuse."""

    files: tuple[StagedFile, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def bytes(self) -> int:
        """The size of the seed."""
        return sum(file.bytes for file in self.files)

    def sizes(self) -> dict[str, int]:
        """Return name: bytes."""
        return {file.name: file.bytes for file in self.files}


def look_at_staging(staging: Path, container: str, *, leave_out: Collection[str] = ()) -> Staged:
    """Return what is in *staging* now. *leave_out* are patterns of paths that are no part of the seed.

    Changes nothing. Raises SourceNotReadable when there is no such folder.
    """
    with on_media():
        found = survey(staging, PAGE, container=container)
    files, problems = list[StagedFile](), [one for one in found.problems if not _left_out(one.path, leave_out)]
    for each in walk(staging, lambda _path, _error: None):
        name = to_text(each.path)
        if each.kind != "file" or _left_out(name, leave_out):
            continue
        files.append(StagedFile(name, each.info.st_size, each.info.st_mtime_ns))
        problems += _own_problems(name, container)
    if not files:
        problems.append(Problem("staging-empty", "", f"no seed is in {staging}", "let the backup agent write it first"))
    return Staged(tuple(sorted(files)), tuple(problems))


def usable(staged: Staged) -> Staged:
    """Return *staged* when it has no problems. Raises StagingRefused with all of them."""
    if staged.problems:
        reasons = tuple(f"{one.path}: {one.message}" if one.path else one.message for one in staged.problems)
        more = f" and {len(reasons) - 3} more" if len(reasons) > 3 else ""
        raise StagingRefused(
            f"the staging folder cannot go on drives: {'; '.join(reasons[:3])}{more}",
            next=staged.problems[0].next,
            reasons=reasons,
        )
    return staged


def unchanged(surveyed: Staged, now: Staged) -> Staged:
    """Return *now* when it is what was surveyed. Raises StagingChanged, which names the first differences."""
    before, after = set(surveyed.files), set(now.files)
    if before == after:
        return now
    names = sorted({file.name for file in before ^ after})
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    raise StagingChanged(
        f"the staging folder changed since it was surveyed: {', '.join(names[:3])}{more}",
        next="find out who writes there; when the agent is done, plan the drives again (or run the backup again)",
    )


def _own_problems(name: str, container: str) -> list[Problem]:
    found = []
    if not name.casefold().endswith(SEED_FILES):
        found.append(Problem("not-a-seed-file", name, "is neither *.AIBBlob nor *.BaseBlob",
                             "move it out of the staging folder, or name it as left out"))  # fmt: skip
    length = len(f"X:\\{container}\\{name}")
    if length > LONGEST_PATH:
        found.append(Problem("path-too-long", name, f"has a path of {length} characters on the drive",
                             "use a shorter staging folder layout, or a shorter container name"))  # fmt: skip
    return found


def _left_out(name: str, patterns: Collection[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
