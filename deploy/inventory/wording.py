"""From pydantic's errors to an operator's sentences: which key, what is wrong with it, and what to type instead."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from deploy.inventory.models import Office
from deploy.inventory.problems import nearest, shown
from deploy.inventory.secrets import NEXT, names_a_secret

Path = tuple[str | int, ...]
_KINDS = {
    "model_type": "a mapping (`key: value` lines, indented)",
    "model_attributes_type": "a mapping (`key: value` lines, indented)",
    "tuple_type": "a list (`- …` lines)",
    "list_type": "a list (`- …` lines)",
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
}


def sentence(error: ErrorDetails) -> tuple[str, str, str]:
    """Return code, message and next step for one error of validating an `Office`."""
    path, kind, context = error["loc"], error["type"], error.get("ctx", {})
    name = dotted(path)
    if kind == "missing":
        return "missing", f"`{name}` is missing", _how_to_add(path)
    if kind == "extra_forbidden":
        return unknown_key(path)
    if "what" in context:
        return kind, f"`{name}`: {context['what']}", str(context["next"])
    if kind == "literal_error":
        return "bad-value", f"`{name}`: {shown(error['input'])} is not taken here", _choice(error["input"], path)
    if kind in _KINDS:
        given = "nothing" if error["input"] is None else _described(error["input"])
        return "bad-value", f"`{name}`: {given} stands where {_KINDS[kind]} is expected", f"write {_KINDS[kind]}"
    return (
        "bad-value",
        f"`{name}`: {shown(error['input'])}: {error['msg'][:1].lower()}{error['msg'][1:]}",
        "correct the value",
    )


def unknown_key(path: Path) -> tuple[str, str, str]:
    """Return code, message and next step for a key that no model knows."""
    key, parent = str(path[-1]), path[:-1]
    if names_a_secret(key):
        return "secret", f"{shown(dotted(path))} is a place for a secret", NEXT
    known = tuple(_keys_at(parent))
    near = nearest(key, known)
    elsewhere = [dotted((*home, key)) for home in _homes() if key in _keys_at(home)]
    if elsewhere:
        next = f"it belongs at `{elsewhere[0]}`"
    elif near:
        next = f"did you mean `{near}`?"
    else:
        next = f"take it out; known here: {', '.join(sorted(known))}"
    return "unknown-key", f"{shown(dotted(path))} is no key of an inventory", next


def dotted(path: Path) -> str:
    """Return *path* as people write it.

    >>> dotted(("items", 1, "size"))
    'items[2].size'
    """
    text = ""
    for step in path:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _described(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, (list, tuple)) else shown(value)


def _choice(given: Any, path: Path) -> str:
    choices = [str(choice) for choice in _literals(_type_at(path))]
    near = nearest(str(given), choices)
    listed = f"write one of: {', '.join(choices)}"
    return f"did you mean `{near}`? {listed}" if near else listed


def _how_to_add(path: Path) -> str:
    key, parent = path[-1], path[:-1]
    where = f"under `{dotted(parent)}`" if parent else "to the office"
    return f"add `{key}: …` {where}, or to `defaults`" if _mergeable(path) else f"add `{key}: …` {where}"


def _mergeable(path: Path) -> bool:
    return path != ("id",) and not any(isinstance(step, int) for step in path)


def _homes() -> Iterator[Path]:
    """Yield the path of every mapping that an office may hold, itself first."""
    yield ()
    for name, kind in _fields(Office).items():
        if isinstance(_bare(kind), type) and issubclass(_bare(kind), BaseModel):
            yield (name,)


def _keys_at(path: Path) -> tuple[str, ...]:
    kind = _type_at(path)
    return tuple(_fields(kind)) if isinstance(kind, type) and issubclass(kind, BaseModel) else ()


def _type_at(path: Path) -> Any:
    kind: Any = Office
    for step in path:
        if isinstance(step, int):
            kind = _bare(get_args(kind)[0]) if get_args(kind) else None
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = _bare(_fields(kind).get(step))
    return kind


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _bare(kind: Any) -> Any:
    """Return *kind* without `| None` and without annotations."""
    while get_origin(kind) in (Union, types.UnionType) or hasattr(kind, "__metadata__"):
        kind = get_args(kind)[0]
    return kind


def _literals(kind: Any) -> tuple[Any, ...]:
    return get_args(kind)
