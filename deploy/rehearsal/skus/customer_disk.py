"""The customer's own drives (Import/Export): ordered after the copy, because the order names each drive's manifest.

The stages of the way back come in the order that their names suggest; Azure does not document it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from deploy.rehearsal.address import RETURN_CARRIERS, datacenter
from deploy.rehearsal.records import Device, Order, Outcome
from deploy.rehearsal.skus.base import Leg, Sku
from deploy.rehearsal.wire import ArmError

DRIVES_ALLOWED = 10
KEY = re.compile(r"\d{6}(-\d{6}){7}", re.ASCII)
MD5 = re.compile(r"[0-9A-Fa-f]{32}")
ARRIVED = ("AtAzureDC", "DataCopy", "PreparingToShipFromAzureDC", "ShippedToCustomer")


class CustomerDisk(Sku):
    """Up to ten drives of the customer, sent and fetched on the customer's account; cancellable until shipped."""

    name: ClassVar[str] = "DataBoxCustomerDisk"
    stages: ClassVar[tuple[tuple[str, str], ...]] = (
        ("Created",                    "Created"),
        ("AwaitingShipmentDetails",    "Awaiting shipment information"),
        ("ShippedToAzureDC",           "Shipped"),
        ("AtAzureDC",                  "Received"),
        ("DataCopy",                   "Data copy in progress"),
        ("PreparingToShipFromAzureDC", "Preparing to ship"),
        ("ShippedToCustomer",          "Shipped to customer"),
        ("Completed",                  "Completed"),
    )  # fmt: skip
    road: ClassVar[Mapping[str, Leg]] = {}  # its road is in import_life.py: every leg depends on the parcel
    first_stage: ClassVar[str] = "Created"
    cancellable_in: ClassVar[tuple[str, ...]] = ("Created", "AwaitingShipmentDetails")
    address_editable_in: ClassVar[tuple[str, ...]] = (
        "Created", "AwaitingShipmentDetails", "ShippedToAzureDC", "AtAzureDC", "DataCopy",
    )  # fmt: skip
    prepare_to_ship: ClassVar[bool] = False
    customer_ships: ClassVar[bool] = True
    usable_terabytes: ClassVar[int] = 80
    maximum_terabytes: ClassVar[int] = 100
    accounts_allowed: ClassVar[int] = 1

    def check(self, details: dict[str, Any]) -> None:
        """Raise ArmError 400 for drives or a way back that are not fully described. Repeats no secret."""
        super().check(details)
        drives = details.get("importDiskDetailsCollection")
        if not isinstance(drives, dict) or not 1 <= len(drives) <= DRIVES_ALLOWED:
            raise _bad(f"An import job has 1 to {DRIVES_ALLOWED} drives.", "importDiskDetailsCollection")
        for serial, drive in drives.items():
            _check_drive(serial, drive if isinstance(drive, dict) else {})
        check_way_back(details)

    def devices(self, details: dict[str, Any], account: str) -> list[Device]:
        """Return a device per drive; they are with the customer and stay there until shipped."""
        return [
            Device(
                serial=serial, terabytes=0, secret=drive["bitLockerKey"],
                manifest_file=drive["manifestFile"], manifest_hash=drive["manifestHash"],
            )
            for serial, drive in details["importDiskDetailsCollection"].items()
        ]  # fmt: skip

    def folders(self, account: str) -> dict[str, str]:
        """Return nothing: what lies where on a drive is in its manifest."""
        return {}

    def secrets(self, order: Order, account: str) -> dict[str, Any]:
        """Return what the customer gave: the drives' keys and the account number of the carrier back."""
        back = order.inputs["details"]["returnToCustomerPackageDetails"]
        return {
            "jobSecretsType": self.name,
            "dcAccessSecurityCode": None,
            "error": None,
            "diskSecrets": [{"diskSerialNumber": d.serial, "bitLockerKey": d.secret} for d in order.devices],
            "carrierAccountNumber": back["carrierAccountNumber"],
        }

    def progress(self, order: Order, account_id: str) -> list[dict[str, Any]]:
        """Return one entry per drive, from the parcel's arrival on."""
        told = any(order.stage(stage) for stage in ARRIVED) or any(d.status != "NotStarted" for d in order.devices)
        return [_progress(order, drive, account_id) for drive in order.devices] if told else []

    def logs(self, order: Order) -> list[dict[str, Any]]:
        """Return where each drive's logs lie."""
        return [
            {
                "copyLogDetailsType": self.name,
                "serialNumber": drive.serial,
                "errorLogLink": drive.outcome.log_link,
                "verboseLogLink": drive.outcome.verbose_link,
            }
            for drive in order.devices
            if drive.outcome and drive.outcome.finished and drive.outcome.log_link
        ]

    def own_fields(self, order: Order) -> dict[str, Any]:
        """Return the parcels, the datacenter's address, and where the manifests were backed up to."""
        details, sent, back = order.inputs["details"], order.collection, order.delivery
        given = details["returnToCustomerPackageDetails"]
        drives = {
            drive.serial: {
                "manifestFile": drive.manifest_file,
                "manifestHash": drive.manifest_hash,
                "bitLockerKey": None,
                "backupManifestCloudPath": drive.manifest_backup or None,
            }
            for drive in order.devices
        }
        to_azure = {"carrierName": sent["carrierName"], "trackingId": sent["trackingId"]} if sent else None
        return {
            "importDiskDetailsCollection": drives,
            "exportDiskDetailsCollection": {},
            "enableManifestBackup": details.get("enableManifestBackup", False),
            "deliverToDcPackageDetails": to_azure,
            "returnToCustomerPackageDetails": {
                "carrierName": given["carrierName"],
                "carrierAccountNumber": None,
                "trackingId": back.get("trackingId"),
            },
            "deliveryPackage": _package(sent),
            "returnPackage": _package(back),
            "datacenterAddress": datacenter(order.location),
        }


