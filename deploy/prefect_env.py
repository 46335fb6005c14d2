"""Prefect's settings for processes of ours, set before Prefect is imported. What the user set already wins."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from deploy.settings import Settings
from tasks.errors import NotEncrypted
from tasks.wires import PLAIN_HOSTS, may_be_plain

_UNVERIFIED = "PREFECT_API_TLS_INSECURE_SKIP_VERIFY"


def prepare(where: Settings) -> None:
    """Set the environment: no telemetry, quiet logs, Prefect's own files under our home unless a server is named.

    Raises NotEncrypted for a server off this machine that is not reached by verified TLS.
    """
    _insist_on_tls(os.environ.get("PREFECT_API_URL", ""))
    chosen = {
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "PREFECT_CLI_PROMPT": "false",
    }
    if not os.environ.get("PREFECT_API_URL"):
        chosen["PREFECT_HOME"] = str(where.prefect)
        chosen["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] = "true"
        chosen["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] = "90"
    for name, value in chosen.items():
        os.environ.setdefault(name, value)


def _insist_on_tls(url: str) -> None:
    host = urlsplit(url).hostname or ""
    if not url or may_be_plain(host):
        return
    if urlsplit(url).scheme != "https":
        fact, next = "would be reached without TLS", "put a proxy with TLS in front of it and name its https:// address"
    elif os.environ.get(_UNVERIFIED, "").casefold() in ("1", "true", "yes", "on"):
        fact, next = (
            "would not be verified",
            f"unset {_UNVERIFIED}; name your own authority in PREFECT_API_SSL_CERT_FILE",
        )
    else:
        return
    raise NotEncrypted(f"the Prefect server on {host} {fact}", next=f"{next}, or name the host in {PLAIN_HOSTS}")
