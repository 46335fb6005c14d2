"""Microsoft.DataBox jobs: create, read, change, cancel, delete, credentials, pick-up. The wire side of an order.

Codes that were recorded from Azure start with SsemUserError and stand in the contract; where the real code for a
refusal is not verified, `SsemUserErrorInvalidInput` or `SsemUserErrorOperationNotAllowed` is used.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from types import ModuleType
from typing import Any

from deploy.rehearsal import import_life, life
from deploy.rehearsal.account import check_locks
from deploy.rehearsal.databox_shapes import account_id, cancellable, job, job_id
from deploy.rehearsal.records import Order
from deploy.rehearsal.skus import sku_of
from deploy.rehearsal.skus.base import OVER
from deploy.rehearsal.skus.customer_disk import check_way_back
from deploy.rehearsal.wire import Answer, ArmError, Ask, Route, paged, same, ticks, when
from deploy.rehearsal.world import World

JOB_NAME = re.compile(r"[-\w.]{3,24}", re.ASCII)
ACTIVE_ORDERS_ALLOWED = 5
PATCHABLE = ("contactDetails", "shippingAddress", "reverseShippingDetails", "preferences", "keyEncryptionKey")
WAY_BACK = "returnToCustomerPackageDetails"  # own drives only
RESOLUTIONS = ("Resume", "Restart", "MoveToCleanUpDevice")
SPECIAL = r"@#\-$%^!+=;:_()\]"
PASSWORD = re.compile(rf"(?=.*[A-Z])(?=.*\d)(?=.*[{SPECIAL}])[A-HJ-KM-NP-Za-hj-kmnp-z1-9{SPECIAL}]{{12,64}}")


def create(world: World, ask: Ask) -> Answer:
    """Accept an order: 202 and where to ask on. A second order of the same name is refused, whatever its content."""
    name, body = ask.names["job"], ask.json()
    with world.changing() as records:
        if world.order(name):
            raise ArmError(400, "SsemUserErrorJobAlreadyExists", f"Job '{name}' already exists. Use a different name.")
        check_order(world, name, body)
        _require_room(world, body["sku"]["name"], _country(body["properties"]))
        order = Order(
            name=name, resource_group=ask.names["rg"], location=body["location"], sku=body["sku"],
            tags=body.get("tags"), inputs=body["properties"], operation=str(uuid.uuid4()), started=world.now,
        )  # fmt: skip
        _life(order).begin(world, order)
        records.effects.orders[name] = records.effects.orders.get(name, 0) + 1
        return _accepted(world, ask, order, order.operation)


def check_order(world: World, name: str, body: dict[str, Any]) -> None:
    """Raise ArmError 400 for the first thing that is missing or wrong in an order."""
    if not JOB_NAME.fullmatch(name):
        raise _bad(f"The job name '{name}' is not valid.", "jobName")
    for path in ("location", "sku.name", "properties.transferType", "properties.details.jobDetailsType"):
        if not isinstance(_at(body, path), str):
            raise _bad(f"The field '{path}' is required.", path)
    kind, details = sku_of(body["sku"]["name"]), body["properties"]["details"]
    if kind is None:
        raise ArmError(400, "SsemUserErrorSkuNotAvailable", f"The SKU '{body['sku']['name']}' cannot be ordered here.")
    if details["jobDetailsType"] != kind.name:
        raise _bad(f"jobDetailsType must be '{kind.name}'.", "jobDetailsType")
    if body["properties"]["transferType"] != "ImportToAzure":
        raise _bad("Only imports can be rehearsed.", "transferType")
    check_contact(details)
    check_accounts(world, details)
    kind.check(details)


def check_contact(details: dict[str, Any]) -> None:
    """Raise ArmError 400 unless there is somebody to call, an address to write to and one to ship to."""
    contact = details.get("contactDetails") or {}
    for need in ("contactName", "phone", "emailList"):
        if not contact.get(need):
            raise _bad(f"The field 'contactDetails.{need}' is required.", need)
    address = details.get("shippingAddress")
    if address is not None:
        for need in ("streetAddress1", "country"):
            if not address.get(need):
                raise _bad(f"The field 'shippingAddress.{need}' is required.", need)


def check_accounts(world: World, details: dict[str, Any]) -> None:
    """Raise ArmError 400 unless the order fills this subscription's storage account."""
    entries = details.get("dataImportDetails")
    if not entries:
        raise _bad("The field 'dataImportDetails' is required.", "dataImportDetails")
    for entry in entries:
        account = entry.get("accountDetails") or {}
        if account.get("dataAccountType") != "StorageAccount":
            raise _bad("Only storage accounts can be filled here.", "dataAccountType")
        if not same(account.get("storageAccountId", ""), account_id(world.home.identity)):
            raise ArmError(400, "SsemUserErrorStorageAccountNotFound", "The storage account was not found.")
        share = account.get("sharePassword")
        if share is not None and not PASSWORD.fullmatch(share):
            raise _bad("The share password does not keep the rules.", "sharePassword")


