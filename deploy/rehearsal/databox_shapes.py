"""How a Data Box order looks on the wire: every field, null, empty string and sentinel as they were recorded."""

from __future__ import annotations

import copy
from typing import Any

from deploy.rehearsal.home import Identity
from deploy.rehearsal.life import sku
from deploy.rehearsal.records import Order
from deploy.rehearsal.skus.base import OVER, hidden
from deploy.rehearsal.wire import NEVER, ticks, when

SHIPPED_BACK = ("PickedUp", "AtAzureDC", "DataCopy", "Completed", "CompletedWithWarnings", "CompletedWithErrors")


def job_id(who: Identity, order: Order) -> str:
    """Return the order's resource id."""
    return (
        f"/subscriptions/{who.subscription_id}/resourceGroups/{order.resource_group}"
        f"/providers/Microsoft.DataBox/jobs/{order.name}"
    )


def account_id(who: Identity) -> str:
    """Return the storage account's resource id."""
    return (
        f"/subscriptions/{who.subscription_id}/resourceGroups/{who.resource_group}"
        f"/providers/Microsoft.Storage/storageAccounts/{who.storage_account}"
    )


def job(who: Identity, order: Order, expanded: bool) -> dict[str, Any]:
    """Return the whole resource; without *expanded*, `details` holds only what was asked for."""
    return {
        "id": job_id(who, order),
        "name": order.name,
        "type": "Microsoft.DataBox/jobs",
        "location": order.location,
        "tags": order.tags,
        "sku": {"displayName": None, "family": None, **order.sku},
        "identity": {"type": "None"},
        "properties": {**_properties(order), "details": _details(who, order, expanded)},
    }


def cancellable(order: Order) -> bool:
    """Tell whether the customer can still cancel."""
    return order.status in sku(order).cancellable_in and not order.devices_lost


def _properties(order: Order) -> dict[str, Any]:
    active = [delay for delay in order.delays if delay["status"] == "Active"]
    kind = sku(order)
    return {
        "transferType": order.inputs["transferType"],
        "isCancellable": cancellable(order),
        "isDeletable": order.status in OVER,
        "isShippingAddressEditable": order.status in kind.address_editable_in,
        "reverseShippingDetailsUpdate": "Disabled" if order.status in (*OVER, *SHIPPED_BACK) else "Enabled",
        "reverseTransportPreferenceUpdate": "NotSupported",
        "isPrepareToShipEnabled": kind.prepare_to_ship and order.status != "Cancelled",
        "status": order.status,
        "delayedStage": order.status if active else None,
        "startTime": ticks(order.started),
        "error": _error(order),
        "deliveryType": order.inputs.get("deliveryType", "NonScheduled"),
        "deliveryInfo": order.inputs.get("deliveryInfo") or {"scheduledDateTime": NEVER},
        "cancellationReason": order.cancellation_reason,
        "isCancellableWithoutFee": cancellable(order) and order.status == kind.first_stage,
        "allDevicesLost": order.devices_lost,
    }


def _details(who: Identity, order: Order, expanded: bool) -> dict[str, Any]:
    asked = hidden(copy.deepcopy(order.inputs["details"]))
    if order.status in OVER and "contactDetails" in asked:
        asked["contactDetails"] = {**asked["contactDetails"], "contactName": "", "phone": ""}
    if not expanded:
        return asked
    kind = sku(order)
    links = order.erasure or {}
    return {
        **asked,
        "jobStages": stages(order),
        "deliveryPackage": package(order.delivery),
        "returnPackage": package(order.collection),
        "copyProgress": kind.progress(order, account_id(who)),
        "copyLogDetails": kind.logs(order),
        "reverseShipmentLabelSasKey": None,
        "chainOfCustodySasKey": order.custody_link,
        "deviceErasureDetails": {
            "deviceErasureStatus": links.get("deviceErasureStatus", "None"),
            "erasureOrDestructionCertificateSasKey": links.get("erasureOrDestructionCertificateSasKey"),
            "secureErasureCertificateSasKey": links.get("erasureOrDestructionCertificateSasKey"),
        },
        "keyEncryptionKey": asked.get("keyEncryptionKey") or {"kekType": "MicrosoftManaged"},
        "actions": order.actions,
        "lastMitigationActionOnJob": order.mitigation,
        "datacenterAddress": None,
        "dataCenterCode": None,
        **kind.own_fields(order),
    }


def stages(order: Order) -> list[dict[str, Any]]:
    """Return jobStages: all from the start, those to come with status None; an unhappy end replaces the last."""
    display = dict(sku(order).stages)
    reached = {stage.name: stage for stage in order.stages}
    names = list(display) if "Cancelled" not in reached else []
    if any(name in OVER and name != "Completed" for name in reached):
        names = names[:-1]
    names += [name for name in reached if name not in names]
    listed = []
    for name in names:
        stage = reached.get(name)
        entry: dict[str, Any] = {
            "stageName": name,
            "displayName": display.get(name, _spaced(name)),
            "stageStatus": stage.status if stage else "None",
            "jobStageDetails": None,
            "delayInformation": _delays(order) if name == order.status else [],
        }
        if stage:
            entry["stageTime"] = ticks(stage.at)
        listed.append(entry)
    return listed


def package(sent: dict[str, str]) -> dict[str, str]:
    """Return a PackageShippingDetails; empty strings, not nulls, before there is a parcel."""
    number = sent.get("trackingId", "")
    url = f"https://tracking.example/{number}" if number else ""
    return {"carrierName": sent.get("carrierName", ""), "trackingId": number, "trackingUrl": url}


def _error(order: Order) -> dict[str, Any] | None:
    return {**order.error, "target": None, "details": [], "additionalInfo": []} if order.error else None


def _delays(order: Order) -> list[dict[str, Any]]:
    shown = []
    for delay in order.delays:
        entry = {key: value for key, value in delay.items() if key != "stage"}
        shown.append({**entry, "startTime": ticks(when(delay["startTime"]))})
    return shown


def _spaced(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() and at else letter for at, letter in enumerate(name))
