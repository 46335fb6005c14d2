"""Where the datacenter of a region is, and which carriers bring drives back from there."""

from __future__ import annotations

from typing import Any

RETURN_CARRIERS = ("DHL", "FedEx", "UPS")


def datacenter(location: str) -> dict[str, Any]:
    """Return the address that serves *location*, as regionConfiguration and import jobs show it."""
    return {
        "datacenterAddressType": "DatacenterAddressLocation",
        "supportedCarriersForReturnShipment": list(RETURN_CARRIERS),
        "dataCenterAzureLocation": location,
        "contactPersonName": "Rehearsal Datacenter Operations",
        "company": "Rehearsal",
        "street1": "1 Example Road",
        "street2": "",
        "street3": "",
        "city": "Exampleton",
        "state": "",
        "zip": "10000",
        "country": "NL",
        "phone": "0000000000",
        "phoneExtension": "",
        "addressType": "Commercial",
        "additionalShippingInformation": "",
    }