def room_left(world: World, sku_name: str, country: str) -> int:
    """Return how many more orders of this kind may be active there; import jobs of own drives are not limited."""
    kind = sku_of(sku_name)
    if kind is not None and kind.customer_ships:
        return ACTIVE_ORDERS_ALLOWED
    active = Counter((o.sku["name"], _country(o.inputs)) for o in world.records.orders.values() if o.status not in OVER)
    return ACTIVE_ORDERS_ALLOWED - active[sku_name, country]


def _country(inputs: dict[str, Any]) -> str:
    return str(_at(inputs, "details.shippingAddress.country") or "")


def get(world: World, ask: Ask) -> Answer:
    """Return the order; the stages and copy progress only with `$expand=details`."""
    with world.reading():
        expanded = ask.query.get("$expand", "").casefold() == "details"
        return Answer(200, job(world.home.identity, _order(world, ask), expanded))


def list_jobs(world: World, ask: Ask) -> Answer:
    """Return a page of the orders, in full."""
    with world.reading() as records:
        orders = sorted(records.orders.values(), key=lambda order: order.name.casefold())
        return paged(ask, [job(world.home.identity, order, True) for order in orders], records.settings.page_size)


def change(world: World, ask: Ask) -> Answer:
    """Accept a change of contact, address, preferences or tags while the order still allows it."""
    body = ask.json()
    with world.changing():
        order = _order(world, ask)
        details = (body.get("properties") or {}).get("details") or {}
        own_drives = life.sku(order).customer_ships
        unknown = set(details) - {*PATCHABLE, *([WAY_BACK] if own_drives else [])}
        if unknown:
            raise _bad(f"{', '.join(sorted(unknown))} cannot be changed.", sorted(unknown)[0])
        if "shippingAddress" in details and order.status not in life.sku(order).address_editable_in:
            raise _not_allowed(order, "the shipping address cannot be changed any more")
        check_contact({**order.inputs["details"], **details})
        if WAY_BACK in details:
            details[WAY_BACK] = {**order.inputs["details"][WAY_BACK], **details[WAY_BACK]}
            check_way_back(details)
        order.inputs["details"].update(details)
        if WAY_BACK in details:
            import_life.way_back_changed(world, order)
        if "tags" in body:
            order.tags = body["tags"]
        return _accepted(world, ask, order, str(uuid.uuid4()))


def delete(world: World, ask: Ask) -> Answer:
    """Accept the deletion of a finished order; 204 when there is none."""
    with world.changing() as records:
        order = world.order(ask.names["job"])
        if order is None:
            return Answer(204)
        if order.status not in OVER:
            raise _not_allowed(order, "it can only be deleted when it is over")
        check_locks(world)
        records.effects.deletes[order.name] = records.effects.deletes.get(order.name, 0) + 1
        del records.orders[order.name.casefold()]
        world.unplan(order.name.casefold())
        return _accepted(world, ask, order, f"{order.operation}-deleteorder")


def operation(world: World, ask: Ask) -> Answer:
    """Answer a poll: not yet, or where the result is (a job), or done (204, after a deletion)."""
    with world.changing() as records:
        waiting = records.operations.get(ask.names["operation"])
        if waiting is None:
            raise ArmError(404, "SsemUserErrorEntityNotFound", "The operation was not found.")
        waiting["polls"] -= 1
        if waiting["polls"] >= 0:
            return Answer(202, None, _later(world, f"{ask.base}{ask.path}", ask))
        if ask.names["operation"].endswith("-deleteorder"):
            return Answer(204)
        return Answer(202, None, _later(world, ask.base + waiting["job"], ask))


def credentials(world: World, ask: Ask) -> Answer:
    """Return the order's secrets, once the device is prepared."""
    with world.reading():
        order = _order(world, ask)
        prepared = order.stage("DevicePrepared") or life.sku(order).customer_ships
        if not prepared or order.status in OVER:
            raise ArmError(
                400, "SsemUserErrorSecretsNotGenerated",
                "Device secrets have not been generated yet. Retry the operation in a few minutes.",
            )  # fmt: skip
        secrets = life.sku(order).secrets(order, world.storage.account)
        return Answer(200, {"value": [{"jobName": order.name, "jobSecrets": secrets}], "nextLink": None})


def cancel(world: World, ask: Ask) -> Answer:
    """Cancel the order while it still can be: 204, nothing in the body."""
    reason = ask.json().get("reason")
    with world.changing() as records:
        order = _order(world, ask)
        if not reason:
            raise _bad("The field 'reason' is required.", "reason")
        if not cancellable(order):
            raise _not_allowed(order, "it cannot be cancelled any more")
        life.end(world, order, "Cancelled", reason)
        records.effects.cancels[order.name] = records.effects.cancels.get(order.name, 0) + 1
        return Answer(204)


def book_pick_up(world: World, ask: Ask) -> Answer:
    """Book the carrier for a delivered device; return the confirmation number."""
    body = ask.json()
    with world.changing() as records:
        order = _order(world, ask)
        for need in ("startTime", "endTime", "shipmentLocation"):
            if not body.get(need):
                raise _bad(f"The field '{need}' is required.", need)
        if order.place != "Delivered":
            raise _not_allowed(order, "a pick-up can be booked only while the device is with the customer")
        try:
            ready = when(body["startTime"])
        except ValueError:
            raise _bad("startTime is not a time.", "startTime") from None
        number = f"PU{len(order.pickups) + 1:02d}{order.operation[:8].upper()}"
        order.pickups.append({"confirmationNumber": number, "readyByTime": ticks(ready)})
        records.effects.pickups[order.name] = records.effects.pickups.get(order.name, 0) + 1
        return Answer(200, order.pickups[-1])


