"""Random faults at random times: an office is seeded while the world misbehaves; stand-ins mend what they are asked.

The dice are seeded, so the same seed tells the same story. Whatever strikes, a run must end done, given up, or waiting
for a named person with a named question, its journal whole, and nothing done twice.
"""

from __future__ import annotations

import random
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from deploy.rehearse import GOAL
from deploy.scenarios.harms import (
    Harm,
    azure_answers,
    drive_has,
    nothing,
    order_has,
    server_has,
    somebody_does,
    way_back_corrected,
)
from deploy.scenarios.scenario import nothing_is_lost_or_done_twice
from deploy.scenarios.stage import Differs, Stage, must
from states.conditions import CATALOGUE, row_of
from states.lifecycle import STATES, Turn
from states.run import Run
from states.steps import Ask
from tasks import answers
from tasks.stop_job import stop_job

MOST_ROUNDS = 160
MOST_STRIKES = 6
MOST_ATTEMPTS = 3  # devices; then the operator gives the run up
MOST_TRIES = 4  # to mend one code; then, too
BETWEEN_LOOKS = timedelta(days=3)  # at most, though nothing happens: months would pass in which nobody tries again
LIKELY = 0.4  # that something strikes in a round
PERSONS = ("the office", "the operator", "the carrier")
RAISED = "condition-raised"


@dataclass(frozen=True)
class Strike:
    """One thing that may go wrong, and what puts it right in the world before a person types anything."""

    name: str
    harm: Harm
    undo: Harm = nothing


@dataclass(frozen=True)
class Story:
    """What came of one seed at one office: the strikes and what people did, in order, and how the run ended.

    `way` is "done", "given up", or whom it waits for with which question; *wrong* says what must not be, "" when all
    is well. `days` are simulated ones from the opening to the end, `lines` those of the journal whose chain was
    checked, `codes` every condition that was raised, `effects` how often Azure did what over all orders of the run.
    """

    seed: int
    office: str
    told: tuple[str, ...]
    end: str
    way: str
    days: float
    lines: int
    struck: tuple[str, ...]
    codes: tuple[str, ...]
    effects: dict[str, int]
    wrong: str = ""


def late(stage: Stage) -> None:
    """A fortnight passes and nobody does anything."""
    stage.let_pass(timedelta(days=14))


def renamed_back(stage: Stage) -> None:
    """The server has its old name again."""
    server_has("server-renamed", server=stage.now_run.plan.server)(stage)


