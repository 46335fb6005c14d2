"""A soak: seed after seed of random faults, until so many simulated office-days have passed; and their sums.

Each process plays every so many-th seed on an embedded Azure of its own, which is emptied, not started, for the next.
"""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection, wait
from multiprocessing.synchronize import Event
from pathlib import Path

from deploy.processes import rehearsal_azure
from deploy.scenarios.chaos import Story
from deploy.scenarios.table import play_chaos


@dataclass(frozen=True)
class Sums:
    """What a soak came to. `ways` counts how runs ended, and who is asked what; `azure` what the embedded one did."""

    seeds: tuple[int, ...]
    days: float
    ways: Counter[str]
    struck: Counter[str]
    codes: Counter[str]
    azure: Counter[str]
    chains: int
    lines: int
    wrong: tuple[Story, ...]


def soak(days: float, first: int, jobs: int, home: Path) -> Iterator[Story]:
    """Play the seeds from *first* on in *jobs* processes, until *days* office-days have passed; yield each story.

    Seeds that are under way then are played to their end, too. A process that dies takes its seed with it: fewer
    office-days than asked for say so.
    """
    spawning = multiprocessing.get_context("spawn")
    enough = spawning.Event()
    told: list[Connection] = []
    for number in range(jobs):
        here, there = spawning.Pipe(duplex=False)
        task = (home / str(number), first + number, jobs, there, enough)
        spawning.Process(target=_play, args=task, daemon=True).start()
        there.close()  # it is the child's now: when that ends, in whatever way, we read an end
        told.append(here)
    passed = 0.0
    while told:
        for one in wait(told):
            assert isinstance(one, Connection)
            try:
                story: Story = one.recv()
            except EOFError:
                told.remove(one)
                continue
            yield story
            passed += story.days
            if passed >= days:
                enough.set()


def summed(stories: Iterable[Story]) -> Sums:
    """Return the sums of *stories*."""
    known = list(stories)
    return Sums(
        seeds=tuple(sorted({story.seed for story in known})),
        days=sum(story.days for story in known),
        ways=Counter(story.way for story in known if not story.wrong),
        struck=Counter(name for story in known for name in story.struck),
        codes=Counter(code for story in known for code in story.codes),
        azure=Counter({effect: sum(s.effects[effect] for s in known) for effect in known[0].effects}) if known else
        Counter(),
        chains=sum(not story.wrong for story in known),
        lines=sum(story.lines for story in known if not story.wrong),
        wrong=tuple(story for story in known if story.wrong),
    )  # fmt: skip


def _play(home: Path, first: int, step: int, told: Connection, enough: Event) -> None:
    child = rehearsal_azure(home)
    try:
        azure = child.first_line()
        for seed in count(first, step):
            if enough.is_set():
                return
            for story in play_chaos(seed, azure):
                told.send(story)
    finally:
        child.stop()
