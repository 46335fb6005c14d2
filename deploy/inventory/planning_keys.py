"""Keys of an office that only its planning reads: prices, staff, and how it reads pages that disagree."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from decimal import Decimal

from deploy.inventory import values as v
from deploy.inventory.keys import Choice, Scalar, Wrong, key
from states.planner.needs import WEEKDAYS
from states.sizes import parse_size

WEEKDAY = Choice(*WEEKDAYS)


def _customs_days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 90:
        raise Wrong("is no number of business days", "write 0 to 90")
    return int(text)


def _amount(text: str) -> float:
    return 0.0 if text.strip() in ("0", "0.0", "0.00") else float(v.MONEY.parse(text))


CUSTOMS_DAYS = Scalar(_customs_days, "integer", minimum=0, maximum=90)
AMOUNT = Scalar(_amount, "number", minimum=0, maximum=1_000_000_000)


@dataclass(frozen=True, kw_only=True)
class PricesEntry:
    """What things cost you, from your price page or contract: what is not named here is "unknown" in a plan."""

    currency: str = key(v.CURRENCY)
    data_box_disk_order: float | None = key(AMOUNT, None)
    data_box_disk_day: float | None = key(AMOUNT, None)
    data_box_order: float | None = key(AMOUNT, None)
    data_box_day: float | None = key(AMOUNT, None)
    device_shipping: float | None = key(AMOUNT, None)
    import_drive: float | None = key(AMOUNT, None)
    drive: float | None = key(AMOUNT, None)
    parcel: float | None = key(AMOUNT, None)
    storage_tb_month: float | None = key(AMOUNT, None)

    def amounts(self) -> dict[str, Decimal]:
        """Return the amounts that are named, by their keys."""
        named = {name: value for name, value in dataclasses.asdict(self).items() if name != "currency"}
        return {name: Decimal(str(value)) for name, value in named.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class ReadingsEntry:
    """How this office reads Microsoft's pages where they disagree. The defaults are the safer ones."""

    disk_usable: str = key(Choice("7.0 TB", "7.2 TB"), "7.0 TB")
    own_drive: str = key(Choice("8 TB", "10 TB"), "8 TB")
    fits_one_device: str = key(Choice("group", "server"), "group")

    def usable_bytes(self) -> dict[str, int]:
        """Return the capacities these readings lead to, by SKU, in bytes."""
        return {"DataBoxDisk": parse_size(self.disk_usable), "DataBoxCustomerDisk": parse_size(self.own_drive)}
