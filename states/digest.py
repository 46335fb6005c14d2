"""The digest: what needs a person first, what changed since the last one, what is due soon. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from states.deadlines import Deadline
from states.lines import Line
from states.playbook import Ask, Step
from states.run import Run

SOON = timedelta(days=7)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Story:
    """One run as the digest takes it: its journal, where its next pass would stop, and the clocks that run for it."""

    run: Run
    lines: Sequence[Line]
    step: Step
    deadlines: tuple[Deadline, ...]


@dataclass(frozen=True)
class Need:
    """A run that waits for a person: the question, since when, and when its first clock runs out (UTC), or None."""

    run_id: str
    ask: Ask
    due: datetime | None


@dataclass(frozen=True)
class Change:
    """What a line of the journal changed."""

    run_id: str
    at: datetime
    what: str


@dataclass(frozen=True)
class Digest:
    """What happened from *since* to *until* (UTC), and what is open then."""

    since: datetime
    until: datetime
    needs: tuple[Need, ...]
    changes: tuple[Change, ...]
    due: tuple[Deadline, ...]
    unread: tuple[tuple[str, str], ...] = ()  # runs that could not be read, and why

    @property
    def headline(self) -> str:
        """The digest in one sentence."""
        return (
            f"{len(self.needs)} runs wait for a person, {len(self.changes)} changes since the last digest, "
            f"{len(self.due)} clocks run out soon"
        )


def digest_of(stories: Iterable[Story], since: datetime, until: datetime) -> Digest:
    """Return the digest of these runs: the nearest clock and the longest wait first, changes in their order."""
    told = tuple(stories)
    needs = [Need(s.run.run_id, s.step, _first(s.deadlines)) for s in told if isinstance(s.step, Ask)]
    changes = [change for story in told for change in _changes(story, since, until)]
    due = [one for story in told for one in story.deadlines if one.left(until) <= SOON or one.warned_from <= until]
    return Digest(
        since,
        until,
        tuple(sorted(needs, key=lambda need: (need.due or _NEVER, need.ask.since, need.run_id))),
        tuple(sorted(changes, key=lambda change: (change.at, change.run_id))),
        tuple(sorted(due, key=lambda one: (one.due, one.run_id, one.clock))),
    )


def _first(deadlines: Iterable[Deadline]) -> datetime | None:
    return min((one.due for one in deadlines), default=None)


def _changes(story: Story, since: datetime, until: datetime) -> Iterable[Change]:
    for line in story.lines:
        if since < line.at <= until and (what := _what(line)):
            yield Change(story.run.run_id, line.at, what)


def _what(line: Line) -> str:
    code = line.payload.get("code")
    match line.kind:
        case "transition":
            return f"{line.payload['source']} → {line.payload['target']}"
        case "condition-raised":
            return f"{code} stands" + (f": {detail}" if (detail := line.payload["detail"]) else "")
        case "condition-cleared":
            return f"{code} is over"
        case "waiver":
            return f"{code} was waived by {line.actor}"
    return ""
