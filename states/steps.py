"""What a pass may be told to do next, and the rows a playbook is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from states.guards import Guard


@dataclass(frozen=True)
class Do:
    """Perform this verb now."""

    verb: str


@dataclass(frozen=True)
class Move:
    """Every guard agrees: take this edge now."""

    trigger: str


@dataclass(frozen=True)
class Wait:
    """Nothing to do before *until* (UTC); *on* is whom the run waits for, *why* what is not true yet."""

    on: str
    why: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Ask:
    """A person must answer or act. *command* is what to type; the run looks again at *until* anyway."""

    who: str
    question: str
    command: str
    since: datetime
    until: datetime
    code: str = ""  # the blocking condition's code, where one is the reason


@dataclass(frozen=True)
class Over:
    """Nothing more will happen."""

    state: str


Step = Do | Move | Wait | Ask | Over


@dataclass(frozen=True)
class Row:
    """One row of the playbook: it is done when *until* agrees."""

    kind: Literal["act", "look", "ask"]
    verb: str  # for an ask: the look that goes on meanwhile
    until: Guard
    every: timedelta
    on: str
    question: str = ""
    command: str = ""


def minutes(n: int) -> timedelta:
    """Return a span for a table's column."""
    return timedelta(minutes=n)


def hours(n: int) -> timedelta:
    """Return a span for a table's column."""
    return timedelta(hours=n)
