"""A small client for the rehearsal's control interface: the clock, the devices, the hand-over, faults and counts."""

from __future__ import annotations

import http.client
import json
import select
import ssl
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deploy.rehearsal.wire import iso, when

LONGEST_JUMP_SECONDS = 3600.0  # a jump over an ingestion uploads real bytes


class Refused(Exception):
    """The control interface said no: `code` is a word, the message a sentence."""

    def __init__(self, code: str, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.code = code


class Control:
    """The interface at *base* (…/rehearsal), trusted through *ca*.

    Every call raises Refused for a no and OSError for silence. One object may be used by several threads.
    """

    def __init__(self, base: str, ca: str | Path) -> None:
        """Nothing is sent until the first call."""
        self._where = urlsplit(base.rstrip("/"))
        self._context = ssl.create_default_context(cafile=str(ca))
        self._mine = threading.local()

    def now(self) -> datetime:
        """Return the simulated time, UTC."""
        return when(self.get("clock")["now"])

    def next(self) -> tuple[datetime, str] | None:
        """Return when and what the next thing on the agenda is, or None."""
        due = self.get("next")
        return (when(due["at"]), due["what"]) if due else None

    def jump(self, to: datetime) -> list[dict[str, str]]:
        """Move the clock to *to*; return what happened on the way, in order: at, what."""
        happened: list[dict[str, str]] = self.post("clock", {"to": to.isoformat()})["happened"]
        return happened

    def jump_to_next(self) -> list[dict[str, str]]:
        """Move the clock to the next thing on the agenda; return what happened. Nothing when the agenda is empty."""
        happened: list[dict[str, str]] = self.post("clock", {"to": "next"})["happened"]
        return happened

    def jump_until(self, text: str, limit: int = 200) -> dict[str, str]:
        """Jump from thing to thing until one whose sentence contains *text* has happened; return it.

        Raises LookupError when the agenda is empty, or *limit* jumps did not bring it.
        """
        for _ in range(limit):
            happened = self.jump_to_next()
            for entry in happened:
                if text in entry["what"]:
                    return entry
            if not happened:
                break
        raise LookupError(f"nothing like {text!r} happened within {limit} jumps")

    def prepare_to_ship(self, serial: str) -> str:
        """Seal a device on its own web page; return the reference number."""
        return str(self.post(f"devices/{serial}/prepare-to-ship", {})["reference"])

    def add_drives(self, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Put the customer's own drives on the desk; return what each says of itself, with the `path` of its folder.

        A row has serial and capacity_bytes, and may have bus, sector_bytes, filesystem, removable, system, volumes,
        and formatted. A serial that is there stays as it is.
        """
        listed: list[dict[str, Any]] = self.post("drives", list(rows))["drives"]
        return listed

    def drives(self) -> list[dict[str, Any]]:
        """Return every own drive with what it says of itself and the `path` of its folder."""
        listed: list[dict[str, Any]] = self.get("drives")["drives"]
        return listed

    def hand_over(self, job: str, carrier: str = "UPS", tracking: str | None = None) -> dict[str, Any]:
        """Give the order's devices to the carrier; return carrier, tracking and when the carrier will scan them."""
        body = {"carrier": carrier} | ({"tracking": tracking} if tracking else {})
        return self.post(f"orders/{job}/hand-over", body)

    def orders(self) -> list[dict[str, Any]]:
        """Return a readable summary of every order."""
        listed: list[dict[str, Any]] = self.get("orders")["orders"]
        return listed

    def stats(self) -> dict[str, dict[str, int]]:
        """Return how often each effect was really done, per job name."""
        return self.get("stats")

    def add_faults(self, *rows: dict[str, Any]) -> None:
        """Add rows to the list of faults."""
        self._send("POST", "faults", list(rows))

    def clear_faults(self) -> None:
        """Empty the list of faults."""
        self._send("DELETE", "faults", None)

    def reset(self, start: datetime | None = None, **settings: int) -> None:
        """Forget everything: orders, devices, blobs, offices, faults, counts; the clock starts at *start*."""
        self.post("reset", {**({"start": iso(start)} if start else {}), **settings})

    def get(self, path: str) -> dict[str, Any]:
        """Return what GET *path* answers."""
        answer: dict[str, Any] = self._send("GET", path, None)
        return answer

    def post(self, path: str, body: Any) -> dict[str, Any]:
        """Return what POST *path* with *body* as JSON answers."""
        answer: dict[str, Any] = self._send("POST", path, body)
        return answer

    def _send(self, method: str, path: str, body: Any) -> Any:
        data = None if body is None else json.dumps(body).encode()
        connection = self._connection()
        try:
            connection.request(method, f"{self._where.path}/{path}", data, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise error if isinstance(error, OSError) else OSError(f"the rehearsal broke off: {error!r}") from error
        if answer.status >= 400:
            raise _refused(answer.status, text)
        return json.loads(text) if text else None

    def _connection(self) -> http.client.HTTPSConnection:
        """Return this thread's connection, a new one when the other side has closed the last."""
        kept: http.client.HTTPSConnection | None = getattr(self._mine, "connection", None)
        if kept is None:
            host, port = self._where.hostname or "localhost", self._where.port
            kept = http.client.HTTPSConnection(host, port, timeout=LONGEST_JUMP_SECONDS, context=self._context)
            self._mine.connection = kept
        if kept.sock is not None and select.select([kept.sock], [], [], 0)[0]:
            kept.close()  # an idle line that has something to say says goodbye; the next request dials again
        return kept


def _refused(status: int, text: bytes) -> Refused:
    try:
        told = json.loads(text)["error"]
        return Refused(str(told["code"]), str(told["message"]))
    except (ValueError, KeyError, TypeError):
        return Refused(f"HTTP{status}", text.decode("utf-8", "replace"))
