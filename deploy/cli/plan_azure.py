"""Azure's own word on a plan: its validators are asked about each order that the plan would place. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from deploy.inventory import Office
from deploy.settings import Settings
from deploy.wiring import azure_settings
from states.plan import Plan
from states.planner import Advice
from states.planner.timing import OWN_DISK
from states.problems import Problem
from tasks.azure.clients import AzureClients
from tasks.azure.databox import DataBoxOrders
from tasks.azure.region import region_objections
from tasks.errors import SeedingError
from tasks.ports import OrderRequest


def objections(where: Settings, office: Office, advice: Advice) -> tuple[Problem, ...]:
    """Return Azure's objections to the orders of the chosen way: address, inputs, SKU, region, order limit.

    Where Azure cannot be asked, that is a problem, too. Raises InvalidInput for settings that are no use.
    """
    plans = tuple(_plans(advice))
    if not plans:
        return ()
    clients = AzureClients(azure_settings(where, office))
    try:
        return tuple(dict.fromkeys(p for plan in plans for p in _asked(clients, plan, office)))
    finally:
        clients.close()


def _plans(advice: Advice) -> Iterator[Plan]:
    """Yield the plan of each order, as a run of the chosen way would have it."""
    plan = advice.needs.plan
    for order in advice.chosen.orders if advice.chosen else ():
        device = advice.needs.limits.device(order.sku)
        mode = "own-disk" if order.sku == OWN_DISK else "data-box"
        size = device.usable_bytes if device else 0
        yield replace(plan, mode=mode, sku=order.sku, items=order.items, device_bytes=size)  # type: ignore[arg-type]


def _asked(clients: AzureClients, plan: Plan, office: Office) -> Iterator[Problem]:
    request = OrderRequest(plan.job_name, plan, office.contact, office.address, plan.bytes, tags={})
    try:
        for one in (*DataBoxOrders(clients).objections(request), *region_objections(clients, plan)):
            yield Problem(f"azure-{one.code}", f"{plan.office}: Azure: {one.message}", "correct what Azure names")
    except SeedingError as wrong:
        yield Problem(f"azure-{wrong.code}", f"{plan.office}: {wrong.message}", wrong.next or "seeding doctor", "warn")
