"""The tables people see in a terminal. Plain enough for a pipe, coloured where there is a screen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TextIO

from rich.console import Console
from rich.table import Table

from states.conditions import row_of
from states.deadlines import Deadline
from states.explain import ago
from states.exposure import Exposure
from states.lifecycle import MILESTONES
from states.run import Run
from states.sizes import show_size
from states.vaulting import Reckoned
from tasks.journal.rows import RunRow


def fleet(rows: Sequence[RunRow], now: datetime, out: TextIO) -> None:
    """Print the runs, those that are blocked first. Line by line: a table of rich takes a second for a thousand."""
    console = Console(file=out)
    if not rows:
        console.print("no open runs")
        return
    order = sorted(rows, key=lambda row: (not _blocked(row.conditions), row.run_id))
    heads = ("run", "state", "for", "mode", "size", "conditions")
    cells = [heads, *(_fleet_cells(row, now) for row in order)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    styles = ["bold", *(_fleet_style(row) for row in order)]
    for line, style in zip(cells, styles, strict=True):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        console.out(text.rstrip(), style=style or None, highlight=False)


def _fleet_cells(row: RunRow, now: datetime) -> tuple[str, ...]:
    conditions = ", ".join(row.conditions) or "-"
    return row.run_id, row.state, ago(now - row.since), row.mode, show_size(row.bytes), conditions


def _fleet_style(row: RunRow) -> str:
    return "red" if _blocked(row.conditions) else ("green" if row.state == "incremental-scheduled" else "")


def vaulting(rows: Sequence[Reckoned], out: TextIO) -> None:
    """Print vault against manifest, a row an item."""
    table = Table(box=None, header_style="bold", pad_edge=False, title="vault against manifest", title_justify="left")
    table.add_column("item")
    for column in ("sealed", "landed", "points in the vault", "points by the agent"):
        table.add_column(column, justify="right")
    table.add_column("verdict")
    for row in rows:
        landed = "-" if row.landed_bytes is None else f"{row.landed_bytes:,}"
        style = "green" if row.verdict in ("vaulted", "accepted") else ""
        cells = (f"{row.sealed_bytes:,}", landed, str(row.vault_points), str(row.agent_points), row.verdict)
        table.add_row(row.item, *cells, style=style)
    Console(file=out, width=None if out.isatty() else 140).print(table)


def clocks(found: Sequence[Deadline], without: Sequence[Exposure], now: datetime, out: TextIO) -> None:
    """Print the clocks that run, worst first, and for each office since when it has had nothing off site."""
    from deploy.cli.deadlines import cost, time_left

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("run", "clock", "ends", "", "whose turn", "costs", "what happens then", "started by"):
        table.add_column(column, overflow="fold")
    for one in found:
        style = "red" if one.due <= now else ("yellow" if one.warned_from <= now else "")
        cells = (f"{one.due:%Y-%m-%d}", time_left(one, now), one.owner, cost(one, now), one.consequence, one.started_by)
        table.add_row(one.run_id, one.clock, *cells, style=style)
    console = Console(file=out, width=None if out.isatty() else 180)
    console.print(table if found else "no clock runs")
    rows = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("run", "nothing off site for", "restore from today"):
        rows.add_column(column, overflow="fold")
    for item in without:
        rows.add_row(item.run_id, "ended after " * item.protected + ago(item.span), item.restore_from)
    if without:
        console.print()
        console.print(rows)


def journey(runs: Sequence[Run]) -> Table:
    """Return the table of a finished rehearsal: what travelled, and how long each state took on the simulated clock."""
    states = MILESTONES[:-1]
    table = Table(box=None, header_style="bold", pad_edge=False)
    heads = [state.replace("incremental-scheduled", "incremental") for state in states]
    for column in ("office", "mode", "device", "bytes", *heads):
        table.add_column(column, justify="left" if column in ("office", "mode", "device") else "right")
    table.add_column("recovery points", justify="right")
    from deploy.cli.results import run_data

    for run in runs:
        items = run_data(run)["items"]
        moved = sum(item["bytes"] for item in items)
        points = sum(item["recovery_points"] for item in items)
        days = _days_in_states(run)
        cells = [days.get(state, "-") for state in states]
        device = f"{run.plan.sku} {items[0]['device']}"
        table.add_row(run.plan.office, run.plan.mode, device, f"{moved:,}", *cells, str(points))
    return table


def _days_in_states(run: Run) -> dict[str, str]:
    days: dict[str, float] = {}
    for here, after in zip(run.history, run.history[1:], strict=False):
        days[here.state] = days.get(here.state, 0.0) + (after.at - here.at).total_seconds() / 86400
    shown = {state: f"{span:.1f} d" for state, span in days.items()}
    return {**shown, run.state: "reached"}


def _blocked(codes: Sequence[str]) -> bool:
    return any(row_of(code).severity == "blocks" for code in codes)
