"""A plan as data for the envelope of `seeding plan --json`. Sizes are bytes, days ISO dates, amounts decimal texts."""

from __future__ import annotations

from typing import Any

from states.planner.advice import Advice, Verdict, written_as
from states.planner.costs import Bill
from states.planner.timing import Dates
from states.planner.waves import Bar, Schedule
from states.planner.ways import Way


def office_data(advice: Advice) -> dict[str, Any]:
    """Return one office: the chosen way, why, every way with what speaks for and against it, and its problems."""
    plan = advice.needs.plan
    return {
        "id": advice.office,
        "country": plan.country,
        "region": plan.location,
        "bytes": plan.bytes,
        "written_as": written_as(advice.needs),
        "chosen": advice.chosen.key if advice.chosen else None,
        "why": advice.why,
        "ways": [_way(verdict) for verdict in advice.verdicts],
        "problems": [dict(vars(problem)) for problem in advice.problems],
    }


def fleet_data(p50: Schedule, p90: Schedule) -> dict[str, Any]:
    """Return the schedule at both chances: the fleet's last day, its waves, and a bar for each order."""
    late = {(bar.office, bar.what): bar for bar in p90.bars}
    return {
        "p50": p50.finished.isoformat(),
        "p90": p90.finished.isoformat(),
        "waves": p50.most_waves,
        "bars": [_bar(bar, late[bar.office, bar.what]) for bar in p50.bars],
    }


def dates_data(dates: Dates | None) -> dict[str, str] | None:
    """Return the day of each milestone, or None."""
    return {name: day.isoformat() for name, day in vars(dates).items()} if dates else None


def _way(verdict: Verdict) -> dict[str, Any]:
    way = verdict.way
    known = way.possible
    return {
        "key": way.key,
        "name": way.name,
        "chosen": verdict.chosen,
        "possible": way.possible,
        "said": list(verdict.said),
        "orders": [
            {"sku": order.sku, "items": [item.name for item in order.items], "bytes": order.bytes,
             "devices": order.devices, "missing": order.missing, "drives": list(order.drives)}
            for order in way.orders
        ],
        "online": [item.name for item in way.online],
        "devices_at_least": way.lower_bound,
        "p50": dates_data(way.p50) if known else None,
        "p90": dates_data(way.p90) if known else None,
        "cost": _bill(way.bill) if known else None,
        "table": _table(way),
    }  # fmt: skip


def _table(way: Way) -> list[dict[str, Any]]:
    return [dict(vars(row)) for row in way.table]


def _bill(bill: Bill) -> dict[str, Any]:
    return {
        "currency": bill.currency,
        "known": str(bill.known),
        "unknown": [line.key for line in bill.unknown],
        "lines": [
            {"key": line.key, "what": line.what, "quantity": str(line.quantity),
             "each": None if line.each is None else str(line.each),
             "amount": None if line.amount is None else str(line.amount)}
            for line in bill.lines
        ],
        "at_stake": bill.at_stake,
    }  # fmt: skip


def _bar(bar: Bar, late: Bar) -> dict[str, Any]:
    return {
        "office": bar.office,
        "what": bar.what,
        "sku": bar.sku,
        "slots_shared_by": sorted(bar.pool.countries) if bar.pool else [],
        "wave": bar.wave,
        "p50": dates_data(bar.dates),
        "p90": dates_data(late.dates),
    }
