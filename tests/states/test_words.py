"""What a person reads of a plan or a run lies in words/, as it was read through once; a change shows in review.

The codes are tested at their marks elsewhere. Here is what they say: the thing, the fact, and what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from own_stories import OWN_PLAN
from own_stories import job as own_job
from own_stories import run_in as own_run_in
from stories import PLAN, T0, added, agent, condition, evidence, points, run_in
from test_drift import BROKEN, HARMLESS, NOW

from deploy.data import limits
from deploy.figures import figures
from states.deadlines import deadlines
from states.drift import troubles
from states.drive_words import troubles_of
from states.explain import explain, short
from states.facts import DriveCopy
from states.import_clocks import import_clocks, ringing
from states.landing import VaultSeen
from states.lifecycle import MILESTONES, forward_from
from states.machine import reasons_against
from states.plan import Drive, Item, OwnDisk, Plan
from states.planner.advice import Advice, advise
from states.planner.needs import Line, Needs
from states.planner.timing import Clockwork, Dates
from states.planner.waves import Busy, better_without_slot, pool_of, schedule
from states.planning import problems
from states.playbook import VERBS, next_step
from states.problems import Problem
from states.release import PapersFiled, SampleRestored
from states.run import Run
from states.stages import DRIVE_STAGE_ORDER
from states.usual import Usual, Weekdays

WORDS = Path(__file__).with_name("words")
GB, TB = 10**9, 10**12
MONDAY = date(2026, 3, 2)
CLOCK = Clockwork(figures(), Weekdays())
GOOD = replace(PLAN, items=(Item("files", 2 * TB, 10 * GB),), device_bytes=7 * TB, restore_sample=False)
OWN = OWN_PLAN.own_disk or OwnDisk("", "", (), "", "")


def sized(*sizes: int, change: int = 0) -> tuple[Item, ...]:
    return tuple(Item(f"item-{n}", size, change) for n, size in enumerate(sizes))


# fmt: off
BOXES = [
    dict(items=sized(7 * TB + 1)), dict(items=sized(90 * TB), sku="DataBox", device_bytes=80 * TB),
    dict(items=sized(20 * TB), country="FR", location="francecentral"),
    dict(items=sized(4 * TB, 3 * TB + 1)), dict(items=sized(60 * TB, 60 * TB), sku="DataBox", device_bytes=80 * TB),
    dict(items=()), dict(items=sized(0)), dict(items=(Item("a", 100, 101),)), dict(items=(Item("a", 100, 21),)),
    dict(items=(Item("a", 100, -1),)), dict(items=(Item("a", 1), Item("A", 1))),
    dict(items=(Item("a", 1, vault_item="x"), Item("b", 1, vault_item="X"))),
    dict(country="NZ"), dict(country="FR", location="uksouth"), dict(country="CH", location="germanywestcentral"),
    dict(location="atlantis"), dict(location="australiaeats"),
    dict(country="US", location="eastus", sku="DataBox", device_bytes=80 * TB),
    dict(sku="DataBoxHeavy"), dict(sku="DataBoxCustomerDisk"), dict(agent="mars", restore_sample=True),
    dict(agent="mars", items=sized(54_400 * GB + 1), sku="DataBox", device_bytes=80 * TB),
    dict(storage_account="Contoso"), dict(job_name="perth-1"), dict(mode="own-disk", sku="DataBoxCustomerDisk"),
]
OWN_DISKS = [
    dict(agent="files"), dict(copy_computer=""), dict(drives=(Drive("A", 8 * TB, 4096), Drive("B", 8 * TB, bus="USB"))),
    dict(drives=(Drive("B", 8 * TB),) * 2 + (Drive("A", 8 * TB),) * 2),
    dict(drives=tuple(Drive(f"D{n}", 8 * TB) for n in range(12)), items=sized(80 * TB + 1), agent="dpm"),
    dict(drives=(Drive("A", 10 * TB), Drive("B", 2 * TB)), items=sized(12 * TB)), dict(container="Seed"),
    dict(country="CH", location="westeurope", papers=("an invoice", "a form")), dict(country="GB", location="uksouth"),
    dict(country="NL", location="westeurope", return_carrier="Oxcart"),
    dict(country="JP", location="japaneast", return_carrier="UPS"),
]
POOR = dict(prices={"data_box_disk_order": Decimal(9)}, budget=(Decimal(1), "EUR"), currency="EUR")
OFFICES = [
    dict(items=sized(TB)), dict(items=()), dict(items=sized(5 * TB, change=9 * GB), line=Line(20, 12)),
    dict(items=sized(TB), line=Line(1000, 24, True)), dict(items=sized(4 * TB, 3 * TB + 1, TB), line=Line(50, 10)),
    dict(items=sized(9 * TB, 2 * TB), line=Line(20, 24)), dict(items=sized(3 * TB, change=60 * GB), line=Line(4, 24)),
    dict(items=sized(30 * TB, 20 * TB, 9 * TB), agent="mars"), dict(items=sized(2 * TB), **POOR),
    dict(items=sized(5 * TB), country="CH", location="germanywestcentral", agent="dpm"),
    dict(items=sized(50 * TB, 31 * TB), agent="dpm", country="FR", location="francecentral"),
    dict(items=sized(3 * TB, change=60 * GB), line=Line(4, 24), country="NG", location="southafricanorth"),
    dict(items=sized(12 * TB, TB), mode="own-disk", sku="DataBoxCustomerDisk", agent="dpm", staff_days=frozenset({2}),
         own_disk=OwnDisk("S:", "seed", (Drive("A", 8 * TB), Drive("B", 3 * TB)), "PER-COPY01", "DHL")),
]
# fmt: on


def told(changes: dict, plan: Plan) -> Iterator[str]:
    """Yield every problem of a plan, whole."""
    own = {key: changes[key] for key in changes if key in OwnDisk.__dataclass_fields__}
    plan = replace(plan, **{key: value for key, value in changes.items() if key not in own})
    if own and plan.own_disk:
        plan = replace(plan, own_disk=replace(plan.own_disk, **own))
    yield from whole(problems(plan, limits()))


def whole(found: Iterable[Problem]) -> Iterator[str]:
    for one in found:
        yield f"{one.severity} {one.code}{' of ' * bool(one.item)}{one.item}\n  {one.message}\n  {one.next}"


def advice(changes: dict) -> Advice:
    """Return the advice for the good plan with *changes*, which may be of the plan or of what no plan knows."""
    of_plan = {key: value for key, value in changes.items() if key in Plan.__dataclass_fields__}
    rest = {key: value for key, value in changes.items() if key not in of_plan}
    return advise(Needs(replace(GOOD, **of_plan), limits(), **rest), MONDAY, CLOCK)


def dated(dates: Dates | None) -> str:
    names = ("delivered", "copied", "shipped", "ingested", "vaulted", "finished", "returned")
    return " ".join(f"{getattr(dates, name):%m-%d}" for name in names) if dates else "never"


def advised(changes: dict) -> Iterator[str]:
    """Yield every way of an office with its dates, orders, bill and words, and what is said of the office."""
    found = advice(changes)
    yield f"chosen: {found.chosen.name if found.chosen else 'none'}: {found.why}"
    yield from whole(found.problems)
    for verdict in found.verdicts:
        way = verdict.way
        if way.key.startswith("DataBox-") and found.needs.plan.items:
            continue  # the same for every office: said once
        yield f"{way.key} {way.name}{' *' if verdict.chosen else ''}: {dated(way.p50)} | {dated(way.p90)}"
        for order in way.orders:
            names = " ".join(item.name for item in order.items)
            yield f"  order {order.sku} {order.devices} {order.missing} {' '.join(order.drives)}: {names}"
        lines = (f"{line.quantity} {line.key} {line.what} {line.each or '?'}" for line in way.bill.lines)
        yield f"  bill {way.bill.known} {way.bill.currency}: {', '.join(lines)}"
        yield f"  at stake: {way.bill.at_stake}; bound {way.lower_bound}; buys {way.to_provide}"
        yield from (f"  {line}" for line in verdict.said)
        yield from (
            f"  {row.name}: {row.holds}; {len(row.why)} {len(row.next)}" for row in way.table if row.holds != "yes"
        )


def waited() -> Iterator[str]:
    """Yield the schedule of three offices with one slot that is taken, and whom another way would serve better."""
    several = [
        advice(dict(office=name, agent="dpm", items=sized(size * TB, TB)))
        for name, size in (("perth", 6), ("darwin", 5), ("hobart", 4))
    ]
    pool = pool_of(several[0].needs, "DataBoxDisk")
    late = schedule(several, MONDAY, CLOCK, "p90", slots=1, busy=[Busy(pool, MONDAY + timedelta(200))] if pool else [])
    yield f"{late.finished} {late.most_waves}"
    yield from (
        f"{bar.wave} {bar.office} {bar.sku} {bar.what} {bar.dates.start} {dated(bar.dates)}" for bar in late.bars
    )
    yield from whole(better_without_slot(several, late, CLOCK))


def usual() -> Iterator[str]:
    """Yield what is said of a wait on each day on which something else is said."""
    span = Usual(MONDAY, MONDAY + timedelta(5))
    yield from (span.told(MONDAY + timedelta(days)) for days in (0, 1, 5, 6, 7))


def run_of(run: Run) -> Iterator[str]:
    """Yield what a run says of itself: what is next with nothing and with everything looked at, and what it lacks."""
    now = run.since + timedelta(hours=5)
    for looked in ({}, dict.fromkeys(VERBS, now)):
        step = next_step(run, now, looked)
        clocks = deadlines(run, limits().clocks)
        yield f"{short(step)}: {explain(run, step, now, None, clocks)}"
    edge = forward_from(run.state)
    yield from (f"  {reason}" for reason in (reasons_against(edge, run) if edge else ()))


def spoilt_runs() -> Iterator[Run]:
    """Yield runs for which something is wrong that the good run never sees."""
    landed, vaulted, left = run_in("ingested"), run_in("vaulted"), run_in("incremental-scheduled")
    point = landed.since + timedelta(hours=1)
    for wrong in (
        dict(schedule_enabled=False),
        dict(next_run=None),
        dict(server="OTHER"),
        dict(cannot_authenticate=True),
        dict(incremental_bytes=10**12),
        dict(next_run=landed.since),
    ):
        seen = agent(landed.since, **wrong)
        yield added(landed, evidence(replace(seen, items=())))
        yield added(vaulted, evidence(seen), evidence(VaultSeen(points(landed.since))))
    for vault in ((), points(landed.since)[:1], points(point + timedelta(days=3)),
                  tuple(replace(item, protected=False, state="ProtectionError") for item in points(landed.since)),
                  tuple(replace(item, counted=9) for item in points(landed.since))):  # fmt: skip
        yield added(landed, evidence(agent(landed.since)), evidence(VaultSeen(vault)))
    small = tuple(replace(item, bytes=n) for item, n in zip(points(landed.since), (1, 10**9), strict=True))
    yield added(landed, evidence(VaultSeen(points(landed.since))), evidence(agent(landed.since, items=small)))
    yield added(left, evidence(SampleRestored(3, 3, ("mail/a",), ("sql/b", "sql/c"), "ann")))
    yield added(left, evidence(SampleRestored(3, 3, ("mail/a",))), evidence(PapersFiled(("a",), ("b", "c"))))
    for code in ("order-gone", "copy-halted", "held", "witness-missing", "full-upload", "of-tomorrow"):
        yield added(run_in("shipped"), condition(code, "seen there"))


def import_job() -> Iterator[str]:
    """Yield the clocks of an import job in each stage, what rings when they have run out, and each word of a drive."""
    for stage in DRIVE_STAGE_ORDER:
        job = own_job(stage, states=("Completed",), error_code="WrongAddress")
        yield f"{stage}: {'; '.join(f'{one.consequence} {one.due:%m-%d}' for one in import_clocks(job))}"
        yield f"  {ringing(job, T0 + timedelta(99))}"
        stopped = tuple(replace(one, status="WaitingForCustomerAction") for one in job.stages)
        for code in ("", "WrongAddress"):
            yield f"  stopped: {ringing(replace(job, stages=stopped, error_code=code), T0)}"
    for word in ("HardwareError", "DriveNotReceived", "StorageAccountNotAccessible", "a word of tomorrow"):
        for stage in ("DataCopy", "Completed", "ShippedToCustomer"):
            yield f"{word} in {stage}: {troubles_of(own_job(stage, states=(word, 'HardwareError')))}"
    for error in ("BitLockerUnlock", "ManifestCrc", "Other"):
        drive = DriveCopy("WD-1", "OtherUserError", error=error)
        yield f"{error}: {troubles_of(replace(own_job('DataCopy'), drives=(drive,)))}"


def frozen() -> Iterator[str]:
    """Yield what is said of each way in which what must not change has changed."""
    for code, states, seen in BROKEN:
        run = run_in(states[0])
        run = replace(run, plan=replace(run.plan, mode="own-disk", agent="dpm"))
        yield f"{code}: {dict(troubles(run, seen, NOW))[code]}"
    for seen in HARMLESS:
        yield f"{troubles(run_in('shipped'), seen, NOW)}"


def parts(cases: Iterable[Iterator[str]]) -> str:
    return "".join(f"-- {number}\n" + "\n".join(lines) + "\n" for number, lines in enumerate(cases, 1))


SUBJECTS = {
    "boxes": lambda: parts(told(changes, GOOD) for changes in BOXES),
    "own-disks": lambda: parts(told(changes, OWN_PLAN) for changes in OWN_DISKS),
    "offices": lambda: parts(advised(changes) for changes in OFFICES),
    "runs": lambda: parts(run_of(of(state)) for of in (run_in, own_run_in) for state in MILESTONES),
    "spoilt-runs": lambda: parts(run_of(run) for run in spoilt_runs()),
    "import-jobs": lambda: parts([import_job()]),
    "freeze": lambda: parts([frozen()]),
    "waiting": lambda: parts([waited(), usual()]),
}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_people_read_these_words(subject: str):
    """Where one was meant to change, `PYTHONPATH=.:tests python tests/states/test_words.py` writes them: read them."""
    assert SUBJECTS[subject]() == (WORDS / f"{subject}.txt").read_text("utf-8")


if __name__ == "__main__":
    for name, text in SUBJECTS.items():
        (WORDS / f"{name}.txt").write_text(text(), "utf-8")