def check_way_back(details: dict[str, Any]) -> None:
    """Raise ArmError 400 unless a carrier the region accepts, and an account with it, are named."""
    back = details.get("returnToCustomerPackageDetails") or {}
    for need in ("carrierName", "carrierAccountNumber"):
        if not back.get(need):
            raise _bad(f"The field 'returnToCustomerPackageDetails.{need}' is required.", need)
    if back["carrierName"].casefold() not in (name.casefold() for name in RETURN_CARRIERS):
        raise _bad("The carrier is not supported for the return shipment.", "carrierName")


def _check_drive(serial: str, drive: dict[str, Any]) -> None:
    for need in ("manifestFile", "manifestHash", "bitLockerKey"):
        if not isinstance(drive.get(need), str) or not drive[need]:
            raise _bad(f"The field '{need}' of drive '{serial}' is required.", need)
    if not MD5.fullmatch(drive["manifestHash"]):
        raise _bad(f"The manifest hash of drive '{serial}' is not a Base16 MD5.", "manifestHash")
    if not KEY.fullmatch(drive["bitLockerKey"]):
        raise _bad(f"The BitLocker key of drive '{serial}' is not 8 groups of 6 digits.", "bitLockerKey")


def _progress(order: Order, drive: Device, account_id: str) -> dict[str, Any]:
    done = drive.outcome or Outcome(account="")
    error = {**drive.trouble, "target": drive.serial, "details": [], "additionalInfo": []} if drive.trouble else None
    return {
        "storageAccountName": account_id.rpartition("/")[2],
        "transferType": "ImportToAzure",
        "dataAccountType": "StorageAccount",
        "accountId": account_id,
        "bytesProcessed": done.done_bytes,
        "totalBytesToProcess": done.total_bytes,
        "filesProcessed": done.done_files,
        "totalFilesToProcess": done.total_files,
        "invalidFilesProcessed": 0,
        "invalidFileBytesUploaded": 0,
        "renamedContainerCount": 0,
        "filesErroredOut": done.errored_files,
        "directoriesErroredOut": 0,
        "invalidDirectoriesProcessed": 0,
        "isEnumerationInProgress": False,
        "error": error,
        "actions": order.actions,
        "serialNumber": drive.serial,
        "copyStatus": drive.status,
    }


def _package(sent: dict[str, str]) -> dict[str, str]:
    number = sent.get("trackingId", "")
    url = f"https://tracking.example/{number}" if number else ""
    return {"carrierName": sent.get("carrierName", ""), "trackingId": number, "trackingUrl": url}


def _bad(message: str, target: str) -> ArmError:
    return ArmError(400, "SsemUserErrorInvalidInput", message, target)
