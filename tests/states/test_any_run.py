"""Whatever is brought in whatever order, a run never arrives where the evidence does not take it.

The oracle below is written from the design's table, not from the guards: two readings of the same sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from stories import (
    ACTOR,
    CHECKED,
    COPIED,
    DELIVERED,
    DIGEST,
    SERIAL,
    STEP,
    T0,
    agent,
    brought_in,
    first_lines,
    job,
    on_device,
    points,
    sightings,
)
from trials import tries

from states.conditions import CATALOGUE, row_of
from states.facts import (
    Copied,
    CopyLogRead,
    DevicesNamed,
    Evidence,
    HandedOver,
    JobSeen,
    PickupBooked,
    Prepared,
    Reconciled,
    Sealed,
    Verified,
)
from states.fold import apply, fold
from states.landing import AgentSeen, PointsSeen, VaultSeen
from states.lifecycle import EDGES, MILESTONES, STATES, Turn
from states.lines import Draft, Line, chained, check_chain
from states.machine import Refused
from states.playbook import PLAYBOOK, Do, Move, Over, next_step
from states.release import CloseApproved, Released
from states.run import Run
from states.settle import GOT_ON, Outcome, cleared, moved, settle, transitions
from states.stages import ENDED_BADLY, STAGE_ORDER

Dated = Callable[[datetime], Evidence]
TRIGGERS = sorted({edge.trigger for edge in EDGES})
ACTS = {row.verb for rows in PLAYBOOK.values() for row in rows if row.kind == "act"}
DIGESTS = st.sampled_from([DIGEST, DIGEST, "e" * 64])
SERIALS = st.sampled_from([SERIAL, SERIAL, "X-9"])
BYTES = st.sampled_from([1_000, 1_000, 999, 0])
FILES = st.sampled_from([2, 2, 1])
FAULTS = st.sampled_from([(), (), ("mail/a: changed",)])
STAGES = st.sampled_from([*STAGE_ORDER, *ENDED_BADLY, "SomethingNew"])
NAMES = st.sampled_from(["perth0123", "perth0123", "perth0123r2", "other"])


ITEMS = st.sampled_from([COPIED.items, COPIED.items[:1], (COPIED.items[0], on_device("sql", 0))])
HOURS = st.sampled_from([-48, 0, 1])
READ = st.one_of(  # one piece of evidence, right or wrong in any way the world knows
    st.builds(job, STAGES, st.sampled_from(["", "Succeeded", "Failed"]), job_name=NAMES, cancellable=st.booleans()),
    st.builds(DevicesNamed, st.sampled_from([(SERIAL,), ("X-9",), ()])),
    st.builds(lambda serial, intact: replace(DELIVERED, serial=serial, intact=intact), SERIALS, st.booleans()),
    st.builds(lambda serial, room: replace(CHECKED, serial=serial, free_bytes=room), SERIALS, BYTES),
    st.builds(Copied, SERIALS, ITEMS),
    st.builds(Sealed, SERIALS, DIGESTS, FILES, BYTES, st.just("m")),
    st.builds(Verified, DIGESTS, FILES, BYTES, FAULTS),
    st.builds(CopyLogRead, st.sampled_from(["Succeeded", "Failed"]), FILES, st.integers(0, 1), st.integers(0, 1)),
    st.builds(Reconciled, DIGESTS, FILES, FAULTS, st.integers(0, 1)),
    st.sampled_from([Prepared("jo"), PickupBooked("C"), HandedOver("jo"), CloseApproved("ann"), Released(True)]),
)
DATED = st.one_of(  # and what bears dates around a moment
    HOURS.map(lambda hours: lambda at: VaultSeen(points(at + hours * STEP)[:1])),
    HOURS.map(lambda hours: lambda at: VaultSeen(points(at + hours * STEP))),
    HOURS.map(lambda hours: lambda at: sightings(at + hours * STEP, again=hours % 2 == 0)),
    st.builds(
        lambda hours, **said: lambda at: agent(at + hours * STEP, **said),
        HOURS,
        schedule_enabled=st.booleans(),
        incremental_bytes=st.sampled_from([10, 900]),
    ),
)
FACTS = READ | DATED


def may_arrive(run: Run, target: str) -> bool:
    """Say whether the design's table lets *run*, as it is, become *target*."""
    seen, sealed, verified = run.get(JobSeen), run.get(Sealed), run.get(Verified)
    ours = seen is not None and seen.job_name == run.job_name
    read_again = bool(
        sealed
        and verified
        and verified == Verified(sealed.digest, sealed.files, sealed.bytes)
    )  # fmt: skip
    copied = run.get(Copied)
    whole = bool(copied and {item.name for item in copied.items if item.bytes} == {i.name for i in run.plan.items})
    match target:
        case "ordered":
            return ours
        case "copied":
            assert not whole or copied is not None
            total = sum(item.bytes for item in copied.items) if copied else -1
            return read_again and whole and sealed.bytes == total and run.get(Prepared) is not None
        case "shipped":
            back = seen is not None and (
                seen.stage in STAGE_ORDER[STAGE_ORDER.index("PickedUp") :]
                or (seen.stage == "SomethingNew" and seen.status_of("DataCopy") == "Succeeded")
            )
            return read_again and ours and back and run.get(HandedOver) is not None
        case "ingested":
            log, compared = run.get(CopyLogRead), run.get(Reconciled)
            clean = log and log.status == "Succeeded" and not log.errored and not log.renamed
            equal = compared and sealed and compared == Reconciled(sealed.digest, sealed.files)
            done = ours and seen.stage == "Completed" and seen.status_of("DataCopy") == "Succeeded"
            return bool(done and clean and equal)
        case "vaulted" | "incremental-scheduled":
            landed = next(p.at for p in reversed(run.history) if p.state == "ingested")
            names, looks = {item.name for item in run.plan.items}, run.get(PointsSeen)
            for witness in (run.get(VaultSeen), run.get(AgentSeen)):
                items = witness.items if witness else ()
                dated = {i.name for i in items if i.points and i.latest and i.latest > landed}
                if not names <= dated and "witnesses-disagree" not in run.waivers:
                    return False
            twice = {one.item for one in looks.sightings if one.first and one.again} if looks else set()
            return names <= twice or bool({"witnesses-disagree", "witness-missing"} & set(run.waivers))
    return True


