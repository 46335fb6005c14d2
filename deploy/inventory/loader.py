"""From a file to offices: read the tree, lay defaults under each office, check everything, keep the lines.

`read` collects; `load` insists. Nothing is written, no network is used, and no value of the environment is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.inventory.keys import BROKEN, holds_a_secret, read_keys
from deploy.inventory.offices import AddressEntry, ContactsEntry, Inventory, Office, OperatorsEntry
from deploy.inventory.problems import InventoryInvalid, Problem, in_order, nearest, shown
from deploy.inventory.secrets import NEXT, names_a_secret, takes_a_secret
from deploy.inventory.yaml_tree import Node, Tree, read_tree
from states.planning import REFUSED_KINDS

_TOP = ("version", "operators", "defaults", "offices")
_EXAMPLE = "write `offices:` with one `- id: …` per office; deploy/offices/sample.yaml is an example"
# For broken keys that no planning rule reads, so that the rest of the office is judged in the same go.
_STAND_INS: dict[str, Any] = {
    "id": "office",
    "ship_to": AddressEntry(street="", city="", postal_code=""),
    "contacts": ContactsEntry(name="", phone="", emails=()),
    "time_zone": "UTC",
    "bandwidth": None,
    "device_path": None,
    "staging": None,
    "schedule": None,
    "quiet": None,
    "budget": None,
}


@dataclass(frozen=True)
class Placed:
    """One office and where its keys stand. When `whole` is false, broken keys were left out or stood in for."""

    office: Office
    node: Node
    whole: bool = True

    def place_of(self, item: str) -> Node:
        """Return where the last item of that name stands; the office's own place when there is none."""
        listed = self.node.at(("items",)).value
        named = [n for n in listed if n.at(("name",)).value == item] if isinstance(listed, list) else []
        return named[-1] if item and named else self.node


@dataclass(frozen=True)
class Reading:
    """What one file says: the offices that can be judged, and every problem of its form."""

    offices: tuple[Placed, ...]
    problems: tuple[Problem, ...]
    operators: OperatorsEntry = field(default_factory=OperatorsEntry)


def load(path: Path) -> Inventory:
    """Return the inventory at *path*. Raises InventoryInvalid with every problem that its form has."""
    reading = read(path)
    if reading.problems:
        raise InventoryInvalid(reading.problems)
    return Inventory(tuple(placed.office for placed in reading.offices), reading.operators)


def read(path: Path) -> Reading:
    """Return what the file at *path* says, and everything that is wrong with it. Raises nothing."""
    tree = read_tree(path)
    if tree.root is None:
        return Reading((), in_order(tree.problems))
    reader = _Reader(tree)
    offices = tuple(reader.offices(tree.root))
    return Reading(offices, in_order(tree.problems), reader.operators)