BUSY = Strike("Azure is busy", azure_answers(409, "AnotherOperationInProgress", "Try again.", "PUT", "/jobs/"))
LATE = Strike("a fortnight passes", late)
# fmt: off
ACCOUNT = (
    Strike("the account is walled off", somebody_does("firewall", action="Deny", bypass="None"),
           somebody_does("firewall", action="Allow", bypass="AzureServices")),
    Strike("the account is moved", somebody_does("account-moved", group="elsewhere"),
           somebody_does("account-moved", group="")),
    Strike("a rule may delete the seed", somebody_does("lifecycle-rule", name="tidy"),
           somebody_does("lifecycle-rule", name="tidy", removed=True)),
    Strike("the account is locked", somebody_does("lock", level="ReadOnly"), somebody_does("unlock")),
    Strike("a key is changed", somebody_does("keys-rotated")),
    Strike("the server is renamed", server_has("server-renamed", server="OTHER"), renamed_back),
)
ORDER = (
    Strike("the order is delayed", order_has("delay", days=9)),
    Strike("a stage nobody knows", order_has("unknown-stage", stage="AwaitingDrone")),
    Strike("Azure cancels the order", order_has("order-cancelled-by-service")),
    Strike("somebody deletes the order", order_has("order-deleted")),
)
BACKUP = (
    Strike("a backup fails", server_has("backup-fails", text="Another job was in progress")),
    Strike("the agent cannot sign in", server_has("cannot-authenticate"), server_has("backups-mended")),
    Strike("the schedule is off", server_has("schedule-off"), server_has("schedule-on")),
    Strike("the server is off", server_has("server-off"), server_has("server-on")),
    Strike("the vault is a day behind", server_has("vault-lags", hours=20), server_has("vault-lags", hours=0)),
)
DEVICES: dict[str, tuple[Strike, ...]] = {
    "planned":   (BUSY, LATE,
                  Strike("a role is missing", azure_answers(403, "AuthorizationFailed", "No.", "PUT", "/jobs/"))),
    "ordered":   (*ORDER, LATE, Strike("the device is damaged", order_has("device-damaged"))),
    "delivered": (LATE,),
    "copied":    (LATE,),
    "shipped":   (*ACCOUNT, *ORDER[:2], LATE,
                  Strike("the upload is halted", order_has("copy-halted")),
                  Strike("files are not uploaded", order_has("complete-with-errors")),
                  Strike("it completes with warnings", order_has("complete-with-warnings")),
                  Strike("the device is lost", order_has("device-lost"))),
    "ingested":  (*ACCOUNT[:4], *BACKUP),
    "vaulted":   (*BACKUP[2:4],),
}
OWN_DRIVES: dict[str, tuple[Strike, ...]] = {
    **DEVICES,
    "ordered":   (LATE,),
    "copied":    (),
    "shipped":   (*ACCOUNT[:4], LATE,
                  Strike("a drive fails", drive_has("HardwareError")),
                  Strike("a drive was changed", drive_has("DeviceMetadataModified")),
                  Strike("the way back is refused", order_has("return-refused"), way_back_corrected)),
}
# fmt: on


