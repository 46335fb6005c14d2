"""The run is the fold of its lines: one small function per kind of line, and nothing else changes a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from states.codec import NotReadable, from_json
from states.facts import EVIDENCE, KIND_OF, DrivesPrepared, Evidence, HandedOver, JobSeen
from states.lifecycle import EDGES, FIRST, MILESTONES
from states.lines import KINDS, Line
from states.plan import Plan
from states.run import Passage, Raised, Run

# Which evidence a backwards edge keeps: a reopened run still has its order and its device, a reordered one nothing.
_KEPT_BY = {
    "reopen": ("job-seen", "devices-named", "delivered", "device-checked"),
    "reorder": (),
}

# With own disks the seed stays in the staging place: a reorder brings only the drives that did not arrive, and a reopen
# asks for another import job of the drives as they are.
_SEED = ("copied", "sealed", "sample-drawn")
_KEPT_OF_OWN_DISKS = {
    "reopen": (*_SEED, "drives-reserved", "format-allowed", "drives-seen", "drives-prepared", "verified"),
    "reorder": _SEED,
}
_CLEARED_BY_REOPEN = ("import-job-gone",)


def fold(lines: Iterable[Line]) -> Run | None:
    """Return the run these lines tell of; None for no lines. Any prefix of a journal folds.

    Raises NotReadable, naming the line, when a line cannot be understood or could not have followed the one before.
    """
    run: Run | None = None
    for line in lines:
        try:
            run = apply(run, line)
        except (KeyError, TypeError) as wrong:
            raise NotReadable(f"{line.run_id} line {line.seq} ({line.kind}): lacks or misuses {wrong}") from None
        except NotReadable as wrong:
            raise NotReadable(f"{line.run_id} line {line.seq} ({line.kind}): {wrong}") from None
    return run


def apply(run: Run | None, line: Line) -> Run:
    """Return the run after one more line."""
    if run is None:
        if line.kind != "opened" or line.seq != 1:
            raise NotReadable("a journal begins with an `opened` line")
        plan: Plan = from_json(Plan, line.payload["plan"])
        return Run(line.run_id, plan, line.at, seq=1, head=line.hash)
    if line.run_id != run.run_id:
        raise NotReadable(f"it belongs to {line.run_id}")
    if line.seq != run.seq + 1:
        raise NotReadable(f"line {run.seq + 1} is missing")
    if line.kind not in KINDS:
        raise NotReadable("a kind of line this version does not know")
    run = replace(run, seq=line.seq, head=line.hash)
    change = _CHANGES.get(line.kind)
    return change(run, line, line.payload) if change else run


def _opened(run: Run, line: Line, payload: dict[str, Any]) -> Run:
    raise NotReadable("a journal is opened once")


def _planned(run: Run, line: Line, payload: dict[str, Any]) -> Run:
    if run.history:
        raise NotReadable("a run is planned once, before anything else")
    return replace(run, state=FIRST, history=(*run.history, _passage(run, line, FIRST, "plan")))


def _intent(run: Run, line: Line, payload: dict[str, Any]) -> Run:
    return replace(run, intents={**run.intents, _text(payload, "key"): line.at})


def _outcome(run: Run, line: Line, payload: dict[str, Any]) -> Run:
    left = {key: at for key, at in run.intents.items() if key != payload["key"]}
    return replace(run, intents=left, outcomes={**run.outcomes, _text(payload, "key"): _text(payload, "result")})


def evidence_of(line: Line) -> Evidence:
    """Return what an evidence line shows. Raises NotReadable and KeyError for a line that cannot be understood."""
    kind = line.payload["kind"]
    if kind not in EVIDENCE:
        raise NotReadable(f"{kind!r} is evidence this version does not know")
    facts: Evidence = from_json(EVIDENCE[kind], line.payload["facts"])
    return facts


def _evidence(run: Run, line: Line, payload: dict[str, Any]) -> Run:
    facts = evidence_of(line)
    kind = KIND_OF[type(facts)]
    return replace(run, evidence={**run.evidence, kind: facts}, evidence_at={**run.evidence_at, kind: line.at})


def _transition(run: Run, line: Line, payload: dict[str, Any]) -> Run:
    trigger, source, target = payload["trigger"], payload["source"], payload["target"]
    if source != run.state:
        raise NotReadable(f"it leaves {source}, but the run is {run.state}")
    if not any((e.trigger, e.source, e.target) == (trigger, source, target) for e in EDGES):
        raise NotReadable(f"no edge {trigger} leads from {source} to {target}")
    run = replace(run, state=target, history=(*run.history, _passage(run, line, target, trigger)))
    if trigger == "reorder":
        gone = tuple(code for code in run.conditions if code != "held")
        landed = {**run.landed_drives, **_landed(run)}
        used = run.get(DrivesPrepared)
        gave_up = [drive.serial for drive in used.drives if drive.serial not in landed] if used else []
        lost = tuple(sorted({*run.lost_drives, *gave_up}))
        run = replace(_without(run, gone), attempt=run.attempt + 1, landed_drives=landed, lost_drives=lost)
        handed = run.get(HandedOver)
        run = replace(run, parcels=(*run.parcels, handed)) if handed else run
    if trigger == "reopen":
        run = _without(run, _CLEARED_BY_REOPEN)
    if trigger in _KEPT_BY:
        kept = (_KEPT_OF_OWN_DISKS if run.plan.mode == "own-disk" else _KEPT_BY)[trigger]
        run = forget(run, tuple(kind for kind in EVIDENCE if kind not in kept))
    return run


def _landed(run: Run) -> dict[str, int]:
    """Return the own drives that the datacenter copied to their end, and the bytes they brought."""
    job, prepared = run.get(JobSeen), run.get(DrivesPrepared)
    done = {drive.serial for drive in job.drives if drive.status == "Completed"} if job else set()
    return {drive.serial: drive.bytes for drive in prepared.drives if drive.serial in done} if prepared else {}


def _raised(run: Run, line: Line, payload: dict[str, Any]) -> Run:
    raised = Raised(_text(payload, "code"), line.at, _text(payload, "detail"), _text(payload, "by"))
    return replace(run, conditions={**run.conditions, raised.code: raised})


def _cleared(run: Run, line: Line, payload: dict[str, Any]) -> Run:
    forgets = tuple(from_json(tuple[str, ...], payload.get("forgets", [])))
    return forget(_without(run, (_text(payload, "code"),)), forgets)


def _waiver(run: Run, line: Line, payload: dict[str, Any]) -> Run:
    return replace(run, waivers={**run.waivers, _text(payload, "code"): _text(payload, "reason")})


def with_evidence(run: Run, fact: Evidence) -> Run:
    """Return the run as it would be with this evidence: for asking a guard before anything is written."""
    return replace(run, evidence={**run.evidence, KIND_OF[type(fact)]: fact})


def forget(run: Run, kinds: tuple[str, ...]) -> Run:
    """Return the run without these kinds of evidence: what they said is no longer to be relied on."""
    return replace(
        run,
        evidence={k: v for k, v in run.evidence.items() if k not in kinds},
        evidence_at={k: v for k, v in run.evidence_at.items() if k not in kinds},
    )


def _without(run: Run, codes: tuple[str, ...]) -> Run:
    """Return the run without these conditions. A waiver is for what stood when it was given, and ends with it."""
    ended = [code for code in codes if code in run.conditions]
    return replace(
        run,
        conditions={code: raised for code, raised in run.conditions.items() if code not in ended},
        waivers={code: reason for code, reason in run.waivers.items() if code not in ended},
    )


def _text(payload: dict[str, Any], name: str) -> str:
    text: str = from_json(str, payload[name])
    return text


def _passage(run: Run, line: Line, state: str, trigger: str) -> Passage:
    attempt = run.attempt + (trigger == "reorder")
    return Passage(state, line.at, line.seq, attempt, trigger, tuple(sorted(run.evidence)))


_CHANGES: dict[str, Callable[[Run, Line, dict[str, Any]], Run]] = {
    "opened": _opened,
    "planned": _planned,
    "intent": _intent,
    "outcome": _outcome,
    "evidence": _evidence,
    "transition": _transition,
    "condition-raised": _raised,
    "condition-cleared": _cleared,
    "waiver": _waiver,
}
assert MILESTONES[0] == FIRST
