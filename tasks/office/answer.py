"""The document a backup agent's script prints, as typed values: `seeding.agent/1`.

Sizes are bytes, times UTC. None means that the product does not say, never zero. The same shapes are published as a
JSON Schema in `deploy/agents/agent.schema.json`, and a test holds the two together. An unknown field is an error, as is
a date as Windows PowerShell would print it: a document that is half understood is not evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from states.codec import NotReadable, from_json
from states.plan import AgentKind

SCHEMA = "seeding.agent/1"
FIRST_YEAR, LAST_YEAR = 2000, 9000  # dates outside are the products' ways to say "never"


@dataclass(frozen=True)
class Product:
    """A piece of backup software and its version, four numbers: dpm, mabs, mars, or another tool's name."""

    name: str
    version: str


@dataclass(frozen=True)
class Account:
    """Whom the script ran as. Only as Local System does it see what the backup service sees."""

    name: str
    system: bool


@dataclass(frozen=True)
class Protected:
    """One data source that the product protects online."""

    name: str
    bytes: int | None


@dataclass(frozen=True)
class OfflineMethod:
    """How the first copy leaves the office. `way` is the product's own word; `order` is known for own disks only."""

    configured: bool | None
    way: str
    order: str | None


@dataclass(frozen=True)
class DevicePath:
    """The place of the device as the script's account sees it; `trap` names what is wrong with the path itself."""

    path: str
    found: bool
    page_blobs: bool  # the folder for page blobs is there
    trap: str


@dataclass(frozen=True)
class Schedule:
    """The online schedule."""

    enabled: bool | None
    next_run: datetime | None
    last_run: datetime | None


@dataclass(frozen=True)
class Job:
    """One online job: status and text raw, in the product's language. Without `item` it covers the whole server."""

    id: str
    type: str
    item: str | None
    status: str
    text: str
    started: datetime
    ended: datetime | None
    bytes: int | None


@dataclass(frozen=True)
class RecoveryPoint:
    """One online recovery point."""

    item: str
    at: datetime | None
    bytes: int | None


@dataclass(frozen=True)
class FailedFile:
    """A file the last job could not read."""

    path: str
    reason: str


@dataclass(frozen=True)
class Image:
    """One file of the seed, as it lies on the device or in the staging place."""

    path: str
    container: str
    blob: str
    bytes: int


@dataclass(frozen=True)
class WrittenItem:
    """What the first copy wrote for one item. `source_bytes` None: the product does not say how much it read."""

    name: str
    source_bytes: int | None
    images: tuple[Image, ...]
    failed_files: tuple[FailedFile, ...]


@dataclass(frozen=True)
class AgentAnswer:
    """The whole document. `items` comes only with the answer to start-copy, `device` only when a path was given."""

    schema: str
    kind: AgentKind
    server: str
    at: datetime
    products: tuple[Product, ...]
    account: Account
    protected: tuple[Protected, ...]
    offline_method: OfflineMethod
    schedule: Schedule
    jobs: tuple[Job, ...]
    recovery_points: tuple[RecoveryPoint, ...]
    failed_files: tuple[FailedFile, ...]
    device: DevicePath | None = None
    items: tuple[WrittenItem, ...] | None = None


def read_answer(document: dict[str, Any]) -> AgentAnswer:
    """Return the document as values; dates that mean "never" become None. Raises NotReadable, naming the field."""
    if document.get("schema") != SCHEMA:
        raise NotReadable(f"schema {document.get('schema')!r} is not {SCHEMA}")
    read: AgentAnswer = from_json(AgentAnswer, document)
    schedule = replace(read.schedule, next_run=real(read.schedule.next_run), last_run=real(read.schedule.last_run))
    for job in read.jobs:
        if real(job.started) is None:
            raise NotReadable(f"job {job.id} has no start: {job.started:%Y-%m-%d}")
    return replace(
        read,
        schedule=schedule,
        jobs=tuple(replace(job, ended=real(job.ended)) for job in read.jobs),
        recovery_points=tuple(replace(point, at=real(point.at)) for point in read.recovery_points),
    )


def real(at: datetime | None) -> datetime | None:
    """Return a date that can be one; None for the products' sentinels (years 1, 1601, 1970, 9999)."""
    return at if at is not None and FIRST_YEAR <= at.year <= LAST_YEAR else None
