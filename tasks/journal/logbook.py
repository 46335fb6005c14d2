"""One run's journal, opened for writing: `run` is always the fold of what is committed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from states.facts import Evidence
from states.lines import Draft, Line, chained
from states.run import Run
from states.settle import Outcome, settle, transitions
from states.slots import Ordering
from tasks.journal.store import Against, Journal, fold_on


class Logbook:
    """The one writer of a run in this process. Every method that writes raises Overtaken when it lost a race."""

    def __init__(self, journal: Journal, run_id: str, now: Callable[[], datetime], actor: str) -> None:
        self._journal, self._now, self.actor = journal, now, actor
        self.run: Run = journal.run(run_id)
        self.looked = journal.looked(run_id)

    def now(self) -> datetime:
        """Return the present moment (UTC) of the clock this logbook writes with."""
        return self._now()

    def write(self, *drafts: Draft) -> Run:
        """Commit these lines together and return the run after them."""
        return self._commit(chained(self.run.run_id, self.run.seq, self.run.head, self._now(), self.actor, drafts))

    def settle(self, outcome: Outcome) -> Run:
        """Commit what a verb or a person brought back, with the transitions it justifies."""
        return self._commit(settle(self.run, outcome, self._now(), self.actor))

    def advance(self) -> Run:
        """Commit the transitions that the evidence on record justifies, if any."""
        return self._commit(transitions(self.run, self._now(), self.actor))

    def commit(self, lines: list[Line]) -> Run:
        """Commit lines made elsewhere (a person's transition) and return the run after them."""
        return self._commit(lines)

    def intend(self, key: str, verb: str, detail: dict[str, str], against: Against | None = None) -> bool:
        """Commit the intent of an effect that cannot be taken back. False when it was already open: look first.

        Raises Withheld when *against* speaks against it; see `Journal.add`.
        """
        if key in self.run.intents:
            return False
        draft = Draft("intent", {"key": key, "verb": verb, "detail": detail})
        self._commit(chained(self.run.run_id, self.run.seq, self.run.head, self._now(), self.actor, [draft]), against)
        return True

    def orderings(self) -> list[Ordering]:
        """Return the other open runs of this run's subscription that have ordered a Data Box, or began to."""
        found = self._journal.orderings(self.run.plan.subscription_id)
        return [one for one in found if one.run_id != self.run.run_id]

    def others(self, kind: str, test: Callable[[Evidence], bool]) -> list[Run]:
        """Return the other runs of this journal that were ever shown evidence of that *kind* which passes *test*."""
        found = self._journal.shown(kind, test)
        return [self._journal.run(run_id) for run_id in found if run_id != self.run.run_id]

    def looked_at(self, verb: str) -> None:
        """Remember that *verb* was performed just now."""
        self.looked[verb] = self._now()

    def leave(self, due: datetime | None) -> None:
        """Keep the looks and the time the run is next due (UTC), for the next pass."""
        self._journal.remember(self.run.run_id, self.looked, due)

    def _commit(self, lines: list[Line], against: Against | None = None) -> Run:
        if lines:
            self._journal.add(self.run, lines, against)
            self.run = fold_on(self.run, lines)
        return self.run
