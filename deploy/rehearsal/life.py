"""The life of an order after it was accepted: what happens at each stage, and what the clock brings next."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from functools import partial
from uuid import NAMESPACE_URL, uuid5

from deploy.rehearsal import datacenter, device, faults
from deploy.rehearsal.records import Order, Outcome, Stage
from deploy.rehearsal.skus import SKUS
from deploy.rehearsal.skus.base import INGESTED, OVER, Sku, password
from deploy.rehearsal.wire import iso, ticks
from deploy.rehearsal.world import Happening, World

UPLOAD_BYTES_PER_SECOND = 430_000_000
SHORTEST_UPLOAD = timedelta(hours=2)
ERASURE_AFTER = timedelta(days=1)
GIVE_UP_AFTER = timedelta(days=14)
COLLECTION_HOUR = 17
CUSTODY_CONTAINER = "azuredatabox-chainofcustodylogs"
WORKING = ("DataCopy",)  # stages that take time themselves; the others are reached and done


def sku(order: Order) -> Sku:
    """Return the kind of device *order* is for."""
    return SKUS[order.sku["name"]]


def begin(world: World, order: Order) -> None:
    """Start the life of a new order: its devices, its secrets, its first stage, and the road ahead."""
    kind = sku(order)
    details = order.inputs["details"]
    order.devices = kind.devices(details, world.storage.account)
    given = (details.get("dataImportDetails") or [{}])[0].get("accountDetails", {}).get("sharePassword")
    order.secrets = {"share": given or password(), "passkey": details.get("passkey") or password(32)}
    world.records.orders[order.name.casefold()] = order
    _enter(world, order, kind.first_stage)


def reach(stage: str, world: World, job: str) -> str:
    """Let the order *job* reach *stage*; return a sentence for the log of what happened."""
    order = world.records.orders[job]
    _enter(world, order, stage)
    return f"{order.name}: {order.status}"


def end(world: World, order: Order, stage: str, reason: str | None = None) -> None:
    """End the order in *stage* at once; nothing that was planned for it will happen."""
    world.unplan(order.name.casefold())
    if stage == "Cancelled":
        order.stages = order.stages[:1]
        order.cancellation_reason = reason
    order.stages.append(Stage(name=stage, status="Succeeded", at=world.now))


def hand_over(world: World, order: Order, carrier: str, tracking: str) -> datetime:
    """Give the device to the carrier; return when the carrier will have scanned it (17:00, or two hours from now)."""
    order.collection = {"carrierName": carrier, "trackingId": tracking, "handedOver": iso(world.now)}
    today = world.now.replace(hour=COLLECTION_HOUR, minute=0, second=0, microsecond=0)
    at = today if world.now < today else world.now + timedelta(hours=2)
    world.plan(at, "PickedUp", order.name.casefold())
    return at


def resume(world: World, order: Order, code: str) -> None:
    """Do what the customer chose for a copy that waits: Resume or Restart it, or MoveToCleanUpDevice (give it up)."""
    world.unplan(order.name.casefold(), "give-up")
    order.mitigation = {
        "actionDateTimeInUtc": ticks(world.now), "isPerformedByCustomer": True, "customerResolution": code,
    }  # fmt: skip
    order.error, order.actions = None, []
    _copying(order).status = "CustomerActionPerformed"
    if code == "MoveToCleanUpDevice":
        _give_up(world, order)
    else:
        world.plan(world.now + timedelta(hours=1), "upload", order.name.casefold())


def upload(world: World, job: str) -> str:
    """Upload the order's devices, unless a fault halts the copy."""
    order = world.records.orders[job]
    if faults.take(world, "copy-halted", order):
        return _halt(world, order)
    _copying(order).status = "InProgress"
    verbose = any(d.get("logCollectionLevel") == "Verbose" for d in order.inputs["details"]["dataImportDetails"])
    folders = sku(order).folders(world.storage.account)
    spoiled = faults.spoiler(world, order)
    for box in order.devices:
        root = world.home.devices / box.serial
        log_id = str(uuid5(NAMESPACE_URL, f"{order.operation}/{box.serial}"))
        bill = device.bill(world.home.devices, box.serial)
        task = datacenter.Job(order.name, box.serial, root, folders, bill, log_id, verbose, spoiled)
        box.outcome = datacenter.upload(world.storage, task)
    done = sum(box.outcome.done_bytes for box in order.devices if box.outcome)
    world.plan(world.now + _duration(done) / 2, "finish", job)
    return f"{order.name}: {done:,} bytes uploaded"


def finish(world: World, job: str) -> str:
    """End the copy: the last stage follows from what became of the files."""
    order = world.records.orders[job]
    results = [box.outcome for box in order.devices if box.outcome is not None]
    for result in results:
        result.finished = True
    ends = [result.end for result in results] or ["CompletedWithErrors"]
    if faults.take(world, "complete-with-warnings", order):
        ends.append("CompletedWithWarnings")
    worst = max(ends, key=INGESTED.index)
    _copying(order).status = "Succeeded"
    _enter(world, order, worst)
    world.plan(world.now + ERASURE_AFTER, "erase", job)
    return f"{order.name}: {worst}"


