"""Everything a report says, as plain values: templates and JSON show the same ones. Reads what it is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from states.conditions import Condition, row_of
from states.deadlines import Deadline, deadlines
from states.explain import explain
from states.exposure import Exposure, exposure
from states.facts import CopyLogRead, Reconciled, Sealed, Verified
from states.lifecycle import MILESTONES, STATES, Turn
from states.lines import Line
from states.planner.costs import Bill, bill
from states.planner.needs import Needs
from states.planner.timing import Clockwork, Dates, by_device
from states.playbook import Step
from states.run import Raised, Run
from states.vaulting import Reckoned, reckon

# The stretches between two milestones, as an office would call them.
STRETCHES = (
    ("planned", "ordered", "ordering"),
    ("ordered", "delivered", "on its way to the office"),
    ("delivered", "copied", "copied and read again"),
    ("copied", "shipped", "handed to the carrier"),
    ("shipped", "ingested", "on its way back, and uploaded"),
    ("ingested", "vaulted", "into the vault"),
    ("vaulted", "incremental-scheduled", "first incremental"),
)


@dataclass(frozen=True)
class Stretch:
    """One stretch of a run: planned at both chances, and as it was; dates are UTC days, ends are exclusive."""

    label: str
    target: str
    planned: tuple[date, date, date] | None  # begin, end at P50, end at P90
    actual: tuple[datetime, datetime] | None
    goes_on: bool = False


@dataclass(frozen=True)
class Check:
    """One comparison that was made of the seed: what with what, when, and what came of it. Sizes are bytes."""

    what: str
    at: datetime
    files: int
    bytes: int | None
    result: str
    good: bool


@dataclass(frozen=True)
class RunReport:
    """One run."""

    run: Run
    at: datetime
    paragraph: str
    stretches: tuple[Stretch, ...]
    checks: tuple[Check, ...]
    vaulting: tuple[Reckoned, ...]
    conditions: tuple[tuple[Raised, Condition, str], ...]  # and its waiver's reason, "" without one
    clocks: tuple[Deadline, ...]
    exposure: Exposure
    bill: Bill
    custody: tuple[Line, ...]
    whole: bool  # whether every line is as it was written


def run_report(
    run: Run, lines: Sequence[Line], step: Step, now: datetime, needs: Needs, clock: Clockwork, *, whole: bool
) -> RunReport:  # fmt: skip
    """Return what stands with *run* at *now* (UTC)."""
    rules = needs.limits.clocks
    clocks = deadlines(run, rules)
    return RunReport(
        run=run,
        at=now,
        paragraph=explain(run, step, now, clocks=clocks),
        stretches=stretches(run, now, needs, clock),
        checks=tuple(_checks(run)),
        vaulting=reckon(run, now) if run.reached("ingested") else (),
        conditions=tuple((raised, row_of(code), run.waivers.get(code, "")) for code, raised in run.conditions.items()),
        clocks=clocks,
        exposure=exposure(run, now),
        bill=so_far(run, now, needs, clock),
        custody=tuple(lines),
        whole=whole,
    )


def planned(run: Run, needs: Needs, clock: Clockwork) -> tuple[Dates, Dates]:
    """Return the dates of this attempt's device at P50 and P90, counted from the day it was ordered, or opened."""
    start = (run.reached("ordered") or run.since).date()
    p50, p90 = (by_device(run.plan.sku, run.plan.items, start, needs, clock, chance) for chance in ("p50", "p90"))
    return p50, p90


def stretches(run: Run, now: datetime, needs: Needs, clock: Clockwork) -> tuple[Stretch, ...]:
    """Return the stretches of the run's present attempt, planned and real."""
    p50, p90 = planned(run, needs, clock)
    names = {"ordered": "start", "incremental-scheduled": "finished"}
    over = STATES[run.state].turn is Turn.OVER
    found = []
    for source, target, label in STRETCHES:
        begun, ended = run.reached(source), run.reached(target)
        goes_on = bool(begun) and not ended and not over and run.state == source
        actual = (begun, ended or now) if begun and (ended or goes_on) else None
        ends = [getattr(dates, names.get(target, target)) for dates in (p50, p90)]
        begins = getattr(p50, names.get(source, source), p50.start)
        plan = (begins, ends[0], max(ends)) if source != "planned" else None
        found.append(Stretch(label, target, plan, actual, goes_on))
    return tuple(found)


def so_far(run: Run, now: datetime, needs: Needs, clock: Clockwork) -> Bill:
    """Return the bill by the real dates where there are some, and by the plan's P50 for what is to come."""
    p50, _ = planned(run, needs, clock)
    real = {name: at.date() for name in ("delivered", "copied", "shipped", "ingested", "vaulted")
            if (at := run.reached(name))}  # fmt: skip
    if at := run.reached("incremental-scheduled"):
        real["finished"] = at.date()
    dates, latest = {}, p50.start
    for name in ("start", "delivered", "copied", "shipped", "ingested", "vaulted", "finished", "returned"):
        latest = max(latest, real.get(name, getattr(p50, name)))
        waits = name not in real and name != "start"
        dates[name] = latest = max(latest, now.date()) if waits else real.get(name, latest)
    device = needs.limits.device(run.plan.sku)
    size = device.usable_bytes if device else run.plan.bytes
    count = max(1, -(-run.plan.bytes // size))
    return bill(run.plan.sku, count, 0, run.plan.bytes, Dates(**dates), needs, clock.figures)


def _checks(run: Run) -> Iterable[Check]:
    sealed, verified = run.get(Sealed), run.get(Verified)
    logs, compared = run.get(CopyLogRead), run.get(Reconciled)
    if sealed:
        yield Check("sealed on the device", run.evidence_at["sealed"], sealed.files, sealed.bytes, sealed.digest, True)
    if verified:
        faults = ", ".join(verified.faults) or "every byte read again and equal"
        yield Check("device against manifest", run.evidence_at["verified"], verified.files, verified.bytes, faults,
                    not verified.faults)  # fmt: skip
    if logs:
        wrong = f"{logs.errored:,} with errors, {logs.renamed:,} renamed" if logs.errored or logs.renamed else ""
        told = wrong or f"{logs.files:,} files without an error"
        yield Check("the datacenter's copy log", run.evidence_at["copy-log-read"], logs.files, None, told, not wrong)
    if compared:
        told = "; ".join(compared.faults) or f"all the same, compared by {compared.reread}"
        size = sealed.bytes if sealed else None
        yield Check("account against manifest", run.evidence_at["reconciled"], compared.same, size, told,
                    not compared.faulty)  # fmt: skip


# -- the fleet


@dataclass(frozen=True)
class FleetRow:
    """One run of the fleet."""

    run: Run
    words: str
    stretches: tuple[Stretch, ...]
    blocked: bool
    exposure: Exposure


@dataclass(frozen=True)
class FleetReport:
    """All runs that are open, and how far each is."""

    at: datetime
    rows: tuple[FleetRow, ...]
    clocks: tuple[Deadline, ...]

    @property
    def funnel(self) -> tuple[tuple[str, int, int], ...]:
        """How many runs have reached each milestone, and how many stand there now."""
        here = Counter(row.run.state for row in self.rows)
        places = [MILESTONES.index(row.run.state) for row in self.rows if row.run.state in MILESTONES]
        return tuple((state, sum(p >= n for p in places), here[state]) for n, state in enumerate(MILESTONES))
