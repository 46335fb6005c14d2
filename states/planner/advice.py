"""Which way to take, and why: the one that ends first; of those that end at about the same time, the simplest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from states.planner.figures import Figures
from states.planner.lines import first_incremental, keeps_up
from states.planner.needs import Needs
from states.planner.timing import Clockwork
from states.planner.ways import HYBRID, NETWORK, Desk, Way, ways
from states.problems import Problem
from states.sizes import show_size

SIMPLEST = (NETWORK, "DataBoxDisk", "DataBox", "DataBoxCustomerDisk")  # hybrids last


@dataclass(frozen=True)
class Verdict:
    """What is to be said of one way beside the chosen one."""

    way: Way
    chosen: bool
    said: tuple[str, ...]


@dataclass(frozen=True)
class Advice:
    """The advice for one office. `chosen` is None when no way is left; then every verdict says what would open one."""

    needs: Needs
    chosen: Way | None
    why: str
    verdicts: tuple[Verdict, ...]
    problems: tuple[Problem, ...]

    @property
    def office(self) -> str:
        """The office's id."""
        return self.needs.plan.office


def advise(needs: Needs, start: date, clock: Clockwork, before: Mapping[str, int] | None = None) -> Advice:
    """Return the advice for an office that begins on *start*; *before* is the packing of an earlier plan."""
    found = ways(Desk(needs, start, clock, before))
    chosen = choose(found, clock.figures, written_as(needs))
    verdicts = tuple(Verdict(way, way is chosen, tuple(_said(way, chosen, needs, clock))) for way in found)
    return Advice(needs, chosen, _why(chosen, found), verdicts, tuple(_problems(needs, chosen, found, clock)))


def choose(found: tuple[Way, ...], figures: Figures, written: str = "") -> Way | None:
    """Return the simplest of the possible ways whose P90 end is the earliest, give or take `told_apart` days.

    The way that is *written* in the inventory counts as the simplest. One that needs things to be bought first counts
    as if it ended `to_provide` days later.
    """
    counted = {way.key: _end(way) + timedelta(figures.to_provide * way.to_provide) for way in found if way.possible}
    if not counted:
        return None
    limit = min(counted.values()) + timedelta(figures.told_apart)
    return min(
        (way for way in found if way.key in counted and counted[way.key] <= limit),
        key=lambda way: (way.key != written, *_simplicity(way)),
    )


def written_as(needs: Needs) -> str:
    """Return the key of the way that the inventory asks for."""
    return needs.plan.sku


def _end(way: Way) -> date:
    assert way.p90 is not None
    return way.p90.finished


def _simplicity(way: Way) -> tuple[int, int, date, str]:
    rank = SIMPLEST.index(way.key) if way.key in SIMPLEST else len(SIMPLEST)
    return rank, way.devices, _end(way), way.key


def _why(chosen: Way | None, found: tuple[Way, ...]) -> str:
    if chosen is None:
        return "no way is left; each one says what stands in its way"
    others = sorted((way for way in found if way.possible and way is not chosen), key=_end)
    if not others:
        return "the only way that is possible"
    gap = (_end(others[0]) - _end(chosen)).days
    if gap < 0 and others[0].to_provide:
        return f"{others[0].name} would end {_days(-gap)} earlier (P90), but need things to be bought first"
    if gap > 0:
        return f"it ends {_days(gap)} before the next best, {others[0].name} (P90)"
    near = f"within {_days(-gap)} of" if gap else "on the same day as"
    return f"it ends {near} {others[0].name} (P90) and is the simpler way"


