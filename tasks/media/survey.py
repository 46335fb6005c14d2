"""Look at a source before a byte is copied: sizes, counts, and everything the device or Azure would refuse.

All problems come at once. Nothing is written, no link is followed, the tree is never left. Limits come as Rules from
the caller's data files; BLOCK and PAGE are the rules without a device's own limits.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tasks.media.faults import SourceMissing
from tasks.media.names import to_text
from tasks.media.walk import Found, walk


@dataclass(frozen=True)
class Rules:
    """What a device and the blobs on it allow. Sizes are bytes; None means no limit."""

    name: str
    max_bytes: int | None
    max_files: int | None
    max_file_bytes: int | None
    blob: Literal["block", "page"]
    case_insensitive: bool = True


BLOCK = Rules("block blobs", None, None, 4_750 << 30, "block")
PAGE = Rules("page blobs", None, None, 8 << 40, "page")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing the device or Azure would refuse: a code, the path, what is wrong and what to do."""

    code: str
    path: str
    message: str
    next: str


@dataclass(frozen=True)
class Survey:
    """What is in a source. `bytes` counts regular files; `hints` are worth knowing and stop nothing."""

    files: int
    bytes: int
    folders: int
    problems: tuple[Problem, ...]
    hints: tuple[Problem, ...] = ()


def survey(source: Path, rules: Rules, *, container: str | None = None) -> Survey:
    """Return sizes, counts and every problem of the tree below *source*.

    With *container*, everything goes into that container; without, the first folder level names the containers.
    Raises SourceMissing when there is no such folder.
    """
    if not source.is_dir():
        raise SourceMissing(f"there is no folder {source}")
    look = _Look(rules, container)
    if container is not None:
        look.container(container, container)
    for found in walk(source, look.refused):
        look.at(found)
    look.limits()
    return Survey(look.files, look.size, look.folders, tuple(look.problems), tuple(look.hints))


_CONTAINER = re.compile(r"[a-z0-9](?:-?[a-z0-9])*")
_FORBIDDEN = re.compile(r'["\\:|<>*?\x00-\x1f\x7f]')


@dataclass
class _Look:
    rules: Rules
    given: str | None
    files: int = 0
    size: int = 0
    folders: int = 0
    problems: list[Problem] = field(default_factory=list)
    hints: list[Problem] = field(default_factory=list)
    _names: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)

    def add(self, code: str, path: str, message: str, next_step: str) -> None:
        self.problems.append(Problem(code, path, message, next_step))

    def refused(self, path: bytes, error: OSError) -> None:
        why = error.strerror or str(error)
        self.add("unreadable", to_text(path), f"cannot be read: {why}", "give this account the right to read it")

    def at(self, found: Found) -> None:
        text = to_text(found.path)
        self._collision(found.path, text)
        if found.kind == "folder":
            self.folders += 1
            if self.given is None and b"/" not in found.path:
                self.container(text, text)
        elif found.kind == "file":
            self._file(found, text)
        else:
            self.add("special-file", text, f"is a {found.kind}, which no device takes", "move it out of the source")

    def _file(self, found: Found, text: str) -> None:
        self.files += 1
        self.size += found.info.st_size
        self._name(found.path, text)
        self._size(found.info.st_size, text)
        if not os.access(found.native, os.R_OK):
            self.add("unreadable", text, "cannot be read by this account", "give this account the right to read it")
        if found.info.st_nlink > 1:
            self.hints.append(Problem("hard-link", text, "has more than one name", "each name is copied in full"))

    def container(self, name: str, path: str) -> None:
        if not 3 <= len(name) <= 63 or not _CONTAINER.fullmatch(name):
            rule = "3 to 63 small letters, digits and single hyphens, not at the ends"
            self.add("container-name", path, f"is not a container name: {rule}", "rename the folder")

    def _name(self, path: bytes, text: str) -> None:
        blob = path if self.given is not None else path.partition(b"/")[2]
        if not blob:
            self.add("no-container", text, "lies in no container and would become a block blob in $root",
                     "move it into a folder")  # fmt: skip
            return
        try:
            name = blob.decode("utf-8")
        except UnicodeDecodeError:
            self.add("name-not-utf8", text, "has a name that is not UTF-8", "rename it")
            return
        for broken, code, why in (
            (len(name) > 1024, "name-length", f"has a blob name of {len(name)} characters, 1,024 are allowed"),
            (name.count("/") > 253, "name-depth", "has more than 254 parts in its blob name"),
            (any(len(p.encode("utf-16-le")) > 510 for p in name.split("/")), "name-part",
             "has a part of more than 255 characters"),
            (_FORBIDDEN.search(name), "name-character", "has a character that no device takes"),
            (any(p.endswith((".", " ")) for p in name.split("/")), "name-ending", "has a part that ends in . or space"),
        ):  # fmt: skip
            if broken:
                self.add(code, text, why, "rename it, or shorten its path")
        if len(name) > 256:
            self.hints.append(Problem("long-path", text, "is over 256 characters", "switch long paths on"))

    def _size(self, size: int, text: str) -> None:
        limit = self.rules.max_file_bytes
        if limit is not None and size > limit:
            self.add("file-size", text, f"has {size:,} bytes, {self.rules.name} take {limit:,}", "leave it out")
        if self.rules.blob == "page" and size % 512:
            self.add("page-alignment", text, f"has {size:,} bytes, not a multiple of 512: it would become a block blob",
                     "let the agent write it again, or send it as block blobs")  # fmt: skip

    def _collision(self, path: bytes, text: str) -> None:
        """Report names of one folder that differ in case only. Memory: the names of one folder per level."""
        if not self.rules.case_insensitive:
            return
        parent, _, name = path.rpartition(b"/")
        while self._names and not (parent + b"/").startswith(self._names[-1][0]):
            self._names.pop()
        inside = parent + b"/" if parent else b""
        if not self._names or self._names[-1][0] != inside:
            self._names.append((inside, {}))
        folded = name.decode("utf-8", "surrogateescape").casefold()
        other = self._names[-1][1].setdefault(folded, text)
        if other != text:
            self.add("case-collision", text, f"differs from {other} in case only: one would overwrite the other",
                     "rename one of them")  # fmt: skip

    def limits(self) -> None:
        for have, limit, code, unit in (
            (self.size, self.rules.max_bytes, "too-many-bytes", "bytes"),
            (self.files, self.rules.max_files, "too-many-files", "files"),
        ):
            if limit is not None and have > limit:
                self.add(code, "", f"{have:,} {unit} are {have - limit:,} more than {self.rules.name} take",
                         "plan another device or another run")  # fmt: skip
