"""The fleet at a glance: how many runs stand in each state, and the longest-waiting ones on a time line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from states.lifecycle import MILESTONES, STATES, Turn
from states.run import Run
from tasks.journal.rows import RunRow

CHARTED = 20  # a time line of more rows cannot be read
BAR = 30  # characters of the longest bar


def funnel(rows: Sequence[RunRow]) -> str:
    """Return how far the runs have come, a line a state: those that reached it, and those that stand in it now."""
    here = Counter(row.state for row in rows)
    places = [MILESTONES.index(row.state) for row in rows if row.state in MILESTONES]
    most = max(len(places), 1)
    lines = [
        f"| {state} | {reached} | {here[state]} | {'█' * round(BAR * reached / most)} |"
        for number, state in enumerate(MILESTONES)
        for reached in [sum(place >= number for place in places)]
    ]
    given_up = sum(here[state.name] for state in STATES.values() if state.turn is Turn.OVER) - here[MILESTONES[-1]]
    table = "\n".join(["| state | reached | here now | |", "|---|---:|---:|---|", *lines])
    return f"{table}\n\n{len(rows)} runs, {given_up} of them cancelled or abandoned."


def gantt(runs: Sequence[Run], now: datetime) -> str:
    """Return the way of up to CHARTED runs as a Mermaid chart: a section a run, a bar a state."""
    lines = ["```mermaid", "gantt", "    dateFormat YYYY-MM-DD HH:mm", "    axisFormat %d %b"]
    for run in runs[:CHARTED]:
        lines.append(f"    section {run.run_id}")
        ends = [*(passage.at for passage in run.history[1:]), now]
        for passage, end in zip(run.history, ends, strict=True):
            last = passage is run.history[-1]
            tag = ("crit, " if run.conditions else "active, ") if last else "done, "
            lines.append(
                f"    {passage.state} :{tag}{passage.at:%Y-%m-%d %H:%M}, {max(end, passage.at):%Y-%m-%d %H:%M}"
            )
    return "\n".join([*lines, "```"])
