"""The control interface: what a person, a carrier or the passing of time would do. Only loopback may ask."""

from __future__ import annotations

import json
import secrets
import shutil
from typing import Any

from deploy.rehearsal import device, drives, life, mishaps, office_agent
from deploy.rehearsal.records import Device, Order, Records, Settings
from deploy.rehearsal.wire import Answer, ArmError, Ask, Route, iso, when
from deploy.rehearsal.world import World


def clock(world: World, ask: Ask) -> Answer:
    """Return the simulated time."""
    with world.reading():
        return Answer(200, {"now": iso(world.now)})


def upcoming(world: World, ask: Ask) -> Answer:
    """Return the next thing on the agenda, or null."""
    with world.reading():
        due = world.upcoming()
        return Answer(200, {"at": due.at.isoformat(), "what": f"{due.subject}: {due.what}"} if due else None)


def jump(world: World, ask: Ask) -> Answer:
    """Move the clock to `to`, a time or the word "next"; return the new time and what happened on the way."""
    wanted = ask.json().get("to")
    with world.reading():
        due = world.upcoming()
        to = (due.at if due else world.now) if wanted == "next" else _time(wanted)
    try:
        happened = world.jump(to)
    except ValueError as error:
        raise ArmError(400, "BadTime", str(error)) from error
    listed = [{"at": iso(at), "what": what} for at, what in happened]
    return Answer(200, {"now": iso(world.now), "happened": listed})


def prepare_to_ship(world: World, ask: Ask) -> Answer:
    """Seal a delivered device: checksums of every file, the bill of materials, a reference number."""
    with world.changing():
        order = _order_with(world, ask.names["serial"])
        box = next(box for box in order.devices if box.serial == ask.names["serial"])
        if order.place != "Delivered" or order.collection:
            raise ArmError(409, "NotHere", f"The device is not with the customer: {order.name} is {order.status}.")
        refused = device.seal(world.home.devices, box.serial, life.sku(order).folders(world.storage.account))
        if refused:
            told = "; ".join(f"{entry['code']} {entry['path']}" for entry in refused[:5])
            raise ArmError(409, "ScanCompletedWithErrors", f"{len(refused)} files forbid sealing: {told}")
        box.reference = box.reference or "1Z" + secrets.token_hex(8).upper()
        bom = [str(path) for path in device.lists(world.home.devices, box.serial)]
        return Answer(200, {"reference": box.reference, "bom": bom})


def hand_over(world: World, ask: Ask) -> Answer:
    """Give an order's devices to the carrier; a Data Box has no label before it is sealed."""
    body = ask.json()
    with world.changing():
        order = world.order(ask.names["job"])
        if order is None:
            raise ArmError(404, "NoOrder", f"No order is called {ask.names['job']!r}.")
        if order.place != "Delivered" or order.collection:
            raise ArmError(409, "NotHere", f"The device is not with the customer: {order.name} is {order.status}.")
        unsealed = [box.serial for box in order.devices if not box.reference]
        if unsealed and life.sku(order).prepare_to_ship:
            raise ArmError(409, "NotPrepared", f"{unsealed[0]} has no return label: prepare it to ship first.")
        tracking = str(body.get("tracking") or order.devices[0].reference or "1Z" + secrets.token_hex(8).upper())
        carrier = str(body.get("carrier") or "UPS")
        at = life.hand_over(world, order, carrier, tracking)
        return Answer(200, {"carrier": carrier, "tracking": tracking, "picked_up": iso(at)})


def add_drives(world: World, ask: Ask) -> Answer:
    """Put the customer's own drives on the desk: a row or a list of rows. A serial that is there stays as it is."""
    with world.changing():
        return Answer(200, {"drives": [drives.add(world.home.drives, row) for row in _rows(ask)]})


def list_drives(world: World, ask: Ask) -> Answer:
    """Return the drives with what they say of themselves, and where their folders are."""
    with world.reading():
        found = [{**drive.facts, "path": str(drive.place)} for drive in drives.every(world.home.drives)]
        return Answer(200, {"drives": found})


def stats(world: World, ask: Ask) -> Answer:
    """Return how often each effect was really done, per job name."""
    with world.reading() as records:
        return Answer(200, records.effects.model_dump())


def orders(world: World, ask: Ask) -> Answer:
    """Return a readable summary of every order."""
    with world.reading() as records:
        return Answer(200, {"orders": [_summary(world, order) for order in records.orders.values()]})


def add_faults(world: World, ask: Ask) -> Answer:
    """Add one row or a list of rows to the faults."""
    rows = _rows(ask)
    with world.changing() as records:
        for row in rows:
            mishaps.add(world, row)
        return Answer(200, {"faults": records.faults})


def list_faults(world: World, ask: Ask) -> Answer:
    """Return the list of faults with what is left of each."""
    with world.reading() as records:
        return Answer(200, {"faults": records.faults})


def clear_faults(world: World, ask: Ask) -> Answer:
    """Empty the list of faults."""
    with world.changing() as records:
        records.faults = []
        return Answer(204)


def reset(world: World, ask: Ask) -> Answer:
    """Back to the first day: no orders, devices, blobs, offices, faults or counts."""
    body = ask.json() if ask.body else {}
    start = _time(body.pop("start")) if "start" in body else None
    try:
        settings = Settings.model_validate({**world.first_settings.model_dump(), **body})
    except ValueError as error:
        raise ArmError(400, "BadSettings", str(error)) from error
    world.reset(start, settings)
    world.storage.empty()
    for path in (*world.home.devices.iterdir(), *world.home.drives.iterdir()):
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return clock(world, ask)


