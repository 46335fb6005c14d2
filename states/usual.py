"""Whether a run is as far as others usually are: when one in two, and nine in ten, have come to the next milestone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from states.planner.figures import Figures
from states.planner.needs import Needs
from states.planner.timing import Clockwork, milestone_after
from states.run import Run


class Weekdays:
    """A calendar without holidays: Monday to Friday is worked everywhere."""

    def works(self, day: date, country: str, subdivision: str = "") -> bool:
        """Say whether *day* is a weekday; the country is not asked."""
        return day.weekday() < 5


@dataclass(frozen=True)
class Usual:
    """The days on which a run that came to its state when this one did is usually through it."""

    p50: date
    p90: date

    def told(self, today: date) -> str:
        """Return whether that is normal on *today*, as a sentence."""
        if today <= self.p50:
            return f"That is normal: one in two is through by {self.p50}, nine in ten by {self.p90}."
        if today <= self.p90:
            return f"That is slow, and still normal: one in two was through by {self.p50}, nine in ten by {self.p90}."
        late = (today - self.p90) // timedelta(days=1)
        days = f"{late} day{'s' if late > 1 else ''}"
        return f"That is not normal: nine in ten were through by {self.p90}, {days} ago."


def usual(run: Run, needs: Needs, figures: Figures) -> Usual | None:
    """Return when runs like this one leave its state, by the published lead times; None where nobody published any."""
    ends = [
        milestone_after(run.state, run.since.date(), run.plan.sku, needs, Clockwork(figures, Weekdays()), chance)
        for chance in ("p50", "p90")
    ]
    p50, p90 = ends
    return Usual(p50, max(p50, p90)) if p50 and p90 else None
