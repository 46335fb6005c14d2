"""Random schedules of a hostile Azure, each by its number: a list of faults that strike while a run goes on.

A row is one fault of the rehearsal's list (deploy/rehearsal/faults.py, mishaps.py), or `ours_off`: this machine's own
clock is so many hours off, or `until`: the run is not played further than that state (four in ten are played to the
end). The same number is the same schedule, on every machine.
"""

from __future__ import annotations

import random
from typing import Any

Row = dict[str, Any]

# Which requests a fault is about: method, path.
ABOUT: tuple[tuple[str | None, str], ...] = (
    (None, ""),
    (None, ""),
    ("GET", "/jobs/"),
    ("GET", "/jobs/"),
    ("PUT", "/jobs/"),
    ("PUT", "/jobs/"),
    ("POST", "bookShipmentPickUp"),
    ("POST", "listCredentials"),
    ("POST", "validate|availableSkus"),
    ("GET", "Microsoft.RecoveryServices"),
    ("GET", "protectedItems|recoveryPoints"),
    ("GET", "Microsoft.Storage|locks|eventtypes"),
    ("GET", "^/seedstore"),
    ("GET", "databoxcopylog"),
    ("DELETE", ""),
    (None, "/oauth2/|openid-configuration"),
)
CHALLENGE = {"WWW-Authenticate": 'Bearer authorization_uri="https://login.windows.net/x", error="invalid_token"'}
STAGES = ("DeviceOrdered", "DevicePrepared", "Dispatched", "Delivered", "PickedUp", "AtAzureDC", "DataCopy")
AFTER_THE_OFFICE = ("PickedUp", "AtAzureDC", "DataCopy")


def schedule(number: int) -> list[Row]:
    """Return the faults of the schedule of that number: two to ten at requests, sometimes one in the world."""
    dice = random.Random(f"hostile/{number}")
    rows = [_at_requests(dice) for _ in range(dice.randint(2, 10))]
    if dice.random() < 0.15:
        rows.append(_in_the_world(dice))
    if dice.random() < 0.08:
        rows.append({"ours_off": dice.choice((-30, -5, -2, 1, 3, 26))})
    if dice.random() < 0.6:
        rows.append({"until": dice.choice(("delivered", "shipped", "ingested", "vaulted"))})
    return rows


def _at_requests(dice: random.Random) -> Row:
    method, path = dice.choice(ABOUT)
    row: Row = {"path_regex": path, "after": dice.choice((0, 0, 1, 2, 3, 5, 8, 13, 21)), **dice.choice(ACTS)(dice)}
    row.setdefault("times", dice.choice((1, 1, 1, 2, 3, 5, 9, 30)))
    return row | ({"method": method} if method else {})


def _throttled(dice: random.Random) -> Row:
    waits = ({}, {"Retry-After": "1"}, {"Retry-After": "7"}, {"Retry-After": "3600"}, {"Retry-After": "0"},
             {"Retry-After": "soon"}, {"Retry-After": "Mon, 02 Nov 2026 09:00:00 GMT"}, {"x-ms-retry-after-ms": "50"},
             {"Retry-After": "-5"})  # fmt: skip
    return {"status": 429, "headers": dice.choice(waits), "body": _error("TooManyRequests")}


def _storm(dice: random.Random) -> Row:
    headers = dice.choice(({}, {}, {"Retry-After": "2"}))
    body = dice.choice((_error("InternalServerError"), _error("GatewayTimeout"), "<html>Bad gateway</html>", "", "{"))
    return {"status": dice.choice((500, 500, 502, 503, 503, 504, 408)), "headers": headers, "body": body}


def _no_entry(dice: random.Random) -> Row:
    expired = {"status": 401, "headers": CHALLENGE, "body": _error("ExpiredAuthenticationToken")}
    role = {"status": 403, "body": _error("AuthorizationFailed")}
    return dice.choice((expired, expired, expired, role, {"status": 401, "body": ""}))


def _gone(dice: random.Random) -> Row:
    codes = ("ResourceNotFound", "SsemUserErrorEntityNotFound", "ResourceGroupNotFound", "SubscriptionNotFound")
    return {"status": 404, "body": _error(dice.choice(codes)), "times": dice.choice((1, 1, 2, 4))}


def _busy(dice: random.Random) -> Row:
    return {"status": 409, "body": _error("AnotherOperationInProgress")}


def _lost(dice: random.Random) -> Row:
    return {"drop": dice.choice(("before-effect", "after-effect", "after-effect"))}


def _slow(dice: random.Random) -> Row:
    return {"spoil": dice.choice(("stall", "drip")), "dice": dice.randrange(1000), "times": 1}


def _swollen(dice: random.Random) -> Row:
    return {"spoil": "swell", "bytes": dice.choice((1000, 2_000_000)), "dice": dice.randrange(1000), "times": 2}


def _bent(dice: random.Random) -> Row:
    return {"spoil": dice.choice(("cut", "torn", "portal", "empty", "twice")), "dice": dice.randrange(100_000)}


def _stale(dice: random.Random) -> Row:
    return {"spoil": "stale", "dice": dice.randrange(1000)}


def _mangled(dice: random.Random) -> Row:
    return {"spoil": "mangled", "dice": dice.randrange(1_000_000)}


def _dated(dice: random.Random) -> Row:
    return {"spoil": "skewed", "hours": dice.choice((-9, -3, 2, 12, 800)), "times": dice.choice((1, 8, 40))}


ACTS = (
    _throttled, _throttled, _storm, _storm, _no_entry, _gone, _busy, _lost, _lost, _slow, _swollen, _bent, _bent,
    _stale, _stale, _mangled, _mangled, _mangled, _dated,
)  # fmt: skip


def _in_the_world(dice: random.Random) -> Row:
    name = dice.choice(tuple(WORLD))
    return {"world": name, **WORLD[name](dice)}


def _at(stages: tuple[str, ...]) -> Any:
    return lambda dice: {"when": dice.choice(stages)}


WORLD: dict[str, Any] = {
    "order-deleted":              _at(STAGES),
    "order-cancelled-by-service": _at(STAGES[:4]),
    "device-lost":                _at(("Dispatched", "PickedUp", "AtAzureDC")),
    "device-damaged":             _at(AFTER_THE_OFFICE[:2]),
    "complete-with-errors":       lambda dice: {},
    "complete-with-warnings":     lambda dice: {},
    "copy-halted":                lambda dice: {},
    "delay":                      lambda dice: {"when": dice.choice(STAGES), "days": dice.choice((2, 9))},
    "unknown-stage":              lambda dice: {"when": dice.choice(STAGES), "stage": "Teleported"},
}  # fmt: skip


def _error(code: str) -> Row:
    return {"error": {"code": code, "message": "A hostile answer.", "details": [None]}}
