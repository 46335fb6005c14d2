"""Reports as pages: one HTML file each, with its style and pictures inside, no script and no request to anybody."""

from __future__ import annotations

import functools
from datetime import datetime
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from deploy.cli.deadlines import cost, time_left
from deploy.report.facts import FleetReport, RunReport
from deploy.report.pictures import gantt, lifecycle
from states.explain import ago
from states.lines import Line, canonical
from states.sizes import show_size

_LONGEST = 240  # characters of a journal line's payload


def run_page(report: RunReport) -> str:
    """Return the page about one run."""
    rows = [(stretch.label, (stretch,)) for stretch in report.stretches]
    return rendered("run.html.j2", report, lifecycle=lifecycle(report.run), gantt=gantt(rows, report.at))


def fleet_page(report: FleetReport) -> str:
    """Return the page about all open runs."""
    rows = [(row.run.run_id, row.stretches) for row in report.rows]
    return rendered("fleet.html.j2", report, gantt=gantt(rows, report.at))


def rendered(name: str, it: object, **pictures: object) -> str:
    """Return a template filled with *it*; everything but our own pictures is escaped."""
    return _environment().get_template(name).render(it=it, **pictures)


@functools.cache
def _environment() -> Environment:
    made = Environment(loader=PackageLoader("deploy.report"), autoescape=True, undefined=StrictUndefined,
                       trim_blocks=False, lstrip_blocks=True)  # fmt: skip
    filters: dict[str, Any] = {"day": _day, "moment": _moment, "size": show_size, "span": ago, "told": told}
    made.filters.update(filters, prose=prose)
    style = resources.files(__package__).joinpath("templates/style.css").read_text("utf-8")
    made.globals.update(style=style, time_left=time_left, cost=cost)
    return made


def told(line: Line) -> str:
    """Return a journal line's payload as canonical JSON, cut where it is long."""
    text = canonical(line.payload)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def prose(text: str) -> Markup:
    """Return a sentence with what stands between backticks as code, everything else escaped."""
    parts = text.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(parts))


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
