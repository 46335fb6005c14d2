"""Lead times, fees and the support summary from their versioned files, as the planner counts with them."""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import Any

from deploy.data import origin_of, read_data
from states.planner.figures import Days, Fee, Figures, Leg, TableRow


@functools.cache
def figures() -> Figures:
    """Return `lead_times.yaml`, `prices.yaml` and `support.yaml`, read once. Raises KeyError or ValueError."""
    times, prices, support = read_data("lead_times.yaml"), read_data("prices.yaml"), read_data("support.yaml")
    return Figures(
        legs=tuple(_leg(row) for row in times["legs"]),
        writing={sku: row["bytes_per_second"] for row in times["writing"] for sku in row["device"]},
        line_use=Days(times["line"]["use_percent_p50"], times["line"]["use_percent_p90"]),
        compression=Days(times["compression"]["percent_p50"], times["compression"]["percent_p90"]),
        told_apart=times["told_apart"],
        to_provide=times["to_provide"],
        fees=tuple(_fee(row) for row in prices["fees"]),
        table=tuple(_table_row(row) for row in support["rows"]),
        own_history_from=times["own_history_from"],
    )


@functools.cache
def versions() -> dict[str, int]:
    """Return the version of each file that a plan was made with."""
    names = ("limits.yaml", "lead_times.yaml", "prices.yaml", "support.yaml")
    return {name.removesuffix(".yaml"): read_data(name)["version"] for name in names}


@functools.cache
def history_most() -> int:
    """Return how many of the newest runs are asked how long they took."""
    return int(read_data("lead_times.yaml")["own_history_most"])


def _leg(row: dict[str, Any]) -> Leg:
    business = {"business": True, "calendar": False}[row["days"]]
    days = Days(row["p50"], row["p90"])
    return Leg(frozenset(row["device"]), row["span"], row["name"], days, business, row["where"], origin_of(row))


def _fee(row: dict[str, Any]) -> Fee:
    amount = None if row["amount"] is None else Decimal(str(row["amount"]))
    return Fee(row["key"], row["what"], frozenset(row["devices"]), row["per"], amount, origin_of(row))


def _table_row(row: dict[str, Any]) -> TableRow:
    return TableRow(row["name"], {mode: row[mode] for mode in ("data-box", "own-disk")}, frozenset(row["codes"]))
