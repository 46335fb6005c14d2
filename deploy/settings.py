"""Where things lie. Everything the product writes is under one home: $SEEDING_HOME, or ./.seeding."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from tasks.errors import InvalidInput


@dataclass(frozen=True)
class Endpoints:
    """Another Azure than the public one: a rehearsal, or a sovereign cloud. `ca` is a PEM file."""

    arm: str
    authority: str
    blob: str  # with {account} where the storage account's name goes
    ca: str = ""
    graph: str = ""
    drives: str = ""  # a rehearsal's folder of stand-ins for own drives
    key_vault: str = ""  # with {vault} where a Key Vault's name goes


@dataclass(frozen=True)
class Settings:
    """The paths and addresses one process works with."""

    home: Path

    @property
    def journal_url(self) -> str:
        """The database of the journal: $SEEDING_JOURNAL, or journal.db in the home."""
        return os.environ.get("SEEDING_JOURNAL") or f"sqlite:///{self.home / 'journal.db'}"

    @property
    def inventory(self) -> Path:
        """The inventory: $SEEDING_INVENTORY, or offices.yaml in the home, or offices.yaml here."""
        if given := os.environ.get("SEEDING_INVENTORY"):
            return Path(given)
        return self.inventory_at_home if self.inventory_at_home.exists() else Path("offices.yaml")

    @property
    def inventory_at_home(self) -> Path:
        """Where a rehearsal keeps its inventory."""
        return self.home / "offices.yaml"

    @property
    def archive(self) -> Path:
        """Sealed manifests and the datacenter's logs."""
        return self.home / "archive"

    @property
    def media(self) -> Path:
        """The office side's checkpoints and manifests."""
        return self.home / "media"

    @property
    def page(self) -> Path:
        """The office's own page of the inventory, as the hub last sent it to its worker."""
        return self.home / "office.yaml"

    @property
    def prefect(self) -> Path:
        """Prefect's own files, where no server is named."""
        return self.home / "prefect"

    @property
    def work(self) -> Path:
        """Long work of an office's worker: a folder each."""
        return self.home / "work"

    @property
    def clock_file(self) -> Path:
        """The simulated time; exists in a rehearsal's home only."""
        return self.home / "clock"

    def make(self) -> None:
        """Make the home and the folders of its records, each for this user only, whatever the umask. Safe to repeat.

        A folder that exists keeps its permissions: `seeding doctor` says when others can look into a home.
        """
        for folder in (self.home, self.archive, self.media, self.prefect, self.work):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def endpoints(self) -> Endpoints | None:
        """The addresses in azure.json of the home; None means the public cloud. Raises InvalidInput."""
        path = self.home / "azure.json"
        if not path.exists():
            return None
        try:
            found = json.loads(path.read_text("utf-8"))
            more = {name: found.get(name, "") for name in ("ca", "graph", "drives", "key_vault")}
            return Endpoints(found["arm"], found["authority"], found["blob"], **more)
        except (ValueError, KeyError, TypeError) as wrong:
            raise InvalidInput(f"{path} cannot be read: {wrong!r}", next="correct or delete it") from None


def settings(home: Path | None = None) -> Settings:
    """Return this process's settings. *home* wins over $SEEDING_HOME, which wins over ./.seeding."""
    return Settings((home or Path(os.environ.get("SEEDING_HOME") or ".seeding")).absolute())
