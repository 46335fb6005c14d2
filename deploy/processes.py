"""Child processes of a rehearsal or a local set-up: started together, ended together, never left behind."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tasks.errors import SeedingError
from tasks.platform import dies_with_parent

START_SECONDS = 120.0


class Child:
    """One child process, its output in a log file; what one that *announces* itself prints is read by us instead."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        env: Mapping[str, str] | None = None,
        run_as: Mapping[str, Any] | None = None,
        announces: bool = False,
    ) -> None:
        """*run_as* holds subprocess options for another user's process: `user`, `group`, `extra_groups`."""
        self.name, self.log = name, log
        log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        log.touch(mode=0o600)
        with log.open("wb") as sink:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if announces else sink,
                stderr=sink,
                env={**os.environ, **(env or {})},
                **dies_with_parent(),
                **(run_as or {}),
            )

    def first_line(self) -> dict[str, Any]:
        """Return the JSON line the child announces itself with. Raises SeedingError when it ends without one."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait(timeout=10)
            raise SeedingError(f"{self.name} did not start: {self.last_words()}", next=f"read {self.log}")
        found: dict[str, Any] = json.loads(line)
        return found

    def last_words(self) -> str:
        """Return the last line the child wrote to its log."""
        lines = self.log.read_text("utf-8", "replace").strip().splitlines()
        return lines[-1][:300] if lines else f"exit code {self._process.poll()}"

    def alive(self) -> bool:
        """Say whether it still runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it: politely, then not."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=10)


@dataclass(frozen=True)
class PrefectServer:
    """A Prefect server of our own. `ui` is its address for a browser."""

    child: Child
    ui: str
    database: Path
    template: Path

    def wait(self) -> None:
        """Return when its API answers; its database, still empty, then serves as template for the next server.

        Raises SeedingError when it ends or takes too long.
        """
        wait_for_prefect(self.child, self.ui)
        self._keep_template()

    def _keep_template(self) -> None:
        if self.template.exists() or not self.database.exists():  # another database than SQLite is in use
            return
        aside = self.template.with_suffix(f".{os.getpid()}.part")
        with closing(sqlite3.connect(self.database)) as live, closing(sqlite3.connect(aside)) as copy:
            live.backup(copy)
        aside.replace(self.template)


def rehearsal_azure(home: Path) -> Child:
    """Start the embedded Azure; its first line is the descriptor."""
    command = [sys.executable, "-m", "deploy.rehearsal", "--home", str(home), "--exit-with-parent"]
    return Child("the rehearsal Azure", command, home / "server.log", announces=True)


def prefect_server(home: Path, cache: Path, env: Mapping[str, str] | None = None) -> PrefectServer:
    """Start a Prefect server on a free loopback port and point this process at it (before Prefect is imported).

    *cache* keeps an empty database of this Prefect version: making its tables takes longer than all the rest. *env*
    adds to the server's settings.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    template = cache / f"prefect-{version('prefect')}.db"
    if template.exists():
        shutil.copyfile(template, home / "prefect.db")
    child = prefect_child(home, port, env or {})
    os.environ["PREFECT_HOME"] = str(home)
    os.environ["PREFECT_API_URL"] = f"{url}/api"
    return PrefectServer(child, url, home / "prefect.db", template)


def prefect_child(home: Path, port: int, env: Mapping[str, str]) -> Child:
    """Start a Prefect server on a loopback port. *env* adds to its settings; without a database there it is SQLite."""
    usual = {
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_UI_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    return Child("the Prefect server", command, home / "server.log", {**usual, **env})


def wait_for_prefect(child: Child, ui: str) -> None:
    """Return when the API of the server at *ui* answers. Raises SeedingError when it ends or takes too long."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{ui}/api/health", timeout=2):  # noqa: S310 - loopback
                return
        except (urllib.error.URLError, OSError):
            if not child.alive():
                break
            time.sleep(0.1)
    raise SeedingError(f"the Prefect server did not start: {child.last_words()}", next=f"read {child.log}")


def free_port() -> int:
    """Return a port on loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
