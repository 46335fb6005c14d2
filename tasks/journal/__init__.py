"""Durable storage of journal lines: the only memory of this product. See docs/journal-format.md.

Its classes are imported when they are asked for: a command that only shows never needs the database library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasks.journal.logbook import Logbook
    from tasks.journal.store import Journal

__all__ = ["Journal", "Logbook"]


def __getattr__(name: str) -> Any:
    if name == "Journal":
        from tasks.journal.store import Journal

        return Journal
    if name == "Logbook":
        from tasks.journal.logbook import Logbook

        return Logbook
    raise AttributeError(name)
