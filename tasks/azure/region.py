"""What a region offers for a kind of device, as Azure's region configuration says it. Reads only."""

from __future__ import annotations

from collections.abc import Iterator

from azure.mgmt.databox import models

from states.plan import Plan
from tasks.azure.clients import AzureClients
from tasks.azure.errors import ours
from tasks.azure.own_disks import SKU as OWN_DISK
from tasks.azure.seen import mapping, records, text
from tasks.ports import Objection

OURS = "MicrosoftManaged"  # the shipping that orders of this product ask for


def region_objections(clients: AzureClients, plan: Plan) -> tuple[Objection, ...]:
    """Return what the region's configuration says against a device shipped there by Microsoft's carrier.

    An answer that names no way of shipping objects to nothing: regions differ in what they answer. Own drives are
    the customer's parcel and are not asked about; their carriers are, with the order's own objections.
    """
    if plan.sku == OWN_DISK:
        return ()
    question = models.RegionConfigurationRequest(
        transport_availability_request=models.TransportAvailabilityRequest(sku_name=plan.sku)
    )
    with ours(f"ask what {plan.location} offers for {plan.sku}"):
        service = clients.databox(plan.subscription_id).service
        answer = service.region_configuration_by_resource_group(plan.resource_group, plan.location, question).as_dict()
    return tuple(_objected(answer, plan))


def _objected(answer: dict[str, object], plan: Plan) -> Iterator[Objection]:
    offered = records(mapping(answer, "transportAvailabilityResponse"), "transportAvailabilityDetails")
    kinds = [text(one, "shipmentType") for one in offered]
    if kinds and OURS not in kinds:
        yield Objection(
            "TransportNotOffered",
            f"{plan.location} ships {plan.sku} as {', '.join(kinds)} only, and orders here ask for {OURS}",
        )
