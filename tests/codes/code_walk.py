"""Every code that the product's source can say, found in the source itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# What makes a code, and the place of the code among its arguments.
MAKERS = {"Problem": 0, "Trouble": 0, "Finding": 0, "Fault": 0, "_Stop": 0, "report": 1, "problem": (0, 1), "add": 0}
MAKERS |= {"_known": 0, "_same_region": 0, "_failed": 1}


def said(folder: str) -> dict[str, str]:
    """Return the codes that the sources of *folder* say, each with the first place where it stands."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        if "rehearsal" in path.parts or "scenarios" in path.parts:
            continue
        for code, line in codes_in(ast.parse(path.read_text("utf-8"))):
            found.setdefault(code, f"{path.relative_to(ROOT)}:{line}")
    return found


def codes_in(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the codes of a module with their lines: classes, keywords, what the makers are given, raised conditions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield from _of_class(node)
        elif isinstance(node, ast.Call):
            yield from _of_call(node)


def _of_class(node: ast.ClassDef) -> Iterator[tuple[str, int]]:
    for inner in node.body:
        if isinstance(inner, ast.Assign) and [t.id for t in inner.targets if isinstance(t, ast.Name)] == ["code"]:
            yield from _literal(inner.value)


def _of_call(node: ast.Call) -> Iterator[tuple[str, int]]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    places = MAKERS.get(name, ()) if name != "add" or len(node.args) == 4 else ()
    for place in places if isinstance(places, tuple) else (places,):
        if place < len(node.args):
            yield from _literal(node.args[place])
    for keyword in node.keywords:
        if keyword.arg == "code":
            yield from _literal(keyword.value)


def _literal(node: ast.expr) -> Iterator[tuple[str, int]]:
    parts = (node.body, node.orelse) if isinstance(node, ast.IfExp) else (node,)
    for part in parts:
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and CODE.fullmatch(part.value):
            yield part.value, part.lineno


def severities(folder: str) -> dict[str, set[str]]:
    """Return the severities with which the sources of *folder* say each problem; `blocks` where none is given."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem" and node.args:
                given = [*node.args[3:4], *(k.value for k in node.keywords if k.arg == "severity")]
                words = {part.value for one in given for part in ast.walk(one) if isinstance(part, ast.Constant)}
                for code, _ in _literal(node.args[0]):
                    found.setdefault(code, set()).update(words or {"blocks"})
    return found
