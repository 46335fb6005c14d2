"""Microsoft.DataBox services around an order: validate it, which devices there are, and what a region offers.

Addresses are judged by simple rules that a test can aim at: no postal code, or 00000, is Invalid; no city is Ambiguous.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deploy.rehearsal.address import datacenter
from deploy.rehearsal.databox import SUBSCRIPTION, check_accounts, room_left
from deploy.rehearsal.skus import SKUS
from deploy.rehearsal.skus.base import Sku
from deploy.rehearsal.wire import Answer, ArmError, Ask, Route, paged, ticks
from deploy.rehearsal.world import World, business_days

API_VERSIONS = ["2018-01-01", "2022-12-01", "2023-12-01", "2025-02-01", "2025-07-01"]
EU = ["AT", "BE", "DE", "DK", "ES", "FI", "FR", "IE", "IT", "LU", "NL", "PL", "PT", "SE"]
OPERATIONS = ("jobs/read", "jobs/write", "jobs/delete", "jobs/cancel/action", "jobs/bookShipmentPickUp/action",
              "jobs/listCredentials/action", "jobs/markDevicesShipped/action", "jobs/mitigate/action")  # fmt: skip


def validate_address(world: World, ask: Ask) -> Answer:
    """Return Valid, Invalid or Ambiguous for an address; HTTP 200 whatever it is."""
    body = ask.json()
    if body.get("validationType") != "ValidateAddress" or not body.get("shippingAddress"):
        raise ArmError(400, "SsemUserErrorInvalidInput", "Send validationType 'ValidateAddress' and shippingAddress.")
    return Answer(200, {"properties": _address(world, body)})


def validate_inputs(world: World, ask: Ask) -> Answer:
    """Return one verdict per validation asked for, and one over all."""
    body = ask.json()
    wanted = body.get("individualRequestDetails")
    if body.get("validationCategory") != "JobCreationValidation" or not isinstance(wanted, list) or not wanted:
        raise ArmError(400, "SsemUserErrorInvalidInput", "Send validationCategory and individualRequestDetails.")
    named = (entry.get("country") or (entry.get("shippingAddress") or {}).get("country") for entry in wanted)
    country = next(filter(None, named), "")
    with world.reading():
        answers = [_validation(world, {"country": country, **entry}) for entry in wanted]
    bad = any(_verdict(entry) == "Invalid" for entry in answers)
    skipped = any(_verdict(entry) == "Skipped" for entry in answers)
    status = "InputsRevisitRequired" if bad else "CertainInputValidationsSkipped" if skipped else "AllValidToProceed"
    return Answer(200, {"properties": {"status": status, "individualResponseDetails": answers}})


def available_skus(world: World, ask: Ask) -> Answer:
    """Return a page of the kinds of device that can be ordered here."""
    body = ask.json()
    for need in ("transferType", "country", "location"):
        if not body.get(need):
            raise ArmError(400, "SsemUserErrorInvalidInput", f"The field '{need}' is required.", need)
    wanted = body.get("skuNames") or list(SKUS)
    listed = [_sku(sku, body["country"], body["location"]) for name, sku in SKUS.items() if name in wanted]
    return paged(ask, listed, world.records.settings.page_size)


def region_configuration(world: World, ask: Ask) -> Answer:
    """Return the parts of a region's configuration that were asked for."""
    body, where = ask.json(), ask.names["location"]
    dates = [ticks(business_days(world.now, days, 8)) for days in (5, 6, 7)]
    parts: dict[str, Any] = {
        "scheduleAvailability": {"availableDates": dates},
        "transportAvailability": {
            "transportAvailabilityDetails": [{"shipmentType": "MicrosoftManaged"}, {"shipmentType": "CustomerManaged"}]
        },
        "datacenterAddress": datacenter(where),
        "deviceCapability": {"deviceCapabilityDetails": [{"hardwareEncryption": "Enabled"}]},
    }
    return Answer(200, {f"{name}Response": part for name, part in parts.items() if body.get(f"{name}Request")})


def operations(world: World, ask: Ask) -> Answer:
    """Return a page of the provider's operations."""
    listed = [
        {
            "name": f"Microsoft.DataBox/{name}",
            "display": {"provider": "Microsoft DataBox", "resource": "Jobs", "operation": name, "description": name},
            "properties": None,
            "origin": "user",
        }
        for name in OPERATIONS
    ]
    return paged(ask, listed, world.records.settings.page_size)


