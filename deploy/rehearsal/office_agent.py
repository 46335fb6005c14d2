"""The office's backup server as the world sees it: its schedule, its jobs, and the move of a seed into the vault.

It copies the real agents' manners: while an order is under way every scheduled backup "runs" and says only that it
waits; the first one after the order is over looks for the seed in the account and makes the recovery points.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from deploy.rehearsal import office_jobs
from deploy.rehearsal.device import printable
from deploy.rehearsal.office_mishaps import take
from deploy.rehearsal.records import BackupJob, Blob, Item, Office, Order, Point
from deploy.rehearsal.skus.base import INGESTED
from deploy.rehearsal.wire import ArmError, iso
from deploy.rehearsal.world import World

VERSION = "2.0.9262.0"
RUN_TIME = timedelta(minutes=20)
WAITING = "Waiting for Azure Data Box job to be completed"
WAITING_FOR_IMPORT = "Waiting for Azure Import job to finish"
DONE = "Job Completed"
KINDS = ("dpm", "mars", "files")


def facts(world: World, name: str, kind: str, server: str = "") -> dict[str, Any]:
    """Return what the agent would report about itself; a server nobody configured reports that.

    Raises ArmError 503 for a server that is switched off.
    """
    office = _known(world, name, kind, server)
    if office.silent:
        raise ArmError(503, "Silent", f"{office.server} does not answer.")
    return {
        "schema": "seeding.agent/1",
        "kind": office.kind,
        "server": office.renamed or office.server,
        "at": iso(world.now),
        "products": _products(office),
        "account": {"name": "NT AUTHORITY\\SYSTEM", "system": True},
        "protected": [{"name": item.name, "bytes": item.bytes} for item in office.items],
        "offline_method": {
            "configured": office.configured,
            "way": "OfflineBackup" if office.configured else "Network",
            "order": office.order,
        },
        "schedule": {
            "enabled": office.schedule_enabled,
            "next_run": iso(_next_run(office, world.now)) if office.schedule_enabled else None,
            "last_run": iso(office.last_run) if office.last_run else None,
        },
        "jobs": [office_jobs.told(job, world.now) for job in office.jobs],
        "recovery_points": [
            {"item": item.name, "at": iso(point.at), "bytes": point.bytes}
            for item in office.items
            for point in item.points
        ],
        "failed_files": office.failed_files,
    }


def configure(world: World, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Set the offline method: the order or the import job, and the items with their sizes in bytes.

    Safe to repeat until the copy; the name of an import job may be changed after it, too. With another order the
    protection is set anew: what the vault had of it is deleted, and its first copy is written again. Raises ArmError
    409 when the order is not at `Delivered` (the wizard lists no others), 400 for a bad body.
    """
    kind = body.get("kind", "dpm")
    office = _known(world, name, kind)
    if body.get("import_job"):
        _choose_import_job(office, kind, body)
    else:
        _choose_order(world, office, body)
    office.kind, office.engine = kind, body.get("engine", office.engine)
    office.server = str(body.get("server") or office.server)
    office.configured, office.schedule_enabled = True, True
    office.registered_at = office.registered_at or world.now
    world.records.offices[name.casefold()] = office
    _schedule(world, office)
    return facts(world, name, kind)


def _choose_order(world: World, office: Office, body: dict[str, Any]) -> None:
    order = world.order(str(body.get("order")))
    if order is None or order.place != "Delivered":
        raise ArmError(409, "OrderNotDelivered", f"The order {body.get('order')!r} is not listed: it is not Delivered.")
    if office.order == order.name and any(item.seed and not item.containers for item in office.items):
        raise ArmError(409, "SeedAlreadyWritten", "The first copy is written; its method cannot be changed.")
    office.order, office.own_drives = order.name, False
    office.items = [_item(office, given) for given in _listed(body, "items")]
    for given in body.get("containers") or []:
        _expect(office, given)


def _choose_import_job(office: Office, kind: str, body: dict[str, Any]) -> None:
    """Name the import job, which need not exist yet: it is created when the drives are written."""
    if kind == "files" or not body.get("staging"):
        raise ArmError(400, "BadMethod", "Own drives need a staging location, and an agent that writes to it.")
    named = [_item(office, given) for given in _listed(body, "items")]
    if not any(item.seed for item in office.items):
        office.items = named
        office.staging, office.container = str(body["staging"]), str(body.get("container") or "")
    elif [item.name for item in named] != [item.name for item in office.items] or office.staging != body["staging"]:
        raise ArmError(409, "SeedAlreadyWritten", "The first copy is written; only the import job's name can change.")
    office.order, office.own_drives = str(body["import_job"]), True


