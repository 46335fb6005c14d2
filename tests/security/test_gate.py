"""Behind the gate an office reaches its own work in Prefect, and nothing of anybody else.

Rules and gate here stand before a stand-in server; tests/fleet/test_fleet_gate.py has a real worker and a real server.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from deploy.gate.__main__ import main, passwords_in
from deploy.gate.app import LARGEST_BYTES, Gate, Server
from deploy.gate.rules import RULES, allowed
from tasks.errors import InvalidInput

MINE, OTHERS, HOME = (f"00000000-0000-0000-0000-00000000000{number}" for number in (1, 2, 3))
MY_WORK, THEIR_WORK, ANSWERED, FLEET = (f"10000000-0000-0000-0000-00000000000{number}" for number in (1, 2, 3, 4))
MY_PAGE, THEIR_PAGE = (f"20000000-0000-0000-0000-00000000000{number}" for number in (1, 2))
THINGS: dict[str, dict[str, Any]] = {
    MINE: {"work_queue_name": "office-lyon"},
    OTHERS: {"work_queue_name": "office-sydney"},
    HOME: {"work_queue_name": None},
    MY_WORK: {"name": "lyon", "work_queue_name": "office-lyon"},
    THEIR_WORK: {"name": "sydney", "work_queue_name": "office-sydney"},
    ANSWERED: {"name": "answered", "work_queue_name": "hub"},
    FLEET: {"name": "all", "work_queue_name": "hub"},
    MY_PAGE: {"key": "progress-lyon-2026-11", "flow_run_id": None},
    THEIR_PAGE: {"key": "progress-sydney-2026-11", "flow_run_id": OTHERS},
}
POOL = "work_pools/seeding"


class Known:
    """The stand-in server's own knowledge, as the rules ask for it."""

    async def queue_of_run(self, flow_run_id: str) -> str:
        return THINGS.get(flow_run_id, {}).get("work_queue_name") or ""

    async def deployment(self, deployment_id: str) -> tuple[str, str]:
        found = THINGS.get(deployment_id, {})
        return found.get("name", ""), found.get("work_queue_name", "")

    async def artifact(self, artifact_id: str) -> dict[str, Any]:
        return THINGS.get(artifact_id, {})


def may(method: str, path: str, body: Any = None, office: str = "lyon") -> bool:
    return asyncio.run(allowed(office, method, path, body, Known()))


def listed(**conditions: Any) -> dict[str, Any]:
    return {"flow_runs": conditions}


