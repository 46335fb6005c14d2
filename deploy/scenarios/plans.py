"""Faults that the plan shows: found by `seeding validate`, refused by `seeding start`, before anything is ordered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from deploy.data import limits
from deploy.inventory import load
from deploy.rehearse import SAMPLE
from deploy.scenarios.scenario import Seen
from deploy.scenarios.stage import must
from states.plan import Drive, Item, OwnDisk, Plan
from states.planning import job_name, problems

TB = 10**12
TIB = 2**40
Change = Callable[[Plan], Plan]


@dataclass(frozen=True)
class PlanScenario:
    """A fault of the plan: a change to a sample office's good plan, the problem's code, and words of what helps.

    *severity* "info" and "warn" are for knowing: the run may start.
    """

    rows: tuple[int, ...]
    code: str
    what: str
    change: Change
    helps: str
    office: str = "nairobi"
    severity: str = "blocks"

    @property
    def expected(self) -> Seen:
        """What a play of this row must show."""
        return _seen(self.code, self.severity)

    def play(self) -> Seen:
        """Judge the changed plan. Raises Differs when the problem is not found, or was there without the change."""
        entry = load(SAMPLE).office(self.office)
        assert entry is not None
        good = entry.plan(job_name(f"{self.office}/2026-11"))
        before = {problem.code for problem in problems(good, limits()) if problem.severity == "blocks"}
        must(self.code not in before, f"the good plan has the problem {self.code}, too")
        found = {problem.code: problem for problem in problems(self.change(good), limits())}
        must(self.code in found, f"{self.code} was not found, but {', '.join(found) or 'nothing'}")
        problem = found[self.code]
        must(self.helps in problem.next, f"{self.code} does not tell to {self.helps!r}: {problem.next}")
        return _seen(self.code, problem.severity)


def _seen(code: str, severity: str) -> Seen:
    if severity == "blocks":
        return Seen("plan", code, "the operator", "is refused", "nothing ordered", 1)
    return Seen("plan", code, "", "goes on by itself", "planned", 1)


def plan(**changes: object) -> Change:
    """Return the change of these fields of a plan."""
    return lambda before: replace(before, **changes)  # type: ignore[arg-type]


def own(**changes: object) -> Change:
    """Return the change of these fields of a plan's own-disk part."""

    def change(before: Plan) -> Plan:
        assert isinstance(before.own_disk, OwnDisk)
        return replace(before, own_disk=replace(before.own_disk, **changes))  # type: ignore[arg-type]

    return change


def one_item(size: int) -> Change:
    """Return the change to a seed of one item of that many bytes."""
    return plan(items=(Item("mail", size, size // 100),))


P, DISK = PlanScenario, partial(PlanScenario, office="lyon")
# fmt: off
PLANS = (
    DISK((1, 3), "item-too-large", "a seed of 8 TiB for Data Box Disks, which together would hold it",
         one_item(8 * TIB), "use `mode: own-disk`"),
    DISK((2,), "item-too-large", "a seed of 90 TiB", one_item(90 * TIB), "split it"),
    DISK((1,), "plan-too-large", "items that fit a disk one by one and not together",
         plan(items=(Item("a", 5 * TIB, TB // 100), Item("b", 5 * TIB, TB // 100))), "seed in several runs"),
    DISK((4,), "sku-retired", "a Data Box 80 is planned where it takes no orders", plan(sku="DataBox"), "use `sku: "),
    DISK((5,), "border", "a device would cross the border of the EU", plan(location="australiaeast"),
         "use a region inside the border"),
    DISK((14,), "mars-volume", "an item is larger than one MARS volume",
         lambda p: one_item(55 * TIB)(replace(p, agent="mars", device_bytes=80 * TIB)), "spans several volumes",
         severity="warn"),
    P((50,), "copy-computer-virtual", "the copy computer is the virtual backup server", own(copy_computer=""),
      "name a physical machine"),
    P((52,), "drive-4kn", "a 4Kn drive is planned", own(drives=(Drive("A", 8 * TB, 4096),)),
      "512-byte logical sectors"),
    P((52,), "drive-bus", "a drive in a USB casing is planned", own(drives=(Drive("A", 8 * TB, bus="USB"),)),
      "bare SATA drive"),
    P((65,), "gate-code", "the gate of Germany wants an Inbound ID",
      plan(country="DE", location="germanywestcentral"), "adbops@microsoft.com", severity="info"),
    P((65,), "gate-code", "the gate of Australia wants an Inbound ID",
      plan(country="AU", location="australiaeast"), "adbops", severity="info"),
    P((65,), "gate-code", "the gate of India wants the driver's papers",
      plan(country="IN", location="centralindia"), "the carrier", severity="info"),
)
# fmt: on
