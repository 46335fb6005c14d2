"""`python -m bench.fleet`: what a fleet costs, measured with the real processes against a rehearsal Azure.

    python -m bench.fleet                  100 and 1,000 offices: about ten minutes
    python -m bench.fleet --counts 10,100  a smoke run: verdicts mean little

The last count is held against the marks, the first one is what growth is measured from. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.fleet_world import Fleet, fleet
from bench.harness import ROOT, median
from bench.table import machine, print_machine, print_rows
from bench.targets import FLEET_TARGETS, Target

ROUNDS = 3
ADVANCING = 100


def main() -> int:
    """Measure and report; 1 when a figure that must be held is not."""
    ask = argparse.ArgumentParser(prog="python -m bench.fleet", description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    ask.add_argument("--counts", default="100,1000", help="offices: few, and many")
    ask.add_argument("--work", type=Path, default=Path("build/bench-fleet"))
    ask.add_argument("--json", type=Path, default=Path("build/bench-fleet.json"))
    ask.add_argument("--report", type=Path, help="only print the table of an earlier --json")
    said = ask.parse_args()
    if said.report:
        return _print(json.loads(said.report.read_text()))
    counts = [int(count) for count in said.counts.split(",")]
    found = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), "load": os.getloadavg()[0]}
    found["sizes"] = [_measured(said.work.resolve() / str(count), count) for count in counts]
    said.json.parent.mkdir(parents=True, exist_ok=True)
    said.json.write_text(json.dumps(found, indent=1))
    return _print(found)


def _measured(home: Path, count: int) -> dict[str, Any]:
    """Measure one size of a fleet in a fresh home, with servers of its own; Prefect on PostgreSQL where it is there."""
    from deploy.fleet_database import fleet_database
    from deploy.processes import prefect_server

    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    with ExitStack() as ends:
        if database := fleet_database():
            ends.callback(database.stop)
        prefect = prefect_server(home / "prefect", home.parent / "cache", database and database.environment)
        ends.callback(prefect.child.stop)
        made = fleet(home / "home", count)
        ends.callback(made.stop)
        prefect.wait()
        return {"count": count, "postgresql": database is not None, **_figures(made)}


def _figures(made: Fleet) -> dict[str, Any]:
    run_ids = made.run_ids
    some = run_ids[:ADVANCING]
    found: dict[str, Any] = {"lines": len(made.journal.lines(run_ids[0]))}
    found["fold"] = [_seconds(lambda: made.journal.run(run_ids[0])) for _ in range(10 * ROUNDS)]
    found["status"] = [_seconds(lambda: _seeding(made, "status")) for _ in range(ROUNDS)]
    found["idle"] = [_pass(made) for _ in range(ROUNDS)]
    made.tell()
    found["poll"] = []
    for _ in range(ROUNDS):
        made.due(run_ids)
        found["poll"].append(_pass(made))
    made.due(some)
    made.picked_up(some)
    found["busy"] = _pass(made)
    found["moved"] = sum(made.journal.run(run_id).state == "shipped" for run_id in some)
    found["deploy"] = [_seconds(lambda: _seeding(made, "deploy")) for _ in range(2)]
    return found


def _pass(made: Fleet) -> dict[str, Any]:
    words = [sys.executable, "-m", "bench.fleet_pass", str(made.home)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"a pass of the benchmark failed: {done.stdout}{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{made.count} runs: {found}", file=sys.stderr)
    return found


def _seeding(made: Fleet, *words: str) -> None:
    command = [str(Path(sys.executable).with_name("seeding")), *words, "--home", str(made.home)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 4):
        raise SystemExit(f"`seeding {' '.join(words)}` of the benchmark failed: {done.stdout}{done.stderr}")


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# -- from figures to the table


def _figure(target: Target, few: dict[str, Any], many: dict[str, Any]) -> tuple[float | None, str]:
    """Return the figure of a row, and how it spread."""
    match target.phase, target.data, target.against:
        case "pass", "nothing is due", "CPU of one run":
            return _spread([1000 * one["cpu_seconds"] / many["count"] for one in many["idle"]])
        case "pass", "nothing is due", _:
            return _spread([one["seconds"] for one in many["idle"]])
        case "pass", "all look, no change", "Azure":
            most = max(one["requests"] for one in many["poll"])
            return most / many["count"], f"{most} requests"
        case "pass", "all look, no change", _:
            return _spread([one["seconds"] for one in many["poll"]])
        case "pass", _, _:
            return many["busy"]["seconds"], f"{many['moved']} moved, {many['busy']['requests']} requests"
        case "status", _, _:
            return _spread(many["status"])
        case "fold", _, _:
            return _spread([1000 * seconds for seconds in many["fold"]])
        case "memory", _, _:
            return max(one["mib"] for one in (*many["idle"], *many["poll"], many["busy"])), "the largest"
        case "deploy", "the first time", _:
            return many["deploy"][0], ""
        case "deploy", _, _:
            return many["deploy"][1], ""
        case _:
            return _grown(few, many)


def _grown(few: dict[str, Any], many: dict[str, Any]) -> tuple[float | None, str]:
    """Return how many times as much CPU one look costs among many runs as among few.

    A look is what a pass in which all look costs more than one in which none does: the start of the process is in both.
    """

    def look(size: dict[str, Any]) -> float:
        poll, idle = ([one["cpu_seconds"] for one in size[which]] for which in ("poll", "idle"))
        return (statistics.median(poll) - statistics.median(idle)) / int(size["count"])

    return look(many) / look(few), f"{1000 * look(few):.1f} to {1000 * look(many):.1f} ms"


def _spread(values: list[float]) -> tuple[float | None, str]:
    return median(values), f"{min(values):.2f}..{max(values):.2f}"


def _print(found: dict[str, Any]) -> int:
    few, many = found["sizes"][0], found["sizes"][-1]
    print_machine(found)
    print(
        f"{many['count']:,} runs of {many['lines']} lines, growth from {few['count']:,}; load {found['load']:.1f}; "
        f"Prefect on {'PostgreSQL' if many['postgresql'] else 'SQLite'}"
    )
    verdicts = print_rows(FLEET_TARGETS, lambda target: _figure(target, few, many))
    return 1 if "MISSED" in verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
