"""The commands by which people answer: record, hold, resume, waive, cancel, reorder, reopen, stop-job."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deploy.cli.envelope import Answer
from deploy.cli.opening import Opened, person
from deploy.cli.results import run_data
from states.explain import explain
from states.playbook import next_step
from states.run import Run
from tasks import answers
from tasks.errors import InvalidInput
from tasks.journal import Logbook
from tasks.ports import Site


@dataclass(frozen=True)
class Told:
    """What somebody at the office said."""

    what: str
    serial: str = ""
    damaged: bool = False
    reference: str = ""
    carrier: str = ""
    tracking: str = ""
    serials: str = ""
    yes: bool = False
    by: str = ""
    files: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()


def record(home: Path | None, given: str, told: Told) -> Answer:
    """Record a delivery, a preparation, a hand-over or a restore."""
    by = told.by or person()
    ways: dict[str, Callable[[Logbook], Run]] = {
        "delivered": lambda book: answers.delivered(book, told.serial, by, intact=not told.damaged),
        "attached": lambda book: _attached(book, told, by),
        "prepared": lambda book: answers.prepared(book, by, told.reference),
        "handed-over": lambda book: answers.handed_over(book, by, told.carrier, told.tracking, told.reference),
    }
    ways["restored"] = lambda book: answers.restored(book, _pairs(told), by)
    if told.what not in ways:
        raise InvalidInput(f"{told.what!r} cannot be recorded", next=f"use one of {', '.join(ways)}")
    return answered(home, given, ways[told.what])


def _pairs(told: Told) -> dict[str, str]:
    if not told.files or len(told.files) != len(told.hashes):
        raise InvalidInput("each --file needs its --sha256", next="give as many of the one as of the other")
    return dict(zip(told.files, told.hashes, strict=True))


def _attached(book: Logbook, told: Told, by: str) -> Run:
    serials = tuple(part.strip() for part in told.serials.split(",") if part.strip())
    sure(told.yes, f"format {', '.join(serials)}? Everything on them is lost.")
    return answers.attached(book, serials, by)


def hold(home: Path | None, given: str, reason: str) -> Answer:
    """Put a run on hold."""
    return answered(home, given, lambda book: answers.hold(book, reason))


def resume(home: Path | None, given: str, reason: str) -> Answer:
    """Let a run try again."""
    return answered(home, given, lambda book: answers.resume(book, reason))


def waive(home: Path | None, given: str, code: str, reason: str) -> Answer:
    """Waive a condition."""
    return answered(home, given, lambda book: answers.waive(book, code, reason))


def reorder(home: Path | None, given: str, reason: str, *, yes: bool) -> Answer:
    """Go back to planned with the next attempt."""
    sure(yes, f"order another device for {given}? The one on its way stays yours to return.")
    return answered(home, given, lambda book: answers.reorder(book, reason))


def reopen(home: Path | None, given: str, reason: str) -> Answer:
    """Go back to the copy."""
    return answered(home, given, lambda book: answers.reopen(book, reason))


def cancel(home: Path | None, given: str, reason: str, *, abandon: bool, yes: bool) -> Answer:
    """Cancel a run with its order, or give it up."""
    sure(yes, f"{'give up' if abandon else 'cancel'} {given}?")
    if abandon:
        return answered(home, given, lambda book: answers.abandon(book, reason))

    def with_azure(book: Logbook) -> Run:
        from tasks.cancel import cancel as cancelled

        return cancelled(book, _site(home, book), reason)

    return answered(home, given, with_azure)


def stop_job(home: Path | None, given: str, *, yes: bool) -> Answer:
    """Stop the online job that runs at the run's office."""
    sure(yes, f"stop the online backup job that runs for {given}?")

    def at_the_office(book: Logbook) -> Run:
        from tasks.stop_job import stop_job as stopped

        return stopped(book, _site(home, book))

    return answered(home, given, at_the_office)


def _site(home: Path | None, book: Logbook) -> Site:
    from deploy.inventory import load
    from deploy.settings import settings
    from deploy.wiring import site

    where = settings(home)
    return site(where, load(where.inventory), book.run.plan)


def answered(home: Path | None, given: str, answer: Callable[[Logbook], Run]) -> Answer:
    """Give *answer* to the run's journal, and return where the run stands then."""
    opened = Opened(home)
    book = opened.book(given, person())
    run = answer(book)
    if book.run.seq:
        book.leave(None)  # something happened: the next pass shall look at once
    now = opened.clock.now()
    return Answer(run_data(run), explain(run, next_step(run, now, book.looked), now))


def sure(yes: bool, question: str) -> None:
    """Ask before what cannot be taken back. Raises InvalidInput when nobody confirms."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise InvalidInput("this cannot be taken back and nobody is here to ask", next="add --yes")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise InvalidInput("not confirmed; nothing was done", next="answer y, or add --yes")
