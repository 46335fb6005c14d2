"""Every clock somebody else started: when it began, when it runs out, and what that costs. Pure.

Lengths, owners and consequences are rows of `limits.yaml`; here is what starts each clock and what stops it, and the
clocks without a row: those that evidence dates itself. Times are aware UTC datetimes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import get_args

from states.conditions import row_of
from states.facts import JobSeen
from states.freeze import FreezeSeen
from states.import_clocks import import_clocks
from states.limits import ClockRule, Harm
from states.run import Run

Start = tuple[datetime, str]  # when, and the journal's line or the evidence that started it


@dataclass(frozen=True)
class Deadline:
    """One clock that runs for a run. `condition` is raised from `warned_from` on, "" where none is."""

    clock: str
    run_id: str
    office: str
    started: datetime
    started_by: str
    due: datetime
    owner: str
    harm: Harm
    consequence: str
    charge_usd: int | None  # where a contract names the sum
    warned_from: datetime
    condition: str = ""

    def left(self, now: datetime) -> timedelta:
        """Return how long there is until it runs out; negative once it has."""
        return self.due - now


# What a clock is, beside its row in limits.yaml: its start while it runs, None while it does not.
_Begin = Callable[[Run, JobSeen | None], Start | None]


def _order_placed(run: Run, job: JobSeen | None) -> Start | None:
    if run.plan.mode != "data-box" or run.state != "ordered" or _stage(job, "Delivered"):
        return None
    return _passage(run, "ordered")


def _device_at_the_office(run: Run, job: JobSeen | None) -> Start | None:
    """From Azure's own Delivered, for fees count from there, until the carrier has the device."""
    if run.plan.mode != "data-box" or run.state not in ("ordered", "delivered", "copied"):
        return None
    return _stage(job, "Delivered") or _passage(run, "delivered")


def _upload_stopped(run: Run, job: JobSeen | None) -> Start | None:
    standing = [run.conditions[code] for code in ("copy-halted", "ingestion-incomplete") if code in run.conditions]
    first = min(standing, key=lambda raised: raised.at, default=None)
    return (first.at, f"the condition {first.code}") if first else None


def _server_silent(run: Run, job: JobSeen | None) -> Start | None:
    seen = run.get(FreezeSeen)
    silent = seen.silent_since if seen else None
    return (silent, "the first look without an answer of the backup server") if silent else None


_CLOCKS: dict[str, tuple[_Begin, str]] = {
    "order-unfulfilled": (_order_placed, "order-expires"),
    "free-use": (_device_at_the_office, "fees-begin"),
    "device-not-returned": (_device_at_the_office, "device-due"),
    "device-certificate": (_device_at_the_office, "certificate-ends"),
    "errors-unanswered": (_upload_stopped, ""),  # the stop itself stands as a blocking condition
    "agent-silent": (_server_silent, ""),  # server-silent stands from the third day on
}
# The job of own drives dates these itself (import_clocks.py); they raise the conditions named there.
_OF_THE_JOB = {
    "parcel-not-announced": "import-without-tracking",
    "parcel-overdue": "import-shipped",
    "": "import-record",
}
# Rows of limits.yaml that no evidence of ours starts, and why.
OUT_OF_SIGHT = {
    "resume-after-fix": "it starts with a click in the portal, which no API tells; it ends by the upload going on",
    "self-managed-pickup": "orders of ours are never self-managed; its e-mail goes to the contact of the order",
    "vault-credentials": "the credential file is downloaded and used before a run is opened",
}


def known_clocks() -> frozenset[str]:
    """Return the names of the rows of limits.yaml that are watched here."""
    return frozenset(_CLOCKS) | frozenset(_OF_THE_JOB.values())


def deadlines(run: Run, rules: Iterable[ClockRule], job: JobSeen | None = None) -> tuple[Deadline, ...]:
    """Return every clock that runs for *run*, the worst harm first, then the nearest.

    *job* is a newer look at the Azure job than the one on record.
    """
    job, by_name = job or run.get(JobSeen), {rule.name: rule for rule in rules}
    found: list[Deadline] = []
    for name, (begin, condition) in _CLOCKS.items():
        rule, start = by_name[name], begin(run, job)
        if start:
            found.append(_counted(run, rule, start, start[0] + rule.length, condition))
    found += _by_the_job(run, job, by_name)
    found += _dated_by_evidence(run)
    found += _of_conditions(run, by_name)
    return by_harm(found)


