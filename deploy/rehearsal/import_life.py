"""The life of an import job of own drives: its parcel, the copy of its drives, and the way back.

The job waits 14 days for its parcel's numbers and is then deleted; a parcel that does not come is given up after 14
days; a finished job is deleted after 90. How long the other steps take is no promise of Azure's, only usual.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import NAMESPACE_URL, uuid5

from deploy.rehearsal import drive_copy, drives, faults
from deploy.rehearsal.life import sku
from deploy.rehearsal.records import Device, Order, Stage
from deploy.rehearsal.wire import ArmError, iso, ticks
from deploy.rehearsal.world import Happening, World, business_days

PATIENCE = timedelta(days=14)  # for the numbers, for the parcel, and for a customer's answer
KEPT_FOR = timedelta(days=90)
COPY_BYTES_PER_SECOND = 120_000_000
SHORTEST_COPY = timedelta(hours=6)
WAITING = ("AwaitingShipmentDetails", "DataCopy", "PreparingToShipFromAzureDC")  # stages that take time themselves
NEVER_CAME = {"code": "DriveNotReceived", "message": "The package was not received at the datacenter."}


def begin(world: World, order: Order) -> None:
    """Start the life of a new import job. Its drives are with the customer; nothing of them is looked at."""
    details = order.inputs["details"]
    order.devices = sku(order).devices(details, world.storage.account)
    world.records.orders[order.name.casefold()] = order
    _enter(world, order, "Created")
    _plan(world, order, timedelta(minutes=10), "job-accepted")
    _plan(world, order, PATIENCE, "job-expires")


def hand_over(world: World, order: Order, carrier: str, tracking: str) -> None:
    """Note the parcel's numbers. From now on the job is shipped. Raises ArmError 400 when it is past that."""
    if order.status not in ("Created", "AwaitingShipmentDetails"):
        raise ArmError(
            400, "SsemUserErrorOperationNotAllowed", f"Job '{order.name}' is {order.status}: it is shipped already."
        )
    world.unplan(order.name.casefold(), "job-accepted", "job-expires")
    if order.status == "Created":
        _enter(world, order, "AwaitingShipmentDetails")
    order.collection = {"carrierName": carrier, "trackingId": tracking, "handedOver": iso(world.now)}
    _enter(world, order, "ShippedToAzureDC")
    world.plan(business_days(world.now, 4), "parcel-received", order.name.casefold())


def lose_parcel(world: World, order: Order) -> None:
    """The parcel does not come. Nobody is told; after 14 days its drives count as not received."""
    _require_on_its_way(order)
    world.unplan(order.name.casefold(), "parcel-received", "drives-connected")
    _plan(world, order, PATIENCE, "parcel-missed")


def find_parcel(world: World, order: Order) -> None:
    """The parcel turns up: the datacenter's operators take it in at once."""
    _require_on_its_way(order)
    world.unplan(order.name.casefold(), "parcel-missed")
    for device in order.devices:
        device.status, device.trouble = "NotStarted", None
    world.plan(world.now, "parcel-received", order.name.casefold())


def refuse_return(world: World, order: Order) -> None:
    """The carrier does not take the drives back: the account is invalid. They stay until the job names a good one."""
    order.return_refused = True
    world.unplan(order.name.casefold(), "drives-sent-back")
    if order.status == "PreparingToShipFromAzureDC":
        _hold_return(order)


def way_back_changed(world: World, order: Order) -> None:
    """The customer has named another carrier or account; drives that waited for that are sent."""
    waited, order.return_refused = order.return_refused, False
    if waited and order.status == "PreparingToShipFromAzureDC":
        order.stages[-1].status, order.error = "InProgress", None
        world.plan(business_days(world.now, 1), "drives-sent-back", order.name.casefold())


def resume(world: World, order: Order, code: str) -> None:
    """Do what the customer chose for a copy that waits: Resume or Restart it, or give it up."""
    world.unplan(order.name.casefold(), "copy-given-up")
    order.mitigation = {
        "actionDateTimeInUtc": ticks(world.now), "isPerformedByCustomer": True, "customerResolution": code,
    }  # fmt: skip
    order.stages[-1].status = "CustomerActionPerformed"
    order.error, order.actions = None, []
    again = code in ("Resume", "Restart")
    _plan(world, order, timedelta(hours=1), "drives-read" if again else "drives-done")


def _require_on_its_way(order: Order) -> None:
    if order.status != "ShippedToAzureDC":
        raise ArmError(400, "BadFault", f"no parcel of {order.name} is on its way: it is {order.status}")


def _accept(world: World, job: str) -> str:
    return _reach(world, job, "AwaitingShipmentDetails")


def _expire(world: World, job: str) -> str:
    """No numbers for 14 days: the service deletes the job, as if it had never been."""
    order = world.records.orders.pop(job)
    world.unplan(job)
    return f"{order.name}: deleted by the service, no tracking number came"


def _receive(world: World, job: str) -> str:
    said = _reach(world, job, "AtAzureDC")
    world.plan(business_days(world.now, 3), "drives-connected", job)
    return said


def _miss(world: World, job: str) -> str:
    order = world.records.orders[job]
    for device in order.devices:
        device.status, device.trouble = "DriveNotReceived", NEVER_CAME
    return f"{order.name}: the parcel was not received within 14 days"


def _connect(world: World, job: str) -> str:
    said = _reach(world, job, "DataCopy")
    order = world.records.orders[job]
    world.plan(world.now + _duration(world, order) / 2, "drives-read", job)
    return said