ITS_OWN: list[tuple[str, str, Any]] = [
    ("GET", "admin/version", None),
    ("GET", POOL, None),
    ("GET", f"{POOL}/queues/office-lyon", None),
    ("POST", f"{POOL}/get_scheduled_flow_runs", {"work_queue_names": ["office-lyon"], "scheduled_before": "now"}),
    ("POST", f"{POOL}/workers/heartbeat", {"name": "office-lyon@host", "heartbeat_interval_seconds": 30}),
    ("GET", f"flows/{MINE}", None),
    ("GET", "deployments/name/advance-fleet/answered", None),
    ("GET", f"deployments/{MY_WORK}", None),
    ("POST", f"deployments/{ANSWERED}/create_flow_run", {"parameters": {"only": ["lyon/2026-11"], "look_now": True}}),
    ("GET", f"flow_runs/{MINE}", None),
    ("PATCH", f"flow_runs/{MINE}", {"infrastructure_pid": "1"}),
    ("PATCH", f"flow_runs/{MINE}/labels", {"a": "b"}),
    ("POST", f"flow_runs/{MINE}/set_state", {"state": {"type": "RUNNING"}}),
    ("POST", "flow_runs/filter", listed(id={"any_": [MINE]}, state={"type": {"any_": ["PAUSED"]}})),
    ("POST", "flow_runs/filter", listed(id={"any_": []})),
    ("POST", "flow_runs/filter", listed(work_queue_name={"any_": ["office-lyon"]})),
    ("POST", "flow_runs/filter", listed(name={"any_": ["lyon/2026-11"]})),
    ("POST", "artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [MINE]}}}),
    ("POST", "artifacts/latest/filter", {"artifacts": {"key": {"any_": ["progress-lyon-2026-11"]}}}),
    ("POST", "artifacts", {"type": "office-answer", "flow_run_id": MINE}),
    ("POST", "artifacts", {"type": "progress", "key": "progress-lyon-2026-11"}),
    ("PATCH", f"artifacts/{MY_PAGE}", {"data": 1}),
    ("POST", "logs", [{"flow_run_id": MINE, "message": "x"}]),
]
NOT_ITS_OWN: list[tuple[str, str, Any]] = [
    ("GET", f"{POOL}/queues/office-sydney", None),
    ("GET", f"{POOL}/queues/hub", None),
    ("POST", f"{POOL}/get_scheduled_flow_runs", {"work_queue_names": ["office-sydney"]}),
    ("POST", f"{POOL}/get_scheduled_flow_runs", {"work_queue_names": ["office-lyon", "office-sydney"]}),
    ("POST", f"{POOL}/get_scheduled_flow_runs", {}),
    ("POST", f"{POOL}/get_scheduled_flow_runs", None),
    ("POST", f"{POOL}/workers/heartbeat", {"name": "hub@host"}),
    ("GET", f"deployments/{THEIR_WORK}", None),
    ("POST", f"deployments/{MY_WORK}/create_flow_run", {}),
    ("POST", f"deployments/{THEIR_WORK}/create_flow_run", {}),
    ("POST", f"deployments/{FLEET}/create_flow_run", {"parameters": {"only": ["lyon/2026-11"]}}),
    ("POST", f"deployments/{ANSWERED}/create_flow_run", {"parameters": {"only": ["sydney/2026-11"]}}),
    ("POST", f"deployments/{ANSWERED}/create_flow_run", {"parameters": {"only": ["lyon/2026-11", "sydney/2026-11"]}}),
    ("POST", f"deployments/{ANSWERED}/create_flow_run", {"parameters": {}}),
    ("POST", f"deployments/{ANSWERED}/create_flow_run", {"parameters": {"only": ["lyon/1"]}, "job_variables": {}}),
    ("GET", f"flow_runs/{OTHERS}", None),
    ("GET", f"flow_runs/{HOME}", None),
    ("GET", "flow_runs/unknown", None),
    ("PATCH", f"flow_runs/{OTHERS}", {}),
    ("POST", f"flow_runs/{OTHERS}/set_state", {"state": {"type": "COMPLETED"}}),
    ("DELETE", f"flow_runs/{MINE}", None),
    ("POST", "flow_runs/filter", None),
    ("POST", "flow_runs/filter", {}),
    ("POST", "flow_runs/filter", listed(id={"any_": [MINE, OTHERS]})),
    ("POST", "flow_runs/filter", listed(id={"not_any_": []})),
    ("POST", "flow_runs/filter", listed(name={"any_": ["lyon/2026-11", "sydney/2026-11"]})),
    ("POST", "flow_runs/filter", listed(name={"like_": "lyon"})),
    ("POST", "flow_runs/filter", listed(name={"any_": ["lyon/2026-11"], "like_": "sydney"})),
    ("POST", "flow_runs/filter", listed(name={"any_": []})),
    ("POST", "flow_runs/filter", listed(work_queue_name={"any_": ["office-sydney"]})),
    ("POST", "flow_runs/filter", listed(work_queue_name={"any_": ["office-lyon"], "is_null_": True})),
    (
        "POST",
        "flow_runs/filter",
        listed(operator="or_", work_queue_name={"any_": ["office-lyon"]}, id={"not_any_": []}),
    ),
    ("POST", "artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [OTHERS]}}}),
    ("POST", "artifacts/filter", {"artifacts": {"type": {"any_": ["office-answer"]}}}),
    ("POST", "artifacts/filter", {"artifacts": {"operator": "or_", "flow_run_id": {"any_": [MINE]}}}),
    ("POST", "artifacts/latest/filter", {"artifacts": {"key": {"any_": ["progress-lyon-sud-2026-11"]}}}),
    ("POST", "artifacts/latest/filter", {"artifacts": {"key": {"any_": ["record-lyon-2026-11"]}}}),
    ("POST", "artifacts", {"type": "office-answer", "flow_run_id": OTHERS}),
    ("POST", "artifacts", {"type": "office-answer", "flow_run_id": MINE, "key": "progress-sydney-2026-11"}),
    ("POST", "artifacts", {"type": "markdown", "key": "fleet"}),
    ("POST", "artifacts", {"type": "markdown"}),
    ("PATCH", f"artifacts/{THEIR_PAGE}", {"data": 1}),
    ("PATCH", f"artifacts/{MY_PAGE}", {"key": "progress-sydney-2026-11"}),
    ("POST", "logs", [{"flow_run_id": MINE}, {"flow_run_id": OTHERS}]),
    ("POST", "logs", [{"message": "of nobody"}]),
    ("POST", "logs/filter", {}),
    ("POST", "block_documents/filter", {}),
    ("GET", "block_documents", None),
    ("GET", "block_types/slug/secret/block_documents/name/bitlocker", None),
    ("POST", "variables/filter", {}),
    ("POST", "deployments/filter", {}),
    ("POST", "deployments", {}),
    ("POST", "automations", {}),
    ("POST", "events/filter", {}),
    ("GET", "admin/settings", None),
    ("POST", "admin/database/clear", {"confirm": True}),
    ("POST", "work_pools", {}),
    ("POST", "ui/flow_runs/history", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), ITS_OWN)
def test_an_office_may_do_its_own_work(method: str, path: str, body: Any) -> None:
    """What a worker was seen to ask of the server, for its own office."""
    assert may(method, path, body)


@pytest.mark.parametrize(("method", "path", "body"), NOT_ITS_OWN)
def test_an_office_may_do_nothing_else(method: str, path: str, body: Any) -> None:
    """Other offices' work, secrets in blocks, the hub's deployments, lists that are wider than its own, deletions."""
    assert not may(method, path, body)


@pytest.mark.parametrize(("method", "path", "body"), [row for row in ITS_OWN if "lyon" in str(row) or MINE in str(row)])
def test_what_is_one_offices_is_not_another_ones(method: str, path: str, body: Any) -> None:
    """The same requests with another office's password: refused, but for what is the same for all."""
    same_for_all = path.startswith("flows/") or path == "deployments/name/advance-fleet/answered"

    assert may(method, path, body, office="sydney") is same_for_all


def test_every_rule_is_tried_both_ways() -> None:
    """A new row comes with a case that passes, and one that is refused unless everybody may."""
    for method, path, check in RULES:
        pattern = re.compile(path.replace("{}", "[^/]+"))
        tried = [{m for m, p, _ in rows if pattern.fullmatch(p)} for rows in (ITS_OWN, NOT_ITS_OWN)]
        assert method in tried[0] or path.startswith("health"), path
        assert method in tried[1] or check.__name__ in ("anybody", "its_run"), path


class Stub:
    """A Prefect server that answers what it was sent, and knows THINGS."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, bytes, dict[str, str]]] = []
        routes = [Route("/{rest:path}", self.answer, methods=["GET", "POST", "PATCH", "DELETE"])]
        self.app = Starlette(routes=routes)

    async def answer(self, request: Request) -> JSONResponse:
        self.seen.append((request.method, request.url.path, await request.body(), dict(request.headers)))
        its_id = request.url.path.rsplit("/", 1)[-1]
        return JSONResponse(THINGS.get(its_id, {"told": "yes"}))


PASSWORDS = {"lyon": hashlib.sha256(b"lyons-canary").hexdigest()}


def ask(stub: Stub, method: str, path: str, *, auth: Any = ("lyon", "lyons-canary"), **content: Any) -> httpx.Response:
    """Send one request through the gate."""

    async def sent() -> httpx.Response:
        behind = httpx.AsyncClient(
            transport=httpx.ASGITransport(stub.app), base_url="http://server", auth=("admin", "hubs-canary")
        )
        gate = Gate(Server(behind), PASSWORDS)
        async with behind, httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url="http://gate") as client:
            return await client.request(method, path, auth=auth, **content)

    return asyncio.run(sent())


@pytest.mark.parametrize("auth", [None, ("lyon", "wrong"), ("sydney", "lyons-canary"), ("", ""), ("lyon", "")])
def test_nobody_gets_in_without_a_password(auth: Any) -> None:
    """401, and nothing is asked of the server."""
    stub = Stub()

    assert ask(stub, "GET", "/api/admin/version", auth=auth).status_code == 401 and stub.seen == []


def test_the_servers_password_is_the_gates_and_the_offices_stays_before_it() -> None:
    """The office never has the one, the server never sees the other."""
    stub = Stub()
    answer = ask(stub, "GET", f"/api/flow_runs/{MINE}")

    assert answer.status_code == 200 and answer.json() == THINGS[MINE]
    headers = json.dumps([headers for *_, headers in stub.seen])
    assert httpx.BasicAuth("admin", "hubs-canary")._auth_header in headers
    assert httpx.BasicAuth("lyon", "lyons-canary")._auth_header not in headers
    assert "canary" not in str(answer.headers)


def test_a_body_that_two_parsers_read_differently_does_not_pass() -> None:
    """The server is sent what the rules have read, not what the office wrote."""
    stub = Stub()
    twice = b'{"work_queue_names": ["office-sydney"], "work_queue_names": ["office-lyon"]}'
    ask(stub, "POST", f"/api/{POOL}/get_scheduled_flow_runs", content=twice)

    assert json.loads(stub.seen[-1][2]) == {"work_queue_names": ["office-lyon"]} and b"sydney" not in stub.seen[-1][2]


@pytest.mark.parametrize(
    ("path", "content", "status"),
    [
        ("/api/block_documents/filter", b"{}", 403),
        ("/api/../api/block_documents/filter", b"{}", 403),
        ("/api/flow_runs/%2e%2e/block_documents", b"{}", 403),
        ("/docs", b"", 403),
        ("/api/flow_runs/filter", b"[" * 100_000, 400),
        ("/api/flow_runs/filter", b"\xff", 400),
        ("/api/flow_runs/filter", b" " * (LARGEST_BYTES + 1), 413),
    ],
)
def test_odd_requests_end_at_the_gate(path: str, content: bytes, status: int) -> None:
    """Bad paths, bad JSON, too much of it: an answer, and nothing for the server."""
    stub = Stub()

    assert ask(stub, "POST", path, content=content).status_code == status and stub.seen == []


def test_the_file_of_passwords_holds_hashes_and_says_where_it_is_wrong(tmp_path, capsys) -> None:
    """A password in clear is refused without being repeated; a host that is not this machine needs a certificate."""
    good = tmp_path / "offices"
    good.write_text(f"# offices\nlyon {PASSWORDS['lyon']}\n")
    wrong = tmp_path / "wrong"
    wrong.write_text("lyon lyons-canary\n")

    assert passwords_in(good) == PASSWORDS
    with pytest.raises(InvalidInput) as told:
        passwords_in(wrong)
    assert "line 1" in str(told.value) and "canary" not in str(told.value)
    assert main(["--offices", str(good), "--host", "0.0.0.0"]) == 2 and "without TLS" in capsys.readouterr().err
