"""What Azure says about how often it may be asked, heeded by every client of this process.

The SDK's own retry knows one request: it waits out a short Retry-After and sends that request again. It tells the
other requests nothing, and never reads how many are left. Both are kept here, by subscription: while Azure wants to
be left alone nothing is sent to it, and when little is left of a budget each request waits for it to fill up a bit.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import SansIOHTTPPolicy

from tasks.azure.errors import retry_after_seconds
from tasks.errors import Transient

LONGEST_NAP_SECONDS = 10.0  # a longer Retry-After is handed back as Transient: a pass must not sleep in a request
FEW_LEFT = 10  # of a budget of 200 to 250, which fills up by 10 to 25 a second
NAP_SECONDS = 1.0  # between requests while few are left
_SUBSCRIPTION = re.compile(r"/subscriptions/([^/?]+)", re.IGNORECASE)
_KINDS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}


class Throttle(SansIOHTTPPolicy[Any, Any]):
    """A policy behind the SDK's retry: one for all clients, so that what one is told holds for all."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        """Know nothing yet. *seconds* is any clock that only goes forward."""
        self._seconds = seconds
        self._closed_until: dict[str, float] = {}
        self._left: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Wait while Azure asks for it; raises Transient, nothing sent, when that is longer than a short nap."""
        if request.context.get("retry_count"):
            return  # the SDK has just waited
        scope, kind = _budget(request.http_request)
        with self._lock:
            closed_seconds = self._closed_until.get(scope, 0.0) - self._seconds()
            few = self._left.get((scope, kind), FEW_LEFT + 1) <= FEW_LEFT
        if closed_seconds > LONGEST_NAP_SECONDS:
            raise Transient(
                f"Azure wants no requests for another {closed_seconds:.0f} seconds, so none was sent",
                next="the next pass tries again",
                after_seconds=closed_seconds,
                maybe_done=False,
            )
        nap_seconds = max(closed_seconds, NAP_SECONDS if few else 0.0)
        if nap_seconds > 0:
            transport: Any = request.context.transport
            transport.sleep(nap_seconds)

    def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        """Remember what the answer says about the requests to come."""
        scope, kind = _budget(request.http_request)
        answer = response.http_response
        throttled = answer.status_code in (429, 503)
        wait_seconds = retry_after_seconds(answer) if throttled else None
        left = _left(answer.headers)
        with self._lock:
            if wait_seconds:
                self._closed_until[scope] = max(self._closed_until.get(scope, 0.0), self._seconds() + wait_seconds)
            if left is not None:
                self._left[scope, kind] = left


class ShortNaps:
    """A transport for the sign-in, whose SDK takes no retry policy of ours: it would sleep as long as a server says."""

    def __init__(self, transport: Any) -> None:
        """Send through *transport*, an azure-core one."""
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        """Be the transport in everything else."""
        return getattr(self._transport, name)

    def __enter__(self) -> ShortNaps:
        """Open it."""
        self._transport.__enter__()
        return self

    def __exit__(self, *why: object) -> None:
        """Close it."""
        self._transport.__exit__(*why)

    def sleep(self, seconds: float) -> None:
        """Sleep a short nap; raises Transient for a longer one. The word in brackets survives the SDK's wrapping."""
        if seconds > LONGEST_NAP_SECONDS:
            raise Transient(
                f"the login service wants no requests for {seconds:.0f} seconds (temporarily_unavailable)",
                next="the next pass tries again",
                after_seconds=seconds,
                maybe_done=False,
            )
        self._transport.sleep(seconds)


def _budget(request: Any) -> tuple[str, str]:
    """Return whose budget a request takes from: the subscription's ("" for none), and for which kind of request."""
    found = _SUBSCRIPTION.search(request.url)
    return (found.group(1).casefold() if found else ""), _KINDS.get(request.method, "writes")


def _left(headers: Mapping[str, str]) -> int | None:
    """Return the smallest of the counts that are left; None where the answer names none."""
    counts = [
        int(value)
        for name, value in headers.items()
        if name.lower().startswith("x-ms-ratelimit-remaining-") and str(value).isdecimal()
    ]
    return min(counts, default=None)
