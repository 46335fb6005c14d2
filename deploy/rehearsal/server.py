"""The HTTPS door: every request passes here, is checked the way ARM checks, and finds its row in a route table."""

from __future__ import annotations

import asyncio
import re
import traceback
import uuid
from dataclasses import replace
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
    spoils,
    vault,
)
from deploy.rehearsal.ca import Certificates
from deploy.rehearsal.storage_door import StorageDoor
from deploy.rehearsal.wire import Answer, ArmError, Ask, Route
from deploy.rehearsal.world import World

JSON = "application/json; charset=utf-8"
EARLIER = 4  # answers to one question that are remembered
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
        self._peer = transport.get_extra_info("peername")
        _connections[self._peer] = transport
        super().connection_made(transport)  # type: ignore[arg-type]

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it; by now the line itself does not know its peer any more."""
        _connections.pop(self._peer, None)
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
        self._storage = StorageDoor(world)
        self._told: dict[
            str, list[Answer]
        ] = {}  # what each question was answered before: a stale answer comes from here

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or spoil the answer, or cut its connection when a fault says so."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        ask = await _read(request)
        peer = request.client.host if request.client else ""
        answer, fault = await run_in_threadpool(self.answer, ask, peer)
        line = _connections.get(tuple(scope["client"]))
        if answer is None:
            if isinstance(line, asyncio.Transport):
                line.abort()
            return
        if fault.get("spoil") in spoils.DELIVERY and isinstance(line, asyncio.Transport):
            await spoils.deliver(fault, _raw(_response(self._world, ask, answer)), line)
            line.abort()
            return
        await _response(self._world, ask, answer)(scope, receive, send)

    def answer(self, ask: Ask, peer: str) -> tuple[Answer | None, dict[str, Any]]:
        """Return the answer to *ask*, None when the connection is to be cut, and the fault that struck."""
        fault: dict[str, Any] = {}
        try:
            if ask.path.startswith("/rehearsal/"):
                return self._control(ask, peer), fault
            fault = faults.at_the_door(self._world, ask) or {}
            if "status" in fault:
                return faults.answer(fault), fault
            if fault.get("drop") == "before-effect":
                return None, fault
            done = self._storage.answer(ask) if self._storage.leads_to(ask) else self._azure(ask)
            return self._bent(fault, ask, done), fault
        except ArmError as refusal:
            return refusal.answer(), fault
        except Exception as error:  # the door stays open whatever fails behind it, and says what it was
            traceback.print_exc()
            return ArmError(500, "InternalServerError", f"{type(error).__name__}: {error}").answer(), fault

    def _bent(self, fault: dict[str, Any], ask: Ask, done: Answer) -> Answer | None:
        if "drop" in fault:
            return None
        earlier = self._earlier(ask, done)
        if "spoil" not in fault:
            return done
        with self._world.reading() as records:
            dated = replace(done, headers={"Date": spoils.date_of(records.now), **done.headers})
        return spoils.spoiled(fault, dated, earlier)

    def _earlier(self, ask: Ask, done: Answer) -> list[Answer]:
        """Return what the same question was answered before; remembered only while a stale answer is on the list."""
        with self._world.reading() as records:
            if ask.method != "GET" or not any(row.get("spoil") == "stale" for row in records.faults):
                return []
        known = self._told.setdefault(f"{ask.path}?{ask.query}", [])
        before = list(known)
        if done.status == 200 and done not in known:
            known[:] = [*known, done][-EARLIER:]
        return before

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
        timeout_graceful_shutdown=1, server_header=False, date_header=False,
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


def _raw(response: Response) -> bytes:
    """Return the answer as it goes over the line, head and body."""
    head = b"".join(b"%s: %s\r\n" % pair for pair in response.raw_headers)
    return b"HTTP/1.1 %d -\r\n%s\r\n%s" % (response.status_code, head, bytes(response.body))


def _response(world: World, ask: Ask, answer: Answer) -> Response:
    identifier = str(uuid.uuid4())
    headers = {
        "Date": spoils.date_of(world.now),
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
    body = spoils.encoded(answer)
    kind = None if not body or "content-type" in {name.casefold() for name in headers} else JSON
    return Response(body, answer.status, headers, media_type=kind)


def _budget(ask: Ask) -> dict[str, str]:
    kind = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}.get(ask.method, "writes")
    left = {f"x-ms-ratelimit-remaining-subscription-{kind}": "249"}
    return {**left, f"x-ms-ratelimit-remaining-subscription-global-{kind}": "3749"}
