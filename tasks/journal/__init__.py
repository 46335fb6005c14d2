"""Durable storage of journal lines: the only memory of this product. See docs/journal-format.md."""

from tasks.journal.logbook import Logbook
from tasks.journal.store import Journal, RunRow

__all__ = ["Journal", "Logbook", "RunRow"]
