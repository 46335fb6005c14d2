"""What an order asks for: an OrderRequest as the Data Box API's own models. Knows no client; contacts nobody.

One function per SKU builds `details`. A new SKU is a function and a row of DETAILS.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azure.mgmt.databox import models

from states.plan import Plan
from tasks.azure import own_disks
from tasks.errors import InvalidInput
from tasks.ports import Address, Contact, OrderRequest

TERABYTE = 10**12  # the order form counts decimal terabytes


def job_resource(request: OrderRequest) -> models.JobResource:
    """Return the body of the order's PUT. Raises InvalidInput for a SKU that cannot be ordered here."""
    return models.JobResource(
        location=request.plan.location,
        sku=models.Sku(name=request.plan.sku),
        tags=dict(request.tags),
        properties=models.JobProperties(
            transfer_type=models.TransferType.IMPORT_TO_AZURE,
            details=_builder(request.plan.sku)(request),
        ),
    )


def account_id(plan: Plan) -> str:
    """Return the storage account's resource id; a plan may hold the id itself or a name in its resource group."""
    return resource_id(plan, "Microsoft.Storage/storageAccounts", plan.storage_account)


def resource_id(plan: Plan, kind: str, name: str) -> str:
    """Return *name* unchanged when it is a resource id, otherwise the id of that kind in the plan's resource group."""
    if name.startswith("/"):
        return name
    return f"/subscriptions/{plan.subscription_id}/resourceGroups/{plan.resource_group}/providers/{kind}/{name}"


def resource_place(plan: Plan, name: str) -> tuple[str, str]:
    """Return (resource group, short name) of a resource that the plan names, or gives the id of."""
    parts = name.strip("/").split("/")
    return (parts[3], parts[-1]) if name.startswith("/") and len(parts) >= 8 else (plan.resource_group, name)


def shipping_address(address: Address) -> models.ShippingAddress:
    """Return the address as the API spells it."""
    return models.ShippingAddress(
        street_address1=address.street,
        city=address.city,
        state_or_province=address.state or None,
        postal_code=address.postal_code,
        country=address.country,
        company_name=address.company or None,
        address_type=models.AddressType.COMMERCIAL if address.company else models.AddressType.NONE,
    )


def import_details(plan: Plan) -> list[models.DataImportDetails]:
    """Return where the datacenter puts the bytes. Verbose logs, because reconciliation reads every name."""
    account = models.StorageAccountDetails(storage_account_id=account_id(plan))
    return [models.DataImportDetails(account_details=account, log_collection_level=models.LogCollectionLevel.VERBOSE)]


def terabytes(size_bytes: int) -> int:
    """Return the size in whole terabytes, rounded up, at least 1."""
    return max(1, -(-size_bytes // TERABYTE))


def _data_box(request: OrderRequest) -> models.JobDetails:
    return models.DataBoxJobDetails(**_common(request))


def _data_box_disk(request: OrderRequest) -> models.JobDetails:
    # Neither a passkey of ours (a secret we would have to keep) nor preferred disks: Azure picks both.
    return models.DataBoxDiskJobDetails(**_common(request))


def _customer_disk(request: OrderRequest) -> models.JobDetails:
    return own_disks.details(request, _common(request))


DETAILS: dict[str, Callable[[OrderRequest], models.JobDetails]] = {
    "DataBox":             _data_box,
    "DataBoxDisk":         _data_box_disk,
    "DataBoxCustomerDisk": _customer_disk,
}  # fmt: skip


def _builder(sku: str) -> Callable[[OrderRequest], models.JobDetails]:
    if sku not in DETAILS:
        known = ", ".join(sorted(DETAILS))
        raise InvalidInput(f"cannot order the SKU {sku}: this version orders {known}", next="run `seeding validate`")
    return DETAILS[sku]


def _common(request: OrderRequest) -> dict[str, Any]:
    return {
        "contact_details": _contact(request.contact),
        "shipping_address": shipping_address(request.address),
        "data_import_details": import_details(request.plan),
        "expected_data_size_in_tera_bytes": terabytes(request.expected_bytes),
    }


def _contact(contact: Contact) -> models.ContactDetails:
    return models.ContactDetails(contact_name=contact.name, phone=contact.phone, email_list=list(contact.emails))
