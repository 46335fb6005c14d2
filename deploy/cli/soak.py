"""`seeding rehearse --soak DAYS`: seed after seed of random faults, and a table of what came of them all."""

from __future__ import annotations

import os
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.cli.envelope import Answer, Exit, Trouble
from deploy.rehearse import fresh_home
from deploy.scenarios.chaos import Story
from deploy.scenarios.soak import Sums, soak, summed

MOST_JOBS = 2


def soaked(home: Path | None, days: int, first: int, *, quiet: bool) -> Answer:
    """Play seeds from *first* on until *days* office-days have passed. Exit code 1 when one ends as no run may."""
    begun = time.monotonic()
    say = Console(stderr=True, quiet=quiet)
    stories: list[Story] = []
    for story in soak(days, first, min(MOST_JOBS, os.cpu_count() or 1), fresh_home(home).home / "azure"):
        stories.append(story)
        passed = sum(one.days for one in stories)
        end = f"WRONG: {story.wrong}" if story.wrong else story.end
        lines = [f"{passed:8,.0f} office-days  seed {story.seed}  {story.office}: {end}"]
        lines += [f"    {line}" for line in story.told if story.wrong]
        say.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
    return answered(summed(stories), days, time.monotonic() - begun)


def answered(sums: Sums, days: int, seconds: float) -> Answer:
    """Return the table and the troubles of a soak of which *days* were asked."""
    troubles = [
        Trouble("not-as-expected", f"{one.office}: {one.wrong}", f"seeding rehearse --chaos {one.seed}")
        for one in sums.wrong
    ]
    if sums.days < days:
        text = f"a process of the soak ended before its time: {sums.days:,.0f} of {days:,} office-days have passed"
        troubles.append(Trouble("failed", text, "seeding rehearse --soak"))

    def human() -> None:
        Console(width=160).print(_table(sums, seconds))

    data = {
        "seeds": sums.seeds,
        "office_days": round(sums.days, 1),
        "seconds": round(seconds),
        "ends": sums.ways,
        "struck": sums.struck,
        "conditions": sums.codes,
        "azure": sums.azure,
        "chains": sums.chains,
        "lines": sums.lines,
        "wrong": [{"seed": s.seed, "office": s.office, "wrong": s.wrong, "story": s.told} for s in sums.wrong],
    }
    return Answer(data, human, tuple(troubles), Exit.FAILED if troubles else Exit.DONE)


def _table(sums: Sums, seconds: float) -> Table:
    table = Table(box=None, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    seeds = f"{len(sums.seeds)} seeds, {sums.seeds[0]} to {sums.seeds[-1]}, in {seconds:,.0f} s" if sums.seeds else ""
    rows: list[tuple[str, float, str]] = [("passed", sums.days, f"simulated office-days: {seeds}")]
    rows += [("ended", times, way) for way, times in sums.ways.most_common()]
    rows += [("", len(sums.wrong), "WRONG")]
    rows += [("checked", sums.chains, f"runs: chains of {sums.lines:,} lines whole, no effect twice")]
    rows += [("Azure did", times, effect.replace("_", " ")) for effect, times in sums.azure.items() if times]
    rows += [("struck", times, name) for name, times in sums.struck.most_common()]
    rows += [("raised", times, code) for code, times in sums.codes.most_common()]
    before = ""
    for head, times, what in rows:
        table.add_row("" if head == before else head, f"{times:,.0f}", what)
        before = head
    return table
