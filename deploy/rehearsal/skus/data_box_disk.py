"""The Data Box Disk: one to five encrypted disks with a folder per storage format and one passkey for all."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from deploy.rehearsal.records import Device, Order
from deploy.rehearsal.skus.base import Sku, outcomes
from deploy.rehearsal.wire import ArmError

DISKS_ALLOWED = 5
USABLE_TERABYTES_PER_DISK = 7
DISK_TERABYTES = 8


class DataBoxDisk(Sku):
    """8 TB disks, chosen by `preferredDisks` or by the expected size; cancellable until they are dispatched."""

    name: ClassVar[str] = "DataBoxDisk"
    cancellable_in: ClassVar[tuple[str, ...]] = ("DeviceOrdered", "DevicePrepared")
    prepare_to_ship: ClassVar[bool] = False
    usable_terabytes: ClassVar[int] = 35
    maximum_terabytes: ClassVar[int] = 40
    accounts_allowed: ClassVar[int] = 1

    def check(self, details: dict[str, Any]) -> None:
        """Raise ArmError 400 for more disks than five, or sizes that are not numbers."""
        super().check(details)
        if not 1 <= len(_sizes(details)) <= DISKS_ALLOWED:
            raise ArmError(
                400, "SsemUserErrorInvalidInput", f"An order has 1 to {DISKS_ALLOWED} disks.", "preferredDisks"
            )

    def devices(self, details: dict[str, Any], account: str) -> list[Device]:
        """Return a device per disk."""
        return [Device(serial=_serial(), terabytes=size, secret=_bitlocker_key()) for size in _sizes(details)]

    def folders(self, account: str) -> dict[str, str]:
        """Return the folders in a disk's root."""
        return {"PageBlob": "PageBlob", "BlockBlob": "BlockBlob", "AzureFile": "AzureFile"}

    def furniture(self) -> tuple[str, ...]:
        """Return the folder of the validation tool."""
        return ("DataBoxDiskImport",)

    def secrets(self, order: Order, account: str) -> dict[str, Any]:
        """Return the passkey of all disks and the key of each."""
        disks = [{"diskSerialNumber": disk.serial, "bitLockerKey": disk.secret} for disk in order.devices]
        return {
            "jobSecretsType": self.name,
            "dcAccessSecurityCode": None,
            "error": None,
            "diskSecrets": disks,
            "passKey": order.secrets["passkey"],
            "isPasskeyUserDefined": "passkey" in order.inputs["details"],
        }

    def progress(self, order: Order, account_id: str) -> list[dict[str, Any]]:
        """Return one entry per disk."""
        entries = []
        for disk, done in outcomes(order):
            percent = 100 if done.finished else 100 * done.done_bytes // max(1, done.total_bytes)
            status = "InProgress" if not done.finished else "CompletedWithErrors" if done.errored_files else "Completed"
            entries.append(
                {
                    "serialNumber": disk.serial,
                    "bytesCopied": done.done_bytes,
                    "percentComplete": percent,
                    "status": status,
                    "error": None,
                    "actions": order.actions,
                }
            )
        return entries

    def logs(self, order: Order) -> list[dict[str, Any]]:
        """Return where each disk's logs lie."""
        return [
            {
                "copyLogDetailsType": self.name,
                "diskSerialNumber": disk.serial,
                "errorLogLink": done.log_link,
                "verboseLogLink": done.verbose_link,
            }
            for disk, done in outcomes(order)
            if done.finished
        ]

    def own_fields(self, order: Order) -> dict[str, Any]:
        """Return serial to size in TB, known once the disks are prepared."""
        known = order.stage("DevicePrepared") is not None
        return {"disksAndSizeDetails": {disk.serial: disk.terabytes for disk in order.devices} if known else {}}


def _sizes(details: dict[str, Any]) -> list[int]:
    wanted = details.get("preferredDisks")
    if not wanted:
        expected = int(details.get("expectedDataSizeInTeraBytes") or 1)
        return [DISK_TERABYTES] * max(1, -(-expected // USABLE_TERABYTES_PER_DISK))
    try:
        return [int(size) for size, count in wanted.items() for _ in range(min(int(count), DISKS_ALLOWED + 1))]
    except (AttributeError, TypeError, ValueError):
        raise ArmError(400, "SsemUserErrorInvalidInput", "preferredDisks maps a size in TB to a count.") from None


def _serial() -> str:
    return "".join(secrets.choice("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(12))


def _bitlocker_key() -> str:
    return "-".join(f"{secrets.randbelow(1_000_000):06d}" for _ in range(8))
