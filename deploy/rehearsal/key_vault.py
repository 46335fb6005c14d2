"""Azure Key Vault, as far as reading and setting a secret: the challenge, the token, the answer. In memory only.

Every vault name exists. It answers below /vaults/{vault}, because loopback has no host name for each.
"""

from __future__ import annotations

import re
from typing import Any

from deploy.rehearsal.login import VAULT_AUDIENCE, bearer_is_good
from deploy.rehearsal.wire import Answer, Ask, Route
from deploy.rehearsal.world import World


def get_secret(world: World, ask: Ask) -> Answer:
    """Return the newest version of a secret."""
    if refusal := _refused(world, ask):
        return refusal
    vault, name = _place(ask)
    value = world.secrets.get((vault, name))
    if value is None:
        text = f"A secret with (name/id) {ask.names['name']} was not found in this key vault."
        return _error(404, "SecretNotFound", text)
    return Answer(200, _bundle(ask, value))


def set_secret(world: World, ask: Ask) -> Answer:
    """Keep a secret; the same name again is a new version of it."""
    if refusal := _refused(world, ask):
        return refusal
    value = ask.json().get("value")
    if not isinstance(value, str) or len(value) > 25_600:
        return _error(400, "BadParameter", "The value of the secret is missing or too long.")
    world.secrets[_place(ask)] = value
    return Answer(200, _bundle(ask, value))


def _refused(world: World, ask: Ask) -> Answer | None:
    who = world.home.identity
    if not bearer_is_good(who, ask, VAULT_AUDIENCE):
        challenge = f'Bearer authorization="{ask.base}/{who.tenant_id}", resource="{VAULT_AUDIENCE}"'
        answer = _error(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.")
        return Answer(401, answer.body, {"WWW-Authenticate": challenge})
    if not re.fullmatch(r"7\.\d|20\d\d-\d\d-\d\d|2016-10-01", ask.query.get("api-version", "")):
        return _error(400, "BadParameter", "The specified version is not recognized.")
    if not re.fullmatch(r"[0-9A-Za-z-]{1,127}", ask.names["name"]):
        return _error(400, "BadParameter", "The request URI contains an invalid name.")
    return None


def _place(ask: Ask) -> tuple[str, str]:
    return ask.names["vault"].casefold(), ask.names["name"].casefold()


def _bundle(ask: Ask, value: str) -> dict[str, Any]:
    vault, name = _place(ask)
    attributes = {"enabled": True, "created": 1, "updated": 1, "recoveryLevel": "Recoverable+Purgeable"}
    return {
        "value": value,
        "id": f"https://{vault}.vault.azure.net/secrets/{name}/{'0' * 32}",
        "attributes": attributes,
    }


def _error(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": message}})


ROUTES = (
    Route("GET", "/vaults/{vault}/secrets/{name}", get_secret),
    Route("PUT", "/vaults/{vault}/secrets/{name}", set_secret),
)
