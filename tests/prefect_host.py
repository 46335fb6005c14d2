"""A Prefect server for tests, and what tests ask it. Started once per test process; its address holds for a module."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.processes import prefect_server


@dataclass(frozen=True)
class Prefect:
    """A running server: its address for browsers and for clients."""

    ui: str

    @property
    def api_url(self) -> str:
        return f"{self.ui}/api"

    @property
    def env(self) -> dict[str, str]:
        """The environment of a process that works with it."""
        return {
            "PREFECT_API_URL": self.api_url,
            "PREFECT_LOGGING_LEVEL": "WARNING",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
        }

    def seeding(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run the command line as an operator does."""
        return subprocess.run(command(*arguments), capture_output=True, text=True, env=self.environment(env))

    def start(
        self, *arguments: str, env: dict[str, str] | None = None, log: Path | None = None
    ) -> subprocess.Popen[bytes]:
        """Start the command line and leave it running."""
        sink = log.open("ab") if log else subprocess.DEVNULL
        return subprocess.Popen(command(*arguments), env=self.environment(env), stdout=sink, stderr=sink)

    def environment(self, env: dict[str, str] | None) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "SEEDING_"))}
        return {**kept, **self.env, **(env or {})}


def command(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("seeding")), *arguments]


def running(home: Path, cache: Path) -> Iterator[Prefect]:
    """Yield a server and end it afterwards; this process's environment stays as it was."""
    before = dict(os.environ)
    server = prefect_server(home, cache)
    for name in ("PREFECT_HOME", "PREFECT_API_URL"):
        os.environ.pop(name)
        if name in before:
            os.environ[name] = before[name]
    try:
        server.wait()
        yield Prefect(server.ui)
    finally:
        server.child.stop()


@contextmanager
def settings_for(server: Prefect) -> Iterator[None]:
    """Point the Prefect client of this process at *server*."""
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    chosen: dict[Any, Any] = {PREFECT_API_URL: server.api_url, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}
    with temporary_settings(chosen):
        yield
