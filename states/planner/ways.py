"""Every way to seed one office, each judged: over the network, by device, or the largest by device, the rest online.

A way that is not possible says why and what would be; a way that is possible says until when and at what price.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from states.limits import Device
from states.plan import Item
from states.planner.costs import Bill, bill, over_budget
from states.planner.figures import CHANCES
from states.planner.lines import keeps_up
from states.planner.needs import Needs
from states.planner.orders import TO_PROVIDE, Order, job, larger_than_a_job, own_disk_with, to_provide
from states.planner.packing import Load, Packing, pack
from states.planner.support import Row, rows
from states.planner.timing import Clockwork, Dates, by_device, over_the_network
from states.planning import problems
from states.problems import Problem
from states.sizes import show_apart, show_size

NETWORK, HYBRID = "network", "hybrid"
_NO_BILL = Bill()


@dataclass(frozen=True)
class Way:
    """One way to seed the office. `p50` and `p90` are None where nobody can say; `problems` that block rule it out."""

    key: str  # network, an SKU, or hybrid-SKU
    name: str
    orders: tuple[Order, ...] = ()
    online: tuple[Item, ...] = ()
    p50: Dates | None = None
    p90: Dates | None = None
    bill: Bill = _NO_BILL
    problems: tuple[Problem, ...] = ()
    table: tuple[Row, ...] = ()
    lower_bound: int = 0  # devices that are needed whatever one tries

    @property
    def possible(self) -> bool:
        """Whether nothing rules it out and its end can be told."""
        return self.p90 is not None and not self.blocks

    @property
    def blocks(self) -> tuple[Problem, ...]:
        """What rules it out."""
        return tuple(problem for problem in self.problems if problem.severity == "blocks")

    @property
    def to_provide(self) -> bool:
        """Whether something must be bought or made before it can begin."""
        return any(problem.code == TO_PROVIDE for problem in self.problems)

    @property
    def devices(self) -> int:
        """How many devices travel."""
        return sum(order.devices for order in self.orders)


@dataclass(frozen=True)
class Desk:
    """Where ways are worked out: the office, the day it starts, the clockwork, and which source was where last time."""

    needs: Needs
    start: date
    clock: Clockwork
    before: Mapping[str, int] | None = None


def ways(desk: Desk) -> tuple[Way, ...]:
    """Return every way, the simplest first. The planning rules are asked anew for each."""
    devices = [d for d in desk.needs.limits.devices if d.seeding == "documented"]
    unverified = [d for d in desk.needs.limits.devices if d.seeding != "documented"]
    by_mail = [_by_device(device, desk) for device in devices]
    mixed = [way for device in devices for way in _hybrid(device, desk)]
    return (_network(desk), *by_mail, *(_unverified(device, desk) for device in unverified), *mixed)


def _network(desk: Desk) -> Way:
    items, needs = desk.needs.plan.items, desk.needs
    found = tuple(_line_problems(needs, desk.clock))
    p50, p90 = (over_the_network(items, desk.start, needs, desk.clock, chance) for chance in CHANCES)
    return Way(NETWORK, "over the network", online=items, p50=p50, p90=p90, problems=found)


def _line_problems(needs: Needs, clock: Clockwork) -> Iterator[Problem]:
    office = needs.plan.office
    if needs.line is None:
        yield Problem("bandwidth-unknown", f"{office}: nobody has said how fast its line is, so no end can be told",
                      "add `bandwidth: {mbps: …, hours: …}`, best with `measured_mbps`")  # fmt: skip
    elif not keeps_up(needs, clock.figures):
        change = show_size(sum(item.daily_change_bytes for item in needs.plan.items))
        yield Problem("line-too-slow",
                      f"{office}: {change} change every day, more than the line carries in its hours; a first backup "
                      "over it would never end", "give backups more hours or a faster line, or seed less")  # fmt: skip


def _by_device(device: Device, desk: Desk) -> Way:
    return _own_disks(device, desk, desk.needs.plan.items) if device.mode == "own-disk" else _box(device, desk)


def _box(device: Device, desk: Desk, only: tuple[Item, ...] | None = None) -> Way:
    """Return the way by Data Box Disk or Data Box; *only* these items travel, by default all."""
    needs, items = desk.needs, desk.needs.plan.items if only is None else only
    small = [item for item in items if item.bytes <= device.usable_bytes]
    large = tuple(item for item in items if item.bytes > device.usable_bytes)
    packing = pack([Load(item.name, item.bytes) for item in _named(small)], device.usable_bytes, desk.before)
    orders = tuple(Order(device.sku, chosen) for chosen in _chosen(packing, small))
    found = dict.fromkeys(_box_problems(device, needs, large, orders))
    return _judged(device, desk, orders, tuple(found), packing.lower_bound)


def _box_problems(
    device: Device, needs: Needs, large: tuple[Item, ...], orders: tuple[Order, ...]
) -> Iterator[Problem]:  # fmt: skip
    as_box = replace(needs.plan, mode="data-box", sku=device.sku, device_bytes=device.usable_bytes)
    for items in (*(order.items for order in orders), large):
        if items:
            yield from problems(replace(as_box, items=items), needs.limits)
    if not needs.plan.items:
        yield from problems(as_box, needs.limits)  # says that there is nothing to seed
    if not large and len(orders) > 1 and needs.one_server_one_device:
        size, carried = show_apart(sum(order.bytes for order in orders), device.usable_bytes)
        yield Problem("server-too-large",
                      f"{needs.plan.office}: {size} of {needs.plan.server} exceed the {carried} "
                      f"of one {device.name}, and with {needs.plan.agent} everything of a server goes on one",
                      "use a larger device or own disks; or protect part of it with another server")  # fmt: skip
    elif len(orders) > 1 and needs.plan.agent == "dpm":
        yield Problem("group-for-each-device",
                      f"{needs.plan.office}: the sources go on {len(orders)} devices, and a protection group on one",
                      "make a protection group, and an office entry with an id of its own, for each device", "info"
                      )  # fmt: skip


def _own_disks(device: Device, desk: Desk, items: tuple[Item, ...]) -> Way:
    """Return the way by own drives: as many jobs as needed, each with its drives, those that are missing counted."""
    needs, most = desk.needs, device.usable_bytes * device.devices_per_order
    small = [item for item in items if item.bytes <= most]
    packing = pack([Load(item.name, item.bytes) for item in _named(small)], most, desk.before)
    orders, spare, found = [], list(needs.plan.own_disk.drives if needs.plan.own_disk else ()), list[Problem]()
    for item in items:
        if item.bytes > most:
            found.append(larger_than_a_job(item, most, needs))
    for chosen in _chosen(packing, small):
        order, drives = job(device, chosen, spare)
        orders.append(order)
        own = own_disk_with(needs, drives)
        as_job = replace(needs.plan, mode="own-disk", sku=device.sku, items=chosen, own_disk=own,
                         device_bytes=device.usable_bytes)  # fmt: skip
        found += problems(as_job, needs.limits)
    missing = sum(order.missing for order in orders)
    if needs.plan.own_disk is None or missing:
        found.append(to_provide(needs, device, missing, items))
    return _judged(device, desk, tuple(orders), tuple(dict.fromkeys(found)), packing.lower_bound)


def _unverified(device: Device, desk: Desk) -> Way:
    found = Problem("sku-unverified",
                    f"{desk.needs.plan.office}: no page of Azure Backup says that its agents seed with {device.name}",
                    "ask Microsoft in writing; this version cannot order it")  # fmt: skip
    table = rows(desk.clock.figures.table, device.mode, [found])
    return Way(f"{device.sku}-{device.model}", device.name, problems=(found,), table=table)


def _hybrid(device: Device, desk: Desk) -> Iterator[Way]:
    """Yield the way that sends the fewest of the largest sources by device, while the rest goes online meanwhile."""
    needs = desk.needs
    largest = device.usable_bytes * (device.devices_per_order if device.mode == "own-disk" else 1)
    small = [item for item in needs.plan.items if item.bytes <= largest]
    ordered = sorted(small, key=lambda item: (-item.bytes, item.name))
    most = min(len(ordered), len(needs.plan.items) - 1)
    if most < 1 or needs.plan.agent == "mars" or not _in_time(device, desk, ordered[:most]):
        return  # a MARS server has one policy, and that one way for its first backup
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _in_time(device, desk, ordered[:middle]) else (middle + 1, high)
    way = _split(device, desk, ordered[:low])
    if way.possible:  # otherwise it is ruled out as the device alone is, and nothing is to be added
        yield way


def _in_time(device: Device, desk: Desk, offline: list[Item]) -> bool:
    """Say whether what goes online is there, nine times in ten, by the time the device's part is."""
    by_mail, online = _parts(device, desk, offline)
    end = over_the_network(online, desk.start, desk.needs, desk.clock, "p90")
    return by_mail.p90 is not None and end is not None and end.finished <= by_mail.p90.finished


