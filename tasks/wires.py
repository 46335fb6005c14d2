"""Which addresses may be reached without TLS: this machine's own, and those that the operator names."""

from __future__ import annotations

import ipaddress
import os

PLAIN_HOSTS = "SEEDING_PLAIN_HOSTS"  # the variable's name: hosts, with commas between them, on a wire nobody else has


def may_be_plain(host: str) -> bool:
    """Say whether *host* is this machine, or the operator says that the way there needs no TLS."""
    named = {name.strip().casefold() for name in os.environ.get(PLAIN_HOSTS, "").split(",")}
    return _is_loopback(host) or host.casefold() in named - {""}


def _is_loopback(host: str) -> bool:
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