def _said(way: Way, chosen: Way | None, needs: Needs, clock: Clockwork) -> Iterator[str]:
    """Yield what speaks for and against a way, the reasons that rule it out first."""
    yield from (f"{problem.message}; {problem.next}" for problem in way.blocks)
    if not way.possible or way.p50 is None or way.p90 is None:
        return
    if way is not chosen and chosen is not None:
        yield _compared((_end(way) - _end(chosen)).days)
    if way.key == NETWORK:
        yield f"nothing travels; the line is busy for {_days(way.p50.days)} (P90 {_days(way.p90.days)})"
    else:
        road_days = (way.p90.vaulted - way.p90.delivered).days
        travelled = [item for order in way.orders for item in order.items]
        delta = first_incremental(travelled, road_days, needs, clock.figures, "p90")
        yield f"{_count(way)}; the line stays free for work"
        yield f"the first incremental is up to {show_size(delta)} (P90)"
    if way.devices > way.lower_bound and not way.key.endswith("CustomerDisk"):
        yield f"{way.devices - way.lower_bound} more than the {way.lower_bound} devices that are proven to be needed"
    yield from (f"{problem.message}; {problem.next}" for problem in way.problems if problem.severity == "warn")


def _compared(days_later: int) -> str:
    if days_later == 0:
        return "ends on the same day"
    return f"ends {_days(days_later)} later" if days_later > 0 else f"ends {_days(-days_later)} earlier"


def _count(way: Way) -> str:
    online = f", {', '.join(item.name for item in way.online)} online" if way.online else ""
    orders = f"{len(way.orders)} orders" if len(way.orders) > 1 else "one order"
    return f"{way.devices} device{'s' if way.devices != 1 else ''} in {orders}{online}"


def _days(days: int) -> str:
    return f"{days:,} day{'s' if days != 1 else ''}"


def _problems(needs: Needs, chosen: Way | None, found: tuple[Way, ...], clock: Clockwork) -> Iterator[Problem]:
    """Yield what a person should know about the office as a whole."""
    office, plan = needs.plan.office, needs.plan
    if chosen is None:
        yield Problem("no-way", f"{office}: no way to seed it is left", f"seeding plan --office {office} says what "
                      "stands in the way of each")  # fmt: skip
        return
    if needs.line and not keeps_up(needs, clock.figures):
        yield Problem("incrementals-never-catch-up",
                      f"{office}: its line does not carry the daily change; after the seed, incrementals fall behind "
                      "for ever", "give backups more hours or a faster line before the device is ordered", "warn"
                      )  # fmt: skip
    if needs.line is None:
        yield Problem("bandwidth-unknown", f"{office}: no bandwidth is given; its first incremental is in no date",
                      "add `bandwidth: {mbps: …, hours: …}`", "warn")  # fmt: skip
    if chosen.key == NETWORK:
        yield Problem("no-device-needed", f"{office}: the network is enough; no run needs to be started for it",
                      "let the first online backup take it", "info")  # fmt: skip
    elif chosen.key != written_as(needs):
        yield Problem("other-way-is-better", f"{office}: {_against_written(plan.sku, chosen, found)}",
                      _how_to_follow(chosen), "warn")  # fmt: skip
    if needs.crosses_customs and needs.customs_days is None and chosen.key.endswith("CustomerDisk"):
        yield Problem("customs-unknown", f"{office}: the days in customs are unknown and not in the dates",
                      "ask your carrier and add `customs_days`", "warn")  # fmt: skip


def _against_written(sku: str, chosen: Way, found: tuple[Way, ...]) -> str:
    way = next((way for way in found if way.key == sku), None)
    if way is None or not way.possible:
        why = f"ruled out ({way.blocks[0].code})" if way and way.blocks else "not known here"
        return f"the inventory says {way.name if way else sku}, which is {why}; {chosen.name} would do"
    late = (_end(way) - _end(chosen)).days
    return f"the inventory says {way.name}, which ends {_days(late)} later (P90) than {chosen.name}"


def _how_to_follow(chosen: Way) -> str:
    online = f"take {', '.join(item.name for item in chosen.online)} out of `items`; " if chosen.online else ""
    sku = chosen.key.removeprefix(f"{HYBRID}-")
    if sku == "DataBoxCustomerDisk":
        return f"{online}write `mode: own-disk`, `staging` and `own_disk`, then `seeding validate`"
    return f"{online}write `mode: data-box` and `sku: {sku}`, then `seeding validate`"
