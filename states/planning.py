"""What a plan must satisfy before anything is ordered. Pure: a plan and the limits in, problems out.

A rule is one function from plan and limits to problems; `RULES` is the list. A problem that blocks may be waived by a
person on the record, which is not this file's business. Sizes are bytes.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from states.limits import Device, Limits
from states.plan import Plan
from states.planning_own_disk import own_disk_problems
from states.problems import Problem
from states.sizes import show_apart, show_size

OWN_DISK_SKU = "DataBoxCustomerDisk"
JOB_NAME = re.compile(r"[a-z0-9]{3,24}", re.ASCII)
_STORAGE_ACCOUNT = re.compile(r"[a-z0-9]{3,24}", re.ASCII)

# No `r`, because `r2` marks the second attempt and must not be taken for a hash; people misread `l`, `o` and `u`.
_HASH_LETTERS = "0123456789abcdefghijkmnpqstvwxyz"
_HASH_LENGTH = 12
_READABLE_LENGTH = 9  # 9 + 12 = 21 leaves room for the attempt in the 24 characters Azure allows


def problems(plan: Plan, limits: Limits) -> tuple[Problem, ...]:
    """Return every problem of *plan*, those that block first; empty when it may be ordered."""
    found = [problem for rule in RULES for problem in rule(plan, limits)]
    return tuple(sorted(found, key=lambda p: ("blocks", "warn", "info").index(p.severity)))


def job_name(run_id: str, attempt: int = 1) -> str:
    """Return the Azure job's name of that run and attempt: the same each time, 3 to 24 of a-z and 0-9.

    It starts with the office's letters, so that a person finds it in the portal, and ends in 60 bits of a hash.

    >>> job_name("sydney/2026-11").startswith("sydney")
    True
    """
    readable = re.sub(r"[^a-z0-9]", "", run_id.casefold().partition("/")[0])[:_READABLE_LENGTH] or "seed"
    number = int.from_bytes(hashlib.sha256(run_id.encode()).digest()[:8], "big")
    hashed = "".join(_HASH_LETTERS[(number >> (5 * place)) % 32] for place in range(_HASH_LENGTH))
    return readable + hashed + (f"r{attempt}" if attempt > 1 else "")


def choose_sku(country: str, sizes: Sequence[int], limits: Limits) -> str:
    """Return the SKU of the smallest device that carries items of these *sizes* (bytes) to *country*.

    When none does, the largest that can be ordered there: `problems` then says why it is not enough.
    """
    choices = sorted(_orderable(country, limits), key=lambda d: d.usable_bytes)
    if not choices:
        return "DataBoxDisk"
    return next((d.sku for d in choices if sum(sizes) <= d.usable_bytes), choices[-1].sku)


def _orderable(country: str, limits: Limits) -> Iterator[Device]:
    """Yield the Data Box devices that backup agents are documented to seed with and that take orders there."""
    for device in limits.devices:
        if device.mode == "data-box" and device.seeding == "documented" and device.orderable_in(country):
            yield device


# ---- The rules -------------------------------------------------------------------------------------------------


def _own_disks_are_fit(plan: Plan, limits: Limits) -> Iterator[Problem]:
    if plan.mode == "own-disk":
        yield from own_disk_problems(plan, limits)


def _sku_is_known(plan: Plan, limits: Limits) -> Iterator[Problem]:
    if plan.mode == "data-box" and plan.sku not in {d.sku for d in limits.devices if d.mode == "data-box"}:
        yield Problem(
            "sku-unknown",
            f"{plan.office}: {plan.sku} is no device of mode data-box",
            "use `sku: DataBoxDisk` or `sku: DataBox`, or leave `sku` out",
        )


def _sku_can_be_ordered(plan: Plan, limits: Limits) -> Iterator[Problem]:
    device = limits.device(plan.sku)
    if device is None or plan.mode != "data-box":
        return
    places = dict.fromkeys((plan.country, limits.regions.get(plan.location, plan.country)))
    closed = [place for place in places if not device.orderable_in(place)]
    if closed:
        others = [d for d in _orderable(plan.country, limits) if d.sku != plan.sku and d.usable_bytes >= plan.bytes]
        yield Problem(
            "sku-retired",
            f"{plan.office}: {device.name} takes no new orders in {closed[0]} since {device.retired_on or 'some time'}",
            "; ".join([*(f"use `sku: {d.sku}` ({show_size(d.usable_bytes)})" for d in others), _BEYOND]),
        )


def _each_item_fits_one_device(plan: Plan, limits: Limits) -> Iterator[Problem]:
    if plan.mode != "data-box":
        return
    for item in plan.items:
        if item.bytes > plan.device_bytes:
            size, carried = show_apart(item.bytes, plan.device_bytes)
            yield Problem(
                "item-too-large",
                f"{plan.office}: `{item.name}` is {size}, {_name(plan, limits)} carries {carried}, "
                "and a seed is never split over devices",
                "; or ".join(_alternatives(plan, item.bytes, limits)),
                item=item.name,
            )


def _everything_fits_the_device(plan: Plan, limits: Limits) -> Iterator[Problem]:
    fitting = sum(item.bytes for item in plan.items if item.bytes <= plan.device_bytes)
    if plan.mode == "data-box" and fitting > plan.device_bytes:
        larger = [
            f"use `sku: {d.sku}` ({show_size(d.usable_bytes)})"
            for d in _orderable(plan.country, limits)
            if d.sku != plan.sku and d.usable_bytes >= fitting
        ]
        together, carried = show_apart(fitting, plan.device_bytes)
        yield Problem(
            "plan-too-large",
            f"{plan.office}: the items that fit one by one are {together} together, "
            f"{_name(plan, limits)} carries {carried}",
            "; or ".join(
                [*larger, "seed in several runs: move some items to a second office entry with an id of its own"]
            ),
        )


def _device_stays_within_its_border(plan: Plan, limits: Limits) -> Iterator[Problem]:
    lands_in = limits.regions.get(plan.location)
    if lands_in is None:
        near = difflib.get_close_matches(plan.location, limits.regions)
        yield Problem(
            "region-unknown",
            f"{plan.office}: `{plan.location}` is no Azure region this version knows, so no border can be checked",
            f"did you mean `{near[0]}`?" if near else "compare it with `az account list-locations`",
        )
    elif plan.mode == "data-box" and not limits.may_travel(plan.country, lands_in):
        inside = sorted(r for r, country in limits.regions.items() if limits.may_travel(plan.country, country))
        regions = f"use a region inside the border ({', '.join(inside[:6])})" if inside else ""
        yield Problem(
            "border",
            f"{plan.office}: a device in {plan.country} may not travel to {plan.location} in {lands_in}: Microsoft's "
            "devices stay inside one country or the EU",
            "; or ".join(filter(None, [regions, "use `mode: own-disk`, which may cross borders (customs are yours)"])),
        )


def _items_are_there(plan: Plan, limits: Limits) -> Iterator[Problem]:
    if not plan.items:
        yield Problem("no-items", f"{plan.office}: there is nothing to seed", "list at least one item under `items`")
    for item in plan.items:
        if item.bytes <= 0:
            yield Problem(
                "item-empty",
                f"{plan.office}: `{item.name}` has a size of {item.bytes} bytes",
                "write its real size, or take the item out",
                item=item.name,
            )


def _items_have_names_of_their_own(plan: Plan, limits: Limits) -> Iterator[Problem]:
    names: set[str] = set()
    in_vault: set[str] = set()
    for item in plan.items:
        name, vault_item = item.name.casefold(), (item.vault_item or item.name).casefold()
        if name in names or vault_item in in_vault:
            what = f"name `{item.name}`" if name in names else f"vault item `{item.vault_item or item.name}`"
            yield Problem(
                "item-twice",
                f"{plan.office}: two items have the {what} (capitals make no difference)",
                "give each its own, or join them into one item",
                item=item.name,
            )
        names.add(name)
        in_vault.add(vault_item)


def _daily_change_is_believable(plan: Plan, limits: Limits) -> Iterator[Problem]:
    marks = limits.planning
    for item in plan.items:
        if item.bytes <= 0:
            continue
        percent = 100 * item.daily_change_bytes // item.bytes
        fact = (
            f"{plan.office}: `{item.name}` changes by {show_size(item.daily_change_bytes)} a day, {percent} % of itself"
        )
        if item.daily_change_bytes < 0 or percent > marks.daily_change_block_percent:
            yield Problem("daily-change-absurd", fact, "check the unit of `daily_change`", item=item.name)
        elif percent > marks.daily_change_warn_percent:
            yield Problem(
                "daily-change-high",
                f"{fact}; after weeks on the road the first incremental may be as large as the seed",
                "check `daily_change`, or seed this item over the network",
                "warn",
                item.name,
            )


def _mars_items_fit_a_volume(plan: Plan, limits: Limits) -> Iterator[Problem]:
    most = limits.planning.mars_volume_bytes
    for item in plan.items:
        if plan.agent == "mars" and item.bytes > most:
            size, held = show_apart(item.bytes, most)
            yield Problem(
                "mars-volume",
                f"{plan.office}: `{item.name}` is {size}, and one volume may hold {held}",
                "make sure that it spans several volumes, or split it",
                "warn",
                item.name,
            )


def _names_suit_azure(plan: Plan, limits: Limits) -> Iterator[Problem]:
    if not JOB_NAME.fullmatch(plan.job_name):
        yield Problem(
            "job-name",
            f"{plan.office}: `{plan.job_name}` cannot name a job: it takes 3 to 24 of a-z, 0-9",
            "take the name that the run's id gives",
        )
    if not _STORAGE_ACCOUNT.fullmatch(plan.storage_account):
        yield Problem(
            "storage-account-name",
            f"{plan.office}: `{plan.storage_account}` cannot name a storage account: it takes 3 to 24 of a-z, 0-9",
            "write the account's name alone, without address or capitals",
        )


def _a_sample_can_be_drawn(plan: Plan, limits: Limits) -> Iterator[Problem]:
    """Where a person restores the sample, it is drawn at the source: there must be one to read."""
    without = [item.name for item in plan.items if not item.source]
    if plan.restore_sample and plan.agent != "files" and without:
        yield Problem(
            "sample-without-source",
            f"{plan.office}: `restore_sample` is on and {', '.join(without)} has no `source` to draw a sample from",
            "give the folder in `source`, or set `restore_sample: false`",
        )


RULES: tuple[Callable[[Plan, Limits], Iterable[Problem]], ...] = (
    _own_disks_are_fit,
    _sku_is_known,
    _sku_can_be_ordered,
    _items_are_there,
    _items_have_names_of_their_own,
    _each_item_fits_one_device,
    _everything_fits_the_device,
    _device_stays_within_its_border,
    _daily_change_is_believable,
    _mars_items_fit_a_volume,
    _names_suit_azure,
    _a_sample_can_be_drawn,
)

# What the backup agents cannot seed offline, whatever the device; the inventory checks an item's kind against this.
REFUSED_KINDS = {
    "system-state": "system state cannot be seeded offline; leave it out and let the first online backup take it",
}

_BEYOND = "ask Microsoft in writing whether your backup agent may seed with a Data Box 120 or 525"


def _name(plan: Plan, limits: Limits) -> str:
    device = limits.device(plan.sku)
    return f"one {device.name}" if device else plan.sku


def _alternatives(plan: Plan, size_bytes: int, limits: Limits) -> Iterator[str]:
    """Yield what else could carry one item of that size from the plan's country."""
    own = limits.device(OWN_DISK_SKU)
    for device in _orderable(plan.country, limits):
        if device.sku != plan.sku and device.usable_bytes >= size_bytes:
            yield f"use `sku: {device.sku}` ({show_size(device.usable_bytes)})"
    if own and size_bytes <= own.usable_bytes * own.devices_per_order:
        most = show_size(own.usable_bytes * own.devices_per_order)
        yield f"use `mode: own-disk`, which spreads one item over drives (up to {most})"
    larger = (d for d in limits.devices if d.model and d.usable_bytes >= size_bytes)
    if any(d.orderable_in(plan.country) for d in larger):
        yield _BEYOND
    yield "split it in the backup product into several protected sources that fit"
