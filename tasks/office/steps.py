"""What a person does in a product's console, with the names of this run filled in.

The words in quotes are those of the products' own menus and wizards (English; offline backup pages, checked 2026-11).
"""

from __future__ import annotations

from states.plan import Plan
from tasks.office.place import Place
from tasks.ports import OnSite

# fmt: off
_OPEN = {
    "dpm":  "in the DPM or MABS console open the protection group (`Add Online Protection`, or `Modify`)",
    "mars": "in the Recovery Services agent open `Schedule Backup`",
}
_DEVICE = {
    "dpm":  "on `Choose online replication` take `Transfer using Microsoft owned disks`",
    "mars": "on `Choose Initial Backup Type` take `Transfer using Microsoft Azure Data Box disks`",
}
_OWN = {
    "dpm":  "on `Choose online replication` take `Transfer using my own disks`",
    "mars": "on `Choose Initial Backup Type` take `Transfer using my own disks`",
}
_START = {
    "dpm":  "when the group shows `OK`, right-click it, `Create recovery point`, `Online Protection`",
    "mars": "press `Back Up Now`",
}
# fmt: on


def wizard_steps(work: OnSite, place: Place) -> str:
    """Return the steps as one paragraph, ending in the command that tells the run to look again."""
    steps = [_OPEN[work.plan.agent], *_method(work, place), _START[work.plan.agent]]
    numbered = "; ".join(f"({number}) {step}" for number, step in enumerate(steps, 1))
    return f"on {work.plan.server}: {numbered}; then run `seeding resume {work.run_id}`"


def device_argument(plan: Plan, root: str) -> str:
    """Return what to type at `Detect Device`: a disk's root, or the page-blob share of a Data Box.

    >>> from types import SimpleNamespace as Plan
    >>> device_argument(Plan(sku="DataBoxDisk", storage_account="seed"), "E:")
    'E:'
    """
    return rf"{root}\{plan.storage_account}_PageBlob" if plan.sku == "DataBox" else root


def _method(work: OnSite, place: Place) -> list[str]:
    plan = work.plan
    if plan.own_disk:
        return [
            _OWN[plan.agent],
            f"staging location {plan.own_disk.staging}, storage account {plan.storage_account}, "
            f"container {plan.own_disk.container}, import job name {work.job_name}",
        ]
    return [
        _DEVICE[plan.agent],
        f"sign in as an owner of the subscription and take the order {work.job_name}",
        f"at `Detect Device` give {device_argument(plan, str(place.root))}",
    ]
