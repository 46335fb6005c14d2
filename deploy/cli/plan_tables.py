"""A plan as people read it: a table of offices, one office in full, the fleet's schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TextIO

from rich.console import Console
from rich.table import Table

from deploy.cli.gantt import gantt
from states.planner.advice import Advice, Verdict
from states.planner.costs import Bill
from states.planner.waves import Schedule
from states.sizes import show_size


def offices(advices: Sequence[Advice], out: TextIO) -> None:
    """Print one row an office: the chosen way, until when, at what price, and why."""
    table = _table("office", "size", "way", "P50", "P90", "cost", "why")
    for advice in advices:
        way, size = advice.chosen, show_size(advice.needs.plan.bytes)
        if way is None or way.p50 is None or way.p90 is None:
            table.add_row(advice.office, size, "none", "-", "-", "-", advice.why, style="red")
            continue
        count = f"{way.devices} x {way.name}" if way.devices > 1 else way.name
        ends = (f"{way.p50.finished}", f"{way.p90.finished}")
        table.add_row(advice.office, size, count, *ends, _cost(way.bill), advice.why)
    _console(out).print(table if advices else "no office has anything left to seed", soft_wrap=False)


def office(advice: Advice, out: TextIO) -> None:
    """Print one office in full: each way with what speaks for and against it, and the chosen one's support table."""
    console = _console(out)
    plan = advice.needs.plan
    chosen = advice.chosen.name if advice.chosen else "no way"
    print(f"{advice.office}: {show_size(plan.bytes)} from {plan.country} to {plan.location}: {chosen}", file=out)
    print(f"{advice.why}\n", file=out)
    for verdict in sorted(advice.verdicts, key=lambda one: (not one.chosen, not one.way.possible)):
        _way(verdict, out)
    table = _table("support", "says", "here", "because")
    for row in advice.chosen.table if advice.chosen else ():
        table.add_row(row.name, row.says, row.holds, "; ".join(row.why) or "-")
    if table.row_count:
        console.print(table)


def seeded(taken: Mapping[str, Mapping[str, str]], out: TextIO) -> None:
    """Print which sources are in a run already, and so in no plan."""
    for id, rows in sorted(taken.items()):
        runs = dict.fromkeys(rows.values())
        print(f"{id}: {len(rows)} sources are in {', '.join(runs)} and not planned again", file=out)


def fleet(p50: Schedule, p90: Schedule, slots: int, out: TextIO) -> None:
    """Print the schedule as a Gantt chart, and when the fleet is seeded."""
    for line in ("", *gantt(p50, p90)):
        print(line, file=out)
    if p50.bars:
        waves = f"{p50.most_waves} wave{'s' if p50.most_waves > 1 else ''} with {slots} order slots"
        print(f"The fleet is seeded on {p50.finished} (P90 {p90.finished}), in {waves}.", file=out)


def compared(usual_p50: date, usual_p90: date, p50: date, p90: date, out: TextIO) -> None:
    """Print what a "what if" changes."""
    print(f"As things are: {usual_p50} (P90 {usual_p90}). If it were so: {_moved(usual_p50, p50)} "
          f"(P90 {_moved(usual_p90, p90)}).", file=out)  # fmt: skip


def _moved(usual: date, day: date) -> str:
    days = (day - usual).days
    return f"{abs(days)} days {'later' if days > 0 else 'earlier'}" if days else "the same day"


def _way(verdict: Verdict, out: TextIO) -> None:
    way = verdict.way
    ends = f"P50 {way.p50.finished}, P90 {way.p90.finished}" if way.possible and way.p50 and way.p90 else "ruled out"
    print(f"{'*' if verdict.chosen else ' '} {way.name}: {ends}", file=out)
    for order in way.orders if way.possible else ():
        names = ", ".join(item.name for item in order.items)
        print(f"    order of {order.devices}: {names} ({show_size(order.bytes)})", file=out)
    for sentence in verdict.said:
        print(f"    {sentence}", file=out)
    if way.possible and way.bill.lines:
        print(
            f"    cost: {_cost(way.bill)}; unknown: {_unknown(way.bill)}; at stake: {way.bill.at_stake or '-'}",
            file=out,
        )


def _cost(bill: Bill) -> str:
    if not bill.lines:
        return "none"
    if not bill.currency or len(bill.unknown) == len(bill.lines):
        return "unknown"
    return f"{bill.known:,.2f} {bill.currency}" + (" + unknown" if bill.unknown else "")


def _unknown(bill: Bill) -> str:
    return ", ".join(dict.fromkeys(line.key for line in bill.unknown)) or "-"


def _table(*heads: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold", justify="right" if head == "size" else "left")
    return table


def _console(out: TextIO) -> Console:
    return Console(file=out, width=None if out.isatty() else 160)
