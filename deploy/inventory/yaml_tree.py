"""YAML as a tree that remembers lines, read safely: no tags, no duplicate keys, bounded size, depth and aliases.

Scalars stay the text that was written (`NO` is Norway, `0800` keeps its zero); only a plain empty value, `~` and `null`
become None. What the text means is the models' business. Nothing here ever builds an object that the file names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from deploy.inventory.problems import Problem, shown
from deploy.inventory.secrets import NEXT, looks_secret

LARGEST_FILE_BYTES = 8 * 2**20
DEEPEST = 20
MOST_NODES = 200_000
LONGEST_TEXT = 2000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = "tag:yaml.org,2002:null"
_FLATTEN = "an inventory needs no such nesting; use `defaults:` for what repeats"


class Node(NamedTuple):
    """A value and where it stands. A mapping's value stands where its key does."""

    value: dict[str, Node] | list[Node] | str | None
    line: int
    column: int

    def plain(self) -> Any:
        """Return the value without positions: dict, list, str or None."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def at(self, path: tuple[str | int, ...]) -> Node:
        """Return the node at *path*, or the deepest one on the way that exists."""
        node = self
        for step in path:
            inner = node.value
            if isinstance(inner, dict) and step in inner:
                node = inner[str(step)]
            elif isinstance(inner, list) and isinstance(step, int) and step < len(inner):
                node = inner[step]
            else:
                break
        return node


@dataclass
class Tree:
    """What could be read of a file: its root, if any, and every problem met."""

    file: str
    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)

    def problem(self, code: str, message: str, next: str, line: int = 0, column: int = 0) -> None:
        """Add a problem of this file."""
        self.problems.append(Problem(code, message, next, self.file, line, column))


class _Stop(Exception):
    """Nothing more can be read of this file; the arguments are those of `Tree.problem`."""


def read_tree(path: Path) -> Tree:
    """Return the tree of the YAML file at *path*. Raises nothing: what is wrong is in `Tree.problems`."""
    tree = Tree(str(path))
    try:
        text = _decoded(_bytes(path))
        _look_for_secrets(text, tree)
        if _events_are_safe(text, tree):
            node = yaml.compose(text, Loader=_LOADER)
            tree.root = _Unfold(tree).node(node, None, 0) if node else None
    except _Stop as stop:
        tree.problem(*stop.args)
    except yaml.YAMLError as wrong:
        _syntax(wrong, tree)
    if tree.root is None and not tree.problems:
        tree.problem("empty", "the file holds no inventory", "start from deploy/offices/sample.yaml")
    return tree


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            fact = "is no regular file" if path.exists() else "does not exist"
            raise _Stop("no-file", f"{path} {fact}", "give the path of your inventory, for example offices.yaml")
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE_BYTES + 1)
    except (OSError, ValueError) as wrong:
        reason = getattr(wrong, "strerror", None) or str(wrong)
        raise _Stop("not-readable", f"{path} cannot be read: {reason}", "let your account read it") from None
    if len(data) > LARGEST_FILE_BYTES:
        fact = f"the file is larger than {LARGEST_FILE_BYTES // 2**20} MiB"
        raise _Stop("too-large", fact, "split the offices over several inventories")
    return data


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _Stop("not-utf-8", "the file is UTF-16", "save it as UTF-8 (in PowerShell: `-Encoding utf8`)", 1, 1)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = data.count(b"\n", 0, wrong.start) + 1
        fact = f"the byte 0x{data[wrong.start]:02x} is not UTF-8"
        raise _Stop("not-utf-8", fact, "save the file as UTF-8", line) from None


def _look_for_secrets(text: str, tree: Tree) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        if what := looks_secret(line):
            tree.problem("secret", f"the line holds what looks like {what}", NEXT, number)


def _events_are_safe(text: str, tree: Tree) -> bool:
    """Look at the stream before anything is built from it, and say whether it is bounded and a single document."""
    depth = documents = 0
    event: Any
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise _Stop("too-large", f"the file nests deeper than {DEEPEST} levels", _FLATTEN)
        at = (event.start_mark.line + 1, event.start_mark.column + 1)
        if getattr(event, "tag", None) not in (None, "!"):
            tree.problem("tag", f"the tag {shown(event.tag)} is not taken", "leave the tag out; values need none", *at)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            tree.problem("two-documents", "a second document starts here", "keep one inventory in one file", *at)
            return False
    return True


def _syntax(wrong: yaml.YAMLError, tree: Tree) -> None:
    mark = getattr(wrong, "problem_mark", None) or getattr(wrong, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    if not mark and isinstance(position := getattr(wrong, "position", None), int):
        line = Path(tree.file).read_bytes()[:position].count(b"\n") + 1
    what = getattr(wrong, "problem", None) or getattr(wrong, "reason", None) or "it cannot be parsed"
    hint = "indent with spaces, never tabs; put quotes around a value that holds `: `, `#` or starts with a sign"
    tree.problem("syntax", f"this is not YAML: {shown(what)[1:-1]}", hint, line, column)


class _Unfold:
    """Turns composed nodes into a `Tree`, following aliases within a budget."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.left = MOST_NODES
        self.judged: set[int] = set()  # scalars met before, through an alias

    def node(self, raw: yaml.Node, key: yaml.Node | None, depth: int) -> Node:
        self.left -= 1
        if depth > DEEPEST or self.left < 0:
            raise _Stop(
                "too-large", f"the file unfolds to more than {MOST_NODES:,} values or {DEEPEST} levels", _FLATTEN
            )
        mark = (key or raw).start_mark
        line, column = mark.line + 1, mark.column + 1
        if isinstance(raw, yaml.MappingNode):
            return Node(self.mapping(raw, depth), line, column)
        if isinstance(raw, yaml.SequenceNode):
            return Node([self.node(inner, None, depth + 1) for inner in raw.value], line, column)
        return Node(None if raw.tag == _NULL else self.text(raw), line, column)

    def mapping(self, raw: Any, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for key, value in raw.value:
            at = (key.start_mark.line + 1, key.start_mark.column + 1)
            if not isinstance(key, yaml.ScalarNode):
                self.tree.problem("bad-key", "a key must be a word", "write `key: value`", *at)
            elif key.value == "<<":
                self.tree.problem(
                    "merge-key", "merge keys (`<<`) are not taken", "use `defaults:` for what repeats", *at
                )
            elif (name := self.text(key)) in found:
                first = found[name].line
                self.tree.problem(
                    "duplicate-key",
                    f"{shown(name)} stands here a second time",
                    f"keep one; the first is on line {first}",
                    *at,
                )
            else:
                found[name] = self.node(value, key, depth + 1)
        return found

    def text(self, raw: Any) -> str:
        if id(raw) not in self.judged:
            self.judged.add(id(raw))
            self.judge(raw.value, (raw.start_mark.line + 1, raw.start_mark.column + 1))
        return str(raw.value)

    def judge(self, text: str, at: tuple[int, int]) -> None:
        if what := looks_secret(text):
            self.tree.problem("secret", f"the line holds what looks like {what}", NEXT, at[0])
        if len(text) > LONGEST_TEXT:
            self.tree.problem("too-long", f"a value of {len(text):,} characters", f"keep to {LONGEST_TEXT:,}", *at)
        elif not text.isprintable():
            fact = f"{shown(text)} holds a line break or control character"
            self.tree.problem("control-character", fact, "take it out", *at)