def _validation(world: World, entry: dict[str, Any]) -> dict[str, Any]:
    kind = entry.get("validationType", "")
    if kind == "ValidateAddress":
        return _address(world, entry)
    check = VALIDATIONS.get(kind)
    if check is None:
        raise ArmError(400, "SsemUserErrorInvalidInput", f"There is no validation '{kind}'.", "validationType")
    refusal = check(world, entry)
    error = _cloud_error(*refusal) if refusal else None
    return {"validationType": kind, "status": "Invalid" if refusal else "Valid", "error": error}


def _address(world: World, entry: dict[str, Any]) -> dict[str, Any]:
    address = entry.get("shippingAddress") or {}
    answer: dict[str, Any] = {"validationType": "ValidateAddress", "error": None, "alternateAddresses": []}
    code = address.get("postalCode", "")
    if not code or set(code) == {"0"} or not address.get("streetAddress1") or not address.get("country"):
        error = _cloud_error("SsemUserErrorAddressValidationFailed", "The address could not be found.")
        return {**answer, "validationStatus": "Invalid", "error": error}
    if not address.get("city"):
        others = [{**address, "city": "Berlin", "addressType": "Commercial"}, {**address, "city": "Potsdam"}]
        return {**answer, "validationStatus": "Ambiguous", "alternateAddresses": others}
    return {**answer, "validationStatus": "Valid"}


def _verdict(answer: dict[str, Any]) -> str:
    return str(answer.get("status") or answer.get("validationStatus"))


Refusal = tuple[str, str] | None


def _no_refusal(world: World, entry: dict[str, Any]) -> Refusal:
    return None


def _order_limit(world: World, entry: dict[str, Any]) -> Refusal:
    if room_left(world, entry.get("deviceType", ""), entry["country"]) > 0:
        return None
    return "SsemUserErrorActiveOrderLimitReached", "No more orders of this kind may be active."


def _sku_availability(world: World, entry: dict[str, Any]) -> Refusal:
    if entry.get("deviceType") in SKUS and entry.get("location") and entry.get("transferType") == "ImportToAzure":
        return None
    return "SsemUserErrorSkuNotAvailable", "The SKU is not available for this country and region."


def _transfer_details(world: World, entry: dict[str, Any]) -> Refusal:
    try:
        check_accounts(world, entry)
    except ArmError as refusal:
        return refusal.code, refusal.message
    return None


# fmt: off
VALIDATIONS: dict[str, Callable[[World, dict[str, Any]], Refusal]] = {
    "ValidateSubscriptionIsAllowedToCreateJob": _no_refusal,
    "ValidatePreferences":                      _no_refusal,
    "ValidateCreateOrderLimit":                 _order_limit,
    "ValidateSkuAvailability":                  _sku_availability,
    "ValidateDataTransferDetails":              _transfer_details,
}
# fmt: on


def _cloud_error(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "message": message, "target": None, "details": [], "additionalInfo": []}


def _sku(sku: Sku, country: str, location: str) -> dict[str, Any]:
    boundary = EU if country.upper() in EU else [country.upper()]
    return {
        "sku": {"name": sku.name, "displayName": sku.name, "family": sku.name},
        "enabled": True,
        "properties": {
            "dataLocationToServiceLocationMap": [{"dataLocation": location, "serviceLocation": location}],
            "capacity": {"usable": str(sku.usable_terabytes), "maximum": str(sku.maximum_terabytes)},
            "costs": [],
            "apiVersions": API_VERSIONS,
            "disabledReason": "None",
            "disabledReasonMessage": None,
            "requiredFeature": None,
            "countriesWithinCommerceBoundary": boundary,
        },
    }


LOCATION = "/providers/Microsoft.DataBox/locations/{location}"
GROUP = SUBSCRIPTION + "/resourceGroups/{rg}"
# fmt: off
ROUTES = (
    Route("POST", SUBSCRIPTION + LOCATION + "/validateAddress",     validate_address),
    Route("POST", SUBSCRIPTION + LOCATION + "/validateInputs",      validate_inputs),
    Route("POST", GROUP + LOCATION + "/validateInputs",             validate_inputs),
    Route("POST", GROUP + LOCATION + "/availableSkus",              available_skus),
    Route("POST", SUBSCRIPTION + LOCATION + "/availableSkus",       available_skus),
    Route("POST", SUBSCRIPTION + LOCATION + "/regionConfiguration", region_configuration),
    Route("POST", GROUP + LOCATION + "/regionConfiguration",        region_configuration),
    Route("GET",  "/providers/Microsoft.DataBox/operations",        operations),
)
# fmt: on
