"""The crash matrix: which verb dies where and of what, and what must be true afterwards.

A row is one verb of a pass (or one answer of a person) at one moment of a story; a cell is a row with a boundary and a
fault. Each cell starts from the same kept moment as an undisturbed twin, is disturbed, recovers, and must end as it.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from crash_story import Kept, Story
from says import SAYS
from trap import (
    BEFORE,
    BOUNDARIES,
    EFFECT,
    EXCEPTION,
    FAULTS,
    IN_INTENT,
    IN_OUTCOME,
    KILL,
    LOCKED,
    NETWORK,
    OUTCOME,
)

Happen = Callable[[Story], None]
UNCERTAIN = "pickup-uncertain"  # Azure cannot be asked whether a carrier was booked: then a person is


@dataclass(frozen=True)
class Row:
    """A verb and what it does to the world: *effect* is a port's method, *intent* how its key begins ("" for a look).

    Without an effect it touches nothing but the journal, as a person's answer does.

    *first* is what happens before the pass that comes to it, which performs *also* other verbs; *then* is what happens
    while it is due.
    """

    verb: str
    effect: str = ""
    intent: str = ""
    first: tuple[Happen, ...] = ()
    then: tuple[Happen, ...] = ()
    also: tuple[str, ...] = ()
    faults: tuple[str, ...] = FAULTS

    @property
    def name(self) -> str:
        """The verb, with what it deletes where it deletes several things."""
        return f"{self.verb} ({self.effect.partition('.')[2]})" if self.verb == "close" else self.verb

    @property
    def boundaries(self) -> tuple[str, ...]:
        """The boundaries this row has: a look has no intent, an answer no effect but its line."""
        if self.intent:
            return BOUNDARIES
        return (BEFORE, EFFECT, IN_OUTCOME, OUTCOME) if self.effect else (BEFORE, IN_OUTCOME, OUTCOME)


@dataclass(frozen=True)
class Cell:
    """One row, dying at *boundary* of *fault*."""

    row: Row
    boundary: str
    fault: str

    def __str__(self) -> str:
        return f"{self.row.name} | {self.boundary} | {self.fault}"


def cells(rows: tuple[Row, ...]) -> Iterator[Cell]:
    """Yield every cell of these rows that can be."""
    for row in rows:
        for boundary in row.boundaries:
            for fault in row.faults:
                if can_be(row, boundary, fault):
                    yield Cell(row, boundary, fault)


def can_be(row: Row, boundary: str, fault: str) -> bool:
    """Say whether there is such a cell."""
    if boundary in (IN_INTENT, IN_OUTCOME) and fault == LOCKED:
        return False  # who commits holds the lock
    if not row.effect:  # nothing but the journal is touched, and nothing follows the line that could fail
        return (boundary, fault) != (BEFORE, NETWORK) and (boundary != OUTCOME or fault in (KILL, EXCEPTION))
    return True


class Bench:
    """A story, moment by moment: it goes on to a row when its first cell is asked for, and keeps what it has seen."""

    def __init__(self, story: Story, rows: tuple[Row, ...]) -> None:
        self.story, self.rows = story, rows
        self._moments: list[tuple[Kept, dict[str, Any]]] = []

    def wrong(self, cell: Cell, **job: Any) -> list[str]:
        """Return what is not as it should be after *cell*; empty when all is well."""
        kept, twin = self._moment(cell.row)
        self.story.put_back(kept)
        trap = {"effect": cell.row.effect, "intent": cell.row.intent, "boundary": cell.boundary, "fault": cell.fault}
        known = {"verb": cell.row.verb, "twin": twin["end"], **job}
        end = self.story.child("disturb", trap=trap, **known)
        reached = end["signal"] == signal.SIGKILL if cell.fault == KILL else end["struck"]
        if not reached:
            return [f"the pass never came to {cell}"]
        if end["signal"]:
            end = self.story.child("recover", **known)
        return differences(cell, twin, end)

    def _moment(self, row: Row) -> tuple[Kept, dict[str, Any]]:
        """Return the moment of *row*, and how it ends undisturbed."""
        number = next(number for number, one in enumerate(self.rows) if one is row)
        while len(self._moments) <= number:
            self._go_on(self.rows[len(self._moments)])
        return self._moments[number]

    def _go_on(self, row: Row) -> None:
        story = self.story
        if self._moments:
            story.put_back(self._moments[-1][0])
            story.allowed |= {self.rows[len(self._moments) - 1].verb} - {row.verb} - set(SAYS)
        for happen in row.first:
            happen(story)
        if row.verb not in SAYS:
            story.pass_until(row.verb, *row.also)
        for happen in row.then:
            happen(story)
        kept = story.keep(str(len(self._moments)))
        twin = story.child("recover", verb=row.verb)
        assert {count for counts in twin["stats"].values() for count in counts.values()} <= {1}, twin["stats"]
        self._moments.append((kept, twin))


def differences(cell: Cell, twin: dict[str, Any], end: dict[str, Any]) -> list[str]:
    """Return how the end of a disturbed run differs from its twin's: its state and evidence, and what Azure counted."""
    expected, seen = twin["end"], end["end"]
    counted, told = {**twin["stats"]}, {**end["stats"]}
    if cell.row.verb == "book-pickup" and UNCERTAIN in seen["conditions"]:
        expected, seen = _without_pickup(expected), _without_pickup(seen)
        if sum(told["pickups"].values()) <= 1:
            counted.pop("pickups"), told.pop("pickups")
    return [*_unlike(expected, seen), *_unlike(counted, told)]


