"""From a file to offices: read the tree, lay defaults under each office, check everything, keep the lines.

`read` collects; `load` insists. Nothing is written, no network is used, and no value of the environment is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from deploy.inventory.models import Inventory, Office
from deploy.inventory.problems import InventoryInvalid, Problem, Severity, in_order, nearest, shown
from deploy.inventory.secrets import NEXT, names_a_secret, takes_a_secret
from deploy.inventory.wording import Path as KeyPath
from deploy.inventory.wording import sentence
from deploy.inventory.yaml_tree import Node, Tree, read_tree
from states.planning import REFUSED_KINDS

_TOP = ("version", "defaults", "offices")
# Values that stand in for broken ones, so that the rest of an office can be checked in the same go.
_STAND_INS: dict[str, Any] = {
    "id": "stand-in",
    "address": {"street": "-", "city": "-", "postal_code": "-"},
    "contacts": {"name": "-", "phone": "000000", "emails": ["a@b.example"]},
    "time_zone": "UTC",
}
_NEEDED_TO_PLAN = ("country", "mode", "sku", "agent", "azure")


@dataclass(frozen=True)
class Placed:
    """One office with the place of each of its keys. `whole` is false when a broken key was left out or stood in for."""

    office: Office
    node: Node
    whole: bool = True


@dataclass(frozen=True)
class Reading:
    """What one file says: the offices that can be judged, and every problem."""

    offices: tuple[Placed, ...]
    problems: tuple[Problem, ...]


def load(path: Path) -> Inventory:
    """Return the inventory at *path*. Raises InventoryInvalid with every problem that its form has."""
    reading = read(path)
    if any(problem.severity == "blocks" for problem in reading.problems):
        raise InventoryInvalid(reading.problems)
    return Inventory(offices=tuple(placed.office for placed in reading.offices))


def read(path: Path) -> Reading:
    """Return what the file at *path* says, and everything that is wrong with it. Raises nothing."""
    tree = read_tree(path)
    if tree.root is None:
        return Reading((), in_order(tree.problems))
    reader = _Reader(tree)
    offices = tuple(reader.offices(tree.root))
    return Reading(offices, in_order(tree.problems))


class _Reader:
    """Checks one tree; problems go to the tree's list."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.ids: dict[str, int] = {}

    def offices(self, root: Node) -> Iterator[Placed]:
        self.secrets_under_their_names(root)
        top = self.top(root)
        if top is None:
            return
        defaults = top.get("defaults")
        if defaults is not None:
            self.defaults(defaults)
        listed = top.get("offices")
        if listed is None or not isinstance(listed.value, list) or not listed.value:
            at = listed or root
            self.problem(at, "no-offices", "`offices` lists no office", "add `offices:` with one `- id: …` per office")
            return
        for node in listed.value:
            yield from self.office(_laid_under(node, defaults))

    def top(self, root: Node) -> dict[str, Node] | None:
        if not isinstance(root.value, dict):
            self.problem(
                root, "bad-value", "the file is no mapping", "start with `offices:`; see deploy/offices/sample.yaml"
            )
            return None
        for key, node in root.value.items():
            if key not in _TOP and not names_a_secret(key):
                near = nearest(key, _TOP)
                next = f"did you mean `{near}`?" if near else f"known here: {', '.join(_TOP)}"
                self.problem(node, "unknown-key", f"{shown(key)} is no key of an inventory", next)
        version = root.value.get("version")
        if version is not None and version.value != "1":
            self.problem(version, "version", "this program reads inventories of version 1", "write `version: 1`")
        return root.value

    def defaults(self, node: Node) -> None:
        """Check the defaults by themselves, so that a wrong one is found even when each office overrides it."""
        if not isinstance(node.value, dict):
            self.problem(
                node, "bad-value", "`defaults` is no mapping", "write `key: value` lines under it, or leave it out"
            )
            return
        if "id" in node.value:
            self.problem(node.value["id"], "bad-default", "an id cannot be a default", "give each office its own `id`")
        try:
            Office.model_validate(node.plain())
        except ValidationError as wrong:
            self.errors(node, (e for e in wrong.errors(include_url=False) if e["type"] != "missing"))

    def office(self, node: Node) -> Iterator[Placed]:
        data = node.plain()
        try:
            placed = Placed(Office.model_validate(data), node)
        except ValidationError as wrong:
            errors = wrong.errors(include_url=False)
            self.errors(node, errors)
            repaired = _repaired(data, [error["loc"] for error in errors])
            if repaired is None:
                return
            placed = Placed(repaired, node, whole=False)
        self.id_is_new(placed)
        for path, code, message, next in _cross_checks(placed.office):
            self.problem(node.at(path), code, message, next)
        yield placed

    def id_is_new(self, placed: Placed) -> None:
        id, node = placed.office.id, placed.node.at(("id",))
        if placed.whole and self.ids.setdefault(id, node.line) != node.line:
            next = f"choose another; the first is on line {self.ids[id]}"
            self.problem(node, "office-twice", f"the id {shown(id)} is taken", next)

    def secrets_under_their_names(self, node: Node, key: str = "") -> None:
        """Refuse what stands under a name like `password`, whatever it looks like, and after `--password`."""
        if isinstance(node.value, dict):
            for inner_key, inner in node.value.items():
                self.secrets_under_their_names(inner, inner_key)
        elif isinstance(node.value, list):
            before = ""
            for inner in node.value:
                if takes_a_secret(before) and isinstance(inner.value, str) and inner.value[:1] not in "$%{":
                    self.problem(inner, "secret", f"what follows {shown(before)} looks like a secret", NEXT)
                before = inner.value if isinstance(inner.value, str) else ""
                self.secrets_under_their_names(inner, key)
        elif node.value and names_a_secret(key):
            self.problem(node, "secret", f"{shown(key)} holds a secret", NEXT)

    def errors(self, node: Node, errors: Any) -> None:
        for error in errors:
            code, message, next = sentence(error)
            self.problem(node.at(error["loc"]), code, message, next)

    def problem(self, node: Node, code: str, message: str, next: str, severity: Severity = "blocks") -> None:
        self.tree.problems.append(Problem(code, message, next, self.tree.file, node.line, node.column, severity))