class AnyRun(RuleBasedStateMachine):
    """One run, to which anything may happen."""

    @initialize()
    def begin(self) -> None:
        """Plan it."""
        self.now, self.lines = T0, first_lines()
        self.run = fold(self.lines)

    def add(self, lines: list[Line]) -> None:
        """Fold new lines in, each transition looked at before it counts."""
        self.now += STEP
        for line in lines:
            if line.kind == "transition":
                self.look_at(line.payload["trigger"], line.payload["source"], line.payload["target"])
            self.run = apply(self.run, line)
        self.lines += lines

    def look_at(self, trigger: str, source: str, target: str) -> None:
        """The promises of this file."""
        assert source == self.run.state
        if target in ("cancelled", "abandoned"):
            return
        steps = MILESTONES.index(target) - MILESTONES.index(source)
        assert steps == 1 or (trigger in ("reopen", "reorder") and steps < 0)
        if steps == 1:
            stopping = {code for code in self.run.conditions if row_of(code).severity == "blocks"}
            assert not stopping - set(self.run.waivers)
            assert may_arrive(self.run, target)

    @rule(fact=FACTS)
    def bring_anything(self, fact: Evidence | Dated) -> None:
        """Evidence in any order, right or wrong."""
        self.settle(Outcome("any", (self.dated(fact),)))

    @rule(last=st.integers(1, 4), skipped=st.integers(0, 5))
    def bring_what_is_due(self, last: int, skipped: int) -> None:
        """What a good run is brought here, perhaps with a gap: without this no run would come far."""
        for number, outcome in enumerate(brought_in(self.run.state, self.run.since)[:last], start=1):
            if number != skipped:
                named = tuple(
                    replace(f, job_name=self.run.job_name) if isinstance(f, JobSeen) else f for f in outcome.evidence
                )
                self.settle(replace(outcome, evidence=named))

    @rule(fact=st.none() | FACTS, code=st.sampled_from([*sorted(CATALOGUE), "of-tomorrow"]), pending=st.booleans())
    def raise_a_condition(self, fact: Evidence | Dated | None, code: str, pending: bool) -> None:
        """A verb sees trouble, with or without new evidence; whoever reaches nobody has none, and clears nothing."""
        nobody = code == GOT_ON
        seen = () if fact is None or nobody else (self.dated(fact),)
        self.settle(Outcome("any", seen, raised=((code, "seen"),), pending=pending or nobody))

    @rule(which=st.integers(0, 9), clear=st.booleans())
    def a_person_clears_or_waives(self, which: int, clear: bool) -> None:
        """Clearing may forget evidence; a waiver must not stand in for any."""
        standing = sorted(self.run.conditions)
        if standing:
            code = standing[which % len(standing)]
            waiver = [Draft("waiver", {"code": code, "reason": "seen"})]
            self.add(self.chain(cleared(self.run, [code], "mended") if clear else waiver))
            self.add(transitions(self.run, self.now, ACTOR))

    @rule(trigger=st.sampled_from([*TRIGGERS, "reorder", "reopen"]))
    def try_a_trigger(self, trigger: str) -> None:
        """Ends only now and then, or every run would be over at once."""
        if trigger in ("cancel", "abandon") and self.run.seq % 7:
            return
        try:
            self.add(moved(self.run, trigger, "tried", self.now, ACTOR))
        except Refused as refused:
            assert refused.reasons and all(refused.reasons)

    @rule(days=st.integers(1, 100))
    def wait(self, days: int) -> None:
        """Time alone moves nothing."""
        self.now += timedelta(days=days)
        assert transitions(self.run, self.now, ACTOR) == []

    @invariant()
    def there_is_always_a_next_step_and_a_pass_ends(self) -> None:
        """Never a loop, never silence; a blocked run is never acted upon; lost looks are harmless."""
        looked: dict[str, object] = {}
        for _ in range(20):
            step = next_step(self.run, self.now, looked)
            assert step == next_step(self.run, self.now, dict(looked))
            assert not isinstance(step, Move)  # settle has taken every move that was due
            if not isinstance(step, Do):
                break
            assert not (set(self.blocking()) and step.verb in ACTS)
            assert step.verb not in looked
            looked[step.verb] = self.now
        else:
            raise AssertionError("a pass went round in circles")
        assert isinstance(step, Over) == (STATES[self.run.state].turn is Turn.OVER)
        assert isinstance(step, Over) or step.until > self.now

    @invariant()
    def the_attempt_counts_the_reorders(self) -> None:
        """The order's name, and so the idempotency key, hangs on it."""
        assert self.run.attempt == 1 + sum(passage.trigger == "reorder" for passage in self.run.history)

    def teardown(self) -> None:
        """What was folded line by line is what the whole journal says."""
        if hasattr(self, "run"):
            assert fold(self.lines) == self.run
            assert check_chain(self.run.run_id, self.lines) == self.run.seq

    def blocking(self) -> list[str]:
        """Return what stops the run, by the catalogue itself."""
        return [c for c in self.run.conditions if row_of(c).severity == "blocks" and c not in self.run.waivers]

    def settle(self, outcome: Outcome) -> None:
        """Bring an outcome; bringing it twice must add nothing."""
        self.add(settle(self.run, outcome, self.now, ACTOR))
        assert settle(self.run, outcome, self.now, ACTOR) == []

    def dated(self, fact: Evidence | Dated) -> Evidence:
        """Return what was drawn, its dates around the run's last milestone."""
        return fact(self.run.since) if callable(fact) else fact

    def chain(self, drafts: list[Draft]) -> list[Line]:
        """Return drafts as the next lines."""
        return chained(self.run.run_id, self.run.seq, self.run.head, self.now, ACTOR, drafts)


TestAnyRun = AnyRun.TestCase
TestAnyRun.settings = tries(40, steps=40)


def test_the_story_reaches_the_end_under_the_same_eyes():
    """The machine's rules can reach `closed`: its promises are not kept by never going anywhere."""
    machine = AnyRun()
    machine.begin()
    for _ in MILESTONES[:-1]:
        machine.bring_what_is_due(last=4, skipped=0)
        machine.there_is_always_a_next_step_and_a_pass_ends()

    assert machine.run.state == "closed"
