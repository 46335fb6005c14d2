"""A scripted Azure below the real SDK clients: every policy runs, only the wire is ours. For answers that the
rehearsal never gives. It never sleeps; what the SDK would have slept is noted.
"""

from __future__ import annotations

import dataclasses
import io
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

from states.plan import Item, Plan
from tasks.azure.clients import AzureClients, AzureSettings
from tasks.ports import Address, Contact, ImportDisk, OrderRequest, ReturnCarrier

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
PLAN = Plan(
    office="sydney",
    country="AU",
    mode="data-box",
    agent="dpm",
    sku="DataBoxDisk",
    job_name="syd1",
    subscription_id=SUBSCRIPTION,
    resource_group="seeding",
    location="australiaeast",
    storage_account="sydseed",
    vault="sydvault",
    server="DPM01.corp.example",
    items=(Item("mail", 5 * 10**12), Item("files", 10**12, vault_item="D:\\")),
    device_bytes=35 * 10**12,
)
REQUEST = OrderRequest(
    job_name="syd1",
    plan=PLAN,
    contact=Contact("Backup Team", "+61 2 5550 1234", ("backup@corp.example",)),
    address=Address("1 George Street", "Sydney", "2000", "AU", state="NSW", company="Corp"),
    expected_bytes=6 * 10**12 + 1,
    tags={"run": "r1", "key": "order-1"},
)

BITLOCKER_KEY, ACCOUNT_NUMBER = "-".join(["123453"] * 8), "ACCT-778899"
OWN_DISKS = dataclasses.replace(
    REQUEST,
    plan=dataclasses.replace(PLAN, mode="own-disk", sku="DataBoxCustomerDisk"),
    disks=(
        ImportDisk("WD-1", "\\DriveManifest.xml", "AB" * 16, BITLOCKER_KEY),
        ImportDisk("WD-2", "\\DriveManifest.xml", "CD" * 16, BITLOCKER_KEY),
    ),
    return_carrier=ReturnCarrier("DHL", ACCOUNT_NUMBER),
)


@dataclass
class Answer:
    """One scripted response; a dict becomes JSON."""

    status: int = 200
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """One request as it reached the wire."""

    method: str
    url: str
    body: Any
    headers: dict[str, str]


class ScriptedAzure(BaseAdapter):
    """Answers by method and URL pattern: the first script whose pattern is found; its last answer repeats."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[tuple[str, str, list[Answer | Exception]]] = []
        self.asked: list[Asked] = []
        self.slept: list[float] = []

    def on(self, method: str, pattern: str, *answers: Answer | Exception) -> ScriptedAzure:
        self.scripts.append((method, pattern, list(answers)))
        return self

    def sent(self, method: str, pattern: str = "") -> list[Asked]:
        return [a for a in self.asked if a.method == method and re.search(pattern, a.url)]

    def send(self, request, **_options):
        body = request.body.decode() if isinstance(request.body, bytes) else request.body
        asked = Asked(request.method, requests.utils.unquote(request.url), body, dict(request.headers))
        self.asked.append(asked)
        for method, pattern, answers in self.scripts:
            if method == request.method and re.search(pattern, asked.url):
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                if isinstance(answer, Exception):
                    raise answer
                return _response(request, answer)
        raise AssertionError(f"no script for {asked.method} {asked.url}")

    def close(self) -> None:
        """Nothing is open."""


class PatientTransport(RequestsTransport):
    """The SDK's transport on a scripted session; a pause is noted instead of slept."""

    def __init__(self, azure: ScriptedAzure) -> None:
        session = requests.Session()
        session.mount("https://", azure)
        super().__init__(session=session, session_owner=False)
        self._azure = azure

    def sleep(self, duration: float) -> None:
        self._azure.slept.append(duration)


class Badge:
    """A credential that always lets us in."""

    def get_token(self, *scopes, **_options):
        return AccessToken("a-token", int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()))


def clients_of(azure: ScriptedAzure, **settings: Any) -> AzureClients:
    return AzureClients(AzureSettings(**settings), credential=Badge(), transport=PatientTransport(azure))


def refusal(status: int, code: str, message: str = "no", **headers: str) -> Answer:
    """ARM's error shape, with the null in `details` that real Data Box sends."""
    spelled = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"error": {"code": code, "message": message, "details": [None]}}, spelled)


def xml_refusal(status: int, code: str) -> Answer:
    """The storage service's error shape."""
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{code}.</Message></Error>'
    return Answer(status, body, {"x-ms-error-code": code, "Content-Type": "application/xml"})


def _response(request, answer: Answer):
    is_json = not isinstance(answer.body, (str, bytes))
    raw = json.dumps(answer.body) if is_json else answer.body
    raw = raw.encode() if isinstance(raw, str) else raw
    kind = {"Content-Type": "application/json"} if is_json else {}
    headers = {**kind, "Content-Length": str(len(raw)), **answer.headers}
    low = HTTPResponse(io.BytesIO(raw), headers=headers, status=answer.status, preload_content=False)
    return HTTPAdapter().build_response(request, low)
