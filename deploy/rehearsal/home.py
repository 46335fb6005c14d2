"""Who this rehearsal is: tenant, client, secret, subscription, account. Random per home, kept across restarts."""

from __future__ import annotations

import base64
import json
import secrets
import socket
import uuid
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field


def _guid() -> str:
    return str(uuid.uuid4())


def _account_name() -> str:
    return "seedstore" + secrets.token_hex(4)


def _account_key() -> str:
    return base64.b64encode(secrets.token_bytes(64)).decode()


class Identity(BaseModel):
    """The names and secrets of one rehearsal. `token_key` signs its bearer tokens; ports are the last ones used."""

    tenant_id: str = Field(default_factory=_guid)
    client_id: str = Field(default_factory=_guid)
    client_secret: str = Field(default_factory=lambda: secrets.token_urlsafe(30))
    subscription_id: str = Field(default_factory=_guid)
    token_key: str = Field(default_factory=lambda: secrets.token_hex(32))
    storage_account: str = Field(default_factory=_account_name)
    storage_key: str = Field(default_factory=_account_key)
    resource_group: str = "rg-seeding"
    vault: str = "vault-seeding"
    location: str = "westeurope"
    arm_port: int = 0
    blob_port: int = 0


class Home:
    """The folder of one rehearsal; everything it writes lies under here."""

    def __init__(self, root: Path) -> None:
        """Open or make *root*. Raises OSError when it cannot be written, ValueError when its identity is damaged."""
        self.root = root.resolve()
        self.devices = self.root / "devices"
        self.drives = self.root / "drives"
        self.azurite = self.root / "azurite"
        self.tls = self.root / "tls"
        self.world = self.root / "world.json"
        for folder in (self.devices, self.drives, self.azurite):
            folder.mkdir(parents=True, exist_ok=True)
        self._file = self.root / "identity.json"
        kept = json.loads(self._file.read_text("utf-8")) if self._file.exists() else {}
        self.identity = Identity.model_validate(kept)

    def claim(self) -> None:
        """Take the home for this process, until it ends. Raises OSError when another rehearsal runs on it (POSIX)."""
        try:
            import fcntl
        except ImportError:  # Windows: nothing to take, so two rehearsals there need two homes by agreement
            return
        self._claim = (self.root / "lock").open("w")
        try:
            fcntl.flock(self._claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise OSError(f"another rehearsal runs on {self.root}") from error

    def keep(self, **changes: Any) -> None:
        """Change fields of the identity and write it where the next start finds it."""
        self.identity = self.identity.model_copy(update=changes)
        aside = self._file.with_suffix(".new")
        aside.touch(mode=0o600)
        aside.write_text(self.identity.model_dump_json(indent=1), "utf-8")
        aside.replace(self._file)


def free_port(preferred: int = 0) -> int:
    """Return *preferred* when nobody listens on it on loopback, else a free port number."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on loopback")
