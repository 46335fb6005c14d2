"""What the world remembers of the storage account beside its blobs, and of who did what. Times are UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field

MADE = datetime(2026, 10, 1, tzinfo=UTC)
APP, ENDS = "AzureOfflineBackup_6f1c2a54-0000-4000-8000-1b2c3d4e5f60", datetime(2027, 10, 1, tzinfo=UTC)


class Account(BaseModel):
    """The account's settings, its locks, rules and immutable containers. `group` is where it was moved to."""

    gone: bool = False
    group: str = ""
    default_action: str = "Allow"
    bypass: str = "AzureServices"
    public_access: str = "Enabled"
    keys_made: list[datetime] = Field(default_factory=lambda: [MADE, MADE])
    key_days: int | None = None
    locks: dict[str, str] = Field(default_factory=dict)  # name: level
    rules: list[dict[str, Any]] = Field(default_factory=list)  # as they go over the wire
    immutable: list[str] = Field(default_factory=list)  # containers
    apps: dict[str, datetime] = Field(
        default_factory=lambda: {APP: ENDS}
    )  # the agents' app registrations: when their keys end
    log: list[dict[str, Any]] = Field(default_factory=list)  # the activity log, as it goes over the wire
