"""Plain GETs to Resource Manager and to Microsoft Graph, for the few questions we carry no client of its own for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from azure.core.rest import HttpRequest

from states.plan import Plan
from tasks.azure.clients import AzureClients
from tasks.azure.errors import ours
from tasks.azure.seen import Json, records, text

MOST_PAGES = 20


def arm_get(
    clients: AzureClients, plan: Plan, path: str, api_version: str, doing: str, more: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return what one GET of *path* answers. Raises what `ours` raises; *doing* completes "cannot ..."."""
    request = HttpRequest("GET", path, params={"api-version": api_version, **(more or {})})
    return _answer(clients.vaults(plan.subscription_id).send_request, request, doing)


def arm_list(
    clients: AzureClients, plan: Plan, path: str, api_version: str, doing: str, more: Mapping[str, str] | None = None
) -> Iterator[Json]:
    """Yield the entries of a list, page by page."""
    page = arm_get(clients, plan, path, api_version, doing, more)
    for _ in range(MOST_PAGES):
        yield from records(page, "value")
        if not (link := text(page, "nextLink")):
            return
        page = _answer(clients.vaults(plan.subscription_id).send_request, HttpRequest("GET", link), doing)


def graph_list(clients: AzureClients, path: str, doing: str, query: Mapping[str, str]) -> Iterator[Json]:
    """Yield the entries of a list of the tenant's directory."""
    first = HttpRequest("GET", clients.settings.graph_url + path, params=dict(query))
    page = _answer(clients.graph().send_request, first, doing)
    for _ in range(MOST_PAGES):
        yield from records(page, "value")
        if not (link := text(page, "@odata.nextLink")):
            return
        page = _answer(clients.graph().send_request, HttpRequest("GET", link), doing)


def _answer(send: Any, request: HttpRequest, doing: str) -> dict[str, Any]:
    with ours(doing):
        answer = send(request)
        answer.raise_for_status()
        body = answer.json()
    return body if isinstance(body, dict) else {}
