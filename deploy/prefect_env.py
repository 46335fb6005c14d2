"""Prefect's settings for processes of ours, set before Prefect is imported. What the user set already wins."""

from __future__ import annotations

import os

from deploy.settings import Settings


def prepare(where: Settings) -> None:
    """Set the environment: no telemetry, quiet logs, Prefect's own files under our home unless a server is named."""
    chosen = {
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "PREFECT_CLI_PROMPT": "false",
    }
    if not os.environ.get("PREFECT_API_URL"):
        chosen["PREFECT_HOME"] = str(where.home / "prefect")
        chosen["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] = "true"
        chosen["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] = "90"
    for name, value in chosen.items():
        os.environ.setdefault(name, value)
