"""What a child of `forks.py` does: one pass or one answer of a person, disturbed or not, and what came of it.

Whatever is not a kill is survived in the same process, as a worker would: the trouble ends, and the next pass comes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from says import SAYS
from site_here import site_of
from trap import Bug, Snare, Trap, WatchedJournal, watched

from deploy.clocks import clock_of
from deploy.rehearsal.control import Control
from deploy.settings import settings
from flows.passing import Performer, run_pass
from flows.world import World
from states.codec import to_json
from states.conditions import blocking
from states.facts import Sealed
from states.fold import fold
from states.refused import Refused
from states.run import Run
from states.settle import Outcome
from tasks import answers
from tasks.errors import InvalidInput, SeedingError
from tasks.journal import Logbook
from tasks.perform import perform
from tasks.ports import Site

LOOKS_ORDER = ("seq", "evidence")  # of an arrival: which independent look had come before it
MOST_PASSES = 4  # after the trouble; one is enough where nothing is to be waited for


class Stopped(BaseException):
    """The pass has come to a verb it may not perform yet."""


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Do one job: `walk` to the first verb not in `allowed`, `say` an answer, `disturb` a verb or answer, `recover`."""
    place = Place(job)
    match job["do"]:
        case "walk":
            return {"stopped_at": place.walk(set(job["allowed"]))}
        case "say":
            SAYS[job["verb"]](place.world.book(place.run_id), place.site)
            return {}
        case "disturb":
            place.disturb()
            return {"struck": place.snare.struck, **place.recovered()}
        case "recover":
            place.snare.heal()
            return place.recovered()
    raise ValueError(job["do"])


class Place:
    """The journal, the site and the run of a job; `verb` is a verb of a pass or an answer of a person."""

    def __init__(self, job: dict[str, Any]) -> None:
        home = Path(job["home"])
        self.verb, self.says, self.twin = job.get("verb", ""), SAYS.get(job.get("verb", "")), job.get("twin")
        trap = Trap(**job["trap"]) if job.get("trap") else None
        self.snare = Snare(trap, Control(job["control"], job["ca"]))
        self.snare.mend_what_is_gone(Path(job["journal"]))
        self.journal = WatchedJournal(Path(job["journal"]), self.snare)
        self.run_id = self.journal.run_ids()[0]
        self.perform: Performer = self._without_intent if job.get("broken") else perform
        site = watched(site_of(home, self.journal.run(self.run_id).plan), self.snare)
        self.world = World(self.journal, clock_of(settings(home)), lambda _: site, "hub@crash")
        self.site = site

    def walk(self, allowed: set[str]) -> str:
        """Pass on until a verb that is not in *allowed* is due; return it, or "" when the run waits."""

        def performer(verb: str, book: Logbook, site: Site) -> Outcome:
            if verb not in allowed:
                raise Stopped(verb)
            return perform(verb, book, site)

        try:
            run_pass(self.world, self.run_id, look_now=True, performer=performer)
        except Stopped as here:
            return str(here)
        return ""

    def disturb(self) -> None:
        """Act once, with the trap set; whatever it raises ends this pass, as it would end a flow run."""
        try:
            self.act(self._performer, first=True)
        except (SeedingError, Bug, Refused):
            pass
        finally:
            self.snare.heal()

    def recovered(self) -> dict[str, Any]:
        """Act as the next passes and people would, until the run is as its undisturbed twin's, or stays as it is."""
        before = ""
        for _ in range(MOST_PASSES):
            book = self.world.book(self.run_id)
            if set(blocking(book.run)) & {"unexpected"}:
                answers.resume(book, "after the crash")
            self.act(self.perform)
            end = digest(self.journal.run(self.run_id))
            if end == self.twin or end == before:
                break
            before = end
        lines = self.journal.lines(self.run_id)
        run = self.journal.run(self.run_id)
        assert fold(lines) == run and self.journal.check(self.run_id) == run.seq
        return {"end": digest(run), "stats": self.snare.control.stats()}

    def act(self, performer: Performer, *, first: bool = False) -> None:
        """Say what is to be said, or make a pass, where the matrix is about a verb of a pass."""
        if self.says is None:
            run_pass(self.world, self.run_id, look_now=True, performer=performer)
            return
        book = self.world.book(self.run_id)
        self.snare.armed = first
        try:
            self.says(book, self.site)
        except (Refused, InvalidInput):
            if first:
                raise  # typed again it may have been heard already

    def _performer(self, verb: str, book: Logbook, site: Site) -> Outcome:
        self.snare.armed = self.snare.armed or verb == self.verb
        return self.perform(verb, book, site)

    def _without_intent(self, verb: str, book: Logbook, site: Site) -> Outcome:
        """A pick-up booked as nobody may write it: no intent before the effect. The matrix must find it."""
        if verb != self.verb:
            return perform(verb, book, site)
        now = book.now()
        booked = site.orders.book_pickup(book.run.plan, book.run.job_name, now, now, "the door")
        return Outcome(verb, evidence=(booked,))


def digest(run: Run) -> dict[str, Any]:
    """Return the run as its journal tells it, without line numbers and the room that is free on a disk.

    The seal's digest covers the times of the files: of staged files each copy has its own, so it is told by a word.
    """
    sealed = run.get(Sealed)
    text = json.dumps(to_json(run))
    told: dict[str, Any] = json.loads(text.replace(sealed.digest, "THE SEAL") if sealed else text)
    for name in ("seq", "head"):
        del told[name]
    told["history"] = [{k: v for k, v in passage.items() if k not in LOOKS_ORDER} for passage in told["history"]]
    for facts in told["evidence"].values():
        facts.pop("free_bytes", None)
        facts.pop("staging_free_bytes", None)
    return told
