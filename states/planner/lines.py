"""What a line carries: days for a first backup over the network, and for the first incremental after a seed.

A seed of S bytes that changes by D a day over a line of C bytes a day is caught up after S / (C - D) days: while the
first backup runs D gathers, while that is sent less gathers, and so on. With D >= C it is never caught up.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from states.plan import Item
from states.planner.figures import Chance, Figures
from states.planner.needs import Line, Needs


def carried_a_day(line: Line, figures: Figures, chance: Chance) -> int:
    """Return the bytes a backup gets through in a day.

    A measured rate has every loss in it: it counts in full at P50, and at P90 loses what a contracted one loses
    between the two.
    """
    use = figures.line_use
    percent = use.at(chance) * 100 / use.p50 if line.measured else use.at(chance)
    return int(line.mbps * 1_000_000 / 8 * line.hours_a_day * 3600 * percent / 100)


def travelling(size_bytes: int, needs: Needs, figures: Figures, chance: Chance) -> int:
    """Return what is left of so many bytes after the agent's compression, rounded up; as they are where it has none."""
    percent = figures.compression.at(chance) if needs.compresses else 0
    return -(-size_bytes * (100 - percent) // 100)


def days_online(items: Iterable[Item], needs: Needs, figures: Figures, chance: Chance) -> int | None:
    """Return the days until *items* are in the vault and caught up, over the network alone.

    None when the office has no line, or one that does not even carry the daily change.
    """
    items = tuple(items)
    size = travelling(sum(item.bytes for item in items), needs, figures, chance)
    return _caught_up(size, items, needs, figures, chance)


def first_incremental(items: Iterable[Item], road_days: int, needs: Needs, figures: Figures, chance: Chance) -> int:
    """Return the bytes of the first incremental of *items* whose seed was made *road_days* ago."""
    change = sum(item.daily_change_bytes for item in items)
    return travelling(change * road_days, needs, figures, chance)


def days_to_catch_up(
    items: Iterable[Item], road_days: int, needs: Needs, figures: Figures, chance: Chance
) -> int | None:  # fmt: skip
    """Return the days the line needs for the first incremental and what gathers meanwhile; None as `days_online`."""
    items = tuple(items)
    return _caught_up(first_incremental(items, road_days, needs, figures, chance), items, needs, figures, chance)


def keeps_up(needs: Needs, figures: Figures, chance: Chance = "p90") -> bool:
    """Say whether the line carries the daily change of the whole office. True while no line is known."""
    return needs.line is None or days_to_catch_up(needs.plan.items, 0, needs, figures, chance) is not None


def _caught_up(size: int, items: tuple[Item, ...], needs: Needs, figures: Figures, chance: Chance) -> int | None:
    if needs.line is None:
        return None
    change = travelling(sum(item.daily_change_bytes for item in items), needs, figures, chance)
    left = carried_a_day(needs.line, figures, chance) - change
    return max(1, ceil(size / left)) if left > 0 else None
