"""A PostgreSQL server of our own, from the binaries that are installed: its data folder, its start, its stop.

It listens on loopback, and on a socket in its folder where a socket's path may be that long. Every role has a password;
they lie in `pgpass`, which clients find through PGPASSFILE, and in no address. PostgreSQL refuses to run as root: for
root it runs as the user `postgres`, which must be able to enter the folder.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from deploy.processes import START_SECONDS, Child
from tasks.errors import SeedingError

DEBIAN = Path("/usr/lib/postgresql")
SUPERUSER = "postgres"
LONGEST_SOCKET = 90  # bytes of a folder's path: the kernel takes 107 for the whole name


def binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL server that is installed; None when there is none."""
    packaged = sorted(DEBIAN.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    found = packaged[-1] if packaged else shutil.which("postgres")
    return Path(found).parent if found else None


class Cluster:
    """One server: `folder` holds its data, log and passwords. Made on the first `start`; afterwards the same again."""

    def __init__(self, folder: Path, port: int, settings: Sequence[str] = ()) -> None:
        """*settings* are `name=value` of postgresql.conf. Raises SeedingError when PostgreSQL is not installed."""
        found = binaries()
        if found is None:
            raise SeedingError("PostgreSQL is not installed", next="apt-get install postgresql")
        self.folder, self.port, self._bin = folder, port, found
        self._data, self.passwords, self._settings = folder / "data", folder / "pgpass", settings
        self._child: Child | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs in its environment to log in."""
        return {"PGPASSFILE": str(self.passwords)}

    def url(self, role: str, database: str, scheme: str = "postgresql") -> str:
        """Return the address of a database as that role sees it, without a password."""
        return f"{scheme}://{role}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Return when the server answers. Raises SeedingError with its last words when it does not come to that."""
        if not (self._data / "PG_VERSION").exists():
            self._make()
        sockets = str(self.folder) if len(os.fsencode(self.folder)) <= LONGEST_SOCKET else ""
        wanted = ["listen_addresses=127.0.0.1", f"unix_socket_directories={sockets}", *self._settings]
        options = [word for setting in wanted for word in ("-c", setting)]
        command = [str(self._bin / "postgres"), "-D", str(self._data), "-p", str(self.port), *options]
        self._child = Child("PostgreSQL", command, self.folder / "postgresql.log", run_as=_as_server())
        self._wait()

    def stop(self, how: Literal["fast", "immediate"] = "fast") -> None:
        """End it: `fast` rolls open transactions back; `immediate` is a crash, which the next start recovers from."""
        if self._child is None:
            return
        if self._child.alive():
            self._run("pg_ctl", "stop", "-D", str(self._data), "-m", how, "-w", "-s")
        self._child.stop()
        self._child = None

    def alive(self) -> bool:
        """Say whether the server runs."""
        return self._child is not None and self._child.alive()

    def add_login(self, role: str) -> str:
        """Make up a password for *role*, keep it for clients, and return it. One that is there already stays."""
        for line in self.passwords.read_text("utf-8").splitlines():
            if line.split(":")[3] == role:
                return line.split(":")[4]
        password = secrets.token_urlsafe(24)
        with self.passwords.open("a", encoding="utf-8") as file:
            file.write(f"127.0.0.1:*:*:{role}:{password}\n")
        return password

    def sql(self, text: str, database: str = "postgres") -> str:
        """Run statements as the superuser, through psql, and return what it printed. Raises SeedingError at an error.

        They go through psql's standard input, so that no list of processes shows a password.
        """
        options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-", self.url(SUPERUSER, database)]
        return self._run("psql", *options, given=text)

    def run_file(self, path: Path, env: Mapping[str, str]) -> None:
        """Run a file for psql as the superuser, with *env* in its environment. Raises SeedingError at an error."""
        self._run("psql", "-X", "-q", "-f", str(path), self.url(SUPERUSER, "postgres"), env=env)

    def tool(self, name: str, *arguments: str) -> str:
        """Run another of PostgreSQL's programs, such as pg_dump, with our passwords; return what it printed."""
        return self._run(name, *arguments)

    def _make(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.passwords.touch(mode=0o600)
        once = self.folder / "first-password"
        once.touch(mode=0o600)
        once.write_text(self.add_login(SUPERUSER), "utf-8")
        if owner := _as_server().get("user"):
            os.chown(self.folder, owner, -1)
            os.chown(once, owner, -1)
        login = ["-U", SUPERUSER, "-A", "scram-sha-256", f"--pwfile={once}"]
        try:
            self._run("initdb", "-D", str(self._data), *login, "-E", "UTF8", "--locale=C", "--no-instructions")
        finally:
            once.unlink()

    def _wait(self) -> None:
        assert self._child is not None
        until = time.monotonic() + START_SECONDS
        ready = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while time.monotonic() < until and self._child.alive():
            if subprocess.run(ready, check=False).returncode == 0:
                return
            time.sleep(0.02)
        raise SeedingError(f"PostgreSQL did not start: {self._child.last_words()}", next=f"read {self._child.log}")

    def _run(self, program: str, *arguments: str, given: str = "", env: Mapping[str, str] | None = None) -> str:
        command = [str(self._bin / program), *arguments]
        as_server = _as_server() if program in ("initdb", "pg_ctl") else {}
        whole = {**os.environ, **self.environment, **(env or {})}
        done: subprocess.CompletedProcess[str] = subprocess.run(
            command, input=given, capture_output=True, text=True, env=whole, cwd="/", **as_server
        )
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
            raise SeedingError(f"{program}: {last[0]}", next=f"read {self.folder / 'postgresql.log'}")
        return done.stdout


def _as_server() -> dict[str, Any]:
    """Return the subprocess options that give up root for the user of Debian's package; none for anybody else."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return {}
    import pwd

    user = pwd.getpwnam(SUPERUSER)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