class _Reader:
    """Checks one tree; problems go to the tree's list."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.ids: dict[str, int] = {}
        self.operators = OperatorsEntry()

    def offices(self, root: Node) -> Iterator[Placed]:
        self.secrets_by_name(root)
        if not isinstance(root.value, dict):
            self.problem(root, "bad-value", "the file is no mapping", _EXAMPLE)
            return
        self.top(root.value)
        defaults = root.value.get("defaults")
        listed = root.value.get("offices", root)
        if not isinstance(listed.value, list) or not listed.value:
            self.problem(listed, "no-offices", "`offices` lists no office", _EXAMPLE)
            return
        for node in listed.value:
            yield from self.office(_laid_under(node, defaults))

    def top(self, found: dict[str, Node]) -> None:
        for word, node in found.items():
            if word not in _TOP and not holds_a_secret(word, node):
                near = nearest(word, _TOP)
                next = f"did you mean `{near}`?" if near else f"known here: {', '.join(_TOP)}"
                self.problem(node, "unknown-key", f"{shown(word)} is no key here", next)
        version, defaults = found.get("version"), found.get("defaults")
        if version is not None and version.value != "1":
            self.problem(version, "version", "this program reads inventories of version 1", "write `version: 1`")
        if defaults is not None and defaults.value is not None:
            self.defaults(defaults)
        if (told := found.get("operators")) is not None and told.value is not None:
            values = read_keys(OperatorsEntry, told, ("operators",), self.problem)
            if values and BROKEN not in values.values():
                self.operators = OperatorsEntry(**values)

    def defaults(self, node: Node) -> None:
        """Check the defaults by themselves, so that a wrong one is found even when each office overrides it."""

        def all_but_missing(node: Node, code: str, message: str, next: str) -> None:
            if code != "missing":
                self.problem(node, code, message, next)

        read_keys(Office, node, (), all_but_missing)
        if isinstance(node.value, dict) and "id" in node.value:
            self.problem(node.value["id"], "bad-default", "an id cannot be a default", "give each office its own `id`")

    def office(self, node: Node) -> Iterator[Placed]:
        before = len(self.tree.problems)
        values = read_keys(Office, node, (), self.problem)
        whole = len(self.tree.problems) == before
        if values is None:
            return
        if values["id"] is not BROKEN:
            self.id_is_new(values["id"], node.at(("id",)))
        values = {word: _STAND_INS.get(word, value) if value is BROKEN else value for word, value in values.items()}
        if BROKEN in values.values():
            return
        placed = Placed(Office(**values), node, whole)
        for place, code, message, next in _cross_checks(placed):
            self.problem(place, code, message, next)
        yield Placed(placed.office, node, len(self.tree.problems) == before)

    def id_is_new(self, id: str, node: Node) -> None:
        if id in self.ids:
            next = f"choose another; the first is on line {self.ids[id]}"
            self.problem(node, "office-twice", f"the id {shown(id)} is taken", next)
        self.ids.setdefault(id, node.line)

    def secrets_by_name(self, node: Node, word: str = "") -> None:
        """Refuse what stands under a name like `password`, whatever it looks like, and what follows `--password`."""
        if isinstance(node.value, dict):
            for inner_word, inner in node.value.items():
                self.secrets_by_name(inner, inner_word)
        elif isinstance(node.value, list):
            before = ""
            for inner in node.value:
                if takes_a_secret(before) and isinstance(inner.value, str) and inner.value[:1] not in "$%{":
                    self.problem(inner, "secret", f"what follows {shown(before)} looks like a secret", NEXT)
                before = inner.value if isinstance(inner.value, str) else ""
                self.secrets_by_name(inner, word)
        elif node.value and names_a_secret(word):
            self.problem(node, "secret", f"{shown(word)} holds a secret", NEXT)

    def problem(self, node: Node, code: str, message: str, next: str) -> None:
        self.tree.problem(code, message, next, node.line, node.column)


def _laid_under(node: Node, defaults: Node | None) -> Node:
    """Return *node* with *defaults* where it says nothing. Mappings are joined key by key; lists are replaced."""
    if defaults is None or not isinstance(node.value, dict) or not isinstance(defaults.value, dict):
        return node
    joined = dict(defaults.value)
    for word, inner in node.value.items():
        joined[word] = _laid_under(inner, joined.get(word))
    return Node(joined, node.line, node.column)


def _cross_checks(placed: Placed) -> Iterator[tuple[Node, str, str, str]]:
    """Yield what no single key can know: place, code, message, next step."""
    office, node = placed.office, placed.node
    for item in office.items:
        place = placed.place_of(item.name)
        if item.kind in REFUSED_KINDS:
            yield place.at(("kind",)), "item-kind", f"`{item.name}` is of kind {item.kind}", REFUSED_KINDS[item.kind]
        if office.agent.kind == "files" and not item.source:
            message = f"`{item.name}` has no `source`, and the agent `files` copies from there"
            yield place, "missing", message, "add `source: …`, the folder's path at the office"
    if office.mode == "own-disk" and office.staging is None and node.at(("staging",)) is node:
        yield node, "missing", "mode `own-disk` needs `staging`", "add `staging: {path: …}`, as large as the backup"
    if office.mode == "own-disk" and office.own_disk is None and node.at(("own_disk",)) is node:
        yield node, "missing", "mode `own-disk` needs `own_disk`", "add `own_disk: {drives: […], return: {…}}`"
    if office.mode == "own-disk" and office.sku:
        yield node.at(("sku",)), "bad-value", "mode `own-disk` takes no `sku`", "leave `sku` out"
