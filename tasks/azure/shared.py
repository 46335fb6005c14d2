"""Answers of Azure that serve several runs of one fleet pass: asked for once, dropped with the pass.

An answer is evidence only while it is fresh, so it is asked for again after FRESH_SECONDS, however long a pass lasts.
A refusal is not kept.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Hashable
from typing import Any, Protocol, TypeVar

FRESH_SECONDS = 60.0

_T = TypeVar("_T")


class Asking(Protocol):
    """How an adapter asks for what other runs may need as well."""

    def __call__(self, about: Hashable, ask: Callable[[], _T]) -> _T:
        """Return what *ask* answers, or answered somebody else who asked about the same thing."""


def alone(about: Hashable, ask: Callable[[], _T]) -> _T:
    """Ask, and share with nobody: for a pass over one run."""
    return ask()


class Shared:
    """The answers of one fleet pass, for all its threads. Two that want the same answer wait for one request."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        """Know nothing yet. *seconds* is any clock that only goes forward."""
        self._seconds = seconds
        self._known: dict[Hashable, tuple[float, Any]] = {}
        self._locks: defaultdict[Hashable, threading.Lock] = defaultdict(threading.Lock)
        self._first: dict[Hashable, Hashable] = {}
        self._lock = threading.Lock()

    def __call__(self, about: Hashable, ask: Callable[[], _T]) -> _T:
        """Return a fresh answer about that thing. Raises what *ask* raises."""
        with self._lock:
            mine = self._locks[about]
        with mine:
            at, answer = self._known.get(about, (0.0, None))
            if about not in self._known or self._seconds() - at > FRESH_SECONDS:
                at = self._seconds()
                answer = ask()
                self._known[about] = (at, answer)
            found: _T = answer
            return found

    def is_alone(self, group: Hashable, member: Hashable) -> bool:
        """Say whether nobody has asked for another member of *group* yet: then a list of the group is not worth it."""
        with self._lock:
            return self._first.setdefault(group, member) == member
