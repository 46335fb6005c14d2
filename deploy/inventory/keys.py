"""How a mapping of the inventory is declared and read: one dataclass field per key, one kind per value.

A dataclass whose fields are made with `key` is both the form that is checked and the value that comes out; messages
and the editors' schema follow from it. Reading goes on after a problem, so that each file is mended in one go.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from deploy.inventory.problems import nearest, shown
from deploy.inventory.secrets import names_a_secret
from deploy.inventory.yaml_tree import Node

Path = tuple[str | int, ...]
BROKEN: Any = object()  # stands for a value that was reported and cannot be used
_REQUIRED: Any = object()


class Report(Protocol):
    """Where problems go."""

    def __call__(self, node: Node, code: str, message: str, next: str) -> None:
        """Take one problem of the value at *node*."""


class Wrong(ValueError):
    """A value that is not what its key needs: what is wrong with it, and what to write instead."""

    def __init__(self, what: str, next: str) -> None:
        super().__init__(what)
        self.what = what
        self.next = next


class Kind(ABC):
    """A kind of value. `read` returns the value or BROKEN, and reports every problem."""

    form: type | None = None  # the dataclass of a mapping

    @abstractmethod
    def read(self, node: Node, path: Path, report: Report) -> Any:
        """Return what *node* means."""

    @abstractmethod
    def schema(self, whole: bool) -> dict[str, Any]:
        """Return the JSON Schema; with *whole*, keys that are required must be there."""


class Scalar(Kind):
    """One text of the file, turned into a value by *parse*, which raises Wrong."""

    def __init__(self, parse: Callable[[str], Any], json_type: Any = "string", **schema: Any) -> None:
        self.parse = parse
        self._schema = {"type": json_type, **schema}

    def read(self, node: Node, path: Path, report: Report) -> Any:
        if not isinstance(node.value, str):
            return _misplaced(node, path, report, "one value", "write one value")
        try:
            return self.parse(node.value)
        except Wrong as wrong:
            report(node, "bad-value", f"`{dotted(path)}`: {shown(node.value)} {wrong.what}", wrong.next)
            return BROKEN

    def schema(self, whole: bool) -> dict[str, Any]:
        return dict(self._schema)


class Choice(Scalar):
    """One of some words, whatever the case; the value comes out as it is spelled here."""

    def __init__(self, *words: str) -> None:
        super().__init__(self._word, enum=list(words))
        self.words = {word.casefold(): word for word in words}

    def _word(self, text: str) -> str:
        found = self.words.get(text.strip().casefold())
        if found is None:
            near = nearest(text, self.words.values())
            listed = f"write one of: {', '.join(self.words.values())}"
            raise Wrong("is not taken here", f"did you mean `{near}`? {listed}" if near else listed)
        return found


class Listed(Kind):
    """A list of *least* to *most* values of one kind; it comes out as a tuple of those that could be read."""

    def __init__(self, kind: Kind, least: int = 1, most: int = 500) -> None:
        self.kind, self.least, self.most = kind, least, most

    def read(self, node: Node, path: Path, report: Report) -> Any:
        if not isinstance(node.value, list):
            return _misplaced(node, path, report, "a list", f"write `{path[-1]}: [ … ]`")
        if not self.least <= len(node.value) <= self.most:
            fact = f"`{dotted(path)}` lists {len(node.value)}; {self.least} to {self.most} are taken"
            report(node, "bad-value", fact, "add what is missing" if not node.value else "keep fewer")
            return BROKEN
        values = (self.kind.read(inner, (*path, index), report) for index, inner in enumerate(node.value))
        return tuple(value for value in values if value is not BROKEN)

    def schema(self, whole: bool) -> dict[str, Any]:
        inner = self.kind.schema(whole=True)
        return {"type": "array", "items": inner, "minItems": self.least, "maxItems": self.most}


class Mapping(Kind):
    """A mapping with the keys of *form*, a dataclass."""

    def __init__(self, form: type) -> None:
        self.form = form

    def read(self, node: Node, path: Path, report: Report) -> Any:
        values = read_keys(self.form, node, path, report)
        return BROKEN if values is None or BROKEN in values.values() else self.form(**values)  # type: ignore[misc]

    def schema(self, whole: bool) -> dict[str, Any]:
        return form_schema(self.form, whole)


def key(kind: Kind, default: Any = _REQUIRED, name: str = "") -> Any:
    """Return the field of a key; without *default* it must be there. *name* is its spelling in the file."""
    given = {} if default is _REQUIRED else {"default": default}
    return dataclasses.field(metadata={"kind": kind, "name": name}, **given)


def keys_of(form: Any) -> dict[str, dataclasses.Field[Any]]:
    """Return the fields of *form* by the names of their keys."""
    return {field.metadata["name"] or field.name: field for field in dataclasses.fields(form)}


def read_keys(form: Any, node: Node, path: Path, report: Report) -> dict[str, Any] | None:
    """Return the values of the mapping at *node* by field name, BROKEN where one is no use; None when it is no mapping.

    A key that is missing or `null` takes its default; a required one is reported. Unknown keys are reported.
    """
    if not isinstance(node.value, dict):
        _misplaced(node, path, report, "a mapping", "write `key: value` lines under it")
        return None
    known = keys_of(form)
    for word, unknown in node.value.items():
        if word not in known and not holds_a_secret(word, unknown):
            report(
                unknown, "unknown-key", f"{shown(dotted((*path, word)))} is no key here", _rather((*path, word), known)
            )
    values = {}
    for word, field in known.items():
        inner = node.value.get(word)
        if inner is not None and inner.value is not None:
            values[field.name] = field.metadata["kind"].read(inner, (*path, word), report)
        elif field.default is dataclasses.MISSING:
            report(inner or node, "missing", f"`{dotted((*path, word))}` is missing", _how_to_add((*path, word)))
            values[field.name] = BROKEN
        else:
            values[field.name] = field.default
    return values


def form_schema(form: Any, whole: bool) -> dict[str, Any]:
    """Return the JSON Schema of *form*; see `Kind.schema`."""
    known = keys_of(form)
    properties = {}
    for word, field in known.items():
        properties[word] = field.metadata["kind"].schema(whole)
        if field.default is None:
            properties[word] = {"anyOf": [properties[word], {"type": "null"}]}
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    if whole:
        schema["required"] = [word for word, field in known.items() if field.default is dataclasses.MISSING]
    if form.__doc__:
        schema["description"] = " ".join(form.__doc__.split())
    return schema


def dotted(path: Path) -> str:
    """Return *path* as people write it, lists counted from 1.

    >>> dotted(("items", 1, "size"))
    'items[2].size'
    """
    text = ""
    for step in path:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def holds_a_secret(word: str, node: Node) -> bool:
    """Say whether something other than a mapping stands under a name like `password`."""
    return names_a_secret(word) and bool(node.value) and not isinstance(node.value, dict)


def _misplaced(node: Node, path: Path, report: Report, expected: str, next: str) -> Any:
    """Report that *node* has the wrong form, and return BROKEN."""
    name = f"`{dotted(path)}`: " if path else ""
    report(node, "bad-value", f"{name}{_described(node)} stands where {expected} is expected", next)
    return BROKEN


def _described(node: Node) -> str:
    if isinstance(node.value, dict):
        return "a mapping"
    if isinstance(node.value, list):
        return "a list"
    return "nothing" if node.value is None else shown(node.value)


def _rather(path: Path, known: dict[str, Any]) -> str:
    """Return what to write instead of the unknown key at *path*."""
    word = str(path[-1])
    home = next(iter(_homes(known, word, path[:-1])), None)
    if home:
        return f"it belongs at `{home}`"
    near = nearest(word, known)
    return f"did you mean `{near}`?" if near else f"take it out; known here: {', '.join(sorted(known))}"


def _homes(known: dict[str, Any], word: str, parent: Path) -> Iterator[str]:
    """Yield where else, one level further in, a key of that name is known."""
    for outer, field in known.items():
        form = field.metadata["kind"].form
        if form is not None and word in keys_of(form):
            yield dotted((*parent, outer, word))


def _how_to_add(path: Path) -> str:
    word, parent = path[-1], path[:-1]
    where = f"under `{dotted(parent)}`" if parent else "to the office"
    own = path == ("id",) or any(isinstance(step, int) for step in path)
    return f"add `{word}: …` {where}" + ("" if own else ", or to `defaults`")
