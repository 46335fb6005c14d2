"""What shows that a seed has landed in the vault, as values: the words of the two witnesses, vault and backup agent.

Every class here is frozen. Sizes are bytes, times are aware UTC datetimes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from states.plan import AgentKind


@dataclass(frozen=True)
class ItemInVault:
    """One item, as one witness sees it."""

    name: str
    points: int
    latest: datetime | None = None
    protected: bool = False
    bytes: int = 0  # the agent alone knows it: the vault gives no size of a point
    state: str = ""  # the vault's own word for its protection
    counted: int = 0  # the points by the vault's summary of the item, which may differ from its list of them
    oldest: datetime | None = None


@dataclass(frozen=True)
class ServerInVault:
    """The office's backup server, as the vault registered it."""

    name: str
    kind: str  # the vault's word for who manages it: DPM, AzureBackupServer or MAB
    registered: bool
    health: str = ""
    agent_version: str = ""
    policy: str = ""  # MARS only: its policy's name and schedule; DPM and MABS keep theirs to themselves


@dataclass(frozen=True)
class JobInVault:
    """A backup job, as the vault tells it. It may call a dead job InProgress for weeks: the server knows better."""

    status: str
    started: datetime
    ended: datetime | None = None
    text: str = ""


@dataclass(frozen=True)
class VaultSeen:
    """The vault's own view of this office's server and items (Azure is the witness)."""

    items: tuple[ItemInVault, ...]
    server: ServerInVault | None = None  # None: the vault knows no server of that name
    last_job: JobInVault | None = None


@dataclass(frozen=True)
class Sighting:
    """The recovery point of one item on which both witnesses agreed, and when they were heard.

    `first` is empty again once a witness no longer shows the point, and `again` until a later look shows it still.
    """

    item: str
    point: datetime
    points: int  # how many online points the witness with fewer of them showed at the first look
    first: datetime | None
    again: datetime | None = None


@dataclass(frozen=True)
class PointsSeen:
    """What two looks at different times saw of each item's recovery point."""

    sightings: tuple[Sighting, ...]


@dataclass(frozen=True)
class JobRunning:
    """An online job of the agent that is at work right now, and the bytes it has sent so far."""

    item: str
    started: datetime
    bytes: int


@dataclass(frozen=True)
class AgentSeen:
    """The office agent's view: version, last job, schedule and recovery points."""

    kind: AgentKind
    version: str
    offline_order: str  # the Azure job its offline backup is configured for; "" when not configured
    last_job: str  # its latest online job's text, as the agent words it
    last_job_class: str  # waiting, done, running, failed or none: see tasks/office
    schedule_enabled: bool
    next_run: datetime | None
    items: tuple[ItemInVault, ...] = ()
    incremental_at: datetime | None = None  # when the first job after the seed's landing ended well
    incremental_bytes: int = 0
    running: tuple[JobRunning, ...] = ()
    last_run: datetime | None = None  # when its latest online job ended
    failed_files: tuple[str, ...] = ()  # the first few that its latest job could not read
    version_wanted: str = ""  # the oldest version that will do, when this one is older
    cannot_authenticate: bool = False  # its job texts say that it cannot read the order's state in Azure
    server: str = ""  # the name the server gives itself


@dataclass(frozen=True)
class JobStopped:
    """An online job that a person had stopped, and what it had sent by then."""

    item: str
    started: datetime
    bytes: int
    by: str
