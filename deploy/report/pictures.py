"""The pictures of a report, drawn as SVG text: the lifecycle with the present state lit, and a Gantt chart.

Nothing is fetched and no script runs: the text goes into the page as it is. Colours are classes of the page's style.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from xml.sax.saxutils import escape

from deploy.report.facts import Stretch
from states.lifecycle import BACKWARD, MILESTONES, STATES
from states.run import Run

BOX, GAP, ROW = (108, 34), 20, 26
_LONGEST_LABEL = 34  # characters that fit into the first column
LABELS, CHART = 210, 830  # widths in pixels of a Gantt chart's two columns


def lifecycle(run: Run | None = None) -> str:
    """Return the milestones in a row, ways back below; with *run* those behind it filled and the present one lit."""
    width, _ = BOX
    places = {state: 10 + index * (width + GAP) for index, state in enumerate(MILESTONES)}
    here = run.state if run else ""
    passed = {passage.state for passage in run.history if passage.attempt == run.attempt} if run else set()
    parts = []
    for state, x in places.items():
        kind = "here" if state == here else ("passed" if state in passed else "ahead")
        parts.append(_box(x, 30, state, kind, STATES[state].means))
    for before, after in pairwise(MILESTONES):
        parts.append(_line(places[before] + width, 47, places[after], 47))
    for depth, edge in enumerate(BACKWARD):
        begin, end, low = places[edge.source] + width / 2, places[edge.target] + width / 2, 74 + 11 * depth
        parts.append(f'<path class="back" d="M{begin:.0f} 64 V{low} H{end:.0f} V66" marker-end="url(#tip)"/>')
        parts.append(f'<text class="small" x="{(begin + end) / 2:.0f}" y="{low - 2}">{edge.trigger}</text>')
    total = places[MILESTONES[-1]] + width + 10
    ended = bool(here) and here not in MILESTONES
    if ended:
        parts.append(_box(10, 150, here, "here", STATES[here].means))
    return _svg(total, 190 if ended else 148, parts, f"The lifecycle; this run is {here}." if run else "The lifecycle.")


def _box(x: float, y: float, text: str, kind: str, title: str) -> str:
    width, height = BOX
    short = text.replace("incremental-scheduled", "incremental")
    return (f'<g class="{kind}"><title>{escape(text)}: {escape(title)}</title>'
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>'
            f'<text x="{x + width / 2}" y="{y + 22}">{escape(short)}</text></g>')  # fmt: skip


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2 - 2}" y2="{y2}" marker-end="url(#tip)"/>'


@dataclass(frozen=True)
class _Scale:
    first: date
    last: date

    def x(self, at: datetime | date) -> float:
        """Return where a moment lies, in pixels."""
        moment = at if isinstance(at, datetime) else datetime.combine(at, time(), UTC)
        begin = datetime.combine(self.first, time(), UTC)
        whole = max(1.0, (self.last - self.first).days * 86_400.0)
        return LABELS + CHART * min(1.0, max(0.0, (moment - begin).total_seconds() / whole))

    def ticks(self) -> list[date]:
        """Return the first days of weeks, or of months where the chart is long."""
        days = (self.last - self.first).days
        step = next((s for s in (1, 2, 7, 14, 28, 56) if days / s <= 14), 84)
        return [self.first + timedelta(days=n) for n in range(0, days + 1, step)]


def gantt(rows: Sequence[tuple[str, Sequence[Stretch]]], now: datetime) -> str:
    """Return a chart with a row each: the plan as outlines (P50, then to P90), what was as bars, today as a line."""
    stretches = [stretch for _, inside in rows for stretch in inside]
    ends = [day for s in stretches if s.planned for day in s.planned]
    ends += [at.date() for s in stretches if s.actual for at in s.actual]
    if not ends:
        return ""
    scale = _Scale(min(ends), max(*ends, now.date()) + timedelta(days=1))
    parts, foot = [], 24 + ROW * len(rows)
    for day in scale.ticks():
        x = scale.x(day)
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="16" x2="{x:.1f}" y2="{foot}"/>')
        parts.append(f'<text class="small" x="{x:.1f}" y="11">{day:%d %b}</text>')
    for index, (label, inside) in enumerate(rows):
        y = 24 + index * ROW
        parts.append(f'<text class="label" x="0" y="{y + 14}">{escape(_short(label))}</text>')
        for stretch in inside:
            parts += _bars(stretch, y, scale)
    today = scale.x(now)
    parts.append(f'<line class="today" x1="{today:.1f}" y1="16" x2="{today:.1f}" y2="{foot}"/>')
    return _svg(LABELS + CHART + 10, foot + 6, parts, "Plan and reality by day.")


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"


def _bars(stretch: Stretch, y: float, scale: _Scale) -> list[str]:
    parts = []
    if stretch.planned:
        begin, p50, p90 = map(scale.x, stretch.planned)
        parts.append(_bar("p50", begin, p50, y + 1, 6, f"{stretch.label}: planned until {stretch.planned[1]} (P50)"))
        parts.append(_bar("p90", p50, p90, y + 1, 6, f"{stretch.label}: until {stretch.planned[2]} (P90)"))
    if stretch.actual:
        begin, end = map(scale.x, stretch.actual)
        kind = f"real {stretch.target}" + (" on" if stretch.goes_on else "")
        told = f"{stretch.label}: {stretch.actual[0]:%Y-%m-%d %H:%M} to {stretch.actual[1]:%Y-%m-%d %H:%M} UTC"
        parts.append(_bar(kind, begin, max(end, begin + 2), y + 8, 11, told))
    return parts


def _bar(kind: str, begin: float, end: float, y: float, height: float, title: str) -> str:
    if end <= begin:
        return ""
    return (f'<rect class="{kind}" x="{begin:.1f}" y="{y}" width="{end - begin:.1f}" height="{height}" rx="2">'
            f"<title>{escape(title)}</title></rect>")  # fmt: skip


def _svg(width: float, height: float, parts: Sequence[str], label: str) -> str:
    tip = ('<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
           '<path class="tip" d="M0 0 L8 4 L0 8 z"/></marker></defs>')  # fmt: skip
    body = "\n".join(part for part in parts if part)
    return (f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(label)}">'
            f"{tip}\n{body}\n</svg>")  # fmt: skip