def keep(world: World, ask: Ask) -> Answer:
    """Return everything the world remembers, for `put_back`."""
    with world.reading() as records:
        return Answer(200, records.model_dump(mode="json"))


def put_back(world: World, ask: Ask) -> Answer:
    """Be as a kept world was. Devices, drives and blobs are files: who kept the world keeps them, too."""
    try:
        world.put_back(Records.model_validate_json(ask.body))
    except ValueError as error:
        raise ArmError(400, "BadWorld", str(error)) from error
    return clock(world, ask)


def office_facts(world: World, ask: Ask) -> Answer:
    """Return what an office's agent reports."""
    with world.reading():
        kind, server = ask.query.get("kind", "dpm"), ask.query.get("server", "")
        return Answer(200, office_agent.facts(world, ask.names["office"], kind, server))


def office_items(world: World, ask: Ask) -> Answer:
    """Return what the agent needs for its first copy: kind, server, items with their sources."""
    with world.reading() as records:
        office = records.offices.get(ask.names["office"].casefold())
        items = [{"name": item.name, "source": item.source} for item in office.items] if office else []
        known = {key: getattr(office, key, None) for key in ("kind", "server", "own_drives", "staging", "container")}
        order = world.order(office.order or "") if office else None
        here = bool(order and order.place == "Delivered" and not order.collection)
        configured = bool(office and office.configured)
        return Answer(200, {**known, "configured": configured, "device_is_here": here, "items": items})


def office_configure(world: World, ask: Ask) -> Answer:
    """Set an office's offline method."""
    with world.changing():
        return Answer(200, office_agent.configure(world, ask.names["office"], ask.json()))


def office_seeded(world: World, ask: Ask) -> Answer:
    """Note the first copy an office's agent has written."""
    with world.changing():
        return Answer(200, office_agent.seeded(world, ask.names["office"], ask.json()))


def office_backup_now(world: World, ask: Ask) -> Answer:
    """Run an office's online backup at once."""
    with world.changing():
        return Answer(200, office_agent.backup_now(world, ask.names["office"]))


def office_stop_job(world: World, ask: Ask) -> Answer:
    """Stop the online job that runs at an office."""
    with world.changing():
        return Answer(200, office_agent.stop_job(world, ask.names["office"]))


def _summary(world: World, order: Order) -> dict[str, Any]:
    due = [entry for entry in world.records.agenda if entry.subject == order.name.casefold()]
    first = min(due, key=lambda entry: (entry.at, entry.seq), default=None)
    boxes = [
        {"serial": box.serial, "path": str(world.home.devices / box.serial), "sealed": box.reference is not None}
        for box in order.devices
    ]
    return {
        "job": order.name, "sku": order.sku["name"], "status": order.status, "since": iso(order.stages[-1].at),
        "devices": boxes if order.stage("Delivered") else [], "handed_over": order.collection or None,
        "drives": [_drive(world, box) for box in order.devices] if life.sku(order).customer_ships else [],
        "extra_drives": order.extra_drives,
        "next": {"at": iso(first.at), "what": first.what} if first else None,
    }  # fmt: skip


def _drive(world: World, box: Device) -> dict[str, str]:
    found = drives.find(world.home.drives, box.serial)
    return {"serial": box.serial, "path": str(found.place) if found else "", "status": box.status}


def _rows(ask: Ask) -> list[dict[str, Any]]:
    """Return the rows that were sent. Raises ArmError 400 for anything else than objects."""
    try:
        given = json.loads(ask.body)
    except ValueError:
        given = None
    rows = given if isinstance(given, list) else [given]
    if not all(isinstance(row, dict) for row in rows):
        raise ArmError(400, "BadFault", "send a row, or a list of rows, as JSON")
    return rows


def _order_with(world: World, serial: str) -> Order:
    for order in world.records.orders.values():
        if order.stage("Delivered") and any(box.serial == serial for box in order.devices):
            return order
    raise ArmError(404, "NoDevice", f"No device {serial!r} was delivered.")


def _time(text: Any) -> Any:
    try:
        return when(str(text))
    except ValueError:
        raise ArmError(400, "BadTime", f"{text!r} is not an ISO 8601 time") from None


ROOT = "/rehearsal"
# fmt: off
ROUTES = (
    Route("GET",    ROOT + "/clock",                            clock),
    Route("POST",   ROOT + "/clock",                            jump),
    Route("GET",    ROOT + "/next",                             upcoming),
    Route("POST",   ROOT + "/devices/{serial}/prepare-to-ship", prepare_to_ship),
    Route("POST",   ROOT + "/orders/{job}/hand-over",           hand_over),
    Route("GET",    ROOT + "/orders",                           orders),
    Route("POST",   ROOT + "/drives",                           add_drives),
    Route("GET",    ROOT + "/drives",                           list_drives),
    Route("GET",    ROOT + "/stats",                            stats),
    Route("GET",    ROOT + "/faults",                           list_faults),
    Route("POST",   ROOT + "/faults",                           add_faults),
    Route("DELETE", ROOT + "/faults",                           clear_faults),
    Route("POST",   ROOT + "/reset",                            reset),
    Route("GET",    ROOT + "/world",                            keep),
    Route("POST",   ROOT + "/world",                            put_back),
    Route("GET",    ROOT + "/offices/{office}",                 office_facts),
    Route("GET",    ROOT + "/offices/{office}/items",           office_items),
    Route("POST",   ROOT + "/offices/{office}/configure",       office_configure),
    Route("POST",   ROOT + "/offices/{office}/seeded",          office_seeded),
    Route("POST",   ROOT + "/offices/{office}/backup-now",      office_backup_now),
    Route("POST",   ROOT + "/offices/{office}/stop-job",        office_stop_job),
)
# fmt: on
