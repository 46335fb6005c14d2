"""What a plan takes from the journal: how long the fleet's own runs took, held slots, and what is seeded already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from deploy.cli.opening import Seen
from deploy.data import limits
from deploy.figures import figures, history_most
from states.lifecycle import FIRST
from states.planner.figures import Figures
from states.planner.history import spans_of
from states.planner.needs import Needs
from states.planner.timing import Clockwork, slot_until
from states.planner.waves import Busy, pool_of
from states.run import Run
from states.slots import Ordering
from tasks.errors import NotFound

GIVEN_UP = ("cancelled", "abandoned")


@dataclass(frozen=True)
class FleetSeen:
    """The fleet as its journal shows it. `taken` says, by office and source, in which run it is or was seeded."""

    figures: Figures
    runs: tuple[Run, ...] = ()
    taken: dict[str, dict[str, str]] = field(default_factory=dict)

    def left_of(self, needs: Needs) -> Needs:
        """Return the office without the sources that are seeded, or being seeded, in a run."""
        taken = self.taken.get(needs.plan.office, {})
        return replace(needs, plan=replace(needs.plan, items=tuple(i for i in needs.plan.items if i.name not in taken)))

    def busy(self, today: date, clock: Clockwork) -> tuple[Busy, ...]:
        """Return the order slots that runs hold now, each until the day it is free again (P90)."""
        return tuple(_busy(self.runs, today, clock))


def fleet_seen(home: Path | None) -> FleetSeen:
    """Return what the journal of *home* shows; where there is none, the published figures alone.

    Runs that were given up took nothing. Of the others the newest say how long each span takes. Raises JournalDamaged,
    Transient.
    """
    try:
        seen = Seen(home)
    except NotFound:
        return FleetSeen(figures())
    rows = sorted((row for row in seen.shown.rows() if row.state not in GIVEN_UP), key=lambda row: row.since)
    runs = tuple(seen.shown.run(row.run_id) for row in rows)
    taken: dict[str, dict[str, str]] = {}
    for run in runs:
        names = {item.name: f"{run.run_id} ({run.state})" for item in run.plan.items}
        taken.setdefault(run.plan.office, {}).update(names)
    return FleetSeen(replace(figures(), history=spans_of(runs[-history_most() :])), runs, taken)


def _busy(runs: Iterable[Run], today: date, clock: Clockwork) -> Iterable[Busy]:
    for run in runs:
        pool = pool_of(Needs(run.plan, limits()), run.plan.sku)
        ordering = Ordering(run.run_id, run.plan, run.state, tuple(run.conditions), bool(run.intents))
        if pool and (ordering.holds_a_slot or run.state == FIRST):  # what is planned orders at its next pass
            since = today if run.state == FIRST else run.since.date()
            until = slot_until(run.state, since, run.plan.sku, Needs(run.plan, limits()), clock)
            yield Busy(pool, max(today, until))
