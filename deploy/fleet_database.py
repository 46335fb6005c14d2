"""PostgreSQL under the Prefect server of a rehearsed or measured fleet, as a fleet has it in production, if installed.

On SQLite Prefect's writers stand still for a minute now and then, when several workers look for work at once.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp

from deploy.local.cluster import Cluster, binaries
from deploy.processes import free_port

ROLE = "prefect"
FORGETFUL = ("fsync=off", "full_page_writes=off")  # it is thrown away


class FleetDatabase:
    """A server for one fleet; `environment` is what the Prefect server needs to use it."""

    def __init__(self) -> None:
        """Start it. Its folder lies where PostgreSQL's own user can enter, too: root gives it up."""
        self._folder = Path(mkdtemp(prefix="seeding-"))
        self._folder.chmod(0o711)
        self._cluster = Cluster(self._folder / "postgresql", free_port(), FORGETFUL)
        self._cluster.start()
        password = self._cluster.add_login(ROLE)
        self._cluster.sql(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{password}';\nCREATE DATABASE {ROLE} OWNER {ROLE};\n")
        url = self._cluster.url(ROLE, ROLE, "postgresql+asyncpg")
        self.environment = {"PREFECT_API_DATABASE_CONNECTION_URL": url, **self._cluster.environment}

    def stop(self) -> None:
        """End it, and remove what it kept."""
        self._cluster.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)


def fleet_database() -> FleetDatabase | None:
    """Return a running server, None where PostgreSQL is not installed."""
    return FleetDatabase() if binaries() else None
