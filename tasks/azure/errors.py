"""Vendor errors to ours: one table, and the context manager that applies it.

    with ours("read order syd1"):
        client.jobs.get(...)

Rule 1. What an Azure error means is a row of TABLE, nowhere else.
Rule 2. Nothing secret leaves this file: every vendor sentence passes through `redacted`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from traceback import walk_tb
from typing import Any

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    DeserializationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.identity import CredentialUnavailableError

from tasks.errors import AlreadyExists, NotAllowed, NotFound, NotYet, Rejected, SeedingError, Transient
from tasks.redaction import redacted


@dataclass(frozen=True)
class Row:
    """One vendor error: its error code, HTTP status or exception class, what it is to us, and what helps."""

    key: str | int | range | type[BaseException]
    kind: type[SeedingError]
    next: str


# fmt: off
_LATER    = "the next pass tries again; if it lasts, see the Azure status page"
_LOGIN    = "check tenant, client id and secret, then run `seeding doctor`"
_ROLE     = "give the credential the role it lacks (see docs), wait some minutes, then run `seeding doctor`"
_BLOB     = "give the credential the role Storage Blob Data Reader on the account, wait some minutes, try again"
_WALL     = "allow this host in the account's network rules (or its private endpoint), then try again"
_NETWORK  = "check network, proxy and the CA file, then run `seeding doctor`"
_POLICY   = "ask the subscription's owner for an exemption from the Azure Policy it names"
_REGISTER = "register the provider: `az provider register --namespace Microsoft.DataBox`, then run `seeding doctor`"
_NAME     = "check name, resource group and subscription in the plan, then run `seeding doctor`"
_ADOPT    = "look at it in the portal: whose is it?"
_SECRETS  = "Azure makes the device's secrets while it prepares it; the next pass looks again"
_SLOT     = "another order must be complete first; the next pass tries again"
_INPUT    = "mend what Azure objects to, then try again"
_PROXY    = "an answer that is not Azure's: look for a proxy or captive portal in between, then run `seeding doctor`"
# fmt: on

# Read in this order: the error's own code, then its HTTP status, then its class. Codes are compared without case.
# Real Data Box answers 400 to an order whose name is taken (not 409), and 400 while the secrets do not exist yet.
# A 409 of azure-core is ResourceExistsError whatever the code says, so a bare 409 is not read as "already exists".
TABLE: tuple[Row, ...] = (
    Row("SsemUserErrorJobAlreadyExists",      AlreadyExists, _ADOPT),
    Row("SsemUserErrorActiveOrderLimitReached", NotYet,      _SLOT),
    Row("SsemUserErrorSecretsNotGenerated",   NotYet,        _SECRETS),
    Row("SsemUserErrorEntityNotFound",        NotFound,      _NAME),
    Row("ResourceNotFound",                   NotFound,      _NAME),
    Row("ResourceGroupNotFound",              NotFound,      _NAME),
    Row("SubscriptionNotFound",               NotFound,      _NAME),
    Row("ContainerNotFound",                  NotFound,      _NAME),
    Row("BlobNotFound",                       NotFound,      _NAME),
    Row("ContainerBeingDeleted",              NotFound,      _NAME),
    Row("AuthorizationFailed",                NotAllowed,    _ROLE),
    Row("LinkedAuthorizationFailed",          NotAllowed,    _ROLE),
    Row("AuthorizationPermissionMismatch",    NotAllowed,    _BLOB),
    Row("AuthorizationFailure",               NotAllowed,    _WALL),
    Row("InvalidAuthenticationTokenTenant",   NotAllowed,    _LOGIN),
    Row("ExpiredAuthenticationToken",         NotAllowed,    _LOGIN),
    Row("RequestDisallowedByPolicy",          NotAllowed,    _POLICY),
    Row("MissingSubscriptionRegistration",    NotAllowed,    _REGISTER),
    Row("AnotherOperationInProgress",         Transient,     _LATER),
    Row("RetryableError",                     Transient,     _LATER),
    Row("temporarily_unavailable",            Transient,     _LATER),  # the login service, in OAuth's words
    Row("server_error",                       Transient,     _LATER),
    Row("AADSTS90024",                        Transient,     _LATER),
    Row("AADSTS90033",                        Transient,     _LATER),
    Row(401,                                  NotAllowed,    _LOGIN),
    Row(403,                                  NotAllowed,    _ROLE),
    Row(404,                                  NotFound,      _NAME),
    Row(408,                                  Transient,     _LATER),
    Row(425,                                  Transient,     _LATER),
    Row(429,                                  Transient,     _LATER),
    Row(range(500, 600),                      Transient,     _LATER),
    Row(range(400, 500),                      Rejected,      _INPUT),
    Row(CredentialUnavailableError,           NotAllowed,    _LOGIN),
    Row(ClientAuthenticationError,            NotAllowed,    _LOGIN),
    Row(ServiceRequestError,                  Transient,     _NETWORK),
    Row(ServiceResponseError,                 Transient,     _LATER),
    Row(DecodeError,                          Transient,     _PROXY),
    Row(DeserializationError,                 Transient,     _PROXY),
    Row(json.JSONDecodeError,                 Transient,     _PROXY),
    Row(HttpResponseError,                    Transient,     _LATER),  # no status: a broken stream, mostly
    Row(AzureError,                           Rejected,      _INPUT),
)  # fmt: skip


@contextmanager
def ours(doing: str, secrets: Iterable[str] = ()) -> Iterator[None]:
    """Turn a vendor error into ours; *doing* completes "cannot ..." and names the thing.

    *secrets* are texts that were sent and that no answer may bring back into a message. Raises the row's class of
    `tasks.errors`; an error that is ours already passes untouched. An answer over which the SDK stumbles (it indexes
    what is not there, takes apart what is null) is no answer: Transient.
    """
    try:
        yield
    except (AzureError, json.JSONDecodeError) as error:
        # `from None`: the vendor's traceback would print request URLs and bodies.
        raise as_ours(doing, error, secrets) from None
    except (ArithmeticError, AttributeError, LookupError, SyntaxError, TypeError, ValueError) as odd:
        if not _of_the_answer(odd):
            raise
        raise Transient(f"cannot {doing}: the answer cannot be read ({type(odd).__name__})", next=_PROXY) from None


def _of_the_answer(odd: Exception) -> bool:
    """Say whether it was the SDK that stumbled, or an answer that is nothing of what the SDK makes of answers."""
    frames = (frame.f_globals.get("__name__", "") for frame, _ in walk_tb(odd.__traceback__))
    in_sdk = any(name.partition(".")[0] in ("azure", "msal", "xml") for name in frames)
    return in_sdk or (isinstance(odd, AttributeError) and odd.name == "as_dict")


def as_ours(doing: str, error: Exception, secrets: Iterable[str] = ()) -> SeedingError:
    """Return our error for that vendor error, with its sentence redacted and Azure's request id for support."""
    error = _beneath(error)
    row = _row(error)
    message = f"cannot {doing}: {_fact(error, secrets)}"
    if row.kind is Transient:
        seconds = retry_after_seconds(getattr(error, "response", None))
        return Transient(message, next=row.next, after_seconds=seconds, maybe_done=status_of(error) != 429)
    return row.kind(message, next=row.next)


