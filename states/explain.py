"""One paragraph a colleague would say about a run: where it is, for whom it waits, since when, what to type."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from states.conditions import row_of
from states.deadlines import Deadline
from states.lifecycle import STATES
from states.playbook import Ask, Do, Move, Over, Step, Wait
from states.run import Run
from states.usual import Usual


def explain(run: Run, step: Step, now: datetime, usual: Usual | None = None, clocks: Iterable[Deadline] = ()) -> str:
    """Return what stands with *run* at *now* (UTC), in plain sentences.

    *usual* adds whether that is normal, *clocks* until when it can stay so, and what happens then.
    """
    sentences = [f"{run.run_id} is {run.state}: {STATES[run.state].means}.", *_step(run, step, now)]
    if usual and not isinstance(step, Over):
        sentences.append(usual.told(now.date()))
    sentences += _until(clocks, now)
    for code, raised in sorted(run.conditions.items()):
        row = row_of(code)
        if code == getattr(step, "code", None):
            continue
        waived = f" (waived: {run.waivers[code]})" if code in run.waivers else ""
        detail = f": {raised.detail}" if raised.detail else ""
        remedy = row.remedy.format(run=run.run_id)
        sentences.append(f"[{row.severity}] {code}{waived}: {row.means}{detail}. What helps: {remedy}.")
    return " ".join(sentences)


def _until(clocks: Iterable[Deadline], now: datetime) -> list[str]:
    """Say what has run out, and what runs out next. Whoever wants all clocks asks `seeding deadlines`."""
    by_end = sorted(clocks, key=lambda one: one.due)
    over = [one for one in by_end if one.due <= now]
    ahead = next((one for one in by_end if one.due > now), None)
    told = [f"Since {stamp(one.due)} ({one.clock}): {one.consequence}." for one in over]
    return [*told, f"Until {stamp(ahead.due)} ({ahead.clock}), then: {ahead.consequence}."] if ahead else told


def short(step: Step) -> str:
    """Return the step in a few words, for a table's cell."""
    match step:
        case Wait(on=on):
            return f"waits for {on}"
        case Ask(who=who, code=code):
            return f"asks {who}" + (f" ({code})" if code else "")
        case Over(state=state):
            return state
        case Do(verb=verb):
            return f"due: {verb}"
        case Move(trigger=trigger):
            return f"due: {trigger}"


def ago(span: timedelta) -> str:
    """Return a span as the largest unit a person would use: `3 days`, `5 hours`, `2 minutes`."""
    minutes = max(0, int(span.total_seconds() // 60))
    for unit, size in (("day", 1440), ("hour", 60)):
        if minutes >= 2 * size or (unit == "hour" and minutes >= size):
            count = minutes // size
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return f"{minutes} minute{'s' if minutes != 1 else ''}"


def stamp(at: datetime) -> str:
    """Return a UTC time as `2026-11-02 06:00 UTC`."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _what_helps(command: str) -> str:
    bare = command.startswith("seeding ") and "`" not in command and "," not in command.partition(" --")[0]
    return f"What to type: `{command}`." if bare else f"What helps: {command}."


def _step(run: Run, step: Step, now: datetime) -> list[str]:
    match step:
        case Over():
            return ["Nothing more will happen."]
        case Do(verb=verb):
            return [f"The next step is due now: {verb}. Run `seeding advance {run.run_id}`."]
        case Move(trigger=trigger):
            return [f"Everything is in place to {trigger}. Run `seeding advance {run.run_id}`."]
        case Wait(on=on, why=why, since=since, until=until):
            told = f"It has been waiting for {on} for {ago(now - since)} (since {stamp(since)})"
            rest = " Nothing is to be done." if "; wait" in why and not run.conditions else ""
            return [f"{told}, because {why}.", f"It looks again at {stamp(until)}.{rest}"]
        case Ask(who=who, question=question, command=command, since=since, code=code):
            stop = f" It is stopped by {code}." if code else ""
            told = f"It has been waiting for {who} for {ago(now - since)} (since {stamp(since)})."
            return [f"{told}{stop} {_sentence(question)}", _what_helps(command)]
