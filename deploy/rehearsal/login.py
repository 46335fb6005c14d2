"""The login service: OpenID discovery and client-credential tokens. Tokens live on the real clock, not the world's."""

from __future__ import annotations

import uuid
from datetime import timedelta
from urllib.parse import parse_qs

import jwt

from deploy.rehearsal.ca import today
from deploy.rehearsal.home import Identity
from deploy.rehearsal.wire import Answer, ArmError, Ask, Route, same
from deploy.rehearsal.world import World

LIFETIME = timedelta(minutes=60)
ARM_AUDIENCES = ("https://management.azure.com", "https://management.core.windows.net")
STORAGE_AUDIENCE = "https://storage.azure.com"
VAULT_AUDIENCE = "https://vault.azure.net"
GRAPH_AUDIENCE = "https://graph.microsoft.com"


def discover(world: World, ask: Ask) -> Answer:
    """Return the OpenID configuration of a tenant."""
    tenant = ask.names["tenant"]
    if not same(tenant, world.home.identity.tenant_id):
        return _refused(400, "invalid_tenant", 90002, f"Tenant '{tenant}' not found.")
    root = f"{ask.base}/{tenant}"
    body = {
        "issuer": f"{root}/v2.0",
        "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
        "token_endpoint": f"{root}/oauth2/v2.0/token",
        "jwks_uri": f"{root}/discovery/v2.0/keys",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "response_types_supported": ["code", "id_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }
    return Answer(200, body)


def token(world: World, ask: Ask) -> Answer:
    """Return a bearer token for the scope asked for, or a refusal in the login service's own shape."""
    form = {name: values[0] for name, values in parse_qs(ask.body.decode("utf-8", "replace")).items()}
    who = world.home.identity
    if not same(ask.names["tenant"], who.tenant_id):
        return _refused(400, "invalid_tenant", 90002, f"Tenant '{ask.names['tenant']}' not found.")
    if form.get("grant_type") != "client_credentials":
        return _refused(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
    if form.get("client_id") != who.client_id:
        return _refused(
            400, "unauthorized_client", 700016, f"Application with identifier '{form.get('client_id')}' was not found."
        )
    if form.get("client_secret") != who.client_secret:
        return _refused(401, "invalid_client", 7000215, "Invalid client secret provided.")
    audience = form.get("scope", "").removesuffix("/.default").rstrip("/")
    if audience not in (*ARM_AUDIENCES, STORAGE_AUDIENCE, VAULT_AUDIENCE, GRAPH_AUDIENCE):
        return _refused(400, "invalid_scope", 70011, f"The provided scope '{form.get('scope')}' is not valid.")
    seconds = int(LIFETIME.total_seconds())
    issued = {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds}
    return Answer(200, {**issued, "access_token": issue(who, audience)})


def issue(who: Identity, audience: str, lifetime: timedelta = LIFETIME) -> str:
    """Return a signed token for *audience* that is good for *lifetime* from the real now."""
    now = today()
    claims = {
        "iss": f"https://sts.windows.net/{who.tenant_id}/",
        "aud": audience,
        "iat": now,
        "nbf": now - timedelta(minutes=5),
        "exp": now + lifetime,
        "appid": who.client_id,
        "oid": who.client_id,
        "sub": who.client_id,
        "tid": who.tenant_id,
        "ver": "1.0",
    }
    return jwt.encode(claims, who.token_key, algorithm="HS256")


def require_token(who: Identity, ask: Ask) -> None:
    """Raise ArmError 401 unless *ask* carries a good token for ARM."""
    scheme, _, bearer = ask.headers.get("authorization", "").partition(" ")
    if scheme.casefold() != "bearer" or not bearer:
        raise _unauthorized(who, "AuthenticationFailed", "The 'Authorization' header is missing.")
    try:
        _decode(who, bearer, ARM_AUDIENCES)
    except jwt.ExpiredSignatureError:
        raise _unauthorized(who, "ExpiredAuthenticationToken", "The access token expiry UTC time is past.") from None
    except jwt.InvalidAudienceError:
        raise _unauthorized(who, "InvalidAuthenticationTokenAudience", "The audience is not ARM's.") from None
    except jwt.PyJWTError:
        raise _unauthorized(who, "InvalidAuthenticationToken", "The access token is invalid.") from None


def bearer_is_good(who: Identity, ask: Ask, audience: str) -> bool:
    """Say whether *ask* carries a good token for *audience*."""
    try:
        _decode(who, ask.headers.get("authorization", "").partition(" ")[2], (audience,))
        return True
    except jwt.PyJWTError:
        return False


def _decode(who: Identity, bearer: str, audiences: tuple[str, ...]) -> None:
    jwt.decode(
        bearer, who.token_key, algorithms=["HS256"], audience=list(audiences),
        issuer=f"https://sts.windows.net/{who.tenant_id}/", options={"require": ["exp", "nbf", "aud", "iss"]},
    )  # fmt: skip


def _unauthorized(who: Identity, code: str, message: str) -> ArmError:
    challenge = (
        f'Bearer authorization_uri="https://login.windows.net/{who.tenant_id}", error="invalid_token", '
        f'error_description="{message}"'
    )
    return ArmError(401, code, message, headers={"WWW-Authenticate": challenge})


def _refused(status: int, error: str, number: int, text: str) -> Answer:
    trace = str(uuid.uuid4())
    at = today().strftime("%Y-%m-%d %H:%M:%SZ")
    description = f"AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {trace} Timestamp: {at}"
    body = {"error": error, "error_description": description, "error_codes": [number], "timestamp": at}
    return Answer(status, {**body, "trace_id": trace, "correlation_id": trace})


ROUTES = (
    Route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", discover),
    Route("POST", "/{tenant}/oauth2/v2.0/token", token),
)
