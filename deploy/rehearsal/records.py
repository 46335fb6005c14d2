"""What the rehearsal world remembers, and nothing it can work out again. All times are UTC on the world's clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from deploy.rehearsal.account_records import Account


class Due(BaseModel):
    """One thing on the agenda: `what` is a row of the happenings table, `subject` a job or an office."""

    at: datetime
    seq: int
    what: str
    subject: str


class Stage(BaseModel):
    """A stage an order has reached; `status` is Azure's StageStatus. A mere word is shown, and moves no device."""

    name: str
    status: str
    at: datetime
    mere_word: bool = False


class Outcome(BaseModel):
    """What the datacenter made of one device. Counts are files, sizes are bytes, links are blob addresses."""

    account: str
    total_bytes: int = 0
    done_bytes: int = 0
    total_files: int = 0
    done_files: int = 0
    errored_files: int = 0
    invalid_files: int = 0
    invalid_bytes: int = 0
    renamed_containers: int = 0
    renamed_blobs: int = 0
    finished: bool = False
    log_link: str = ""
    verbose_link: str = ""

    @property
    def end(self) -> str:
        """The stage this outcome ends an order in."""
        if self.errored_files:
            return "CompletedWithErrors"
        return "CompletedWithWarnings" if self.renamed_containers or self.renamed_blobs else "Completed"


class Device(BaseModel):
    """One box or disk of an order. Its checksums lie in `devices/<serial>.json`, beside it, never on it.

    A customer's own drive has a manifest (`manifest_file` on it, and the hash the order names), the `status` of its
    copy in Azure's words, and in `trouble` why it was not copied.
    """

    serial: str
    terabytes: int
    reference: str | None = None
    secret: str = ""
    outcome: Outcome | None = None
    manifest_file: str = ""
    manifest_hash: str = ""
    manifest_backup: str = ""
    status: str = "NotStarted"
    forced_status: str = ""
    trouble: dict[str, str] | None = None


class Order(BaseModel):
    """One Data Box order: what was asked for (`sku`, `inputs`, as sent) and what became of it."""

    name: str
    resource_group: str
    location: str
    sku: dict[str, Any]
    tags: dict[str, str] | None = None
    inputs: dict[str, Any]
    operation: str
    started: datetime
    stages: list[Stage] = Field(default_factory=list)
    devices: list[Device] = Field(default_factory=list)
    secrets: dict[str, str] = Field(default_factory=dict)
    delivery: dict[str, str] = Field(default_factory=dict)
    collection: dict[str, str] = Field(default_factory=dict)
    error: dict[str, str] | None = None
    actions: list[str] = Field(default_factory=list)
    mitigation: dict[str, Any] | None = None
    delays: list[dict[str, Any]] = Field(default_factory=list)
    cancellation_reason: str | None = None
    devices_lost: bool = False
    erasure: dict[str, str] | None = None
    custody_link: str | None = None
    pickups: list[dict[str, str]] = Field(default_factory=list)
    return_refused: bool = False
    extra_drives: list[str] = Field(default_factory=list)

    @property
    def status(self) -> str:
        """The StageName the order is in, as Azure shows it."""
        return self.stages[-1].name

    @property
    def place(self) -> str:
        """The last stage that moved the devices: where they are, whatever word Azure shows since."""
        return next(stage.name for stage in reversed(self.stages) if not stage.mere_word)

    def stage(self, name: str) -> Stage | None:
        """Return the stage called *name* when the order has reached it."""
        return next((s for s in self.stages if s.name == name), None)


class Blob(BaseModel):
    """A blob the office expects in the account; `bytes` None means any length, `container` "" whichever has it."""

    container: str
    name: str
    bytes: int | None = None


class Point(BaseModel):
    """An online recovery point in the vault."""

    id: str
    at: datetime
    bytes: int


class Item(BaseModel):
    """One protected data source of an office. `seed` is what its first copy must look like in the account."""

    name: str
    id: str
    source: str = ""
    bytes: int = 0
    daily_change_bytes: int = 0
    containers: list[str] = Field(default_factory=list)
    seed: list[Blob] = Field(default_factory=list)
    points: list[Point] = Field(default_factory=list)


class BackupJob(BaseModel):
    """One run of the office's online backup, in the agent's words."""

    id: str
    status: Literal["running", "completed", "warning", "failed"]
    text: str
    started: datetime
    ended: datetime | None
    bytes: int = 0
    goal_bytes: int = 0  # what one that takes its time will have sent at `due`
    due: datetime | None = None
    then: Literal["", "copied", "incremented"] = ""  # what its good end brings


class Office(BaseModel):
    """An office's backup server as the world knows it."""

    name: str
    kind: Literal["dpm", "mars", "files"]
    server: str
    engine: Literal["dpm", "mabs"] = "dpm"
    order: str | None = None
    own_drives: bool = False
    staging: str = ""
    container: str = ""
    configured: bool = False
    registered_at: datetime | None = None
    schedule_enabled: bool = False
    hour: int = 21
    last_run: datetime | None = None
    vault_lag_hours: float = 0
    items: list[Item] = Field(default_factory=list)
    jobs: list[BackupJob] = Field(default_factory=list)
    failed_files: list[dict[str, str]] = Field(default_factory=list)
    troubles: list[dict[str, Any]] = Field(default_factory=list)  # rows of office_mishaps its next backups will meet
    silent: bool = False
    version: str = ""  # of the Recovery Services agent, where it is not the usual one
    renamed: str = ""  # what the server calls itself, where that is not its registered name any more


class Effects(BaseModel):
    """How often each effect was really done, per job name: what a test of "never twice" counts."""

    orders: dict[str, int] = Field(default_factory=dict)
    pickups: dict[str, int] = Field(default_factory=dict)
    cancels: dict[str, int] = Field(default_factory=dict)
    shipment_marks: dict[str, int] = Field(default_factory=dict)
    deletes: dict[str, int] = Field(default_factory=dict)
    mitigations: dict[str, int] = Field(default_factory=dict)
    container_deletes: dict[str, int] = Field(default_factory=dict)  # per container


class Settings(BaseModel, extra="forbid"):
    """How the services answer: page length, Retry-After in seconds, how often an accepted request says "not yet"."""

    page_size: int = Field(default=50, ge=1)
    retry_after: int = Field(default=1, ge=0)
    lro_polls: int = Field(default=0, ge=0)


class Records(BaseModel):
    """The whole world. Written to one file after each change."""

    now: datetime
    seq: int = 0
    agenda: list[Due] = Field(default_factory=list)
    orders: dict[str, Order] = Field(default_factory=dict)
    offices: dict[str, Office] = Field(default_factory=dict)
    operations: dict[str, dict[str, Any]] = Field(default_factory=dict)
    faults: list[dict[str, Any]] = Field(default_factory=list)
    effects: Effects = Field(default_factory=Effects)
    account: Account = Field(default_factory=Account)
    settings: Settings = Field(default_factory=Settings)