class Chaos:
    """One office's seeding under random faults. `play` tells the story."""

    def __init__(self, stage: Stage, seed: int) -> None:
        """Throw the dice of *seed* for the office of *stage*."""
        self.stage, self.seed = stage, seed
        self.dice = random.Random(f"{seed}/{stage.office}")  # noqa: S311 - a story, no secret
        self.strikes_left = self.dice.randint(2, MOST_STRIKES)
        self.undo: list[Strike] = []
        self.struck: list[str] = []
        self.told: list[str] = []
        self.tried: Counter[str] = Counter()  # how often a person mended each code

    def play(self) -> Story:
        """Play to the end, and tell. What ends as no run may, or breaks off, is told as wrong."""
        try:
            self.play_on()
            self.check(self.stage.now_run)
        except Differs as differs:
            return self.story(str(differs))
        except Exception as bug:
            return self.story(broke_off(bug))
        return self.story()

    def play_on(self) -> None:
        """Pass, strike, mend and answer until the run is over, or has asked for too long."""
        for _ in range(MOST_ROUNDS):
            if self.is_over():
                break
            self.maybe_strike()
            self.stage.sweep()
            step = self.stage.step
            if isinstance(step, Ask) and step.code:
                self.mend(step.code)
            elif not self.stage.be_the_office() and not self.is_over():
                self.put_right()
                self.stage.time_goes_on(BETWEEN_LOOKS)
        else:
            self.stage.sweep()  # what it asks now, after the last answer

    def is_over(self) -> bool:
        """Say whether the run has come to its goal or to its end."""
        state = self.stage.now_run.state
        return state == GOAL or STATES[state].turn is Turn.OVER

    def maybe_strike(self) -> None:
        """Let something strike, if the dice say so."""
        run = self.stage.now_run
        table = OWN_DRIVES if run.plan.mode == "own-disk" else DEVICES
        pool = table.get(run.state, ())
        if not pool or not self.strikes_left or self.dice.random() > LIKELY:
            return
        strike = self.dice.choice(pool)
        self.strikes_left -= 1
        self.struck.append(strike.name)
        self.note(f"strikes: {strike.name}")
        strike.harm(self.stage)
        self.undo.append(strike)

    def mend(self, code: str) -> None:
        """Be the person whom the run asks: put the world right, then type what the condition's remedy says."""
        self.put_right()
        deed = next((deed for words, deed in REMEDIES if words in row_of(code).remedy), _resume)
        self.tried[code] += 1
        if self.tried[code] > MOST_TRIES or (deed is _reorder and self.stage.now_run.attempt >= MOST_ATTEMPTS):
            deed = _abandon
        self.note(f"{code}: {deed.__name__.strip('_')}")
        deed(self.stage)

    def put_right(self) -> None:
        """Undo in the world what was done to it; sooner or later somebody does."""
        for strike in self.undo:
            strike.undo(self.stage)
        self.undo.clear()

    def check(self, run: Run) -> None:
        """Check that the run ended as one may, and that no code of its is without a row."""
        nothing_is_lost_or_done_twice(self.stage, run)
        must(set(run.conditions) <= set(CATALOGUE) - {"unexpected"}, f"conditions: {', '.join(run.conditions)}")
        step = self.stage.step
        asked = isinstance(step, Ask) and step.who in PERSONS and step.question and step.command
        must(self.is_over() or asked, f"{run.run_id} hangs in {run.state}, waiting for nobody: {step}")

    def way(self) -> str:
        """Return how the run ended, in a word; whom it asks what when it waits."""
        step = self.stage.step
        if self.stage.now_run.state == GOAL:
            return "done"
        if self.is_over():
            return "given up"
        return f"{step.who}: {step.question}" if isinstance(step, Ask) else "nobody"

    def story(self, wrong: str = "") -> Story:
        """Return what is to be told so far."""
        stage, run, way = self.stage, self.stage.now_run, self.way()
        waits = f", asking {way}" if way not in ("done", "given up") else ""
        raised = (line.payload["code"] for line in stage.rehearsal.journal.lines(run.run_id) if line.kind == RAISED)
        return Story(
            self.seed,
            stage.office,
            tuple(self.told),
            end=f"{run.state} in attempt {run.attempt}, {run.seq} lines{waits}",
            way=way,
            days=(stage.rehearsal.clock.now() - run.opened_at) / timedelta(days=1),
            lines=run.seq,
            struck=tuple(self.struck),
            codes=tuple(raised),
            effects={effect: sum(counts.values()) for effect, counts in stage.control.stats().items()},
            wrong=wrong,
        )

    def note(self, what: str) -> None:
        """Write a line of the story."""
        run = self.stage.now_run
        self.told.append(f"{self.stage.rehearsal.clock.now():%Y-%m-%d %H:%M}  {run.state}  {what}")


def broke_off(bug: Exception) -> str:
    """Return what an exception that nobody expected was, and where."""
    last = traceback.extract_tb(bug.__traceback__)[-1]
    return f"{type(bug).__name__} at {Path(last.filename).name}:{last.lineno}: {bug}"


def _resume(stage: Stage) -> None:
    answers.resume(stage.book)


def _reorder(stage: Stage) -> None:
    if stage.now_run.plan.mode == "own-disk":
        stage.let_pass(timedelta(days=30))  # until the datacenter is done with the other drives
        stage.sweep()
    answers.reorder(stage.book, "chaos")


def _reopen(stage: Stage) -> None:
    answers.reopen(stage.book, "chaos")


def _abandon(stage: Stage) -> None:
    answers.abandon(stage.book, "chaos")


def _portal(stage: Stage) -> None:
    run = stage.now_run
    stage.portal.mitigate(run.job_name, stage.rehearsal.azure["resource_group"], {"customerResolutionCode": "Resume"})
    stage.time_goes_on()


def _stop_job(stage: Stage) -> None:
    stop_job(stage.book, stage.world.site_of(stage.now_run.plan))
    answers.resume(stage.book)


# What a person does, by words of the remedy; the first that is found.
REMEDIES: tuple[tuple[str, Callable[[Any], None]], ...] = (
    ("seeding stop-job", _stop_job),
    ("seeding reorder", _reorder),
    ("seeding reopen", _reopen),
    ("choose Resume", _portal),
)
