"""The kinds of device that can be ordered: a file each. A new kind is a new file and one row here."""

from __future__ import annotations

from deploy.rehearsal.skus.base import Sku
from deploy.rehearsal.skus.customer_disk import CustomerDisk
from deploy.rehearsal.skus.data_box import DataBox
from deploy.rehearsal.skus.data_box_disk import DataBoxDisk

SKUS: dict[str, Sku] = {sku.name: sku for sku in (DataBox(), DataBoxDisk(), CustomerDisk())}


def sku_of(name: str) -> Sku | None:
    """Return the kind called *name*, exactly as Azure spells it, or None when it cannot be ordered here."""
    return SKUS.get(name)
