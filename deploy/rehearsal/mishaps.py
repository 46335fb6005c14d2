"""What can go wrong in the world: a row each. A mishap strikes at once, or `when` its order reaches a stage.

Rows look like `{"world": "device-lost", "job": "seed-berlin", "when": "PickedUp"}`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from deploy.rehearsal import device, faults, import_life, life, office_agent
from deploy.rehearsal.office_mishaps import OFFICE_MISHAPS
from deploy.rehearsal.records import Office, Order, Stage
from deploy.rehearsal.skus.base import OVER
from deploy.rehearsal.tampering import TAMPERING
from deploy.rehearsal.wire import ArmError, iso
from deploy.rehearsal.world import World

AT_THE_CUSTOMER = ("DeviceOrdered", "DevicePrepared", "Dispatched", "Delivered", "Created", "AwaitingShipmentDetails")
DRIVE_FAILURES = (
    "Failed", "NotReturned", "HardwareError", "DeviceFormatted", "DeviceMetadataModified", "UnsupportedData",
    "StorageAccountNotAccessible", "DriveNotReceived", "UnsupportedDrive", "OtherServiceError", "OtherUserError",
    "DriveNotDetected", "DriveCorrupted", "MetadataFilesModifiedOrRemoved",
)  # fmt: skip


@dataclass(frozen=True)
class Mishap:
    """One thing that can go wrong: what it does (None: it waits for the upload), which fields its row needs.

    Some can only befall an import job of the customer's own drives.
    """

    does: Callable[[World, dict[str, Any]], None] | None
    needs: tuple[str, ...] = ("job",)
    allows: tuple[str, ...] = ()
    own_drives: bool = False


def add(world: World, row: dict[str, Any]) -> None:
    """Put *row* on the list, or let it strike at once. Raises ArmError 400 for a row that could never strike."""
    if "world" not in row:
        faults.check(row)
        world.records.faults.append(dict(row))
        return
    mishap = MISHAPS.get(row["world"])
    if mishap is None:
        raise ArmError(400, "BadFault", f"no mishap is called {row['world']!r}; known: {', '.join(sorted(MISHAPS))}")
    known = {"world", "when", "times", "after", *mishap.needs, *mishap.allows}
    if set(row) - known or any(need not in row for need in mishap.needs):
        raise ArmError(400, "BadFault", f"{row['world']} needs {mishap.needs} and allows {sorted(known)}: {row}")
    if mishap.does is None and "when" in row:
        raise ArmError(400, "BadFault", f"{row['world']} strikes at the upload; leave `when` out")
    if mishap.does is None or "when" in row:
        world.records.faults.append({**row, "id": world.new_id("fault-")})
    else:
        mishap.does(world, row)


def strike(world: World, fault_id: str) -> str:
    """Let the mishap that was waiting under *fault_id* happen; return a sentence about it."""
    row = next(row for row in world.records.faults if row.get("id") == fault_id)
    does = MISHAPS[row["world"]].does
    if does is not None:
        does(world, row)
    return f"mishap: {row['world']}"


def _lose(world: World, row: dict[str, Any]) -> None:
    """The device never arrives anywhere. The service notices after five days and aborts (status not verified)."""
    order = _order(world, row)
    world.unplan(order.name.casefold())
    for box in order.devices:
        device.erase(world.home.devices, box.serial)
    order.devices_lost = True
    order.delays.append(_delay(world, "InternalIssueDelay", "The device cannot be found."))
    world.plan(world.now + timedelta(days=5), "Aborted", order.name.casefold())


def _damage(world: World, row: dict[str, Any]) -> None:
    order = _order(world, row)
    here = order.place in AT_THE_CUSTOMER
    for box in order.devices:
        device.erase(world.home.devices, box.serial)
    life.end(world, order, "Failed_IssueReportedAtCustomer" if here else "Failed_IssueDetectedAtAzureDC")


def _cancel(world: World, row: dict[str, Any]) -> None:
    life.end(world, _order(world, row), "Cancelled", row.get("reason", "Cancelled by the service."))


def _delete_order(world: World, row: dict[str, Any]) -> None:
    """Somebody deletes the order's record, whatever its stage: the device goes nowhere any more."""
    order = _order(world, row)
    world.unplan(order.name.casefold())
    del world.records.orders[order.name.casefold()]


def _postpone(world: World, row: dict[str, Any]) -> None:
    order = _order(world, row)
    world.postpone(order.name.casefold(), timedelta(days=float(row["days"])))
    order.delays.append(_delay(world, row.get("code", "HighDemandDelay"), f"Delayed by {row['days']} days."))


def _set_stage(world: World, row: dict[str, Any]) -> None:
    """Azure shows that stage; a word that is on no road of its own moves no device."""
    order, name = _order(world, row), row["stage"]
    known = {*dict(life.sku(order).stages), *OVER}
    order.stages.append(Stage(name=name, status="InProgress", at=world.now, mere_word=name not in known))


