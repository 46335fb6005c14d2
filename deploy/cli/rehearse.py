"""`seeding rehearse`: the whole job on this machine, from order to incrementals, in under a minute."""

from __future__ import annotations

import json
import signal
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from deploy.cli.envelope import Answer, Exit, Trouble
from deploy.cli.results import run_data
from deploy.cli.tables import journey
from deploy.prefect_env import prepare
from deploy.processes import rehearsal_azure
from deploy.rehearse import GOAL, Rehearsal, begin, fresh_home, in_prefect, play
from states.conditions import blocking, row_of
from states.explain import explain, short, stamp
from states.lifecycle import MILESTONES
from states.run import Run
from states.sizes import parse_size
from tasks.errors import InvalidInput


def rehearse(home: Path | None, data: Path | None, size: str, *, keep_ui: bool, quiet: bool) -> Answer:
    """Rehearse the sample offices. Exit code 4 when a run did not reach the goal."""
    if data is not None and not data.is_dir():
        raise InvalidInput(f"{data} is not a directory", next="make rehearse DATA=/some/directory")
    begun = time.monotonic()
    say = Say(quiet)
    say.line("starting the rehearsal Azure, its storage emulator and a Prefect server ...")
    where = fresh_home(home)
    prepare(where)
    rehearsal = begin(where, data, sample_bytes(size))
    try:
        with say.progress():
            runs = play(rehearsal, in_prefect(rehearsal), lambda runs: say.runs(rehearsal, runs))
        answer = _answer(rehearsal, runs, time.monotonic() - begun, keep_ui)
        if keep_ui and not quiet:
            answer.show()
            _hold_open(rehearsal)
            return replace(answer, human="")
        return answer
    finally:
        rehearsal.stop()


def sample_bytes(size: str) -> int:
    """Return a size such as `200 MiB` in bytes. Raises InvalidInput."""
    try:
        return parse_size(size)
    except ValueError as wrong:
        raise InvalidInput(str(wrong), next="for example --size '200 MiB'") from None


def serve(home: Path | None, *, as_json: bool) -> Answer:
    """Run the rehearsal Azure alone until it is interrupted; print how to reach it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job has it ignored: no way to stop
    where = fresh_home(home)
    child = rehearsal_azure(where.home / "azure")
    try:
        found = child.first_line()
        if as_json:
            envelope: dict[str, Any] = {"ok": True, "command": "rehearse", "data": found, "problems": []}
            print(json.dumps(envelope), flush=True)
        else:
            print("\n".join(f"{key:16} {value}" for key, value in found.items()), flush=True)
            print("serving until interrupted", flush=True)
        while child.alive():
            time.sleep(0.2)
    except KeyboardInterrupt:
        pass
    finally:
        child.stop()
    raise SystemExit(0)


class Say:
    """Progress on standard error: a live table on a terminal, plain lines otherwise."""

    def __init__(self, quiet: bool) -> None:
        self._console = Console(stderr=True, quiet=quiet)
        self._live: Live | None = None
        self._last: dict[str, str] = {}

    def line(self, text: str) -> None:
        """Say one line."""
        self._console.print(text, highlight=False)

    def progress(self) -> AbstractContextManager[Any]:
        """Return what surrounds the part that `runs` tells of."""
        if not self._console.is_terminal:
            return nullcontext()
        self._live = Live(console=self._console, refresh_per_second=4)
        return self._live

    def runs(self, rehearsal: Rehearsal, runs: list[Run]) -> None:
        """Tell where the runs are."""
        if self._live:
            self._live.update(_table(rehearsal, runs))
            return
        for run in runs:
            if self._last.get(run.run_id) != run.state:
                self._last[run.run_id] = run.state
                self.line(f"{stamp(rehearsal.clock.now())}  {run.run_id}  {run.state}")


def _table(rehearsal: Rehearsal, runs: list[Run]) -> Table:
    table = Table(box=None, header_style="bold", title=f"simulated time {stamp(rehearsal.clock.now())}")
    for column in ("run", "state", "way", "now"):
        table.add_column(column)
    for run in runs:
        reached = MILESTONES.index(run.state) if run.state in MILESTONES else 0
        way = "#" * reached + "." * (len(MILESTONES) - 2 - reached)
        table.add_row(run.run_id, run.state, way, short(rehearsal.step(run)))
    return table


def is_stuck(run: Run) -> bool:
    """Say whether a run did not come to the goal, or stands there blocked."""
    return run.state != GOAL or bool(blocking(run))


def troubles_of(rehearsal: Rehearsal, stuck: list[Run]) -> tuple[Trouble, ...]:
    """Return why these runs are not where they should be: their conditions, or what they wait for."""
    standing = [
        Trouble(code, raised.detail or row_of(code).means, row_of(code).remedy.format(run=run.run_id))
        for run in stuck
        for code, raised in run.conditions.items()
    ]
    now, waiting = rehearsal.clock.now(), [run for run in stuck if not run.conditions]
    return (*standing, *(Trouble("not-there-yet", explain(run, rehearsal.step(run), now)) for run in waiting))


def _answer(rehearsal: Rehearsal, runs: list[Run], seconds: float, keep_ui: bool) -> Answer:
    stuck, now = [run for run in runs if is_stuck(run)], rehearsal.clock.now()
    troubles = troubles_of(rehearsal, stuck)
    home = rehearsal.where.home
    data = {"runs": [run_data(run) for run in runs], "home": str(home), "simulated_now": stamp(now)}
    texts = [
        "",
        f"{len(runs) - len(stuck)} of {len(runs)} offices reached {GOAL} in {seconds:.0f} s. Where to look next:",
        f"  seeding explain {runs[0].run_id} --home {home}" if runs else "",
        f"  seeding custody --check --home {home}",
        f"  {rehearsal.prefect_url} (the Prefect UI, until you press Ctrl-C)"
        if keep_ui
        else "  make rehearse ARGS=--keep-ui leaves the Prefect UI running",
    ]

    def human() -> None:
        console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 160)
        console.print(journey(runs))
        console.print("\n".join(texts), highlight=False, soft_wrap=True)

    return Answer(data, human, troubles, Exit.NEEDS_PERSON if stuck else Exit.DONE)


def _hold_open(rehearsal: Rehearsal) -> None:
    try:
        while all(child.alive() for child in rehearsal.children):
            time.sleep(0.2)
    except KeyboardInterrupt:
        pass
