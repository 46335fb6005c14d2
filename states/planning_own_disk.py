"""Rules for plans of the own-disk mode: the customer's own SATA drives, Azure Import/Export. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from states.limits import Limits
from states.plan import Drive, OwnDisk, Plan
from states.problems import Problem
from states.sizes import show_apart, show_size

USABLE_BUSES = ("SATA", "ATA", "RAID", "SAS")  # what Windows calls a SATA drive behind different controllers
SECTOR_BYTES = 512  # logical; 512e drives report 512, 4Kn drives 4096 (Import/Export requirements)


def own_disk_problems(plan: Plan, limits: Limits) -> Iterator[Problem]:
    """Yield every problem of a plan in the own-disk mode."""
    own = plan.own_disk
    if own is None:
        yield Problem("own-disk-incomplete", f"{plan.office}: mode `own-disk` needs `staging` and `drives`",
                      "add `staging: {path: …}` and `drives: [{serial: …, capacity: …}]`")  # fmt: skip
        return
    for rule in _RULES:
        yield from rule(plan, own, limits)


def _the_agent_can_use_own_disks(plan: Plan, own: OwnDisk, limits: Limits) -> Iterator[Problem]:
    if plan.agent == "files":
        yield Problem("agent-without-import", f"{plan.office}: agent `files` has no staging place of its own",
                      "use `mode: data-box`, or seed through agent `dpm` or `mars`")  # fmt: skip


def _the_copy_computer_is_physical(plan: Plan, own: OwnDisk, limits: Limits) -> Iterator[Problem]:
    if not own.copy_computer:
        yield Problem("copy-computer-virtual", f"{plan.office}: the backup server is virtual and cannot take drives",
                      "name a physical machine under `copy_computer`")  # fmt: skip


def _each_drive_can_be_read_in_the_datacenter(plan: Plan, own: OwnDisk, limits: Limits) -> Iterator[Problem]:
    for drive in own.drives:
        if drive.sector_bytes != SECTOR_BYTES:
            yield Problem("drive-4kn", f"{plan.office}: drive {drive.serial} has sectors of {drive.sector_bytes} bytes",
                          "use a drive with 512-byte logical sectors (512e is fine)")  # fmt: skip
        if drive.bus.upper() not in USABLE_BUSES:
            yield Problem("drive-bus", f"{plan.office}: drive {drive.serial} is on {drive.bus}, casings are not read",
                          "take the bare SATA drive; a USB adaptor may be used to prepare it")  # fmt: skip


def _serials_are_unique(plan: Plan, own: OwnDisk, limits: Limits) -> Iterator[Problem]:
    serials = [drive.serial for drive in own.drives]
    for serial in sorted({serial for serial in serials if serials.count(serial) > 1}):
        yield Problem("drive-twice", f"{plan.office}: drive {serial} is listed twice", "list every serial number once")


def _the_drives_carry_the_seed(plan: Plan, own: OwnDisk, limits: Limits) -> Iterator[Problem]:
    device = limits.device(plan.sku)
    if device is None:
        return
    most = device.usable_bytes * device.devices_per_order
    if plan.bytes > most:
        size, limit = show_apart(plan.bytes, most)
        yield Problem("plan-too-large", f"{plan.office}: {size} exceed the {limit} of one job",
                      "seed in several runs: move some items to a second office entry of its own id")  # fmt: skip
    carried = sum(_room(drive, device.usable_bytes) for drive in own.drives[: device.devices_per_order])
    if carried < plan.bytes <= most:
        room, size = show_apart(carried, plan.bytes)
        yield Problem("drives-too-few",
                      f"{plan.office}: the drives carry {room}, the seed has {size}",
                      f"add drives for {show_size(plan.bytes - carried)} more (at most {device.devices_per_order})"
                      )  # fmt: skip


def _the_container_has_a_name(plan: Plan, own: OwnDisk, limits: Limits) -> Iterator[Problem]:
    good = 3 <= len(own.container) <= 63 and own.container.replace("-", "a").isalnum() and own.container.islower()
    if not good or "--" in own.container or own.container[0] == "-" or own.container[-1] == "-":
        yield Problem("container-name", f"{plan.office}: `{own.container}` cannot name a container",
                      "use 3 to 63 of a-z, 0-9 and single hyphens")  # fmt: skip


def _the_parcel_may_enter(plan: Plan, own: OwnDisk, limits: Limits) -> Iterator[Problem]:
    lands_in = limits.regions.get(plan.location, "")
    if gate := limits.parcels.gate(plan.location, lands_in):
        yield Problem("gate-code",
                      f"{plan.office}: the datacenter of {plan.location} turns away a parcel without {gate.wants}",
                      f"get it from {gate.given_by}", "info")  # fmt: skip
    if lands_in and limits.parcels.customs.between(plan.country, lands_in):
        yield Problem("border-crossed",
                      f"{plan.office}: the parcel crosses from {plan.country} to {lands_in}; own drives may, because "
                      "they are the customer's goods and customs are the sender's",
                      f"put on it: {'; '.join(own.papers)}; the return account must be for abroad", "info")  # fmt: skip


def _the_carrier_brings_drives_back(plan: Plan, own: OwnDisk, limits: Limits) -> Iterator[Problem]:
    way = limits.parcels.way_back(limits.regions.get(plan.location, ""))
    if way is None:
        return  # nobody says; Azure is asked before the drives are written
    named, known = own.return_carrier.strip().casefold(), ", ".join(way.carriers)
    if named not in (carrier.casefold() for carrier in way.carriers):
        yield Problem("return-carrier",
                      f"{plan.office}: {own.return_carrier} brings no drives back from {plan.location}",
                      f"use `return: {{carrier: …}}` with one of {known}, and an account of yours there")  # fmt: skip
    elif way.preferred and named != way.preferred.casefold():
        yield Problem("return-carrier-other",
                      f"{plan.office}: from {plan.location} {way.preferred} is preferred to {own.return_carrier}",
                      f"use {way.preferred}, or make sure that your carrier fetches there", "warn")  # fmt: skip


def _room(drive: Drive, most: int) -> int:
    return min(drive.capacity_bytes, most)


_RULES: tuple[Callable[[Plan, OwnDisk, Limits], Iterator[Problem]], ...] = (
    _the_agent_can_use_own_disks,
    _the_copy_computer_is_physical,
    _each_drive_can_be_read_in_the_datacenter,
    _serials_are_unique,
    _the_drives_carry_the_seed,
    _the_container_has_a_name,
    _the_parcel_may_enter,
    _the_carrier_brings_drives_back,
)
