"""What people tell a run, as the matrix types it: every answer of tasks/answers.py, and the two that ask the world."""

from __future__ import annotations

from collections.abc import Callable

from states.facts import DevicesNamed, DrivesReserved
from states.release import SampleDrawn
from states.run import Run
from tasks import answers
from tasks.cancel import cancel
from tasks.journal import Logbook
from tasks.ports import Site
from tasks.stop_job import stop_job

ANN = "ann"
Say = Callable[[Logbook, Site], Run]


def _serial(book: Logbook) -> str:
    named = book.run.get(DevicesNamed)
    assert named
    return named.serials[0]


def _reserved(book: Logbook) -> tuple[str, ...]:
    reserved = book.run.get(DrivesReserved)
    assert reserved
    return reserved.serials


def _hashes(book: Logbook) -> dict[str, str]:
    sample = book.run.get(SampleDrawn)
    assert sample
    return {file.name: file.digest.removeprefix("sha256:") for file in sample.files}


SAYS: dict[str, Say] = {
    "delivered": lambda book, _: answers.delivered(book, _serial(book), ANN),
    "attached": lambda book, _: answers.attached(book, _reserved(book), ANN),
    "prepared": lambda book, _: answers.prepared(book, ANN, "1Z-REFERENCE"),
    "handed_over": lambda book, _: answers.handed_over(book, ANN, "DHL", f"JD{book.run.job_name.upper()}"),
    "restored": lambda book, _: answers.restored(book, _hashes(book), ANN),
    "approve_close": lambda book, _: answers.approve_close(book, ANN),
    "hold": lambda book, _: answers.hold(book, "the office moves"),
    "resume": lambda book, _: answers.resume(book),
    "waive": lambda book, _: answers.waive(book, sorted(book.run.conditions)[0], "the auditors know"),
    "reorder": lambda book, _: answers.reorder(book, "the device is lost"),
    "reopen": lambda book, _: answers.reopen(book, "a folder was forgotten"),
    "abandon": lambda book, _: answers.abandon(book, "the office closes"),
    "cancel": lambda book, site: cancel(book, site, "no longer needed"),
    "stop_job": stop_job,
}