def give_up(world: World, job: str) -> str:
    """Nobody answered for 14 days: the order ends with errors and the device is erased."""
    order = world.records.orders[job]
    _give_up(world, order)
    return f"{order.name}: nobody chose what to do; {order.status}"


def erase(world: World, job: str) -> str:
    """Erase the devices and file the proof of it in the account."""
    order = world.records.orders[job]
    storage, devices = world.storage, world.home.devices
    storage.ensure_container(CUSTODY_CONTAINER)
    certificate = ""
    for box in order.devices:
        folder = f"{order.operation}/{box.serial}"
        for path in device.lists(devices, box.serial):
            data = path.read_bytes()
            storage.put_blocks(CUSTODY_CONTAINER, f"{folder}/{path.name}", data, len(data))
        proofs = {"audit.log": _history(order), "erasure-certificate.txt": _certificate(world, box.serial)}
        for name, text in proofs.items():
            storage.put_blocks(CUSTODY_CONTAINER, f"{folder}/{name}", text.encode(), len(text.encode()))
        certificate = storage.link(CUSTODY_CONTAINER, f"{folder}/erasure-certificate.txt")
        order.custody_link = storage.link(CUSTODY_CONTAINER, f"{folder}/audit.log")
        device.erase(devices, box.serial)
    order.erasure = {"deviceErasureStatus": "Succeeded", "erasureOrDestructionCertificateSasKey": certificate}
    return f"{order.name}: {len(order.devices)} devices erased"


def _enter(world: World, order: Order, stage: str) -> None:
    status = "InProgress" if stage in WORKING else "Succeeded"
    order.stages.append(Stage(name=stage, status=status, at=world.now))
    kind, job = sku(order), order.name.casefold()
    leg = kind.road.get(stage)
    if leg:
        world.plan(leg.due(world.now), leg.to, job)
    if stage == "Dispatched":
        order.delivery = {"carrierName": "UPS", "trackingId": _tracking(order.operation)}
    if stage == "Delivered":
        for box in order.devices:
            device.make(world.home.devices, order, kind, box, world.storage.account)
    if stage == "DataCopy":
        _enumerate(world, order)
        total = sum(box.outcome.total_bytes for box in order.devices if box.outcome)
        world.plan(world.now + _duration(total) / 2, "upload", job)
    if stage not in OVER:
        faults.on_stage(world, order, stage)


def _enumerate(world: World, order: Order) -> None:
    folders = sku(order).folders(world.storage.account)
    for box in order.devices:
        count, size = datacenter.measure(world.home.devices / box.serial, folders)
        box.outcome = Outcome(account=world.storage.account, total_files=count, total_bytes=size)


def _copying(order: Order) -> Stage:
    """Return the stage of the data copy, which is not the last when Azure shows a word of its own since."""
    found = order.stage("DataCopy")
    assert found is not None, f"{order.name} is not being copied"
    return found


def _duration(size_bytes: int) -> timedelta:
    return max(SHORTEST_UPLOAD, timedelta(seconds=size_bytes / UPLOAD_BYTES_PER_SECOND))


def _halt(world: World, order: Order) -> str:
    _copying(order).status = "WaitingForCustomerAction"
    message = "The copy has stopped and waits for the customer to choose what to do."
    order.error = {"code": "SsemUserCopyErrorWaitingForAction", "message": message}
    order.actions = ["Resume", "MoveToCleanUpDevice", "Restart"]
    world.plan(world.now + GIVE_UP_AFTER, "give-up", order.name.casefold())
    return f"{order.name}: the copy has halted"


def _give_up(world: World, order: Order) -> None:
    for box in order.devices:
        if box.outcome:
            box.outcome.errored_files = max(1, box.outcome.total_files)
            box.outcome.finished = True
    order.error, order.actions = None, []
    _copying(order).status = "Failed"
    _enter(world, order, "CompletedWithErrors")
    world.plan(world.now + ERASURE_AFTER, "erase", order.name.casefold())


def _tracking(seed: str) -> str:
    return "1Z" + hashlib.sha256(seed.encode()).hexdigest()[:16].upper()


def _history(order: Order) -> str:
    return "".join(f"{iso(stage.at)} {stage.name} {stage.status}\n" for stage in order.stages)


def _certificate(world: World, serial: str) -> str:
    return f"Device {serial} was erased on {iso(world.now)} as NIST SP 800-88 Rev 1 asks. (Rehearsal.)\n"


HAPPENINGS: dict[str, Happening] = {
    **{stage: partial(reach, stage) for kind in SKUS.values() if not kind.customer_ships for stage, _ in kind.stages},
    "Aborted": partial(reach, "Aborted"),
    "upload": upload,
    "finish": finish,
    "give-up": give_up,
    "erase": erase,
}
