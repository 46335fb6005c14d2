"""Business days of every country, from the library `holidays`: its weekends and public holidays, by state where known.

A country the library does not know has Saturdays and Sundays off and no holidays.
"""

from __future__ import annotations

import functools
from datetime import date
from typing import Any

WEEKEND = frozenset({5, 6})  # Monday is 0


class Holidays:
    """The planner's calendar. Reads nothing but the library's own tables."""

    def works(self, day: date, country: str, subdivision: str = "") -> bool:
        """Say whether *day* is a business day in the country (ISO 3166) and, where known, its state or province."""
        return _works(day, country, subdivision)


@functools.lru_cache(maxsize=100_000)
def _works(day: date, country: str, subdivision: str) -> bool:
    found = _holidays(country, subdivision)
    if found is None:
        return day.weekday() not in WEEKEND
    return day.weekday() not in found.weekend and day not in found


@functools.cache
def _holidays(country: str, subdivision: str) -> Any:
    """Return the country's holidays, which grow year by year as they are asked for; None for an unknown country."""
    import holidays  # only a plan needs it

    for part in dict.fromkeys((subdivision or None, None)):
        try:
            return holidays.country_holidays(country, subdiv=part)
        except NotImplementedError:
            continue
    return None
