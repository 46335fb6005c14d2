"""What the fleet itself needed for each span, from the transitions of its journals: better than what was published."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from math import ceil

from states.lifecycle import forward_from
from states.planner.figures import Days, SpanSeen
from states.run import Run


def spans_of(runs: Iterable[Run]) -> dict[tuple[str, str], SpanSeen]:
    """Return the days between the milestones of these runs, by SKU and the milestone that ends the span.

    Only steps forward count, each attempt for itself: what was gone back over counts from its last beginning. Days are
    calendar days, rounded up; P50 and P90 are the nearest rank.
    """
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for run in runs:
        for here, after in zip(run.history, run.history[1:], strict=False):
            forward = forward_from(here.state)
            if forward and forward.target == after.state and here.attempt == after.attempt:
                days = max(0, ceil((after.at - here.at).total_seconds() / 86_400))
                found[run.plan.sku, after.state].append(days)
    return {key: SpanSeen(Days(rank(days, 50), rank(days, 90)), len(days)) for key, days in found.items()}


def rank(days: Iterable[int], percent: int) -> int:
    """Return the nearest rank: the smallest of *days* that *percent* of them do not exceed.

    >>> rank([3, 1, 2, 10], 50), rank([3, 1, 2, 10], 90)
    (2, 10)
    """
    ordered = sorted(days)
    return ordered[max(0, ceil(percent * len(ordered) / 100) - 1)]
