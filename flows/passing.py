"""One pass over one run: load, step, record, leave. A crash anywhere in it is the ordinary way to the next pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from flows.world import World
from states.playbook import Ask, Do, Move, Step, Wait, next_step
from states.run import Run
from states.settle import Outcome
from tasks.book_pickup import UNKNOWN
from tasks.errors import Overtaken, SeedingError, Transient
from tasks.journal import Logbook
from tasks.perform import gave_up, perform
from tasks.ports import Site

MOST_STEPS = 50  # a pass that needs more than this goes round in circles; nothing legal takes half as many
MOST_RACES = 3


@dataclass(frozen=True)
class Passed:
    """Where a pass found a run and where it left it."""

    before: str
    run: Run
    step: Step

    @property
    def moved(self) -> bool:
        """Whether the run reached another state in this pass."""
        return self.before != self.run.state


Performer = Callable[[str, Logbook, Site], Outcome]


def run_pass(world: World, run_id: str, *, look_now: bool = False, performer: Performer = perform) -> Passed:
    """Advance one run as far as the world allows, then return what it waits for.

    *look_now* ignores when the world was last looked at: something happened. *performer* does one verb: the flows
    bring one that makes it a Prefect task. Raises NotFound, JournalDamaged, and Overtaken when other workers keep
    writing to the same run.
    """
    for race in range(MOST_RACES):
        try:
            return _once(world, run_id, look_now, performer)
        except Overtaken:
            if race == MOST_RACES - 1:
                raise
    raise AssertionError("unreachable")


def _come_back(book: Logbook, before: str, verb: str, told: Transient, after_seconds: float) -> Passed:
    """Leave a run until the service wants to be asked again; the verb was not done, and is due then.

    A run whose question was never sent has nothing to complain of.
    """
    if told.maybe_done:
        book.settle(gave_up(verb, told))
    now = book.now()
    until = now + timedelta(seconds=after_seconds)
    book.leave(until)
    return Passed(before, book.run, Wait("Azure", told.message, now, until))


def _keep_what_was_done(world: World, run_id: str, outcome: Outcome) -> None:
    """Write down what was done in the world though another writer was faster: nobody else can know it.

    Whoever was faster may have found the intent open, and noted that what came of it is not known.
    """
    for race in range(MOST_RACES):
        book = world.book(run_id)
        if not any(key in book.run.intents or book.run.outcomes.get(key) == UNKNOWN for key, _ in outcome.done):
            return
        try:
            book.settle(outcome)
            return
        except Overtaken:
            if race == MOST_RACES - 1:
                raise


def _once(world: World, run_id: str, look_now: bool, performer: Performer) -> Passed:
    book = world.book(run_id)
    before, site = book.run.state, world.site_of(book.run.plan)
    if look_now:
        book.looked.clear()
    for _ in range(MOST_STEPS):
        step = next_step(book.run, book.now(), book.looked)
        if isinstance(step, Move):
            book.advance()
        elif isinstance(step, Do):
            try:
                outcome = performer(step.verb, book, site)
            except Transient as failed:
                if failed.after_seconds:
                    return _come_back(book, before, step.verb, failed, failed.after_seconds)
                outcome = gave_up(step.verb, failed)
            book.looked_at(step.verb)
            try:
                book.settle(outcome)
            except Overtaken:
                _keep_what_was_done(world, run_id, outcome)
                raise
        else:
            book.leave(step.until if isinstance(step, Wait | Ask) else None)
            return Passed(before, book.run, step)
    raise SeedingError(
        f"{run_id} took {MOST_STEPS} steps in one pass and is still {book.run.state}",
        next="report this with `seeding custody`",
        code="unexpected",
    )
