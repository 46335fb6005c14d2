"""How an answer goes bad on its way out: each row of SPOILS takes a good answer and gives what the client gets instead.

The effect, if there was one, has happened by then. Everything random comes from the row's own `dice`, so the same
row spoils the same answer the same way.
"""

from __future__ import annotations

import asyncio
import copy
import json
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from deploy.rehearsal.wire import Answer

Dice = random.Random
PORTAL = "<html><head><title>Sign in</title></head><body>Welcome to the guest network.</body></html>"
UNHEARD_OF = ("Teleported", "", "InProgress ", "NONE", "42")  # words for which no client can have a row
LONGEST_STALL_SECONDS = 30.0
DRIP_SECONDS = 0.01
SWELL_BYTES = 256 * 1024  # a piece of what a swollen answer goes on with


def spoiled(row: dict[str, Any], answer: Answer, earlier: list[Answer]) -> Answer:
    """Return *answer* as this row spoils its content; *earlier* are answers that the same question had before."""
    dice = random.Random(row.get("dice", 0))  # noqa: S311 - which of many faults, no secret
    change = CONTENT.get(row["spoil"])
    return change(row, answer, earlier, dice) if change else answer


def _portal(row: dict[str, Any], answer: Answer, earlier: list[Answer], dice: Dice) -> Answer:
    return Answer(200, PORTAL, {"Content-Type": "text/html"})


def _empty(row: dict[str, Any], answer: Answer, earlier: list[Answer], dice: Dice) -> Answer:
    return replace(answer, body="")


def _torn(row: dict[str, Any], answer: Answer, earlier: list[Answer], dice: Dice) -> Answer:
    """Only the first part, with a length that fits it: no client can tell from the length."""
    body = encoded(answer)
    return replace(answer, body=body[: dice.randrange(len(body))] if body else b"")


def _stale(row: dict[str, Any], answer: Answer, earlier: list[Answer], dice: Dice) -> Answer:
    """What was answered before: a stage goes back, a recovery point is not there yet, a blob is missing."""
    return dice.choice(earlier) if earlier else answer


def _mangled(row: dict[str, Any], answer: Answer, earlier: list[Answer], dice: Dice) -> Answer:
    """One member of the JSON is null, missing, of another type, or a word nobody has heard of."""
    body = copy.deepcopy(answer.body)
    if not isinstance(body, (dict, list)):
        return answer
    places = list(_places(body))
    if places:
        holder, key = dice.choice(places)
        _mangle(holder, key, dice)
    return replace(answer, body=body)


def _skewed(row: dict[str, Any], answer: Answer, earlier: list[Answer], dice: Dice) -> Answer:
    """The Date header is hours off."""
    stated = parsedate_to_datetime(answer.headers["Date"])
    return replace(answer, headers={**answer.headers, "Date": date_of(stated + timedelta(hours=row["hours"]))})


def date_of(at: datetime) -> str:
    """Return *at* (UTC) as a Date header."""
    return format_datetime(at, usegmt=True)


def encoded(answer: Answer) -> bytes:
    """Return the body's bytes as they are sent; nothing for an accepted or empty answer."""
    if isinstance(answer.body, bytes):
        return answer.body
    if answer.body is None and answer.status in (202, 204):
        return b""
    return answer.body.encode() if isinstance(answer.body, str) else json.dumps(answer.body).encode()


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    members = node.items() if isinstance(node, dict) else enumerate(node)
    for key, inner in members:
        yield node, key
        if isinstance(inner, (dict, list)):
            yield from _places(inner)


def _mangle(holder: Any, key: Any, dice: Dice) -> None:
    """Never a truth value turned round: that would be a lie, and no client can know it for one."""
    inner, how = holder[key], dice.randrange(4)
    if how == 0:
        holder[key] = None
    elif how == 1:
        del holder[key]
    elif how == 2:
        holder[key] = dice.choice(([], {}, [None], {"": None}, -1, 2**70, "x" * 5000))
    elif isinstance(inner, str):
        holder[key] = dice.choice(UNHEARD_OF)
    else:
        holder[key] = {"value": inner}


Content = Callable[[dict[str, Any], Answer, list[Answer], Dice], Answer]
CONTENT: dict[str, Content] = {
    "portal":  _portal,
    "empty":   _empty,
    "torn":    _torn,
    "stale":   _stale,
    "mangled": _mangled,
    "skewed":  _skewed,
}  # fmt: skip


async def deliver(row: dict[str, Any], raw: bytes, transport: asyncio.Transport) -> None:
    """Put *raw*, a whole answer with its head, on the wire as this row spoils the delivery; the line is cut after."""
    dice = random.Random(row.get("dice", 0))  # noqa: S311 - as above
    await DELIVERY[row["spoil"]](row, raw, transport, dice)


async def _cut(row: dict[str, Any], raw: bytes, transport: asyncio.Transport, dice: Dice) -> None:
    """The line goes dead in the middle: in the head or in the body."""
    transport.write(raw[: dice.randrange(1, len(raw))])
    transport.close()


async def _stall(row: dict[str, Any], raw: bytes, transport: asyncio.Transport, dice: Dice) -> None:
    """No answer at all, until the client gives up."""
    await _until_gone(transport)


async def _drip(row: dict[str, Any], raw: bytes, transport: asyncio.Transport, dice: Dice) -> None:
    """A byte now and then: never silent for long, and never done."""
    for at in range(len(raw) - 1):
        if transport.is_closing():
            return
        transport.write(raw[at : at + 1])
        await asyncio.sleep(DRIP_SECONDS)
    await _until_gone(transport)


async def _swell(row: dict[str, Any], raw: bytes, transport: asyncio.Transport, dice: Dice) -> None:
    """The body goes on for `bytes` more, spaces that a parser would skip; half of the time without a length."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    if dice.random() < 0.5:
        lines.append(b"Content-Length: %d" % (len(body) + row["bytes"]))
    transport.write(b"\r\n".join([*lines, b"Connection: close", b"", body]))
    for _ in range(row["bytes"] // SWELL_BYTES):
        if transport.is_closing():
            return
        transport.write(b" " * SWELL_BYTES)
        await asyncio.sleep(0)
    transport.close()


async def _twice(row: dict[str, Any], raw: bytes, transport: asyncio.Transport, dice: Dice) -> None:
    """The same answer comes two times on the line; the client asked once."""
    transport.write(raw + raw)
    await _until_gone(transport, seconds=1.0)


async def _until_gone(transport: asyncio.Transport, seconds: float = LONGEST_STALL_SECONDS) -> None:
    for _ in range(int(seconds / DRIP_SECONDS)):
        if transport.is_closing():
            return
        await asyncio.sleep(DRIP_SECONDS)


DELIVERY: dict[str, Callable[[dict[str, Any], bytes, asyncio.Transport, Dice], Awaitable[None]]] = {
    "cut":   _cut,
    "stall": _stall,
    "drip":  _drip,
    "swell": _swell,
    "twice": _twice,
}  # fmt: skip
SPOILS = frozenset({*CONTENT, *DELIVERY})