def _laid_under(node: Node, defaults: Node | None) -> Node:
    """Return *node* with *defaults* where it says nothing. Mappings are joined key by key; lists are replaced."""
    if defaults is None or not isinstance(node.value, dict) or not isinstance(defaults.value, dict):
        return node
    joined = dict(defaults.value)
    for key, inner in node.value.items():
        joined[key] = _laid_under(inner, joined.get(key))
    return Node(joined, node.line, node.column)


def _repaired(data: Any, broken: list[KeyPath]) -> Office | None:
    """Return the office with its broken keys left out or stood in for, or None when it could not be planned then."""
    if not isinstance(data, dict):
        return None
    keys = {path[0] for path in broken if path}
    if keys & set(_NEEDED_TO_PLAN) or ("items",) in broken:
        return None
    kept = {key: value for key, value in data.items() if key not in keys or key == "items"}
    bad_items = {path[1] for path in broken if path[0] == "items" and len(path) > 1}
    kept["items"] = [item for index, item in enumerate(kept.get("items") or ()) if index not in bad_items]
    try:
        return Office.model_validate(_STAND_INS | kept)
    except ValidationError:
        return None


def _cross_checks(office: Office) -> Iterator[tuple[KeyPath, str, str, str]]:
    """Yield what no single key can know: path, code, message, next step."""
    for index, item in enumerate(office.items):
        if item.kind in REFUSED_KINDS:
            path: KeyPath = ("items", index, "kind")
            yield path, "item-kind", f"`{item.name}` is of kind {item.kind}", REFUSED_KINDS[item.kind]
        if office.agent.kind == "files" and not item.source:
            message = f"`{item.name}` has no `source`, and the agent `files` copies from there"
            yield ("items", index), "missing", message, "add `source: …`, the folder's path at the office"
    if office.mode == "own-disk" and office.staging is None:
        yield (), "missing", "mode `own-disk` needs `staging`", "add `staging: {path: …}`, as large as the backup"
    if office.mode == "own-disk" and office.sku:
        yield ("sku",), "bad-value", "mode `own-disk` takes no `sku`", "leave `sku` out"
    credential = office.azure.credential
    if not credential.client_secret_env and not credential.certificate_path_env:
        path = ("azure", "credential")
        yield path, "missing", "the credential names neither a secret nor a certificate", "add `client_secret_env: …`"
