"""`python -m deploy.gate`: serve the offices' door to a Prefect server, beside that server."""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

import httpx
import uvicorn

from deploy.gate.app import Gate, Server
from tasks.errors import InvalidInput, NotEncrypted, SeedingError
from tasks.wires import may_be_plain

_LINE = re.compile(r"([a-z0-9][a-z0-9-]*) ([0-9a-f]{64})")


def passwords_in(path: Path) -> dict[str, str]:
    """Return the SHA-256 of each office's password, a line each: `lyon 64-hex-digits`. Raises InvalidInput."""
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        row = _LINE.fullmatch(line.strip())
        if row is None or row[1] in found:
            raise InvalidInput(
                f"{path} line {number} is not an office's id and the SHA-256 of its password, or is there twice",
                next="printf %s PASSWORD | sha256sum",
            )
        found[row[1]] = row[2]
    return found


def main(arguments: list[str] | None = None) -> int:
    """Serve until stopped. `PREFECT_API_AUTH_STRING` is the server's own password, which no office has."""
    parser = argparse.ArgumentParser(prog="python -m deploy.gate", description=main.__doc__)
    parser.add_argument("--offices", type=Path, required=True, help="the file of offices and their passwords' SHA-256")
    parser.add_argument("--server", default="http://127.0.0.1:4200", help="the Prefect server, without /api")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4201)
    parser.add_argument("--certificate", help="a PEM file; needed for a --host that is not this machine")
    parser.add_argument("--key", help="its key, in PEM")
    given = parser.parse_args(arguments)
    try:
        passwords = passwords_in(given.offices)
        if not given.certificate and not may_be_plain(given.host):
            raise NotEncrypted(f"{given.host} would be served without TLS", next="give --certificate and --key")
    except (SeedingError, OSError) as wrong:
        print(wrong, getattr(wrong, "next", ""), sep="\n  next: ", file=sys.stderr)
        return 2
    user, colon, password = os.environ.get("PREFECT_API_AUTH_STRING", "").partition(":")
    client = httpx.AsyncClient(base_url=given.server, auth=(user, password) if colon else None, timeout=60)
    uvicorn.run(
        Gate(Server(client), passwords), host=given.host, port=given.port, lifespan="off", access_log=False,
        log_level="warning", ssl_certfile=given.certificate, ssl_keyfile=given.key,
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
