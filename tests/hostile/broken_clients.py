"""Products that are broken on purpose, to show that the harness rings: each believes what must not be believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from states.facts import JobSeen
from states.plan import Plan
from tasks.ports import Site


class _Part:
    """An adapter that is as good as the one it wraps, but for what a subclass breaks."""

    def __init__(self, whole: Any) -> None:
        self._whole = whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)


class OrdersByAttempt(_Part):
    """Takes a lost answer for a lost order, and tries the next name."""

    def create(self, request: Any) -> None:
        try:
            self._whole.create(request)
        except Exception:
            self._whole.create(replace(request, job_name=f"{request.job_name}b"))


class BooksUntilAnswered(_Part):
    """Books again when no answer came."""

    def book_pickup(self, *asked: Any) -> Any:
        try:
            return self._whole.book_pickup(*asked)
        except Exception:
            return self._whole.book_pickup(*asked)


class BelievesAnyStage(_Part):
    """Takes a stage that went back, or that it has never heard of, for the goal."""

    def __init__(self, whole: Any) -> None:
        super().__init__(whole)
        self._furthest = ""

    def find(self, plan: Plan, job_name: str, known: JobSeen | None = None) -> JobSeen | None:
        job: JobSeen | None = self._whole.find(plan, job_name, known)
        if job is None:
            return None
        went_back, self._furthest = self._furthest not in ("", job.stage), job.stage
        return replace(job, stage="PickedUp") if went_back and job.stage == "Delivered" else job


BROKEN: dict[str, Callable[[Site], Site]] = {
    "orders again under another name": lambda site: replace(site, orders=OrdersByAttempt(site.orders)),
    "books again": lambda site: replace(site, orders=BooksUntilAnswered(site.orders)),
    "believes any stage": lambda site: replace(site, orders=BelievesAnyStage(site.orders)),
}
