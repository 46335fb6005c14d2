"""The Prefect API, as far as it is used directly: three calls, whose failures are ours.

Direct calls, because the client hides what is needed here: transition ids, labels, artifacts of another run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.context import SyncClientContext
from prefect.exceptions import PrefectHTTPStatusError

from tasks.errors import SeedingError, Transient

_JSON = {"Content-Type": "application/json"}


class Api:
    """One open connection. Every call raises Transient when it may succeed later, SeedingError when it will not."""

    def __init__(self, client: SyncPrefectClient) -> None:
        self._http = client._client

    def get(self, path: str) -> Any:
        """Return what is at *path*, None when there is nothing."""
        return self._call("GET", path)

    def post(self, path: str, body: Any) -> Any:
        """Create, filter or set, as the path says; return the answer."""
        return self._call("POST", path, body)

    def put(self, path: str, body: Any) -> None:
        """Replace what is at *path*."""
        self._call("PUT", path, body)

    def patch(self, path: str, body: Any) -> None:
        """Change what is at *path*."""
        self._call("PATCH", path, body)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        try:
            text = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
            answer = self._http.request(method, path, content=text, headers=_JSON)
            return answer.json() if answer.content else None
        except PrefectHTTPStatusError as error:
            status = error.response.status_code
            if status == 404 and method == "GET":
                return None
            if status in (408, 429) or status >= 500:
                raise Transient(f"the Prefect server answered {status} to {method} {path}") from None
            detail = error.response.text[:300]
            raise SeedingError(f"the Prefect server refuses {method} {path}: {status} {detail}") from None
        except httpx.TransportError as error:
            raise Transient(f"the Prefect server cannot be reached: {type(error).__name__}") from None


@contextmanager
def prefect_api() -> Iterator[Api]:
    """Open the API that this process's Prefect settings name. Raises Transient when nobody answers there."""
    if shared := SyncClientContext.get():
        yield Api(shared.client)
        return
    with get_client(sync_client=True) as client:
        yield Api(client)


def one_connection() -> AbstractContextManager[SyncClientContext]:
    """Let everything in this block talk to Prefect through one client, threads and tasks included.

    Else each task opens its own, and reads all certificates of this machine for it: 20 ms of CPU.
    """
    return SyncClientContext.get_or_create()
