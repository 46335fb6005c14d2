"""The wire, with bounds: an answer that never ends, grows without end, or comes from another time costs little.

The SDK bounds the wait for the next byte only: an answer that drips keeps a pass for ever, and one that swells fills
the memory. Here every answer has so many seconds and so many bytes, head included. What was asked for plainly has to
come plainly: a packed answer could unfold to any size.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from tasks.errors import Transient

ANSWERS_REMEMBERED = 5


class AnswerTooBig(Transient):
    """More bytes came than any answer of Azure has: read no further."""

    code = "answer-too-big"


class ClockGap:
    """How far Azure's clock is from ours, by the Date header of its last answers."""

    def __init__(self, now: Callable[[], datetime] | None = None) -> None:
        """*now* is our clock, aware UTC; the machine's own when it is not given."""
        self._now = now or (lambda: datetime.now(UTC))
        self._gaps: deque[timedelta] = deque(maxlen=ANSWERS_REMEMBERED)

    def note(self, date: str | None) -> None:
        """Take an answer's Date header; what is no date is passed over."""
        try:
            stated = parsedate_to_datetime(date or "")
        except ValueError:
            return
        self._gaps.append(stated.replace(tzinfo=stated.tzinfo or UTC) - self._now())

    def seen(self) -> timedelta | None:
        """Return how far Azure was ahead of us, at least; None before it answered often enough.

        The smallest of the last few: a single answer may come from a cache, or from a server that is wrong itself.
        """
        if len(self._gaps) < ANSWERS_REMEMBERED:
            return None
        return min(tuple(self._gaps), key=abs)


@dataclass(frozen=True)
class Bounds:
    """The most one answer may take: seconds from its first byte to its last, and bytes on the line."""

    seconds: float
    most_bytes: int


class BoundedTransport(RequestsTransport):  # type: ignore[misc]  # the SDK leaves it untyped
    """The SDK's own transport over connections that keep *bounds*; *heard* is told of every answer."""

    def __init__(self, bounds: Bounds, heard: Callable[[Any], None] = lambda answer: None, **options: Any) -> None:
        """*options* are the SDK's own. Contacts nobody."""
        super().__init__(**options)
        self._bounds, self.heard = bounds, heard

    def send(self, request: Any, **options: Any) -> Any:
        """Send, and return the answer. Raises AnswerTooBig beside what the SDK's transport raises."""
        request.headers["Accept-Encoding"] = "identity"
        answer = super().send(request, **options)
        self.heard(answer)
        return answer

    def _init_session(self, session: requests.Session) -> None:
        super()._init_session(session)
        adapter = _Adapter(self._bounds)
        for scheme in self._protocols:
            session.mount(scheme, adapter)


class _Adapter(HTTPAdapter):
    def __init__(self, bounds: Bounds) -> None:
        self._pools = _pools_with(bounds)
        super().__init__(max_retries=0)

    def init_poolmanager(self, *numbers: Any, **options: Any) -> None:
        super().init_poolmanager(*numbers, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _pools_with(bounds: Bounds) -> dict[str, Any]:
    """Return urllib3's pools, over connections whose answers keep *bounds*."""

    class Response(_BoundedResponse):
        within = bounds

    class Plain(HTTPConnection):
        response_class = Response

    class Secure(HTTPSConnection):
        response_class = Response

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


class _BoundedResponse(http.client.HTTPResponse):
    """An answer whose every byte, the head's too, comes through `_Line`."""

    within: Bounds

    def __init__(self, sock: socket.socket, *rest: Any, **options: Any) -> None:
        super().__init__(sock, *rest, **options)
        self.fp = io.BufferedReader(_Line(self.fp.detach(), self.within))

    def begin(self) -> None:
        super().begin()
        packed = self.headers.get("Content-Encoding", "identity").strip().lower()
        if packed not in ("identity", ""):
            raise http.client.HTTPException(f"the answer is packed ({packed}), and plain was asked for")


class _Line(io.RawIOBase):
    """What the socket gives, until the seconds or the bytes are used up."""

    def __init__(self, raw: Any, within: Bounds) -> None:
        self._raw, self._within = raw, within
        self._until: float | None = None
        self._left = within.most_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._until is not None and time.monotonic() > self._until:
            raise TimeoutError(f"the answer was not whole after {self._within.seconds:g} seconds")
        count: int = self._raw.readinto(buffer) or 0
        self._until = self._until or time.monotonic() + self._within.seconds
        self._left -= count
        if self._left < 0:
            raise AnswerTooBig(
                f"an answer goes on after {self._within.most_bytes:,} bytes, more than any answer of Azure has",
                next="an answer that is not Azure's: look for a proxy in between, then run `seeding doctor`",
            )
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()
