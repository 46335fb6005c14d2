"""Start the rehearsal: `python -m deploy.rehearsal --home DIR`. Prints one JSON line, then serves until told to end."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from datetime import datetime
from pathlib import Path

from deploy.rehearsal import azurite
from deploy.rehearsal.ca import certificates, today
from deploy.rehearsal.home import Home, free_port
from deploy.rehearsal.records import Settings
from deploy.rehearsal.wire import when

START = "2026-11-02T06:00:00Z"


def main(argv: list[str] | None = None) -> int:
    """Serve; return the exit code: 0 after an orderly end, 1 when it could not start."""
    asked = _arguments(argv)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    home = Home(asked.home)
    try:
        home.claim()
        main_js = azurite.find(asked.azurite)
        tls = certificates(home.tls, today())
        home.keep(
            arm_port=asked.port or free_port(home.identity.arm_port), blob_port=free_port(home.identity.blob_port)
        )
        blobs = azurite.Azurite(home, tls, main_js, home.identity.blob_port)
    except (azurite.AzuriteMissing, OSError) as error:
        print(f"the rehearsal cannot start: {error}", file=sys.stderr)
        return 1
    try:
        return _serve(asked, home, blobs)
    finally:
        blobs.stop()


def _serve(asked: argparse.Namespace, home: Home, blobs: azurite.Azurite) -> int:
    # Imported while the storage emulator starts in its own process: both take about a second.
    from deploy.rehearsal import happenings, server
    from deploy.rehearsal.storage import Storage
    from deploy.rehearsal.world import World

    tls = certificates(home.tls, today())
    settings = Settings(page_size=asked.page_size, retry_after=asked.retry_after, lro_polls=asked.lro_polls)
    world = World(home, asked.start, happenings.HAPPENINGS, settings)
    who = home.identity
    world.storage = Storage(who, f"https://localhost:{who.blob_port}/{who.storage_account}", tls.ca)
    serving = server.serve(world, tls, who.arm_port)
    world.save()
    _ = world.storage.client
    blobs.wait_until_it_listens(tls.ca)
    if asked.exit_with_parent:
        threading.Thread(target=_end_at_end_of_stdin, daemon=True).start()
    announce = threading.Thread(target=_announce, args=(serving, home, tls.ca, world.storage.endpoint), daemon=True)
    announce.start()
    serving.run()
    return 0


def _announce(serving: object, home: Home, ca: Path, blob: str) -> None:
    import time

    while not getattr(serving, "started", False):
        time.sleep(0.01)
    print(json.dumps(descriptor(home, ca, blob)), flush=True)


def descriptor(home: Home, ca: Path, blob: str) -> dict[str, str]:
    """Return what a client needs to know, as the one line on stdout."""
    who = home.identity
    arm = f"https://localhost:{who.arm_port}"
    return {
        "arm": arm,
        "authority": arm,
        "ca": str(ca),
        "tenant_id": who.tenant_id,
        "client_id": who.client_id,
        "client_secret": who.client_secret,
        "subscription_id": who.subscription_id,
        "resource_group": who.resource_group,
        "vault": who.vault,
        "blob": blob,
        "storage_account": who.storage_account,
        "graph": arm,
        "key_vault": f"{arm}/vaults/{{vault}}",
        "location": who.location,
        "devices": str(home.devices),
        "drives": str(home.drives),
        "control": f"{arm}/rehearsal",
    }


def _end(number: int, frame: object) -> None:
    """Leave through every `finally`: the emulator has to end with us."""
    sys.exit(0)


def _end_at_end_of_stdin() -> None:
    while os.read(sys.stdin.fileno(), 4096):  # not the buffered reader: its lock would outlive the interpreter
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.rehearsal", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder for everything this rehearsal writes")
    parser.add_argument("--port", type=int, default=0, help="of the ARM server; 0 takes the last one, or a free one")
    parser.add_argument("--start", type=_time, default=_time(START), help="first moment of a new world, UTC")
    parser.add_argument("--azurite", type=Path, help="the emulator's dist/src/blob/main.js")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when stdin ends")
    parser.add_argument("--retry-after", type=int, default=1, help="seconds a client is asked to wait between polls")
    parser.add_argument("--lro-polls", type=int, default=0, help="how often an accepted request says not yet")
    parser.add_argument("--page-size", type=int, default=50, help="entries per page of a list")
    return parser.parse_args(argv)


def _time(text: str) -> datetime:
    try:
        return when(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an ISO 8601 time") from None


if __name__ == "__main__":
    sys.exit(main())