def _lose_parcel(world: World, row: dict[str, Any]) -> None:
    import_life.lose_parcel(world, _import_job(world, row))


def _find_parcel(world: World, row: dict[str, Any]) -> None:
    import_life.find_parcel(world, _import_job(world, row))


def _refuse_return(world: World, row: dict[str, Any]) -> None:
    import_life.refuse_return(world, _import_job(world, row))


def _fail_drive(world: World, row: dict[str, Any]) -> None:
    """The datacenter cannot work on this drive; `status` is Azure's word for why."""
    order = _import_job(world, row)
    status = row.get("status", "DriveNotReceived" if row["world"] == "drive-missing" else "HardwareError")
    box = next((box for box in order.devices if box.serial == row["serial"]), None)
    if box is None or status not in DRIVE_FAILURES:
        raise ArmError(400, "BadFault", f"{order.name} has no drive {row['serial']!r}, or {status!r} is no status")
    box.forced_status = status


def _add_drive(world: World, row: dict[str, Any]) -> None:
    """A drive of no job lies in the parcel; it is not looked at and comes back with the others."""
    _import_job(world, row).extra_drives.append(row["serial"])


def _import_job(world: World, row: dict[str, Any]) -> Order:
    order = _order(world, row)
    if not life.sku(order).customer_ships:
        raise ArmError(400, "BadFault", f"{row['world']} befalls only import jobs of own drives")
    return order


def _delete_blob(world: World, row: dict[str, Any]) -> None:
    world.storage.delete(row["container"], row["name"])


def _turn_schedule_off(world: World, row: dict[str, Any]) -> None:
    office = _office(world, row)
    office.schedule_enabled = False
    world.unplan(office.name.casefold(), "backup")


def _turn_schedule_on(world: World, row: dict[str, Any]) -> None:
    office_agent.resume_schedule(world, _office(world, row))


def _at_the_office(world: World, row: dict[str, Any]) -> None:
    does, _, _ = OFFICE_MISHAPS[row["world"]]
    does(_office(world, row), row)


def _order(world: World, row: dict[str, Any]) -> Order:
    order = world.order(row["job"])
    if order is None:
        raise ArmError(404, "BadFault", f"there is no order called {row['job']!r}; give `when` for one to come")
    return order


def _office(world: World, row: dict[str, Any]) -> Office:
    office = world.records.offices.get(row["office"].casefold())
    if office is None:
        raise ArmError(404, "BadFault", f"no office is called {row['office']!r}")
    return office


def _delay(world: World, code: str, text: str) -> dict[str, Any]:
    return {
        "stage": "", "status": "Active", "errorCode": code, "description": text,
        "startTime": iso(world.now), "resolutionTime": None,
    }  # fmt: skip


# fmt: off
MISHAPS: dict[str, Mishap] = {
    "device-lost":                Mishap(_lose),
    "device-damaged":             Mishap(_damage),
    "order-cancelled-by-service": Mishap(_cancel, allows=("reason",)),
    "order-deleted":              Mishap(_delete_order),
    "delay":                      Mishap(_postpone, ("job", "days"), ("code",)),
    "unknown-stage":              Mishap(_set_stage, ("job", "stage")),
    "delete-blob":                Mishap(_delete_blob, ("container", "name"), ("job",)),
    "schedule-off":               Mishap(_turn_schedule_off, ("office",), ("job",)),
    "schedule-on":                Mishap(_turn_schedule_on, ("office",), ("job",)),
    "copy-halted":                Mishap(None),
    "complete-with-warnings":     Mishap(None),
    "complete-with-errors":       Mishap(None, allows=("count", "path_regex")),
    "parcel-lost":                Mishap(_lose_parcel,   own_drives=True),
    "parcel-found":               Mishap(_find_parcel,   own_drives=True),
    "drive-missing":              Mishap(_fail_drive,    ("job", "serial"), own_drives=True),
    "drive-extra":                Mishap(_add_drive,     ("job", "serial"), own_drives=True),
    "drive-fails":                Mishap(_fail_drive,    ("job", "serial"), ("status",), own_drives=True),
    "return-refused":             Mishap(_refuse_return, own_drives=True),
    "account-not-accessible":     Mishap(None,           own_drives=True),
    "blobs-made-anew":            Mishap(None,           own_drives=True),
    **{name: Mishap(does, needs, ("job", "by", *allows)) for name, (does, needs, allows) in TAMPERING.items()},
    **{
        name: Mishap(_at_the_office, ("office", *needs), ("job", *allows))
        for name, (_, needs, allows) in OFFICE_MISHAPS.items()
    },
}
# fmt: on
