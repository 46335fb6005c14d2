"""`python -m bench`: measure, print the table of targets with verdicts, write JSON.

    python -m bench                  full size: about 20 GiB of scratch and two hours
    python -m bench --scale 0.25     a quarter of it
    python -m bench --quick          a smoke run of a few minutes, one round: verdicts mean little

Peers that are not installed (rsync, rclone, hashdeep, b3sum, bagit.py) are left out by name. Run it on a quiet
machine; `others` in the JSON is the share of the CPU that other programs took meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import alone, harness
from bench.device import loop_device
from bench.harness import Figures, Where, median
from bench.table import machine, print_machine, print_rows
from bench.targets import TARGETS, Target

MIB = 1 << 20
_PEERS = (
    "cp;md5sum,rsync;hashdeep,rclone;hashsum,cp;bagit,md5sum -c,hashdeep -a,rsync -nc,rclone check,b3sum -c,raw-read,"
)
_RESUME_PEERS = "rsync --append-verify,rclone"


def main() -> int:
    """Measure and report; 1 when a figure that must be held is not, or a result of ours was wrong."""
    ask = argparse.ArgumentParser(prog="python -m bench", description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    ask.add_argument("--scale", type=float, default=1.0, help="1.0: 4 GiB, 64 x 64 MiB, 100,000 files, 2 GiB mixed")
    ask.add_argument("--runs", type=int, default=3)
    ask.add_argument("--quick", action="store_true", help="--scale 0.03 --runs 1")
    ask.add_argument("--parts", default="huge,mid,small,mix,tmpfs,alone", help="only these parts")
    ask.add_argument("--work", type=Path, default=Path("build/bench"))
    ask.add_argument("--json", type=Path, default=Path("build/bench.json"))
    ask.add_argument("--report", type=Path, help="only print the table of an earlier --json")
    said = ask.parse_args()
    if said.report:
        return _print(json.loads(said.report.read_text()))
    if said.quick:
        said.scale, said.runs = 0.03, 1
    return _print(_measured(said))


def _measured(said: argparse.Namespace) -> dict[str, Any]:
    parts = said.parts.split(",")
    said.work.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(),
                             "scale": said.scale, "runs": said.runs, "parts": parts,
                             "md5_mib_per_second": alone.md5_ceiling()}  # fmt: skip
    if "alone" in parts:
        found["two_devices"] = alone.two_devices(said.scale)
        files = max(1000, int(100_000 * said.scale))
        found["growth_mib"] = alone.growth(said.work, files)
        found["copied_twice_percent"] = alone.copied_twice(said.work, files)
    figures, script = Figures(), harness.place()
    if script is None:
        found["harness"] = "away"
    else:
        _compare(script, said, parts, figures, found["md5_mib_per_second"])
    found |= {"rows": figures.rows, "wrong": figures.wrong()}
    said.json.parent.mkdir(parents=True, exist_ok=True)
    said.json.write_text(json.dumps(found, indent=1))
    return found


def _compare(script: Path, said: argparse.Namespace, parts: list[str], figures: Figures, md5: float) -> None:
    work = said.work.resolve()
    raw = ("--tool", f"manifest:raw-direct={harness.RAW}")
    cp = ("--tool", "manifest:cp=cp -a {src}/. {dst}/")
    peers = ("--peers", _PEERS + _RESUME_PEERS)
    with loop_device(work, max(512 * MIB, int(6.5 * 1024 * MIB * said.scale))) as device:
        where = Where(work, *device) if device else Where(work)
        plans = {
            "huge": ("manifest,verify,resume", (*raw, *cp, *harness.variant("ours-no-md5", "--no-md5"),
                                                *harness.variant("ours-no-checkpoints", "--no-checkpoints"))),
            "mid": ("manifest", raw),
            "small": ("manifest,verify,resume", cp),
            "mix": ("manifest", ()),
        }  # fmt: skip
        for data, (phases, extra) in plans.items():
            if data in parts:
                harness.run(script, where, figures, sets=data, phases=phases, runs=said.runs, scale=said.scale,
                            extra=(*peers, *extra))  # fmt: skip
    if "tmpfs" in parts and alone.MEMORY.is_dir():
        _in_memory(script, said, figures)


def _in_memory(script: Path, said: argparse.Namespace, figures: Figures) -> None:
    """The same without a disk: what is left is hashing and the interpreter."""
    memory = alone.MEMORY / f"bench-{os.getpid()}"
    memory.mkdir()
    inside = Figures()
    try:
        harness.run(script, Where(memory), inside, sets="huge,small", phases="manifest", runs=said.runs,
                    scale=said.scale / 4, extra=("--peers", "cp;md5sum", "--warm", "--no-flip"))  # fmt: skip
    finally:
        subprocess.run(["rm", "-rf", str(memory)], check=False)
    for row in inside.rows:
        row["phase"] = "tmpfs"
    figures.rows += inside.rows


# -- from figures to verdicts


def _figure(target: Target, found: dict[str, Any], figures: Figures) -> tuple[float | None, str]:
    """Return the figure of a row and how it spread; None when it was not measured."""
    match target.phase, target.against:
        case "manifest", "raw copy or MD5":
            return _against_ceiling(figures, found["md5_mib_per_second"])
        case "tmpfs", "MD5 alone":
            return _spread(
                [_speed(r) / found["md5_mib_per_second"] for r in figures.of("tmpfs", "huge", "ours").values()]
            )
        case "devices", _:
            return found.get("two_devices"), ""
        case "growth", _:
            grown = found.get("growth_mib")
            return (grown[1] / grown[0], f"{grown[0]:.0f} to {grown[1]:.0f} MiB") if grown else (None, "")
        case "resume", "data copied twice":
            return found.get("copied_twice_percent"), ""
        case "flip", _:
            flips = [row["noticed"].get("ours") for row in figures.rows if row["phase"] == "flip"]
            return (sum(map(bool, flips)) / len(flips), f"{len(flips)} tried") if flips else (None, "")
        case "memory", _:
            return _memory(target, figures)
        case "resume", "own whole run" | "rewritten":
            return _redone(target, figures)
        case _:
            return _spread(figures.ratio(target.phase, target.data, target.against, target.ours))


def _speed(row: dict[str, Any]) -> float:
    return float(row["bytes"] / MIB / row["durable"])


def _spread(values: list[float]) -> tuple[float | None, str]:
    return median(values), f"{min(values):.2f}..{max(values):.2f}" if values else ""


def _against_ceiling(figures: Figures, md5: float) -> tuple[float | None, str]:
    ours, raw = figures.of("manifest", "huge", "ours"), figures.of("manifest", "huge", "raw-direct")
    return _spread([_speed(ours[n]) / min(_speed(raw[n]), md5) for n in ours if n in raw])


def _memory(target: Target, figures: Figures) -> tuple[float | None, str]:
    which = "rss_max_proc" if target.against == "one process" else "rss_tree"
    rows = [row for row in figures.rows if (row.get("set"), row.get("tool")) == (target.data, "ours")]
    peaks = [row[which] / MIB for row in rows if row["phase"] in ("manifest", "verify")]
    return (max(peaks), "largest of all runs") if peaks else (None, "")


def _redone(target: Target, figures: Figures) -> tuple[float | None, str]:
    rows = list(figures.of("resume", target.data, "ours").values())
    if target.against == "rewritten":
        unit = MIB if target.data == "huge" else None
        return _spread([row["redone"] / unit if unit else 100 * row["redone"] / row["bytes"] for row in rows])
    done = [row["first"]["durable"] * row["bytes"] / max(1, row["first"]["killed_at"] or row["bytes"]) for row in rows]
    return _spread([row["durable"] / whole for row, whole in zip(rows, done, strict=True)])


def _print(found: dict[str, Any]) -> int:
    """Print the table; return 1 when something that must be held was missed, or a result was wrong."""
    figures = Figures(found["rows"])
    _print_circumstances(found)
    verdicts = print_rows(TARGETS, lambda target: _figure(target, found, figures))
    if found["wrong"]:
        print("\nWRONG RESULTS: " + ", ".join(found["wrong"]))
    return 1 if found["wrong"] or "MISSED" in verdicts else 0


def _print_circumstances(found: dict[str, Any]) -> None:
    print_machine(found)
    print(f"scale {found['scale']}, {found['runs']} rounds; MD5 {found['md5_mib_per_second']:.0f} MiB/s a core")
    if found.get("harness") == "away":
        print("the comparison harness is away (../shared/bench/copy_bench.py, or name it in COPY_BENCH):")
        print("only the rows that need no other tool were measured")
    others = [row["foreign"] for row in found["rows"] if row.get("foreign") is not None]
    if others:
        middle, most = statistics.median(others), max(others)
        print(f"other programs took {middle:.0%} of the CPU in the median run, {most:.0%} at most")


if __name__ == "__main__":
    sys.exit(main())