def _unlike(expected: Any, seen: Any, where: str = "") -> list[str]:
    """Return each value that differs, by its path."""
    if isinstance(expected, dict) and isinstance(seen, dict):
        names = sorted({*expected, *seen})
        return [wrong for k in names for wrong in _unlike(expected.get(k), seen.get(k), f"{where}/{k}")]
    return [] if expected == seen else [f"{where}: {seen} instead of {expected}"]


def _without_pickup(told: dict[str, Any]) -> dict[str, Any]:
    gone = {"evidence": "pickup-booked", "conditions": UNCERTAIN, "outcomes": "pickup/1"}
    return {
        what: {k: v for k, v in value.items() if k != gone[what]} if what in gone else value
        for what, value in told.items()
    }


def happens(what: str) -> Happen:
    """Let time go on until *what* happened."""
    return lambda story: story.let_happen(what)


def later(hours: float) -> Happen:
    """Let time go on."""
    return lambda story: story.hours_later(hours)


def office(story: Story) -> None:
    """The office does and answers what it is asked."""
    story.office_answers()


def passes(*also: str, until: str = "") -> Happen:
    """Make a pass that performs these verbs, too, and ends before *until*, or because the run waits."""
    return lambda story: story.pass_until(until, *also)


def mishap(what: str, **how: Any) -> Happen:
    """Something is about to go wrong at the office."""
    return lambda story: story.mishap(what, **how)


def says(what: str) -> Happen:
    """A person tells the run something."""
    return lambda story: story.say(what)


RETURN = "watch-return"  # also what a run looks at while the office is asked something

# fmt: off
DATA_BOX = (
    Row("order",                 "orders.create",       "order/"),
    Row("cancel",                "orders.cancel",       "cancel/", first=(passes("order", until="watch-delivery"),)),
    Row("watch-delivery",        "orders.serials",                 first=(happens("Delivered"),), also=("order",)),
    Row("delivered",                                               first=(passes(),)),
    Row("check-device",          "office.check_device",            first=(office,)),
    Row("copy",                  "office.copy"),
    Row("seal",                  "archive.put"),
    Row("verify",                "office.verify"),
    Row("prepared",                                                first=(passes(RETURN),)),
    Row("book-pickup",           "orders.book_pickup",  "pickup/", first=(office,)),
    Row("watch-freeze",          "surroundings.account",           also=(RETURN,)),
    Row("handed_over",                                             first=(passes(RETURN),)),
    Row("hold"), Row("reorder"), Row("reopen"), Row("abandon"),
    Row("watch-return",          "orders.find",                    first=(office, happens("Completed"))),
    Row("watch-ingestion",       "account.logs"),
    Row("reconcile",             "account.blobs"),
    Row("watch-vault",           "office.agent",                   then=(happens("lyon: "),)),
    Row("file-papers",           "left_overs.papers"),
    Row("schedule-incrementals", "office.agent",                   first=(later(1),), then=(happens("lyon: "),)),
    Row("restore-sample",        "samples.restore"),
    Row("approve_close",                                           first=(passes("restore-sample"),)),
    Row("close",                 "left_overs.delete_container", "release/", first=(says("approve_close"),)),
    Row("close",                 "orders.delete",       "delete/"),
)

# What the data-box story has in full is only killed here.
OWN_DISK = (
    Row("reserve-drives",        "disks.staging_free"),
    Row("attached",                                                first=(passes("reserve-drives"),)),
    Row("check-drives",          "disks.check_drives",             first=(office,)),
    Row("draw-sample",           "samples.draw"),
    Row("copy",                  "office.copy",                    faults=(KILL,)),
    Row("seal",                  "archive.put",                    faults=(KILL,)),
    Row("prepare-drives",        "disks.prepare_drives", "format/"),
    Row("create-import-job",     "orders.create",       "order/"),
    Row("watch-freeze",          "surroundings.account",           also=(RETURN,), faults=(KILL,)),
    Row("handed_over",                                             first=(passes(RETURN),), faults=(KILL,)),
    Row("mark-shipped",          "orders.mark_shipped", "shipped/", first=(office,), also=(RETURN,)),
    Row("watch-ingestion",       "account.logs",                   then=(happens(": Completed"),), faults=(KILL,)),
    Row("reconcile",             "account.blobs",                  faults=(KILL,)),
    Row("watch-vault",           "office.agent",                   then=(happens("nairobi: "),), faults=(KILL,)),
    Row("file-papers",           "orders.record",                  faults=(KILL,)),
    Row("stop_job",              "office.stop_online_job", "stop-job/",
        first=(later(1), passes(until="schedule-incrementals"), mishap("slow-backup", hours=5), later(24))),
    Row("schedule-incrementals", "office.agent",                   then=(happens("nairobi: "),), faults=(KILL,)),
    Row("restore-sample",                                          faults=(KILL,)),  # a person restores: it only asks
    Row("resume",                                                  first=(passes("restore-sample"),)),
    Row("waive"), Row("restored"),
    Row("approve_close",                                           first=(says("restored"), passes("restore-sample"))),
    Row("close",                 "left_overs.delete_container", "release/1/container", faults=(KILL,),
        first=(says("approve_close"),)),
    Row("close",                 "disks.clear_staging", "release/1/staging"),
    Row("close",                 "orders.delete",       "delete/", faults=(KILL,)),
)
# fmt: on
