"""What one order carries: the sources of one device, or of one import job with its own drives. Sizes are bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from states.limits import Device
from states.plan import Drive, Item, OwnDisk
from states.planner.needs import Needs
from states.problems import Problem
from states.sizes import show_apart, show_size

TO_PROVIDE = "own-disk-to-provide"


@dataclass(frozen=True)
class Order:
    """One order of one run: which sources go on it, and on how many devices. `missing` own drives are yet to be bought.

    `drives` are the serial numbers of the own drives that are at hand.
    """

    sku: str
    items: tuple[Item, ...]
    devices: int = 1
    missing: int = 0
    drives: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """What is to be seeded with it."""
        return sum(item.bytes for item in self.items)


def job(device: Device, items: tuple[Item, ...], spare: list[Drive]) -> tuple[Order, tuple[Drive, ...]]:
    """Take the fewest of the *spare* drives, largest first, and add what is missing. The spare ones get fewer."""
    left, taken = sum(item.bytes for item in items), list[Drive]()
    for drive in sorted(spare, key=lambda drive: (-drive.capacity_bytes, drive.serial)):
        if left <= 0 or len(taken) == device.devices_per_order:
            break
        taken.append(drive)
        spare.remove(drive)
        left -= min(drive.capacity_bytes, device.usable_bytes)
    while taken and len(taken) + _full_drives(left, device) > device.devices_per_order:
        spare.append(taken.pop())  # small drives take the place of larger ones that would have to be bought
        left += min(spare[-1].capacity_bytes, device.usable_bytes)
    missing = _full_drives(left, device)
    bought = tuple(Drive(f"to be bought {number}", device.usable_bytes) for number in range(1, missing + 1))
    serials = tuple(drive.serial for drive in taken)
    return Order(device.sku, items, len(taken) + missing, missing, serials), (*taken, *bought)


def _full_drives(size_bytes: int, device: Device) -> int:
    return -(-max(0, size_bytes) // device.usable_bytes)


def own_disk_with(needs: Needs, drives: tuple[Drive, ...]) -> OwnDisk:
    """Return the own-disk part of the plan; where the inventory has none, one as it would have to be written."""
    if needs.plan.own_disk:
        return replace(needs.plan.own_disk, drives=drives)
    rules = needs.limits.parcels
    way, gate = rules.way_back(needs.datacenter), rules.gate(needs.plan.location, needs.datacenter)
    carrier = (way.preferred or way.carriers[0]) if way else ""
    return OwnDisk(
        staging="to be named",
        container=f"seed-{needs.plan.office}"[:63],
        drives=drives,
        copy_computer=needs.plan.server,
        return_carrier=carrier,
        gate=f"{gate.wants}, from {gate.given_by}" if gate else "",
        papers=rules.customs.papers if needs.crosses_customs else (),
    )


def to_provide(needs: Needs, device: Device, missing: int, items: Iterable[Item]) -> Problem:
    """Return what the inventory lacks for own disks: drives to be bought, a staging folder, a carrier's account."""
    size = show_size(sum(item.bytes for item in items))
    lacking = [f"{missing} drive{'' if missing == 1 else 's'} of {show_size(device.usable_bytes)}"] if missing else []
    lacking += [] if needs.plan.own_disk else [f"a staging folder of {size}", "an account with a carrier"]
    return Problem(TO_PROVIDE, f"{needs.plan.office}: own disks need {', '.join(lacking)}",
                   "add them under `staging` and `own_disk`, then run `seeding validate`", "warn")  # fmt: skip


def larger_than_a_job(item: Item, most: int, needs: Needs) -> Problem:
    """Return the refusal of a source that exceeds the *most* bytes of one import job."""
    size, carried = show_apart(item.bytes, most)
    return Problem("item-too-large",
                   f"{needs.plan.office}: `{item.name}` is {size}, the drives of one import job carry {carried}, "
                   "and a source is not split over jobs",
                   "split it in the backup product into several protected sources that fit",
                   item=item.name)  # fmt: skip