def code_of(error: Exception) -> str:
    """Return the service's own error code ("" when the answer has none)."""
    code = getattr(getattr(error, "error", None), "code", None) or getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "") or _said_at_sign_in(error, _LOGIN_CODE)


def status_of(error: Exception) -> int | None:
    """Return the HTTP status behind the error, or None when there was no answer."""
    status = getattr(error, "status_code", None) or getattr(getattr(error, "response", None), "status_code", None)
    said = _said_at_sign_in(error, _LOGIN_STATUS)
    return status or (int(said) if said else None)


def retry_after_seconds(answer: Any) -> float | None:
    """Return how long the service's *answer* asks to wait, in seconds, or None when it does not say.

    Reads Retry-After (seconds or HTTP date) and the two millisecond headers. A date is measured against the
    answer's own Date header, so no clock is read here.
    """
    headers = getattr(answer, "headers", None) or {}
    plain = {str(name).lower(): str(value) for name, value in headers.items()}
    for name, unit in (("retry-after-ms", 0.001), ("x-ms-retry-after-ms", 0.001), ("retry-after", 1.0)):
        seconds = _number(plain.get(name, ""))
        if seconds is not None:
            return max(0.0, seconds * unit)
    return _until(plain.get("retry-after", ""), plain.get("date", ""))


# azure-identity wraps whatever went wrong, a lost connection too, in one class and keeps only a sentence.
_LOGIN_CODE = re.compile(r"\b(AADSTS\d+|temporarily_unavailable|server_error)\b")
_LOGIN_STATUS = re.compile(r"\bHTTP Error: (\d{3})\b")


def _beneath(error: Exception) -> Exception:
    """The network's or decoder's error under a failed sign-in; any other error as it is."""
    cause = error.__cause__
    wrapped = isinstance(error, ClientAuthenticationError) and isinstance(cause, AzureError)
    return cause if wrapped and isinstance(cause, Exception) else error


def _said_at_sign_in(error: Exception, pattern: re.Pattern[str]) -> str:
    found = pattern.search(str(error)) if isinstance(error, ClientAuthenticationError) else None
    return found.group(1) if found else ""


def _row(error: Exception) -> Row:
    code, status = code_of(error).lower(), status_of(error)
    by_code = (row for row in TABLE if isinstance(row.key, str) and row.key.lower() == code)
    by_status = (row for row in TABLE if status is not None and _covers(row.key, status))
    by_class = (row for row in TABLE if isinstance(row.key, type) and isinstance(error, row.key))
    unknown = Row(Exception, Rejected, _INPUT)
    return next(by_code, None) or next(by_status, None) or next(by_class, unknown)


def _covers(key: Any, status: int) -> bool:
    return (key == status) if isinstance(key, int) else (isinstance(key, range) and status in key)


def _fact(error: Exception, secrets: Iterable[str]) -> str:
    code, status = code_of(error), status_of(error)
    said = getattr(getattr(error, "error", None), "message", None) or getattr(error, "message", None) or str(error)
    # The vendor appends its whole answer after the first lines ("Content: ..."); only the sentence is of use.
    plain = str(said)
    for secret in filter(None, secrets):
        plain = plain.replace(secret, "[hidden]")
    sentence = " ".join(redacted(plain).split("\nContent:")[0].split())[:400] or type(error).__name__
    what = " ".join(part for part in (code, f"HTTP {status}" if status else "") if part) or type(error).__name__
    request = _request_id(error)
    return f"{what}: {sentence}" + (f" (Azure request {request})" if request else "")


def _request_id(error: Exception) -> str:
    headers: Mapping[str, str] = getattr(getattr(error, "response", None), "headers", None) or {}
    return next((str(value) for name, value in headers.items() if str(name).lower() == "x-ms-request-id"), "")


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\s*\d+(\.\d+)?\s*", text) else None


def _until(date: str, answered: str) -> float | None:
    try:
        wait = parsedate_to_datetime(date) - parsedate_to_datetime(answered)
    except (TypeError, ValueError):
        return None
    return max(0.0, wait.total_seconds())
