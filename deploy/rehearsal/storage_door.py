"""The storage account behind the same door as Resource Manager: `/{account}/...` goes on to the storage emulator.

For clients that shall meet the door's faults when they read blobs, too. Real data goes to the emulator directly.
"""

from __future__ import annotations

import http.client
import select
import ssl
import threading
import time
from functools import cached_property
from urllib.parse import quote, urlencode, urlsplit

from deploy.rehearsal.wire import Answer, Ask
from deploy.rehearsal.world import World

NOT_PASSED_ON = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"})
FRESH_SECONDS = 0.5


class StorageDoor:
    """Passes requests on to the account's emulator over one connection a thread."""

    def __init__(self, world: World) -> None:
        """Serve *world*'s account; nothing is sent before the first request."""
        self._world = world
        self._mine = threading.local()

    def leads_to(self, ask: Ask) -> bool:
        """Say whether the request is for the storage account."""
        account = f"/{self._world.home.identity.storage_account}"
        return ask.path == account or ask.path.startswith(f"{account}/")

    def answer(self, ask: Ask) -> Answer:
        """Return the emulator's answer. Raises OSError and HTTPException when it does not answer."""
        query = f"?{urlencode(ask.query)}" if ask.query else ""
        headers = {name: value for name, value in ask.headers.items() if name not in ("host", "connection")}
        line = self._line()
        line.request(ask.method, quote(ask.path) + query, ask.body or None, headers)
        found = line.getresponse()
        body = found.read()
        passed = {name: value for name, value in found.getheaders() if name.casefold() not in NOT_PASSED_ON}
        return Answer(found.status, body, passed)

    def _line(self) -> http.client.HTTPSConnection:
        if not hasattr(self._mine, "line"):
            where = urlsplit(self._world.storage.endpoint)
            host, port = where.hostname or "localhost", where.port
            self._mine.line = http.client.HTTPSConnection(host, port, timeout=60, context=self._trust)
        line: http.client.HTTPSConnection = self._mine.line
        if line.sock is not None and (
            time.monotonic() > self._mine.fresh_until or select.select([line.sock], [], [], 0)[0]
        ):
            line.close()  # the emulator says goodbye to an idle line after a second
        self._mine.fresh_until = time.monotonic() + FRESH_SECONDS
        return line

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self._world.home.tls / "ca.pem"))
