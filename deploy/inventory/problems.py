"""One thing wrong with an inventory: what, where, and what to do next.

Texts from the file are shown through `shown`, which cuts them and leaves out control characters and secrets.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from deploy.inventory.secrets import looks_secret
from tasks.errors import InvalidInput

Severity = Literal["blocks", "warn", "info"]
MOST_SHOWN = 1000


@dataclass(frozen=True)
class Problem:
    """One problem, with the place it was found at. `line` and `column` count from 1; 0 means the whole file."""

    code: str
    message: str
    next: str
    file: str = ""
    line: int = 0
    column: int = 0
    severity: Severity = "blocks"

    @property
    def where(self) -> str:
        """The place as editors and terminals like it: `offices.yaml:12:5`."""
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])


class InventoryInvalid(InvalidInput):
    """An inventory that cannot be used. `problems` holds every reason, in the order of the file."""

    code = "inventory-invalid"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
        super().__init__(f"{first.where}: {first.message}{more}", next=first.next)


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems by line, each once, at most a thousand of them with a last one that says how many more."""
    kept = sorted(dict.fromkeys(problems), key=lambda p: (p.line, p.column, p.code))
    if len(kept) <= MOST_SHOWN:
        return tuple(kept)
    rest = Problem(
        "more-problems",
        f"{len(kept) - MOST_SHOWN:,} more problems are not listed",
        "mend the first ones; many may share a cause",
        kept[0].file,
    )
    return (*kept[:MOST_SHOWN], rest)


def shown(value: object) -> str:
    """Return *value* fit for a message: short, on one line, without control characters, and never a secret."""
    text = str(value)
    if looks_secret(text):
        return "(a value that is not repeated here)"
    safe = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:60])
    return f"`{safe}…`" if len(text) > 60 else f"`{safe}`"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word most like *word*, or "" when none is like it."""
    choices = sorted(known)
    by_folded = {c.casefold().replace("-", "_"): c for c in choices}
    found = difflib.get_close_matches(word[:100].casefold().replace("-", "_"), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else ""
