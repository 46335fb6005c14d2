"""The Data Box job's JSON to facts. Reads what is there, believes nothing about what should be.

Values are kept as Azure spells them, also words that are new to us; null and missing are the same. SAS links,
passkeys and passwords are never copied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from states.facts import DriveCopy, JobSeen, Stage

Json = Mapping[str, Any]

FIRST_REAL_YEAR = 2002  # Azure writes 0001-01-01 and 2001-01-01 where there is no time


def job_seen(job: Json) -> JobSeen:
    """Return what one GET of the job (with its details expanded) says."""
    properties = mapping(job, "properties")
    details = mapping(properties, "details")
    progress = list(records(details, "copyProgress"))
    stages = list(records(details, "jobStages"))
    return JobSeen(
        job_name=text(job, "name"),
        job_id=text(job, "id"),
        sku=text(mapping(job, "sku"), "name"),
        stage=text(properties, "status"),
        stages=tuple(Stage(text(s, "stageName"), text(s, "stageStatus"), moment(s.get("stageTime"))) for s in stages),
        cancellable=properties.get("isCancellable") is True,
        deletable=properties.get("isDeletable") is True,
        **_tracking(details),
        delays=_delays(stages),
        error_code=_error_code(properties, progress),
        actions=_actions(details, progress),
        all_devices_lost=properties.get("allDevicesLost") is True,
        bytes_copied=sum(_bytes_copied(p) for p in progress),
        drives=tuple(_drive(p) for p in progress if text(p, "serialNumber")) if _own_drives(details) else (),
    )


def disk_serials(job: Json) -> tuple[str, ...]:
    """Return the serial numbers that the job itself names (disks and own drives); no secret is read for them."""
    details = mapping(mapping(job, "properties"), "details")
    named = (*mapping(details, "disksAndSizeDetails"), *mapping(details, "importDiskDetailsCollection"))
    return tuple(sorted({str(serial) for serial in named}))


def secret_serials(credentials: Json) -> tuple[str, ...]:
    """Return the serial numbers in one listCredentials answer and nothing else of it."""
    secrets = mapping(credentials, "jobSecrets")
    pods = (text(pod, "deviceSerialNumber") for pod in records(secrets, "podSecrets"))
    disks = (text(disk, "diskSerialNumber") for disk in records(secrets, "diskSecrets"))
    return once(serial for serial in (*pods, *disks))


def mapping(record: Json, name: str) -> Json:
    """Return that member when it is an object, otherwise an empty one."""
    inner = record.get(name)
    return inner if isinstance(inner, Mapping) else {}


def records(record: Json, name: str) -> Iterator[Json]:
    """Yield the objects of that list; null, a missing list and null entries yield nothing."""
    inner = record.get(name)
    yield from (one for one in (inner if isinstance(inner, (list, tuple)) else ()) if isinstance(one, Mapping))


def text(record: Json, name: str) -> str:
    """Return that member as plain text, "" when there is none; an enum gives its wire value."""
    inner = record.get(name)
    return "" if inner is None else str(getattr(inner, "value", inner))


def moment(value: Any) -> datetime | None:
    """Return an aware UTC time; None for null, for Azure's "no time yet" dates, and for what is no time."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime) or value.year < FIRST_REAL_YEAR:
        return None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)


def once(values: Iterable[str]) -> tuple[str, ...]:
    """Return the values that are not empty, each once, in their order."""
    return tuple(dict.fromkeys(value for value in values if value))


def _own_drives(details: Json) -> bool:
    return text(details, "jobDetailsType") == "DataBoxCustomerDisk"


def _drive(progress: Json) -> DriveCopy:
    error = text(mapping(progress, "error"), "code")
    return DriveCopy(text(progress, "serialNumber"), text(progress, "copyStatus"), _bytes_copied(progress), error)


def _tracking(details: Json) -> dict[str, str]:
    """The numbers of the parcels to the office and back to Azure. Own drives go to Azure first, then to the office."""
    if _own_drives(details):
        names = {"tracking_out": "returnToCustomerPackageDetails", "tracking_back": "deliverToDcPackageDetails"}
    else:
        names = {"tracking_out": "deliveryPackage", "tracking_back": "returnPackage"}
    return {name: text(mapping(details, package), "trackingId") for name, package in names.items()}


def _delays(stages: Iterable[Json]) -> tuple[str, ...]:
    known = (delay for stage in stages for delay in records(stage, "delayInformation"))
    return once(text(delay, "errorCode") for delay in known if text(delay, "status") != "Resolved")


def _error_code(properties: Json, progress: Iterable[Json]) -> str:
    errors = (mapping(properties, "error"), *(mapping(one, "error") for one in progress))
    return next((text(error, "code") for error in errors if text(error, "code")), "")


def _actions(details: Json, progress: Iterable[Json]) -> tuple[str, ...]:
    lists = (one.get("actions") for one in (details, *progress))
    offered = (action for one in lists if isinstance(one, (list, tuple)) for action in one)
    return once(str(getattr(action, "value", action) or "") for action in offered if action != "None")


def _bytes_copied(progress: Json) -> int:
    """Disks say `bytesCopied`, every other kind `bytesProcessed`."""
    copied = progress.get("bytesProcessed") or progress.get("bytesCopied") or 0
    return copied if isinstance(copied, int) else 0