def _split(device: Device, desk: Desk, offline: list[Item]) -> Way:
    by_mail, online = _parts(device, desk, offline)
    p50 = _later(by_mail.p50, over_the_network(online, desk.start, desk.needs, desk.clock, "p50"))
    key, name = f"{HYBRID}-{device.sku}", f"{device.name}, the rest online"
    return replace(by_mail, key=key, name=name, online=online, p50=p50)


def _parts(device: Device, desk: Desk, offline: list[Item]) -> tuple[Way, tuple[Item, ...]]:
    items = desk.needs.plan.items
    chosen = tuple(item for item in items if item in offline)
    by_mail = _own_disks(device, desk, chosen) if device.mode == "own-disk" else _box(device, desk, chosen)
    return by_mail, tuple(item for item in items if item not in offline)


def _later(device: Dates | None, online: Dates | None) -> Dates | None:
    if device is None or online is None:
        return None
    return replace(device, finished=max(device.finished, online.finished))


def _judged(device: Device, desk: Desk, orders: tuple[Order, ...], found: tuple[Problem, ...], bound: int) -> Way:
    """Return the way by these orders with dates, bill and table; what exceeds the budget is a problem of its own."""
    needs, clock = desk.needs, desk.clock
    both = [[by_device(o.sku, o.items, desk.start, needs, clock, chance) for o in orders] for chance in CHANCES]
    p50, p90 = (_last(dates) for dates in both)
    total = Bill()
    for order, dates in zip(orders, both[1], strict=True):
        total += bill(order.sku, order.devices, order.missing, order.bytes, dates, needs, clock.figures)
    over = over_budget(total, needs)
    if over is not None and needs.budget:
        found = (*found, Problem("over-budget",
                 f"{needs.plan.office}: {device.name} costs {over:,.2f} {total.currency} more than the budget of "
                 f"{needs.budget[0]:,.2f}", "raise `budget`, or seed another way"))  # fmt: skip
    table = rows(clock.figures.table, device.mode, found)
    return Way(device.sku, device.name, orders, (), p50, p90, total, found, table, bound)


def _last(dates: list[Dates]) -> Dates | None:
    """Return the latest day of each milestone."""
    if not dates:
        return None
    names = ("delivered", "copied", "shipped", "ingested", "vaulted", "finished", "returned")
    return Dates(dates[0].start, *(max(getattr(one, name) for one in dates) for name in names))


def _named(items: Iterable[Item]) -> list[Item]:
    """Return the items, each name once: two of one name are a problem of the plan, and would be packed as one."""
    return list({item.name: item for item in items}.values())


def _chosen(packing: Packing, items: list[Item]) -> Iterator[tuple[Item, ...]]:
    for names in packing.devices:
        yield tuple(item for item in items if item.name in names)
