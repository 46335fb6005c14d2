"""Tries mutants of states/: one small change to one function each, and the tests that call it must notice.

mutmut makes the mutants, picks the tests and keeps the results in mutants/; here a seeded sample is drawn, and what
survives is held against explained.yaml. `make mutants` runs it, docs/mutants.md tells what came of it.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from itertools import islice
from math import sqrt
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
EXPLAINED = Path(__file__).with_name("explained.yaml")
WANTED = 0.90
NOTICED = {"killed", "timeout", "segfault", "caught by type check"}
A_FEW = "states.refused.*"  # mutmut makes all mutants when it tries some, and these are tried in no time
AT_ONCE = 250  # names of one mutmut run: with more, Python forgets compiled patterns and makes them for each mutant


def mutmut(*words: str) -> str:
    """Run mutmut in the project and return what it printed; ends the program with that when mutmut fails."""
    done = subprocess.run([sys.executable, "-m", "mutmut", *words], cwd=ROOT, text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"mutmut {words[0]} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def results() -> dict[str, str]:
    """Every mutant's name and what became of it, as mutmut says it."""
    pairs = (line.strip().rpartition(": ") for line in mutmut("results", "--all", "true").splitlines())
    return {name: status for name, _, status in pairs if name}


def drawn(names: Iterable[str], patterns: list[str], sample: int, seed: int) -> list[str]:
    """The mutants to try: *sample* of those whose name fits one of *patterns*, the same for the same seed; 0 is all."""
    pool = sorted(name for name in names if not patterns or any(fnmatch(name, one) for one in patterns))
    return random.Random(seed).sample(pool, sample) if 0 < sample < len(pool) else pool


def batches(names: list[str]) -> Iterator[list[str]]:
    rest = iter(names)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch


def module_of(name: str) -> str:
    """`states.planner.ways` of `states.planner.ways.x_ways_of__mutmut_3`."""
    return name.rpartition(".")[0]


def changed_line(diff: str) -> str:
    """What the mutant put there: its first new line, or the first it took away when there is none."""
    lines = [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    new = next((line for line in lines if line.startswith("+")), lines[0] if lines else "")
    return new[1:].strip()


def explained() -> dict[tuple[str, str], str]:
    """Why a mutant may live, by function (`states.fold.fold`) and changed line: both outlive a renumbering."""
    groups = yaml.safe_load(EXPLAINED.read_text("utf-8"))
    return {(one["in"], line): group["why"] for group in groups for one in group["mutants"] for line in one["lines"]}


def function_of(name: str) -> str:
    """`states.run.Run.get` of `states.run.xǁRunǁget__mutmut_1`."""
    module, _, mangled = name.rpartition(".")
    plain = mangled.partition("__mutmut")[0].removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
    return f"{module}.{plain}"


def interval(noticed: int, tried: int) -> tuple[float, float]:
    """Between which rates the whole lies, 19 times of 20, when so many of a random sample were noticed (Wilson)."""
    z, rate = 1.96, noticed / tried
    middle = (rate + z * z / (2 * tried)) / (1 + z * z / tried)
    half = z * sqrt(rate * (1 - rate) / tried + z * z / (4 * tried * tried)) / (1 + z * z / tried)
    return middle - half, middle + half


def report(seen: dict[str, str], of: int) -> float:
    """Print what came of the mutants in *seen*, module by module, and the survivors; return the share noticed."""
    noticed = {name for name, status in seen.items() if status in NOTICED}
    tried, caught = Counter(map(module_of, seen)), Counter(map(module_of, noticed))
    for module in sorted(tried):
        print(f"{module:<32}{tried[module]:>6} tried{caught[module]:>6} noticed{caught[module] / tried[module]:>7.0%}")
    known, reasons = explained(), Counter[str]()
    for name in sorted(set(seen) - noticed):
        diff = mutmut("show", name)
        why = known.get((function_of(name), changed_line(diff)), "nobody explained it")
        reasons[why] += 1
        if why == "nobody explained it":
            print(f"\n{function_of(name)}\n{diff}")
    for why, count in reasons.most_common():
        print(f"{count:>6} lived: {why}")
    low, high = interval(len(noticed), len(seen))
    print(f"{len(noticed)} of {len(seen)} noticed, {len(noticed) / len(seen):.1%}; {of:,} mutants there are; ", end="")
    print(f"of all of them {low:.1%} to {high:.1%} in 19 of 20 samples;", dict(Counter(seen.values())))
    return len(noticed) / len(seen)


def main() -> int:
    about = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    about.add_argument("--sample", type=int, default=400, help="how many; 0 for all")
    about.add_argument("--seed", type=int, default=1, help="which sample")
    about.add_argument("patterns", nargs="*", help="only these, as states.fold.* or *x_next_step*")
    args = about.parse_args()
    mutmut("run", "--max-children", "1", A_FEW)
    there = results()
    names = drawn(there, args.patterns, args.sample, args.seed)
    if not names:
        about.error(f"no mutant is called {' or '.join(args.patterns)}")
    for batch in batches(names):
        print(f"trying {len(batch)} of {len(names)}", flush=True)
        mutmut("run", "--max-children", "1", *batch)
    after = results()
    return 0 if report({name: after[name] for name in names}, len(there)) >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
