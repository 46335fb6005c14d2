"""Prints the crash matrix as a table at the end of a run that had cells of it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from trap import BOUNDARIES, FAULTS

LETTERS = dict(zip(FAULTS, "KENLG", strict=True))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line a verb, one column a boundary: the faults that were survived, and in brackets those that were not."""
    table: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for outcome, told in (("passed", "{}"), ("failed", "[{}]"), ("error", "[{}]")):
        for report in terminalreporter.stats.get(outcome, []):
            story, _, cell = report.nodeid.partition("::")
            parts = cell.partition("[")[2].removesuffix("]").split(" | ")
            if len(parts) == 3 and parts[1] in BOUNDARIES:
                mode = story.rpartition("crash_")[2].removesuffix(".py")
                row = table[mode, parts[0]]
                row[parts[1]] = row.get(parts[1], "") + told.format(LETTERS[parts[2]])
    if table:
        _print(terminalreporter, table)


def _print(terminal: Any, table: dict[tuple[str, str], dict[str, str]]) -> None:
    terminal.section("crash matrix")
    terminal.write_line("survived: " + ", ".join(f"{letter} {fault}" for fault, letter in LETTERS.items()))
    terminal.write_line(f"{'':36}" + "".join(f"{boundary:19}" for boundary in BOUNDARIES))
    for (mode, verb), row in table.items():
        terminal.write_line(f"{mode:9} {verb:26}" + "".join(f"{row.get(one, '-'):19}" for one in BOUNDARIES))
    terminal.write_line(f"{sum(len(text.strip('[]')) for row in table.values() for text in row.values())} cells")
