"""An import job of the customer's own drives, as the Data Box API's SKU DataBoxCustomerDisk spells it.

Two secrets pass through here, in one direction only: each drive's BitLocker key and the return carrier's account
number. Azure never shows them again, and neither do we.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from azure.mgmt.databox import models

from tasks.azure.seen import Json, mapping, text
from tasks.errors import InvalidInput, NotYet, Rejected
from tasks.ports import ImportDisk, Objection, OrderRequest

SKU = "DataBoxCustomerDisk"
MOST_DRIVES = 10  # of one job
# Here the job waits for its parcel's numbers; from the next stage on it has them.
BEFORE_SHIPMENT = frozenset({"Created", "DeviceOrdered", "AwaitingShipmentDetails"})
TOO_LATE = ("Cancelled", "Aborted", "Completed", "Failed")


def details(request: OrderRequest, common: Mapping[str, Any]) -> models.JobDetails:
    """Return the import job's details. Raises InvalidInput with everything that is missing, and no secret."""
    carrier = request.return_carrier
    lacking = list(_lacking(request))
    if lacking or carrier is None:
        raise InvalidInput(
            f"cannot create the import job {request.job_name}: {'; '.join(lacking)}",
            next="prepare the drives and complete the office's return carrier, then try again",
        )
    return models.DataBoxCustomerDiskJobDetails(
        **common,
        import_disk_details_collection={disk.serial: _disk(disk) for disk in request.disks},
        return_to_customer_package_details=models.PackageCarrierDetails(
            carrier_name=carrier.name, carrier_account_number=carrier.account_number
        ),
        enable_manifest_backup=True,
    )


def secrets_of(request: OrderRequest) -> tuple[str, ...]:
    """Return the texts of this request that no message may repeat."""
    carrier = (request.return_carrier.account_number,) if request.return_carrier else ()
    return (*(disk.bitlocker_key for disk in request.disks), *carrier)


def carrier_objections(request: OrderRequest, accepted: tuple[str, ...]) -> Iterator[Objection]:
    """Yield an objection when the return carrier is none of those the region accepts; an empty list objects to none."""
    carrier = request.return_carrier
    if carrier and accepted and carrier.name.strip().casefold() not in (name.strip().casefold() for name in accepted):
        known = ", ".join(accepted)
        yield Objection(
            "ReturnCarrierNotSupported",
            f"{carrier.name} does not bring drives back from {request.plan.location}; Azure accepts {known}",
        )


def carrier_question(location: str, sku: str) -> models.RegionConfigurationRequest:
    """Return the question where drives for *location* are sent to, and by whom they come back."""
    address = models.DatacenterAddressRequest(storage_location=location, sku_name=sku)
    return models.RegionConfigurationRequest(datacenter_address_request=address)


def carriers_in(answer: Json) -> tuple[str, ...]:
    """Return the carriers of a regionConfiguration answer; empty when it names none."""
    named = mapping(answer, "datacenterAddressResponse").get("supportedCarriersForReturnShipment")
    return tuple(str(name) for name in named if name) if isinstance(named, (list, tuple)) else ()


def must_mark(job: Json, job_name: str, carrier: str, tracking: str) -> bool:
    """Say whether the parcel's numbers have yet to be put on the job; False when these very numbers are on it.

    Raises Rejected when other numbers are, or the job is over; NotYet when it is under way and shows no numbers.
    """
    there, stage = parcel_of(job), text(mapping(job, "properties"), "status")
    if there == (carrier, tracking):
        return False
    if there[1]:
        raise Rejected(
            f"cannot mark {job_name} as shipped by {carrier} under {tracking}: it is marked as shipped by {there[0]} "
            f"under {there[1]}",
            next="ask the office for the right number; a wrong one on the job is mended by Azure support",
        )
    if stage.startswith(TOO_LATE):
        raise Rejected(
            f"cannot mark {job_name} as shipped: it is {stage}", next="keep the drives, and reorder with a new job"
        )
    if stage and stage not in BEFORE_SHIPMENT:
        raise NotYet(
            f"cannot tell whether {job_name} is marked as shipped: it is in stage {stage} and shows no number",
            next="the next pass looks again; if it lasts, look at the job in the portal",
        )
    return True


def parcel_of(job: Json) -> tuple[str, str]:
    """Return (carrier, tracking number) of the parcel to Azure; empty texts before it is marked."""
    inner = mapping(mapping(job, "properties"), "details")
    sent = mapping(inner, "deliverToDcPackageDetails")
    return text(sent, "carrierName"), text(sent, "trackingId")


def _disk(disk: ImportDisk) -> models.ImportDiskDetails:
    return models.ImportDiskDetails(
        manifest_file=disk.manifest_file, manifest_hash=disk.manifest_hash, bit_locker_key=disk.bitlocker_key
    )


def _lacking(request: OrderRequest) -> Iterator[str]:
    serials = [disk.serial for disk in request.disks]
    if not serials:
        yield "no drive is named"
    if len(serials) > MOST_DRIVES:
        yield f"{len(serials)} drives are named, a job takes {MOST_DRIVES}"
    if len(set(serials)) != len(serials):
        yield "a serial is named twice"
    for disk in request.disks:
        parts = {"serial": disk.serial, "manifest file": disk.manifest_file, "manifest hash": disk.manifest_hash}
        parts["BitLocker key"] = disk.bitlocker_key
        yield from (f"drive {disk.serial or '?'} has no {name}" for name, value in parts.items() if not value)
    if request.return_carrier is None:
        yield "there is no return carrier"
    elif not request.return_carrier.name or not request.return_carrier.account_number:
        yield "the return carrier has no name or no account number"