def by_harm(found: Iterable[Deadline]) -> tuple[Deadline, ...]:
    """Return deadlines with the worst harm first; among equals the nearest."""
    order = get_args(Harm)
    return tuple(sorted(found, key=lambda one: (-order.index(one.harm), one.due, one.run_id, one.clock)))


def ringing(run: Run, rules: Iterable[ClockRule], job: JobSeen, now: datetime) -> tuple[tuple[str, str], ...]:
    """Return (condition, detail) of each Data Box clock that is near or over at *now* (UTC)."""
    if run.plan.mode != "data-box":
        return ()
    return tuple(
        (one.condition, f"{one.consequence} on {one.due:%Y-%m-%d %H:%M} UTC, counted from {one.started_by}")
        for one in deadlines(run, rules, job)
        if one.condition and one.clock in _CLOCKS and now >= one.warned_from
    )


def _counted(run: Run, rule: ClockRule, start: Start, due: datetime, condition: str = "") -> Deadline:
    began, by = start
    charge = rule.charges_usd.get(run.plan.sku)
    return Deadline(rule.name, run.run_id, run.plan.office, began, by, due, rule.owner, rule.harm, rule.consequence,
                    charge, due - rule.warn, condition)  # fmt: skip


def _by_the_job(run: Run, job: JobSeen | None, rules: dict[str, ClockRule]) -> Iterator[Deadline]:
    for clock in import_clocks(job) if job else ():
        if clock.code in _OF_THE_JOB:
            rule = rules[_OF_THE_JOB[clock.code]]
            start = (clock.due - rule.length, f"the job's stage {job.stage if job else ''}")
            yield _counted(run, rule, start, clock.due, clock.code)


def _dated_by_evidence(run: Run) -> Iterator[Deadline]:
    """The dates that the account's key policy and the agent's certificate carry themselves."""
    seen = run.get(FreezeSeen)
    if seen is None or run.state not in ("copied", "shipped", "ingested"):
        return
    looked = run.evidence_at["freeze-seen"]

    def carried(clock: str, due: datetime, warned_from: datetime, consequence: str, condition: str) -> Deadline:
        return Deadline(clock, run.run_id, run.plan.office, looked, "the look at what must not change", due, "operator",
                        "again", consequence, None, warned_from, condition)  # fmt: skip

    ends = min((app.ends for app in seen.apps or () if app.ends), default=None)
    if ends:
        yield carried("agent-certificate", ends, ends - timedelta(days=30), "the agent can no longer move the seed",
                      "agent-certificate-ends")  # fmt: skip
    days = seen.account.key_days
    if days and seen.account.keys_made:
        due = min(seen.account.keys_made) + timedelta(days=days)
        yield carried("account-key", due, due, "somebody may change the account's key under the seed",
                      "account-key-due")  # fmt: skip


def _of_conditions(run: Run, rules: dict[str, ClockRule]) -> Iterator[Deadline]:
    """The clocks that standing conditions carry, but for those that have a row of their own."""
    for code, raised in run.conditions.items():
        row = row_of(code)
        if row.clock is None or code in _OF_THE_JOB or code in ("copy-halted", "ingestion-incomplete", "order-delayed"):
            continue
        due, start = raised.at + row.clock, (raised.at, f"the condition {code}")
        if code == "device-lost":  # a device that never comes back is charged, whoever lost it
            charged = _counted(run, rules["device-not-returned"], start, due, code)
            yield replace(charged, clock=code, warned_from=raised.at)
            continue
        harm: Harm = "protection" if row.severity == "blocks" else "delay"
        yield Deadline(code, run.run_id, run.plan.office, *start, due, row.whose, harm, row.means, None, raised.at,
                       code)  # fmt: skip


def _stage(job: JobSeen | None, name: str) -> Start | None:
    at = (
        next((s.at for s in job.stages if s.name == name and s.at and s.status not in ("", "None")), None)
        if job
        else None
    )
    return (at, f"the order's stage {name}") if at else None


def _passage(run: Run, state: str) -> Start | None:
    here = next((p for p in reversed(run.history) if p.state == state and p.attempt == run.attempt), None)
    return (here.at, f"line {here.seq}, {state}") if here else None