def _read(world: World, job: str) -> str:
    """Copy all drives, one after the other, unless the account cannot be reached."""
    order = world.records.orders[job]
    if faults.take(world, "account-not-accessible", order):
        return _halt(world, order)
    order.stages[-1].status = "InProgress"
    details = order.inputs["details"]
    task = drive_copy.Job(
        order=order.name, home=world.home.drives, log_id=str(uuid5(NAMESPACE_URL, order.operation)),
        verbose=any(entry.get("logCollectionLevel") == "Verbose" for entry in details["dataImportDetails"]),
        keep_manifests=details.get("enableManifestBackup") is True,
        anew=faults.take(world, "blobs-made-anew", order) is not None,
    )  # fmt: skip
    landed = [(device, drive_copy.copy_drive(world.storage, task, device)) for device in order.devices]
    for device, blobs in landed:
        if not device.trouble:
            drive_copy.write_logs(world.storage, task, device, blobs)
    world.plan(world.now + _duration(world, order) / 2, "drives-done", job)
    done = sum(device.outcome.done_bytes for device in order.devices if device.outcome)
    return f"{order.name}: {done:,} bytes uploaded"


def _halt(world: World, order: Order) -> str:
    for device in order.devices:
        device.status = "StorageAccountNotAccessible"
        device.trouble = {"code": device.status, "message": "The storage account could not be accessed."}
    order.stages[-1].status = "WaitingForCustomerAction"
    message = "The copy has stopped and waits for the customer to choose what to do."
    order.error = {"code": "SsemUserCopyErrorWaitingForAction", "message": message}
    order.actions = ["Resume", "MoveToCleanUpDevice", "Restart"]
    _plan(world, order, PATIENCE, "copy-given-up")
    return f"{order.name}: the copy has halted"


def _give_up(world: World, job: str) -> str:
    order = world.records.orders[job]
    order.error, order.actions = None, []
    return f"nobody chose what to do; {_finish(world, job)}"


def _finish(world: World, job: str) -> str:
    """End the copy. Drives that failed do not keep the others from being sent back."""
    order = world.records.orders[job]
    for device in order.devices:
        device.status = drive_copy.ended(device)
        if device.outcome:
            device.outcome.finished = True
    order.stages[-1].status = "Succeeded" if _all_well(order) else "SucceededWithErrors"
    _enter(world, order, "PreparingToShipFromAzureDC")
    if order.return_refused:
        _hold_return(order)
    else:
        world.plan(business_days(world.now, 1), "drives-sent-back", job)
    told = ", ".join(f"{device.serial} {device.status}" for device in order.devices)
    return f"{order.name}: {order.status}, {told}"


def _hold_return(order: Order) -> None:
    order.stages[-1].status = "WaitingForCustomerAction"
    message = "The return carrier or its account number is not valid. Correct it, and the drives are sent."
    order.error = {"code": "SsemUserErrorInvalidReturnCarrier", "message": message}


def _send_back(world: World, job: str) -> str:
    order = world.records.orders[job]
    carrier = order.inputs["details"]["returnToCustomerPackageDetails"]["carrierName"]
    number = hashlib.sha256(f"{order.operation}/back".encode()).hexdigest()[:12].upper()
    order.delivery = {"carrierName": carrier, "trackingId": f"BACK{number}"}
    said = _reach(world, job, "ShippedToCustomer")
    world.plan(business_days(world.now, 3), "drives-home", job)
    return said


def _arrive_home(world: World, job: str) -> str:
    """The drives are home, locked, and as they left; only now the job is over."""
    order = world.records.orders[job]
    for device in order.devices:
        if drive := drives.find(world.home.drives, device.serial):
            drive.lock()
    _plan(world, order, KEPT_FOR, "record-removed")
    return _reach(world, job, "Completed" if _all_well(order) else "CompletedWithErrors")


def _remove(world: World, job: str) -> str:
    order = world.records.orders.pop(job)
    return f"{order.name}: the record was removed, 90 days after its end"


def _all_well(order: Order) -> bool:
    return all(device.status == "Completed" for device in order.devices)


def _reach(world: World, job: str, stage: str) -> str:
    order = world.records.orders[job]
    _enter(world, order, stage)
    return f"{order.name}: {order.status}"


def _enter(world: World, order: Order, stage: str) -> None:
    for before in order.stages:
        before.status = "Succeeded" if before.status == "InProgress" else before.status
    order.stages.append(Stage(name=stage, status="InProgress" if stage in WAITING else "Succeeded", at=world.now))
    if not stage.startswith("Completed"):
        faults.on_stage(world, order, stage)


def _plan(world: World, order: Order, after: timedelta, what: str) -> None:
    world.plan(world.now + after, what, order.name.casefold())


def _duration(world: World, order: Order) -> timedelta:
    """Return how long the copy takes, by the bytes on the drives that can be seen."""
    size = sum(_bytes_on(world, device) for device in order.devices)
    return max(SHORTEST_COPY, timedelta(seconds=size / COPY_BYTES_PER_SECOND))


def _bytes_on(world: World, device: Device) -> int:
    drive = drives.find(world.home.drives, device.serial)
    paths = drive.volume.rglob("*") if drive else ()
    return sum(path.lstat().st_size for path in paths if path.is_file() and not path.is_symlink())


HAPPENINGS: dict[str, Happening] = {
    "job-accepted":     _accept,
    "job-expires":      _expire,
    "parcel-received":  _receive,
    "parcel-missed":    _miss,
    "drives-connected": _connect,
    "drives-read":      _read,
    "drives-done":      _finish,
    "copy-given-up":    _give_up,
    "drives-sent-back": _send_back,
    "drives-home":      _arrive_home,
    "record-removed":   _remove,
}  # fmt: skip
