"""A throwaway PostgreSQL server for tests: real, on loopback, started once a test process, gone with it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import psycopg
import pytest

from deploy.local.cluster import SUPERUSER, Cluster, binaries
from deploy.processes import free_port

FORGETFUL = (
    "fsync=off",
    "full_page_writes=off",
    "max_connections=60",
)  # no power cut here; kills are survived all the same
SQL = Path(__file__).parents[1] / "deploy" / "postgresql"
ROOM_BYTES = 512 * 1024 * 1024
KEPT = 4  # databases that are in use at the same time, at most; making one takes longer than emptying it


@dataclass(frozen=True)
class Logins:
    """One database, prepared as an administrator does it, as three logins see it."""

    owner: str
    hub: str
    auditor: str


class Server:
    """The running server, and databases on it that are as good as new."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self._made, self._prepared = cluster, -1, 0

    def url(self, role: str = SUPERUSER) -> str:
        """Return the address of an empty database. The last ones given out keep what is in them."""
        self._made += 1
        name = f"test_{self._made % KEPT}"
        if self._made >= KEPT:
            with self.hand(self.cluster.url(SUPERUSER, name)) as hand:
                hand.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        else:
            self.cluster.sql(f"CREATE DATABASE {name}")
        return self.cluster.url(role, name)

    @property
    def password(self) -> str:
        """The superuser's password: for tests that look for it where it must not be."""
        return self.cluster.add_login(SUPERUSER)

    def prepared(self) -> Logins:
        """Make a database of its own with tables.sql and roles.sql, and give it a hub and an auditor."""
        self._prepared += 1
        database = f"prepared_{self._prepared}"
        self.cluster.sql(f"CREATE DATABASE {database}")
        text = "".join((SQL / name).read_text("utf-8") for name in ("tables.sql", "roles.sql"))
        self.cluster.sql(text, database)
        for role in ("hub", "auditor"):
            if not self.cluster.sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{role}'"):
                self.cluster.sql(f"CREATE ROLE {role} LOGIN")
            password = self.cluster.add_login(role)
            self.cluster.sql(f"ALTER ROLE {role} PASSWORD '{password}'; GRANT seeding_{role} TO {role}")
        return Logins(*(self.cluster.url(role, database) for role in (SUPERUSER, "hub", "auditor")))

    def hand(self, url: str) -> psycopg.Connection:
        """Return a second door to a database, which knows nothing of us and whom no trigger stops."""
        return psycopg.connect(url, autocommit=True, options="-c session_replication_role=replica")


def running() -> Iterator[Server]:
    """Start a server in a folder of its own; skip the test where PostgreSQL is not installed."""
    if sys.platform == "win32" or binaries() is None:
        pytest.skip("PostgreSQL is not installed here: `apt-get install postgresql` makes these tests run")
    folder = Path(mkdtemp(prefix="seeding-pg-", dir=_memory()))
    cluster = Cluster(folder / "server", free_port(), FORGETFUL)
    if os.geteuid() == 0:
        folder.chmod(0o711)  # its own user must be able to enter
    cluster.start()
    before = os.environ.get("PGPASSFILE")
    os.environ.update(cluster.environment)
    try:
        yield Server(cluster)
    finally:
        cluster.stop("immediate")
        os.environ.pop("PGPASSFILE")
        if before is not None:
            os.environ["PGPASSFILE"] = before
        shutil.rmtree(folder, ignore_errors=True)


def _memory() -> str | None:
    """Return a folder in memory where there is room: thousands of small files come and go there in no time."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > ROOM_BYTES else None
