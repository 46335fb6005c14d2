"""`seeding advance`: start a pass by hand, through the same flows the schedules use."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.cli.envelope import Answer, Exit
from deploy.cli.opening import Opened
from deploy.cli.results import run_data
from deploy.prefect_env import prepare
from states.explain import explain
from states.playbook import Ask, next_step
from states.run import Run

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State


def advance(home: Path | None, given: str, *, look_now: bool) -> Answer:
    """Run one pass. Exit code 4 when a run then waits for a person, 1 when a run's pass failed."""
    opened = Opened(home)
    prepare(opened.where)
    from deploy.wiring import use_home
    from flows.advance import advance as one_run

    use_home(home)
    if given:
        run_ids = [opened.run_id(given)]
        asyncio.run(one_run(run_ids[0], look_now=look_now))
        failed = False
    else:
        run_ids = [row.run_id for row in opened.journal.rows(open_only=True)]
        state = asyncio.run(_sweep(run_ids if look_now else None, look_now))
        failed = state.is_failed()
    return _answer(opened, [opened.journal.run(run_id) for run_id in run_ids], failed)


async def _sweep(only: list[str] | None, look_now: bool) -> State:
    from flows.advance import advance_fleet

    return await advance_fleet(look_now=look_now, only=only, return_state=True)


def _answer(opened: Opened, runs: list[Run], failed: bool) -> Answer:
    now = opened.clock.now()
    steps = [next_step(run, now, opened.journal.looked(run.run_id)) for run in runs]
    human = "\n\n".join(explain(run, step, now) for run, step in zip(runs, steps, strict=True))
    asks = any(isinstance(step, Ask) for step in steps)
    code = Exit.FAILED if failed else (Exit.NEEDS_PERSON if asks else Exit.DONE)
    return Answer({"runs": [run_data(run) for run in runs]}, human or "no open runs", exit=code)
