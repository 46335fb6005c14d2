"""The table of docs/inventory.md: every key of the inventory and what it takes, from the declared keys themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deploy.docs_tables import table
from deploy.inventory.keys import form_schema
from deploy.inventory.offices import Office, OperatorsEntry

_WORDS = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "`true` or `false`"}
_MARKS = {
    "exclusiveMinimum": "above {}",
    "minimum": "from {}",
    "maximum": "to {:,}",
    "maxLength": "of at most {} characters",
}


def keys() -> str:
    """Return every key of an office and of `operators` with what it takes and whether it must be there."""
    operators = {"properties": {"operators": form_schema(OperatorsEntry, whole=True)}}
    rows = [*_rows(form_schema(Office, whole=True), ""), *_rows(operators, "")]
    return table(("key", "takes", "needed"), rows)


def _rows(form: dict[str, Any], prefix: str) -> Iterator[tuple[str, str, str]]:
    for word, node in form["properties"].items():
        node = node["anyOf"][0] if "anyOf" in node else node
        path, needed = f"{prefix}{word}", "yes" if word in form.get("required", ()) else "-"
        yield f"`{path}`", _takes(node), needed
        inner = node.get("items", node)
        if "properties" in inner:
            yield from _rows(inner, f"{path}[]." if inner is not node else f"{path}.")


def _takes(node: dict[str, Any]) -> str:
    """Say in words what a node of the schema takes."""
    if "enum" in node:
        return ", ".join(f"`{word}`" for word in node["enum"])
    kind = node["type"]
    if kind == "object":
        return f"keys of its own. {node['description']}" if "description" in node else "keys of its own"
    if kind == "array":
        inner = node["items"]
        what = "entries" if inner["type"] == "object" else _takes(inner)
        return f"a list of {node.get('minItems', 0)} to {node['maxItems']}: {what}"
    named = " or ".join(_WORDS[one] for one in ([kind] if isinstance(kind, str) else kind))
    marks = [words.format(node[mark]) for mark, words in _MARKS.items() if mark in node]
    examples = ", such as " + " or ".join(f"`{one}`" for one in node["examples"]) if "examples" in node else ""
    return " ".join([named, *marks]) + examples
