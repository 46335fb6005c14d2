"""One door to every verb, and the one place where an error of the world becomes a condition of the run."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

from states.conditions import CATALOGUE
from states.settle import Outcome
from tasks.book_pickup import book_pickup
from tasks.check_device import check_device
from tasks.check_drives import check_drives
from tasks.close import close
from tasks.copy import copy
from tasks.create_import_job import create_import_job
from tasks.draw_sample import draw_sample
from tasks.errors import NotYet, Overtaken, SeedingError, Transient
from tasks.file_papers import file_papers
from tasks.journal import Logbook
from tasks.mark_shipped import mark_shipped
from tasks.order import order
from tasks.ports import Site
from tasks.prepare_drives import prepare_drives
from tasks.reconcile import reconcile
from tasks.reserve_drives import reserve_drives
from tasks.restore_sample import restore_sample
from tasks.schedule_incrementals import schedule_incrementals
from tasks.seal import seal
from tasks.verify import verify
from tasks.watch_delivery import watch_delivery
from tasks.watch_freeze import watch_freeze
from tasks.watch_ingestion import watch_ingestion
from tasks.watch_return import watch_return
from tasks.watch_vault import watch_vault

Verb = Callable[[Logbook, Site], Outcome]

VERBS: dict[str, Verb] = {
    "order": order,
    "watch-delivery": watch_delivery,
    "check-device": check_device,
    "copy": copy,
    "seal": seal,
    "verify": verify,
    "book-pickup": book_pickup,
    "watch-return": watch_return,
    "watch-ingestion": watch_ingestion,
    "reconcile": reconcile,
    "watch-vault": watch_vault,
    "schedule-incrementals": schedule_incrementals,
    "close": close,
    "watch-freeze": watch_freeze,
    "restore-sample": restore_sample,
    "file-papers": file_papers,
    "draw-sample": draw_sample,
    "reserve-drives": reserve_drives,
    "check-drives": check_drives,
    "prepare-drives": prepare_drives,
    "create-import-job": create_import_job,
    "mark-shipped": mark_shipped,
}


def perform(verb: str, book: Logbook, site: Site) -> Outcome:
    """Return what the verb brought back. Raises Transient (try again) and Overtaken (read again) only.

    Every other error of ours becomes a condition, so that one run's trouble never ends another run's pass.
    """
    try:
        return VERBS[verb](book, site)
    except (Transient, Overtaken):
        raise
    except NotYet as later:
        return Outcome(verb, notes=() if verb in book.looked else (later.message,), pending=True)
    except SeedingError as wrong:
        return _failed(verb, wrong.code if wrong.code in CATALOGUE else "unexpected", text_of(wrong))
    except Exception as bug:
        return _failed(verb, "unexpected", f"{type(bug).__name__} at {_place_of(bug)}")


def gave_up(verb: str, error: SeedingError) -> Outcome:
    """Return the outcome of a verb whose retries are used up."""
    return _failed(verb, error.code if error.code in CATALOGUE else "cannot-reach", text_of(error))


def _failed(verb: str, code: str, detail: str) -> Outcome:
    """A verb that broke off saw nothing: what it raised before still stands, hence pending."""
    return Outcome(verb, raised=((code, detail),), pending=True)


def _place_of(bug: Exception) -> str:
    """Return file and line of a bug. Its message stays out of the journal: nobody knows what secrets it quotes."""
    last = traceback.extract_tb(bug.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def text_of(error: SeedingError) -> str:
    """Return the error's message with its next step."""
    return f"{error.message}; {error.next}" if error.next else error.message
