"""The gate itself: an ASGI application between the offices and a Prefect server. It keeps nothing and logs no body.

An office signs in with its id and a password, as `PREFECT_API_AUTH_STRING=lyon:PASSWORD`; only its SHA-256 is here. The
server's own password stays on this side. Web sockets are refused: a worker polls instead.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from deploy.gate.rules import allowed

LARGEST_BYTES = 8 * 1024 * 1024  # a part of a manifest has one MiB
SENT_ON = ("content-type", "prefect-csrf-client", "prefect-csrf-token", "user-agent", "x-prefect-api-version")
_PATH = re.compile(r"/api/[A-Za-z0-9_/-]+")


class Server:
    """The Prefect server behind the gate, and who owns what there."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        """Take a client with the server's address and password."""
        self.client = client
        self._queues: dict[str, str] = {}  # a flow run stays in its queue

    async def queue_of_run(self, flow_run_id: str) -> str:
        """Return the work queue of a flow run, "" when there is none."""
        if flow_run_id not in self._queues:
            queue = str((await self._get("flow_runs", flow_run_id)).get("work_queue_name") or "")
            if not queue:
                return ""
            self._queues[flow_run_id] = queue
        return self._queues[flow_run_id]

    async def deployment(self, deployment_id: str) -> tuple[str, str]:
        """Return name and work queue of a deployment, both "" when there is none."""
        found = await self._get("deployments", deployment_id)
        return str(found.get("name") or ""), str(found.get("work_queue_name") or "")

    async def artifact(self, artifact_id: str) -> dict[str, Any]:
        """Return an artifact, empty when there is none."""
        return await self._get("artifacts", artifact_id)

    async def _get(self, kind: str, its_id: str) -> dict[str, Any]:
        try:
            answer = await self.client.get(f"/api/{kind}/{UUID(its_id)}")
        except ValueError:  # no id at all
            return {}
        found = answer.json() if answer.status_code == 200 else {}
        return found if isinstance(found, dict) else {}


class Gate:
    """The ASGI application. *passwords* has the SHA-256 (hex) of each office's password by its id."""

    def __init__(self, server: Server, passwords: Mapping[str, str]) -> None:
        self._server, self._passwords = server, passwords

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            answer = await self._answer(Request(scope, receive))
            await answer(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, request: Request) -> Response:
        office = self._office(request.headers.get("authorization", ""))
        if office is None:
            return JSONResponse({"detail": "Unauthorized"}, 401)
        text = await _body(request)
        if text is None:
            return JSONResponse({"detail": "too large"}, 413)
        path = request.scope["path"]
        try:
            body = json.loads(text) if text else None
            may = _PATH.fullmatch(path) and await allowed(office, request.method, _kind(path), body, self._server)
            if not may:
                return JSONResponse({"detail": f"not for the office {office}"}, 403)
            return await self._sent_on(request, path, b"" if body is None else json.dumps(body).encode())
        except (ValueError, RecursionError):
            return JSONResponse({"detail": "the body is no JSON"}, 400)
        except httpx.HTTPError:
            return JSONResponse({"detail": "the Prefect server does not answer"}, 503)

    async def _sent_on(self, request: Request, path: str, content: bytes) -> Response:
        """Send on what was looked at, written anew: a body that two parsers read differently does not pass."""
        query = request.url.query if path == "/api/csrf-token" else ""
        headers = {name: request.headers[name] for name in SENT_ON if name in request.headers}
        answer = await self._server.client.request(
            request.method, path, params=query or None, content=content, headers=headers
        )
        return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))

    def _office(self, header: str) -> str | None:
        """Return the office that signed in, or None. It takes as long for an office that does not exist."""
        try:
            kind, _, coded = header.partition(" ")
            office, _, password = base64.b64decode(coded, validate=True).decode("utf-8").partition(":")
        except ValueError:
            return None
        given = hashlib.sha256(password.encode("utf-8")).hexdigest()
        right = hmac.compare_digest(given, self._passwords.get(office, "0" * 64))
        return office if right and kind.casefold() == "basic" and office in self._passwords else None


def _kind(path: str) -> str:
    return path.removeprefix("/api/").rstrip("/")


async def _body(request: Request) -> bytes | None:
    """Return the body, None when it is larger than anything an office sends."""
    found = b""
    async for part in request.stream():
        found += part
        if len(found) > LARGEST_BYTES:
            return None
    return found
