"""What every kind of device has in common: its road from order to erasure, its folders, secrets and reports."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from deploy.rehearsal.records import Device, Order, Outcome
from deploy.rehearsal.wire import ArmError
from deploy.rehearsal.world import business_days

OVER = (
    "Completed", "CompletedWithWarnings", "CompletedWithErrors", "Cancelled", "Aborted",
    "Failed_IssueReportedAtCustomer", "Failed_IssueDetectedAtAzureDC",
)  # fmt: skip
INGESTED = ("Completed", "CompletedWithWarnings", "CompletedWithErrors")


@dataclass(frozen=True)
class Leg:
    """A step of the road that needs nobody's help: the stage it leads to, and when it is reached."""

    to: str
    due: Callable[[datetime], datetime]


def _later(hours: float, at: datetime) -> datetime:
    return at + timedelta(hours=hours)


def _working_days(days: int, hour: int | None, at: datetime) -> datetime:
    return business_days(at, days, hour)


# The stages of a device that Microsoft sends and fetches, with the words Azure shows for them.
# fmt: off
SHIPPED_STAGES = (
    ("DeviceOrdered",  "Ordered"),
    ("DevicePrepared", "Processed"),
    ("Dispatched",     "Dispatched"),
    ("Delivered",      "Delivered"),
    ("PickedUp",       "Picked up"),
    ("AtAzureDC",      "Received"),
    ("DataCopy",       "Data copy in progress"),
    ("Completed",      "Completed"),
)
# After `Delivered` the customer works; after `DataCopy` the datacenter does. Neither has a leg.
SHIPPED_ROAD: dict[str, Leg] = {
    "DeviceOrdered":  Leg("DevicePrepared", partial(_working_days, 1, None)),
    "DevicePrepared": Leg("Dispatched",     partial(_later, 6)),
    "Dispatched":     Leg("Delivered",      partial(_working_days, 2, 10)),
    "PickedUp":       Leg("AtAzureDC",      partial(_working_days, 2, None)),
    "AtAzureDC":      Leg("DataCopy",       partial(_later, 24)),
}
# fmt: on


class Sku(ABC):
    """One kind of device. Instances hold no state; everything about an order is in its record."""

    name: ClassVar[str]
    stages: ClassVar[tuple[tuple[str, str], ...]] = SHIPPED_STAGES
    road: ClassVar[Mapping[str, Leg]] = SHIPPED_ROAD
    first_stage: ClassVar[str] = "DeviceOrdered"
    cancellable_in: ClassVar[tuple[str, ...]]
    address_editable_in: ClassVar[tuple[str, ...]] = ("DeviceOrdered", "DevicePrepared")
    prepare_to_ship: ClassVar[bool]
    customer_ships: ClassVar[bool] = False
    usable_terabytes: ClassVar[int]
    maximum_terabytes: ClassVar[int]
    accounts_allowed: ClassVar[int]

    def check(self, details: dict[str, Any]) -> None:
        """Raise ArmError 400 when *details*, the order as sent, cannot be ordered as this kind of device."""
        if "shippingAddress" not in details:
            raise ArmError(400, "SsemUserErrorInvalidInput", "Shipping address is required.", "shippingAddress")
        accounts = details.get("dataImportDetails") or []
        if len(accounts) > self.accounts_allowed:
            raise ArmError(
                400, "SsemUserErrorInvalidInput", f"At most {self.accounts_allowed} storage accounts are allowed."
            )

    @abstractmethod
    def devices(self, details: dict[str, Any], account: str) -> list[Device]:
        """Return the devices that answer an order, with random serials and secrets."""

    @abstractmethod
    def folders(self, account: str) -> dict[str, str]:
        """Return cloud format to folder name on the device: PageBlob, BlockBlob, AzureFile."""

    def furniture(self) -> tuple[str, ...]:
        """Return folders that are on the device from the start and are never uploaded."""
        return ()

    @abstractmethod
    def secrets(self, order: Order, account: str) -> dict[str, Any]:
        """Return the order's jobSecrets as listCredentials sends them."""

    @abstractmethod
    def progress(self, order: Order, account_id: str) -> list[dict[str, Any]]:
        """Return copyProgress as the job sends it."""

    @abstractmethod
    def logs(self, order: Order) -> list[dict[str, Any]]:
        """Return copyLogDetails as the job sends it."""

    def own_fields(self, order: Order) -> dict[str, Any]:
        """Return the fields of `details` that only this kind has."""
        return {}


def outcomes(order: Order) -> list[tuple[Device, Outcome]]:
    """Return the devices the datacenter has worked on, with what became of them."""
    return [(device, device.outcome) for device in order.devices if device.outcome is not None]


def hidden(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return *inputs* without what Azure never sends back: passwords, keys of drives, the carrier's account number."""
    shown = {key: value for key, value in inputs.items() if key not in ("devicePassword", "passkey")}
    for entry in shown.get("dataImportDetails") or []:
        entry.get("accountDetails", {}).pop("sharePassword", None)
    for drive in (shown.get("importDiskDetailsCollection") or {}).values():
        drive["bitLockerKey"] = None
    if shown.get("returnToCustomerPackageDetails"):
        shown["returnToCustomerPackageDetails"]["carrierAccountNumber"] = None
    return shown


def password(length: int = 16) -> str:
    """Return a random password that keeps Azure's rule: upper, digit, special, and none of the look-alikes."""
    letters = "abcdefghjkmnpqrstuvwxyz"
    chosen = [secrets.choice(letters) for _ in range(length - 3)]
    chosen += [secrets.choice(letters.upper()), secrets.choice("123456789"), secrets.choice("@#-$%^!+=;:_")]
    secrets.SystemRandom().shuffle(chosen)
    return "".join(chosen)
