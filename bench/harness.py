"""Run the comparison harness, a stand-alone script beside this repository, and read its figures.

It generates the data, alternates ours and the peers on a cold source, counts the time until everything is durable,
and checks every result by itself. Where it is away, the rows that need it are left out, and that is said.
"""

from __future__ import annotations

import json
import os
import shlex
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RAW = (
    'cd {src} && find . -type f -size +1M | while read -r f; do mkdir -p {dst}/"$(dirname "$f")" && '
    'dd if="$f" of={dst}/"$f" bs=4M iflag=direct oflag=direct status=none || exit 1; done'
)


def place() -> Path | None:
    """Return the harness, or None when it is away."""
    told = os.environ.get("COPY_BENCH")
    found = Path(told) if told else ROOT.parent / "shared" / "bench" / "copy_bench.py"
    return found if found.is_file() else None


@dataclass(frozen=True)
class Where:
    """Where a benchmark runs: scratch, the device's mount point, and the command that makes the device empty."""

    work: Path
    device: Path | None = None
    reset: Path | None = None


@dataclass
class Figures:
    """The rows of one or more runs of the harness."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    meta: list[dict[str, Any]] = field(default_factory=list)

    def of(self, phase: str, data: str, tool: str) -> dict[int, dict[str, Any]]:
        """Return the counted rows of a tool by round; the last attempt of a round counts."""
        return {
            row["round"]: row
            for row in self.rows
            if (row["phase"], row.get("set"), row.get("tool")) == (phase, data, tool) and row["round"] >= 0
        }

    def ratio(self, phase: str, data: str, tool: str, ours: str = "ours") -> list[float]:
        """Return, per round, how many times the seconds of *ours* the other tool took."""
        left, right = self.of(phase, data, ours), self.of(phase, data, tool)
        return [right[n]["durable"] / left[n]["durable"] for n in sorted(left) if n in right]

    def wrong(self) -> list[str]:
        """Name our runs that failed or gave a wrong result."""
        return [
            f"{row['phase']}/{row['set']}/{row['tool']}"
            for row in self.rows
            if str(row.get("tool", "")).startswith("ours") and (row["rc"] or not row.get("check", {}).get("ok", True))
        ]


def run(harness: Path, where: Where, figures: Figures, *, sets: str, phases: str, runs: int, scale: float,
        extra: tuple[str, ...] = ()) -> None:  # fmt: skip
    """Run the harness once and add its rows to *figures*; its own progress goes to stderr."""
    out = where.work / "rows.json"
    copy, verify = _ours("copy {src} {dst} {manifest} {work}/state"), _ours("verify {dst} {manifest}")
    words = [
        sys.executable, str(harness), "--work", str(where.work), "--sets", sets, "--phases", phases, "--warmup", "0",
        "--runs", str(runs), "--scale", str(scale), "--json", str(out), "--ours", copy, "--ours-verify", verify, *extra,
    ]  # fmt: skip
    if where.device is not None and where.reset is not None:
        words += ["--dst-root", str(where.device), "--reset-dst", str(where.reset)]
    out.unlink(missing_ok=True)
    subprocess.run(words, stdout=sys.stderr, check=False)
    if out.exists():
        found = json.loads(out.read_text())
        figures.rows += found["rows"]
        figures.meta.append(found["meta"])


def variant(name: str, flags: str) -> tuple[str, str]:
    """Return the harness's words for a variant of ours in the phase `manifest`."""
    return "--tool", f"manifest:{name}=" + _ours(f"copy {{src}} {{dst}} {{manifest}} {{work}}/state {flags}")


def _ours(words: str) -> str:
    return f"PYTHONPATH={shlex.quote(str(ROOT))} {shlex.quote(sys.executable)} -m bench.once {words}"


def median(values: list[float]) -> float | None:
    """Return the median, or None of nothing."""
    return statistics.median(values) if values else None
