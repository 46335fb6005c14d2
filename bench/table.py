"""The printed table: what each row was to reach, what was seen, and the verdict. Both benchmarks print so."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from bench.targets import Target


def verdict(target: Target, value: float | None) -> str:
    """Return what *value* means for a row: REACHED, held, MISSED, reported or not measured."""
    if value is None:
        return "not measured"
    less = target.figure.startswith("at most")

    def good(mark: float | None) -> bool:
        return mark is not None and (value <= mark if less else value >= mark)

    if target.hold is None:
        return "reported"
    return "REACHED" if good(target.reach) else "held" if good(target.hold) else "MISSED"


def print_rows(targets: Iterable[Target], figure: Callable[[Target], tuple[float | None, str]]) -> list[str]:
    """Print a row a target and return the verdicts. *figure* gives what was seen, and how it spread."""
    verdicts = []
    print("\n| phase | data | ours | against | figure | spread | hold | reach | verdict |")
    print("|---|---|---|---|---|---|---|---|---|")
    for target in targets:
        value, spread = figure(target)
        verdicts.append(verdict(target, value))
        shown = f"{'-' if value is None else f'{value:.2f}'} {target.figure}"
        marks = ["-" if mark is None else f"{mark:g}" for mark in (target.hold, target.reach)]
        cells = (target.phase, target.data, target.ours, target.against, shown, spread, *marks, verdicts[-1])
        print(f"| {' | '.join(cells)} |")
    return verdicts


def machine() -> dict[str, Any]:
    """Return what a reader must know of this machine."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    cpu = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor()
    )
    return {"cpu": cpu, "cores": os.cpu_count(), "system": f"{platform.system()} {platform.release()}",
            "python": platform.python_version()}  # fmt: skip


def print_machine(found: dict[str, Any]) -> None:
    """Print when and where it was measured; *found* has `when` and `machine`."""
    here = found["machine"]
    print(f"{found['when']}, {here['cpu']}, {here['cores']} cores, {here['system']}, Python {here['python']}")
