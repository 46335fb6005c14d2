"""What a region's configuration says about shipping a device there, over the real SDK client."""

from __future__ import annotations

import dataclasses
import json

import pytest
from scripted_azure import PLAN, Answer, clients_of

from tasks.azure.region import region_objections


def shipped_as(azure, *kinds):
    details = {"transportAvailabilityDetails": [{"shipmentType": kind} for kind in kinds]}
    azure.on("POST", "regionConfiguration", Answer(200, {"transportAvailabilityResponse": details}))


@pytest.mark.parametrize(
    "kinds, codes",
    [
        (("MicrosoftManaged", "CustomerManaged"), []),
        (("CustomerManaged",), ["TransportNotOffered"]),  # you would have to fetch it yourself
        ((), []),  # an answer that names none is no objection
    ],
)
def test_a_region_without_microsofts_carrier_is_objected_to(azure, kinds, codes):
    """Orders here ask for Microsoft's carrier; where a region only has its own pick-up, the plan says so before."""
    shipped_as(azure, *kinds)

    assert [one.code for one in region_objections(clients_of(azure), PLAN)] == codes
    asked = json.loads(azure.sent("POST", "regionConfiguration")[0].body)
    assert asked == {"transportAvailabilityRequest": {"skuName": "DataBoxDisk"}}


def test_own_drives_are_not_asked_about(azure):
    """They are the customer's parcel; nothing is sent."""
    own = dataclasses.replace(PLAN, mode="own-disk", sku="DataBoxCustomerDisk")

    assert region_objections(clients_of(azure), own) == ()
    assert azure.asked == []