def seeded(world: World, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Note the seed the agent has written to device or staging: per item, images with container, blob and bytes."""
    office = _configured(world, name)
    written = {entry["name"]: entry["images"] for entry in _listed(body, "items")}
    total = 0
    for item in office.items:
        images = written.get(item.name, [])
        item.seed = [Blob(container=i["container"], name=i["blob"], bytes=i["bytes"]) for i in images]
        total += sum(blob.bytes or 0 for blob in item.seed)
    if slow := take(office, "slow-copy"):
        office_jobs.begin(world, office, total, float(slow["hours"]), then="copied")
    elif not office_jobs.running(office):
        _note(world, office, "warning" if office.own_drives else "completed", waiting_text(office), total)
    return facts(world, name, office.kind)


def backup_now(world: World, name: str) -> dict[str, Any]:
    """Run one online backup at once."""
    office = _configured(world, name)
    _run(world, office)
    return facts(world, name, office.kind)


def stop_job(world: World, name: str) -> dict[str, Any]:
    """Stop the online job that runs, if one does."""
    office = _configured(world, name)
    office_jobs.stop(world, office)
    return facts(world, name, office.kind)


def scheduled_backup(world: World, name: str) -> str:
    """Run the scheduled online backup of an office and plan the next one; return a sentence about it."""
    office = world.records.offices[name]
    _run(world, office)
    _schedule(world, office)
    return f"{office.name}: online backup {office.jobs[-1].status}, {office.jobs[-1].text}"


def backup_ends(world: World, name: str) -> str:
    """Bring the job that took its time to its good end; return a sentence about it."""
    office = world.records.offices[name]
    job = office_jobs.end(world, office)
    if job.then == "copied":
        job.status, job.text = ("warning" if office.own_drives else "completed"), waiting_text(office)
    else:
        for item in office.items:
            share = job.bytes * item.bytes // max(1, sum(other.bytes for other in office.items))
            item.points.append(Point(id=world.new_id("rp"), at=world.now, bytes=share))
    return f"{office.name}: online backup {job.status}, {job.text}"


def _run(world: World, office: Office) -> None:
    if office_jobs.running(office):
        return
    office.last_run, office.failed_files = world.now, []
    if failure := take(office, "backup-fails"):
        _note(world, office, "failed", failure["text"], 0)
        return
    order = world.order(office.order or "")
    waiting = [item for item in office.items if not item.points]
    if waiting and not _can_move(office, order, waiting):
        _note(world, office, "warning", waiting_text(office), 0)
    elif not waiting and (slow := take(office, "full-upload", "slow-backup")):
        whole = sum(item.bytes for item in office.items)
        sent = whole if slow["world"] == "full-upload" else sum(item.daily_change_bytes for item in office.items)
        office_jobs.begin(world, office, sent, float(slow["hours"]), then="incremented")
    else:
        _back_up(world, office, waiting)


def _back_up(world: World, office: Office, waiting: list[Item]) -> None:
    missing = [name for item in waiting for name in _missing(world, item)]
    moved = sum(_move(world, office, item) for item in waiting if not _missing(world, item))
    moved += sum(_increment(world, item) for item in office.items if item not in waiting)
    if missing:
        text = f"The seed was not found in the storage account: {', '.join(missing[:3])}"
        _note(world, office, "failed", text, moved)
    elif failed := take(office, "files-fail"):
        office.failed_files = [{"path": path, "reason": failed.get("reason", "0x80070020")} for path in failed["paths"]]
        _note(world, office, "warning", "Job completed with warnings", moved)
    else:
        _note(world, office, "completed", DONE, moved)


def _can_move(office: Office, order: Order | None, waiting: list[Item]) -> bool:
    """The order may be deleted after it is over; then nobody can tell the agent any more, and it waits forever.

    For an import job only a clean end is taken for one; whether the real agent moves on others is not documented.
    """
    ends = ("Completed",) if office.own_drives else INGESTED
    return order is not None and order.place in ends and any(item.seed or item.containers for item in waiting)


def waiting_text(office: Office) -> str:
    """Return what the agent says while its order is under way."""
    return WAITING_FOR_IMPORT if office.own_drives else WAITING


def _missing(world: World, item: Item) -> list[str]:
    """Return the names of the seed's blobs that are not in the account with the length they must have."""
    absent = []
    for blob in item.seed:
        size = _size(world, blob)
        if size is None or (blob.bytes is not None and size != blob.bytes):
            absent.append(f"{blob.container}/{blob.name}")
    told = {blob.container for blob in item.seed}
    absent += [c for c in item.containers if c not in told and not any(world.storage.names(c))]
    return absent if item.seed or item.containers else [item.name]


def _size(world: World, blob: Blob) -> int | None:
    if blob.container:
        return world.storage.size(blob.container, blob.name)
    found = world.storage.anywhere(blob.name)
    return found[1] if found else None


def _move(world: World, office: Office, item: Item) -> int:
    size = sum(blob.bytes or 0 for blob in item.seed)
    size += sum(length for name in item.containers for _, length in world.storage.names(name)) if not size else 0
    if short := take(office, "seed-lands-short"):
        size = size * int(short["percent"]) // 100
    item.points.append(Point(id=world.new_id("rp"), at=world.now, bytes=size))
    return size


def _increment(world: World, item: Item) -> int:
    item.points.append(Point(id=world.new_id("rp"), at=world.now, bytes=item.daily_change_bytes))
    return item.daily_change_bytes


def _products(office: Office) -> list[dict[str, str]]:
    agent = {"name": "mars", "version": office.version or VERSION}
    engine = {"dpm": "10.22.148.0", "mabs": "14.0.46.0"}
    own = {"dpm": [{"name": office.engine, "version": engine[office.engine]}, agent], "mars": [agent]}
    return own.get(office.kind, [{"name": "other tool", "version": "1.0"}])


def _note(world: World, office: Office, status: Any, text: str, size_bytes: int) -> None:
    started = max(world.now - RUN_TIME, office.registered_at or world.now)
    job = BackupJob(
        id=world.new_id("job-"), status=status, text=text, started=started, ended=world.now, bytes=size_bytes
    )
    office.jobs.append(job)


def resume_schedule(world: World, office: Office) -> None:
    """Switch the online schedule on again."""
    office.schedule_enabled = True
    _schedule(world, office)


def _schedule(world: World, office: Office) -> None:
    """Plan the end of the next scheduled run: it starts on the hour and reports when it is done."""
    world.unplan(office.name.casefold(), "backup")
    world.plan(_next_run(office, world.now) + RUN_TIME, "backup", office.name.casefold())


def _next_run(office: Office, now: datetime) -> datetime:
    run = now.replace(hour=office.hour, minute=0, second=0, microsecond=0)
    return run if run > now else run + timedelta(days=1)


def _known(world: World, name: str, kind: str, server: str = "") -> Office:
    if kind not in KINDS:
        raise ArmError(400, "BadKind", f"kind is one of {', '.join(KINDS)}, not {kind!r}")
    office = world.records.offices.get(name.casefold())
    return office or Office(name=name, kind=kind, server=server or f"{name}-backup".upper())  # type: ignore[arg-type]


def _configured(world: World, name: str) -> Office:
    office = world.records.offices.get(name.casefold())
    if office is None or not office.configured:
        raise ArmError(409, "NotConfigured", f"{name!r} has no offline method; run `configure` first.")
    return office


def _item(office: Office, given: dict[str, Any]) -> Item:
    name = str(given.get("name") or "")
    if not name:
        raise ArmError(400, "BadItem", "Every item needs a name.")
    return Item(
        name=name, id=hashlib.sha256(f"{office.name}/{name}".encode()).hexdigest()[:16],
        source=printable(str(given.get("source") or "")), bytes=int(given.get("bytes") or 0),
        daily_change_bytes=int(given.get("daily_change_bytes") or 0),
    )  # fmt: skip


def _expect(office: Office, given: Any) -> None:
    """Tell the agent which container holds an item's seed; without `item` the first item, without `blobs` any blob."""
    entry: dict[str, Any] = {"name": given} if isinstance(given, str) else dict(given)
    named = [item for item in office.items if item.name == entry.get("item", item.name)]
    if not named:
        raise ArmError(400, "BadContainer", f"No item is called {entry.get('item')!r}.")
    named[0].containers.append(entry["name"])
    for blob in entry.get("blobs") or []:
        named[0].seed.append(Blob(container=entry["name"], name=blob["name"], bytes=blob.get("bytes")))


def _listed(body: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = body.get(key)
    if not isinstance(found, list) or not found or not all(isinstance(entry, dict) for entry in found):
        raise ArmError(400, "BadRequest", f"`{key}` must be a list of objects with at least one entry.")
    return found