def mark_shipped(world: World, ask: Ask) -> Answer:
    """Note that the customer has sent the disks; only kinds whose customer ships allow it."""
    body = ask.json()
    with world.changing() as records:
        order = _order(world, ask)
        sent = body.get("deliverToDcPackageDetails") or {}
        if not sent.get("carrierName") or not sent.get("trackingId"):
            raise _bad("carrierName and trackingId are required.", "deliverToDcPackageDetails")
        if not life.sku(order).customer_ships:
            raise _not_allowed(order, "devices of this kind are fetched by Microsoft's carrier")
        import_life.hand_over(world, order, sent["carrierName"], sent["trackingId"])
        records.effects.shipment_marks[order.name] = records.effects.shipment_marks.get(order.name, 0) + 1
        return Answer(204)


def mitigate(world: World, ask: Ask) -> Answer:
    """Choose what to do with a copy that waits: one code, or the same code for every serial."""
    body = ask.json()
    with world.changing() as records:
        order = _order(world, ask)
        codes = {body["customerResolutionCode"]} if body.get("customerResolutionCode") else set()
        codes |= set((body.get("serialNumberCustomerResolutionMap") or {}).values())
        if len(codes) != 1 or not codes <= set(RESOLUTIONS):
            raise _bad(f"Choose one of {', '.join(RESOLUTIONS)}.", "customerResolutionCode")
        if not order.actions:
            raise _not_allowed(order, "it does not wait for the customer")
        _life(order).resume(world, order, codes.pop())
        records.effects.mitigations[order.name] = records.effects.mitigations.get(order.name, 0) + 1
        return Answer(204)


def _life(order: Order) -> ModuleType:
    """Return what knows the life of such an order."""
    return import_life if life.sku(order).customer_ships else life


def _accepted(world: World, ask: Ask, order: Order, operation_id: str) -> Answer:
    path = job_id(world.home.identity, order)
    world.records.operations[operation_id] = {"polls": world.records.settings.lro_polls, "job": path}
    where = (
        f"{ask.base}/subscriptions/{world.home.identity.subscription_id}/providers/Microsoft.DataBox"
        f"/locations/{order.location}/operationResults/{operation_id}"
    )
    return Answer(202, None, _later(world, where, ask))


def _later(world: World, where: str, ask: Ask) -> dict[str, str]:
    version = ask.query.get("api-version", "")
    return {"Location": f"{where}?api-version={version}", "Retry-After": str(world.records.settings.retry_after)}


def _order(world: World, ask: Ask) -> Order:
    order = world.order(ask.names["job"])
    if order is None or not same(order.resource_group, ask.names["rg"]):
        raise ArmError(404, "SsemUserErrorEntityNotFound", f"Job '{ask.names['job']}' was not found.")
    return order


def _require_room(world: World, sku_name: str, country: str) -> None:
    if room_left(world, sku_name, country) <= 0:
        raise ArmError(
            400, "SsemUserErrorActiveOrderLimitReached", f"At most {ACTIVE_ORDERS_ALLOWED} orders may be active."
        )


def _at(body: dict[str, Any], path: str) -> Any:
    found: Any = body
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _bad(message: str, target: str) -> ArmError:
    return ArmError(400, "SsemUserErrorInvalidInput", message, target)


def _not_allowed(order: Order, why: str) -> ArmError:
    return ArmError(400, "SsemUserErrorOperationNotAllowed", f"Job '{order.name}' is {order.status}: {why}.")


SUBSCRIPTION = "/subscriptions/{subscription}"
JOBS = SUBSCRIPTION + "/resourceGroups/{rg}/providers/Microsoft.DataBox/jobs"
# fmt: off
ROUTES = (
    Route("PUT",    JOBS + "/{job}",                    create),
    Route("GET",    JOBS + "/{job}",                    get),
    Route("PATCH",  JOBS + "/{job}",                    change),
    Route("DELETE", JOBS + "/{job}",                    delete),
    Route("POST",   JOBS + "/{job}/listCredentials",    credentials),
    Route("POST",   JOBS + "/{job}/cancel",             cancel),
    Route("POST",   JOBS + "/{job}/bookShipmentPickUp", book_pick_up),
    Route("POST",   JOBS + "/{job}/markDevicesShipped", mark_shipped),
    Route("POST",   JOBS + "/{job}/mitigate",           mitigate),
    Route("GET",    JOBS,                               list_jobs),
    Route("GET",    SUBSCRIPTION + "/providers/Microsoft.DataBox/jobs", list_jobs),
    Route("GET",    SUBSCRIPTION + "/providers/Microsoft.DataBox/locations/{location}/operationResults/{operation}",
          operation),
)
# fmt: on
