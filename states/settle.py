"""From an outcome to journal lines: what a verb or a person brought back, settled into one commit.

Pure. The lines of one outcome are written together, the transition they justify included, so that a run never moves
on evidence that is not on record, and a crash in between cannot happen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from states.codec import to_json
from states.conditions import row_of
from states.facts import KIND_OF, Evidence
from states.fold import apply
from states.lines import Draft, Line, chained
from states.machine import move
from states.playbook import Move, next_step
from states.run import Run

GOT_ON = "cannot-reach"  # the condition that ends when a run moves


@dataclass(frozen=True)
class Outcome:
    """What one verb, or one answer of a person, brought back. Empty when there was nothing new to see."""

    verb: str
    evidence: tuple[Evidence, ...] = ()
    raised: tuple[tuple[str, str], ...] = ()  # (condition code, detail)
    done: tuple[tuple[str, str], ...] = ()  # (intent key, what came of it)
    secrets_read: tuple[str, ...] = ()  # what was read, and why; never the secret
    notes: tuple[str, ...] = ()
    pending: bool = False  # the verb has not seen the world to its end: nothing is cleared, ask again later
    source: str = ""  # what was looked at, where several verbs look at the same thing; else the verb itself

    @property
    def by(self) -> str:
        """Whose conditions these are: who looks at the same thing again clears them."""
        return self.source or self.verb


def settle(run: Run, outcome: Outcome, now: datetime, actor: str) -> list[Line]:
    """Return the lines *outcome* adds to the journal of *run*; none when it brought nothing new."""
    facts = [Draft("outcome", {"key": key, "result": result}) for key, result in outcome.done]
    facts += [Draft("secret-read", {"what": what}) for what in outcome.secrets_read]
    facts += [Draft("note", {"text": text}) for text in outcome.notes]
    seen = [_seen(outcome, fact) for fact in outcome.evidence if run.evidence.get(KIND_OF[type(fact)]) != fact]
    conditions = _conditions(run, outcome)
    lines = chained(run.run_id, run.seq, run.head, now, actor, [*facts, *seen, *conditions])
    moves = transitions(_after(run, lines), now, actor)
    if moves and not seen and outcome.evidence:  # the same evidence again, but now it moves the run: keep both together
        again = [_seen(outcome, fact) for fact in outcome.evidence]
        lines = chained(run.run_id, run.seq, run.head, now, actor, [*facts, *again, *conditions])
        moves = transitions(_after(run, lines), now, actor)
    return [*lines, *moves]


def transitions(run: Run, now: datetime, actor: str) -> list[Line]:
    """Return the transition lines that evidence on record already justifies, at most one a call's state chain.

    A run that got on has got an answer: a `cannot-reach` that stood is cleared with the last of them, because the verb
    that raised it may never be performed again.
    """
    lines: list[Line] = []
    while isinstance(step := next_step(run, now, {}), Move):
        target = move(run, step.trigger)
        draft = Draft("transition", {"trigger": step.trigger, "source": run.state, "target": target})
        new = chained(run.run_id, run.seq, run.head, now, actor, [draft])
        lines += new
        run = _after(run, new)
    gone = cleared(run, [GOT_ON] if lines else [], f"the run got on, to {run.state}")
    return [*lines, *chained(run.run_id, run.seq, run.head, now, actor, gone)]


def moved(run: Run, trigger: str, reason: str, now: datetime, actor: str) -> list[Line]:
    """Return the line of an edge a person takes (reorder, reopen, cancel, abandon). Raises Refused."""
    target = move(run, trigger)
    draft = Draft("transition", {"trigger": trigger, "source": run.state, "target": target, "reason": reason})
    return chained(run.run_id, run.seq, run.head, now, actor, [draft])


def cleared(run: Run, codes: Iterable[str], reason: str) -> list[Draft]:
    """Return the drafts that clear these standing conditions, and say which evidence no longer counts."""
    drafts = []
    for code in codes:
        if code in run.conditions:
            forgets = [kind for kind in row_of(code).forgets if kind in run.evidence]
            drafts.append(Draft("condition-cleared", {"code": code, "reason": reason, "forgets": forgets}))
    return drafts


def _conditions(run: Run, outcome: Outcome) -> list[Draft]:
    """Raise what is new or worded anew; clear what this verb raised before and no longer sees.

    A verb that could not look to the end (pending) clears nothing: not to see a trouble is not to see it gone.
    """
    drafts = []
    for code, detail in outcome.raised:
        standing = run.conditions.get(code)
        if standing is None or standing.detail != detail:
            drafts.append(Draft("condition-raised", {"code": code, "detail": detail, "by": outcome.by}))
    if outcome.pending:
        return drafts
    now_standing = {code for code, _ in outcome.raised}
    mine = (outcome.by, outcome.verb)
    gone = [code for code, raised in run.conditions.items() if raised.by in mine and code not in now_standing]
    drafts += [
        replace(draft, payload={**draft.payload, "forgets": []})
        for draft in cleared(run, gone, f"{outcome.verb} no longer sees it")
    ]
    return drafts


def _seen(outcome: Outcome, fact: Evidence) -> Draft:
    return Draft("evidence", {"kind": KIND_OF[type(fact)], "by": outcome.verb, "facts": to_json(fact)})


def _after(run: Run, lines: Iterable[Line]) -> Run:
    for line in lines:
        run = apply(run, line)
    return run
