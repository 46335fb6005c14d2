"""What the hub's machine runs: PostgreSQL with the journal and Prefect's own database, a Prefect server, a hub worker.

Started in this order and stopped in the other one. Everything lies below the home; every address is on loopback, and no
address holds a password.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from deploy.local.cluster import Cluster
from deploy.processes import Child, prefect_child, wait_for_prefect
from deploy.settings import Settings
from tasks.errors import SeedingError
from tasks.files import write_aside

COMMAND = Path(sys.executable).with_name("seeding")
SETUP = Path(__file__).parents[1] / "postgresql" / "setup.sql"
JOURNAL, PREFECT = "seeding", "prefect"  # the databases that setup.sql makes
LOGINS = ("hub", "auditor", PREFECT)


@dataclass(frozen=True)
class Ports:
    """Where PostgreSQL and Prefect listen on loopback."""

    postgresql: int = 5433
    prefect: int = 4200


class Stack:
    """The processes of a hub's machine. `environment` is what commands need to work with them."""

    def __init__(self, where: Settings, ports: Ports) -> None:
        self._where, self._ports = where, ports
        self.cluster = Cluster(where.home / "postgresql", ports.postgresql)
        self._children: list[Child] = []
        self.ui = f"http://127.0.0.1:{ports.prefect}"

    @property
    def environment(self) -> dict[str, str]:
        """The journal, as the hub sees it, the Prefect server, and where the passwords are."""
        return {
            "SEEDING_HOME": str(self._where.home),
            "SEEDING_JOURNAL": self.cluster.url("hub", JOURNAL),
            "PREFECT_API_URL": f"{self.ui}/api",
            **self.cluster.environment,
        }

    @property
    def exports(self) -> Path:
        """A file that a shell reads to have that environment."""
        return self._where.home / "local.env"

    def start(self) -> None:
        """Start everything, deploy the inventory, and return when the hub works.

        Raises SeedingError; nothing runs then. Safe to call again after any end: what is there stays.
        """
        try:
            self.cluster.start()
            self._prepare()
            self._start_prefect()
            lines = [f"export {name}={shlex.quote(value)}\n" for name, value in self.environment.items()]
            write_aside(self.exports, "".join(lines).encode())
            self._deploy()
            hub = Child("the hub's worker", [str(COMMAND), "work"], self._where.home / "hub.log", self.environment)
            self._children.append(hub)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End everything, the hub first and the database last."""
        for child in reversed(self._children):
            child.stop()
        self._children.clear()
        self.cluster.stop()

    def fallen(self) -> str:
        """Return what has ended by itself, with its last words; "" while everything runs."""
        if not self.cluster.alive():
            return "PostgreSQL has ended"
        return next((f"{c.name} has ended: {c.last_words()}" for c in self._children if not c.alive()), "")

    def _prepare(self) -> None:
        """Make the databases, tables, roles and logins that are missing."""
        passwords = {f"{role.upper()}_PASSWORD": self.cluster.add_login(role) for role in LOGINS}
        self.cluster.run_file(SETUP, passwords)

    def _start_prefect(self) -> None:
        env = {
            "PREFECT_API_DATABASE_CONNECTION_URL": self.cluster.url(PREFECT, PREFECT, "postgresql+asyncpg"),
            "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",  # the journal is the archive, not Prefect
            **self.cluster.environment,
        }
        child = prefect_child(self._where.home / "prefect", self._ports.prefect, env)
        self._children.append(child)
        wait_for_prefect(child, self.ui)

    def _deploy(self) -> None:
        env = {**os.environ, **self.environment}
        done = subprocess.run([str(COMMAND), "deploy"], env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SeedingError(f"`seeding deploy` failed: {done.stderr.strip()[-300:]}", next="correct it, start again")
