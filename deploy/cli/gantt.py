"""A fleet's schedule as lines of text: a row an order, a column for some days, P50 in letters, P90's tail in dots."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from states.planner.timing import Dates
from states.planner.waves import Bar, Schedule

MOST_COLUMNS = 60
LEGEND = "- waits   o on its way   c at the office   s back and read in   v vault   n online   . until P90"


def gantt(p50: Schedule, p90: Schedule) -> Iterator[str]:
    """Yield the lines: a scale of dates, a row for each order, a legend. Nothing for an empty schedule."""
    if not p50.bars:
        return
    late = {(bar.office, bar.what): bar.dates for bar in p90.bars}
    days = -(-((p90.finished - p50.start).days + 1) // MOST_COLUMNS)
    columns = [
        p50.start + timedelta(days * number) for number in range(-(-((p90.finished - p50.start).days + 1) // days))
    ]
    width = max(len(_label(bar)) for bar in p50.bars)
    yield f"{'':{width}}  {_scale(columns)}"
    for bar in p50.bars:
        cells = "".join(_letter(bar, late[bar.office, bar.what], day, days) for day in columns)
        yield f"{_label(bar):{width}}  {cells.rstrip()}"
    yield f"{LEGEND}; a column is {days} day{'s' if days > 1 else ''}"


def _label(bar: Bar) -> str:
    name = f"{bar.office}: {bar.what}"
    return name if len(name) <= 36 else f"{name[:35]}…"


def _scale(columns: list[date]) -> str:
    """Return dates above every tenth column."""
    return "".join(f"{day:%m-%d}".ljust(10) for day in columns[::10])


def _letter(bar: Bar, late: Dates, day: date, days: int) -> str:
    """Return what happens in the column that begins on *day*: what is reached last in it."""
    end, dates = day + timedelta(days - 1), bar.dates
    if end < dates.start:
        return "-"
    if day > dates.finished:
        return "." if day <= late.finished else " "
    if not bar.sku:
        return "n"
    stages = (("o", dates.delivered), ("c", dates.shipped), ("s", dates.ingested), ("v", dates.finished))
    return next((letter for letter, until in stages if day < until or until == dates.finished), "v")
