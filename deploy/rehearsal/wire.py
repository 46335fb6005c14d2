"""What every handler sees and gives: a request taken apart, an answer, an ARM error; and how Azure writes times."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deploy.rehearsal.world import World

NEVER = "0001-01-01T00:00:00+00:00"  # what Data Box sends for "no time"
NOT_YET = "2001-01-01T00:00:00Z"  # what the vault sends for "no backup yet"


@dataclass(frozen=True)
class Ask:
    """A request. `names` are the path's placeholders, decoded; `query` keys are lower-case; `base` ends without /."""

    method: str
    path: str
    base: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    names: dict[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object. Raises ArmError 400 when it is anything else."""
        try:
            read = json.loads(self.body)
        except ValueError:
            read = None
        if not isinstance(read, dict):
            raise ArmError(400, "InvalidRequestContent", "The request content was invalid and could not be read.")
        return read


@dataclass(frozen=True)
class Answer:
    """A response; `body` is JSON-able, or None for an empty one."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class ArmError(Exception):
    """A refusal in ARM's shape: `{"error": {"code", "message", "details": [null]}}`."""

    def __init__(
        self, status: int, code: str, message: str, target: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        """*status* is the HTTP status; *code* and *message* are what the client shows."""
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message, self.target, self.headers = status, code, message, target, headers or {}

    def answer(self) -> Answer:
        """Return the answer that carries this refusal."""
        error = {"code": self.code, "message": self.message, "target": self.target, "details": [None]}
        return Answer(self.status, {"error": error}, self.headers)


Handler = Callable[["World", Ask], Answer]


@dataclass(frozen=True)
class Route:
    """One row of a route table: a verb, a path with `{placeholders}`, and who answers."""

    method: str
    path: str
    handler: Handler

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Return the placeholders' values when this row answers *method* and *path*; Azure ignores case."""
        found = self._pattern().fullmatch(path) if method == self.method else None
        return found.groupdict() if found else None

    def _pattern(self) -> re.Pattern[str]:
        pattern = _PATTERNS.get(self.path)
        if pattern is None:
            text = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
            pattern = _PATTERNS[self.path] = re.compile(text + "/?", re.IGNORECASE)
        return pattern


_PATTERNS: dict[str, re.Pattern[str]] = {}


def iso(at: datetime) -> str:
    """Return *at* as the product's people write it: UTC, seconds, Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ticks(at: datetime) -> str:
    """Return *at* the way Data Box sends it: seven digits of a second and an offset."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0+00:00")


def ticks_z(at: datetime) -> str:
    """Return *at* the way the vault sends it: seven digits of a second and Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def when(text: str) -> datetime:
    """Return the aware UTC time in *text* (ISO 8601; no offset means UTC). Raises ValueError for anything else."""
    read = datetime.fromisoformat(text)
    return (read.replace(tzinfo=UTC) if read.tzinfo is None else read).astimezone(UTC)


def paged(ask: Ask, values: Iterable[Any], size: int) -> Answer:
    """Return one page of *values* with a nextLink to the rest; the link is an explicit null on the last page."""
    everything = list(values)
    start = int(ask.query.get("$skiptoken", "0") or 0)
    more = start + size < len(everything)
    keep = "".join(f"&{k}={_quoted(v)}" for k, v in ask.query.items() if k not in ("$skiptoken", "api-version"))
    version = ask.query.get("api-version", "")
    link = f"{ask.base}{_quoted(ask.path)}?api-version={version}{keep}&$skipToken={start + size}"
    return Answer(200, {"value": everything[start : start + size], "nextLink": link if more else None})


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="/$")


def same(left: str, right: str) -> bool:
    """Tell whether two names or ids are the same to Azure, which ignores case and slashes at the ends."""
    return left.strip("/").casefold() == right.strip("/").casefold()
