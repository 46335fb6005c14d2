"""The HTTPS door: every request passes here, is checked the way ARM checks, and finds its row in a route table."""

from __future__ import annotations

import asyncio
import json
import re
import traceback
import uuid
from pathlib import Path
from typing import Any

import uvicorn
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from deploy.rehearsal import (
    account,
    arm,
    control_api,
    databox,
    databox_service,
    directory,
    faults,
    key_vault,
    login,
    restore,
    vault,
)
from deploy.rehearsal.ca import Certificates
from deploy.rehearsal.wire import Answer, ArmError, Ask, Route
from deploy.rehearsal.world import World

LOOPBACK = ("127.0.0.1", "::1")
OPEN_ROUTES = (*login.ROUTES, *key_vault.ROUTES, *directory.ROUTES)  # they check who asks themselves, or need nobody
ARM_ROUTES = (*databox.ROUTES, *databox_service.ROUTES, *vault.ROUTES, *account.ROUTES, *arm.ROUTES)
# Which dates each provider knows as api-version: from, to.
API_VERSIONS = {
    "microsoft.databox": ("2018-01-01", "2025-07-01"),
    "microsoft.recoveryservices": ("2016-06-01", "2026-12-31"),
}
_connections: dict[tuple[str, int], asyncio.BaseTransport] = {}


class Door(H11Protocol):
    """uvicorn's protocol, remembering each connection so that a fault can cut it without an answer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the connection by its peer's address."""
        _connections[transport.get_extra_info("peername")] = transport
        super().connection_made(transport)  # type: ignore[arg-type]

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        _connections.pop(self.transport.get_extra_info("peername"), None)
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """End an idle connection at once: a polite TLS farewell would wait for clients that only pool it."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
        else:
            super().shutdown()


class App:
    """The ASGI application over one world."""

    def __init__(self, world: World) -> None:
        """Serve *world*."""
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or cut its connection when a fault says so."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        ask = await _read(request)
        answer = await run_in_threadpool(self.answer, ask, request.client.host if request.client else "")
        if answer is None:
            transport = _connections.get(tuple(scope["client"]))
            if isinstance(transport, asyncio.Transport):
                transport.abort()
            return
        await _response(ask, answer)(scope, receive, send)

    def answer(self, ask: Ask, peer: str) -> Answer | None:
        """Return the answer to *ask*, or None when the connection is to be cut."""
        try:
            if ask.path.startswith("/rehearsal/"):
                return self._control(ask, peer)
            fault = faults.at_the_door(self._world, ask)
            if fault and "status" in fault:
                return faults.answer(fault)
            if fault and fault["drop"] == "before-effect":
                return None
            done = self._azure(ask)
            return None if fault else done
        except ArmError as refusal:
            return refusal.answer()
        except Exception as error:  # the door stays open whatever fails behind it, and says what it was
            traceback.print_exc()
            return ArmError(500, "InternalServerError", f"{type(error).__name__}: {error}").answer()

    def _control(self, ask: Ask, peer: str) -> Answer:
        if peer not in LOOPBACK:
            raise ArmError(403, "OnlyLoopback", "The control interface answers only this machine.")
        return _dispatch(self._world, (*control_api.ROUTES, *restore.ROUTES), ask)

    def _azure(self, ask: Ask) -> Answer:
        try:
            if any(route.match(ask.method, ask.path) is not None for route in OPEN_ROUTES):
                return _dispatch(self._world, OPEN_ROUTES, ask)
            login.require_token(self._world.home.identity, ask)
            _check_version(ask)
            return _dispatch(self._world, ARM_ROUTES, ask)
        except ArmError as refusal:
            return refusal.answer()


def serve(world: World, certificates: Certificates, port: int) -> uvicorn.Server:
    """Return a server for *world* on loopback, ready for its run(); uvicorn ends it on SIGTERM and SIGINT."""
    config = uvicorn.Config(
        App(world), host="127.0.0.1", port=port, http=Door, ws="none", lifespan="off", log_level="critical",
        access_log=False, ssl_certfile=Path(certificates.certificate), ssl_keyfile=Path(certificates.key),
        timeout_graceful_shutdown=1, server_header=False,
    )  # fmt: skip
    return uvicorn.Server(config)


def _dispatch(world: World, routes: tuple[Route, ...], ask: Ask) -> Answer:
    for route in routes:
        names = route.match(ask.method, ask.path)
        if names is not None:
            arm.check_scope(world, names)
            return route.handler(world, Ask(**{**vars(ask), "names": names}))
    if any(route.match(method, ask.path) for route in routes for method in {route.method}):
        raise ArmError(405, "MethodNotAllowed", f"The method {ask.method} is not allowed here.")
    message = f"The Resource '{ask.path}' was not found. For more details please go to the fix page of ARM."
    raise ArmError(404, "ResourceNotFound", message, headers={"x-ms-failure-cause": "gateway"})


def _check_version(ask: Ask) -> None:
    version = ask.query.get("api-version", "")
    if not version:
        raise ArmError(
            400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required."
        )
    if not re.fullmatch(r"\d{4}-\d\d-\d\d(-preview|-privatepreview)?", version):
        raise ArmError(400, "InvalidApiVersionParameter", f"The api-version '{version}' is invalid.")
    found = re.search(r"/providers/([^/]+)", ask.path, re.IGNORECASE)
    first, last = API_VERSIONS.get(found.group(1).casefold() if found else "", ("", "9999"))
    if not first <= version[:10] <= last:
        raise ArmError(
            400, "NoRegisteredProviderFound", f"No registered resource provider found for api-version '{version}'."
        )


async def _read(request: Request) -> Ask:
    return Ask(
        method=request.method,
        path=request.scope["path"],
        base=f"https://{request.headers.get('host', 'localhost')}",
        query={key.casefold(): value for key, value in request.query_params.items()},
        headers={key.casefold(): value for key, value in request.headers.items()},
        body=await request.body(),
    )


def _response(ask: Ask, answer: Answer) -> Response:
    identifier = str(uuid.uuid4())
    headers = {
        "Cache-Control": "no-cache",
        "Pragma": "no-cache",
        "Expires": "-1",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "x-ms-request-id": identifier,
        "x-ms-correlation-request-id": identifier,
        "x-ms-routing-request-id": f"WESTEUROPE:{identifier}",
        **_budget(ask),
        **answer.headers,
    }
    if "x-ms-client-request-id" in ask.headers:
        headers["x-ms-client-request-id"] = ask.headers["x-ms-client-request-id"]
    body = b"" if answer.body is None and answer.status in (202, 204) else _encoded(answer.body)
    return Response(body, answer.status, headers, media_type="application/json; charset=utf-8" if body else None)


def _budget(ask: Ask) -> dict[str, str]:
    kind = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}.get(ask.method, "writes")
    left = {f"x-ms-ratelimit-remaining-subscription-{kind}": "249"}
    return {**left, f"x-ms-ratelimit-remaining-subscription-global-{kind}": "3749"}


def _encoded(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()
