"""One good seeding run, told step by step: what each verb and person brought back, from `planned` to `closed`.

`run_in(state)` is the run as it arrived there, `lines_to(state)` its journal, `brought_in(state)` what comes next.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache

from states.codec import to_json
from states.conditions import row_of
from states.facts import (
    KIND_OF,
    Copied,
    CopyLogRead,
    Delivered,
    DeviceChecked,
    DevicesNamed,
    Evidence,
    HandedOver,
    ItemOnDevice,
    JobSeen,
    PickupBooked,
    Prepared,
    Reconciled,
    Sealed,
    Stage,
    Verified,
)
from states.fold import apply, fold
from states.landing import AgentSeen, ItemInVault, PointsSeen, Sighting, VaultSeen
from states.lifecycle import MILESTONES
from states.lines import GENESIS, Draft, Line, chained
from states.plan import Item, Plan
from states.release import CloseApproved, PapersFiled, Released, SampleRestored
from states.run import Run
from states.settle import Outcome, settle

RUN_ID = "perth-2026-11"
T0 = datetime(2026, 11, 2, 6, tzinfo=UTC)
STEP = timedelta(hours=1)
ACTOR = "tests"
SERIAL, DIGEST = "DISK-0001", "d" * 64
PLAN = Plan(
    office="perth",
    country="AU",
    mode="data-box",
    agent="files",
    sku="DataBoxDisk",
    job_name="perth0123",
    subscription_id="00000000-0000-4000-8000-000000000001",
    resource_group="seeding",
    location="australiaeast",
    storage_account="contososeed",
    vault="contoso-vault",
    server="PER-DPM01",
    items=(Item("mail", 600), Item("sql", 400)),
    device_bytes=7_000,
    restore_sample=True,
)


def job(stage: str = "DeviceOrdered", copied: str = "", **changes) -> JobSeen:
    """Return the Azure job at that stage; *copied* is the status of its data copy stage."""
    stages = (Stage("DataCopy", copied),) if copied else ()
    known = {"job_name": PLAN.job_name, "job_id": f"/jobs/{PLAN.job_name}", "sku": PLAN.sku, "stages": stages}
    return JobSeen(**{**known, "stage": stage, **changes})


def on_device(name: str, size: int) -> ItemOnDevice:
    """Return an item that lies on the device, whole."""
    return ItemOnDevice(name, f"BlockBlob/{name}", 1, size, size)


DELIVERED = Delivered(SERIAL, "jo")
CHECKED = DeviceChecked(SERIAL, "/mnt/disk", writable=True, free_bytes=7_000)
COPIED = Copied(SERIAL, tuple(on_device(item.name, item.bytes) for item in PLAN.items))
SEALED = Sealed(SERIAL, DIGEST, files=2, bytes=1_000, manifest="perth0123.manifest")
VERIFIED = Verified(DIGEST, files=2, bytes=1_000)
RECONCILED = Reconciled(DIGEST, same=2)


def points(after: datetime, *, sizes: bool = False) -> tuple[ItemInVault, ...]:
    """Return every item with one recovery point an hour after *after*; the agent alone knows *sizes*."""
    return tuple(ItemInVault(i.name, 1, after + STEP, protected=True, bytes=i.bytes * sizes) for i in PLAN.items)


def sightings(after: datetime, *, again: bool = True) -> PointsSeen:
    """Return what one look, or two, an hour apart, saw of these points."""
    looks = {"first": after + STEP, "again": after + 2 * STEP if again else None}
    return PointsSeen(tuple(Sighting(item.name, after + STEP, 1, **looks) for item in PLAN.items))


def agent(after: datetime, **changes) -> AgentSeen:
    """Return the office agent's view when all is well, with points an hour after *after*."""
    known = dict(
        kind="files", version="1", offline_order="", last_job="ok", last_job_class="done", schedule_enabled=True
    )
    items = points(after, sizes=True)
    later = dict(next_run=after + 24 * STEP, items=items, incremental_at=after + 2 * STEP, incremental_bytes=10)
    return AgentSeen(**{**known, **later, **changes})


def brought_in(state: str, landed: datetime = T0) -> tuple[Outcome, ...]:
    """Return, in order, what a good run is brought while it is *state*; *landed* is when it was ingested."""
    by_state: dict[str, tuple[tuple[str, tuple[Evidence, ...]], ...]] = {
        "planned": (("order", (job(),)),),
        "ordered": (
            ("watch-delivery", (job("Delivered"), DevicesNamed((SERIAL,)))),
            ("record", (DELIVERED,)),
            ("check-device", (CHECKED,)),
        ),
        "delivered": (
            ("copy", (COPIED,)),
            ("seal", (SEALED,)),
            ("verify", (VERIFIED,)),
            ("record", (Prepared("jo"),)),
        ),
        "copied": (
            ("book-pickup", (PickupBooked("CONF-1"),)),
            ("record", (HandedOver("jo", "DHL", "T-1"),)),
            ("watch-return", (job("PickedUp"),)),
        ),
        "shipped": (
            ("watch-ingestion", (job("Completed", "Succeeded", deletable=True), CopyLogRead("Succeeded", 2, 0, 0))),
            ("reconcile", (RECONCILED,)),
        ),
        "ingested": (
            ("watch-vault", (VaultSeen(points(landed)), agent(landed, items=points(landed), incremental_at=None))),
            ("watch-vault", (agent(landed, incremental_at=None), sightings(landed, again=False))),
            ("watch-vault", (sightings(landed),)),
        ),
        "vaulted": (("schedule-incrementals", (VaultSeen(points(landed)), agent(landed))),),
        "incremental-scheduled": (
            ("restore-sample", (SampleRestored(2, 2, ("mail/a", "sql/b"), by="the agent"),)),
            ("file-papers", (PapersFiled(("perth0123-job-1.json",)),)),
            ("record", (CloseApproved("ann"),)),
            ("close", (Released(order_deleted=True),)),
        ),
    }
    return tuple(Outcome(verb, evidence) for verb, evidence in by_state.get(state, ()))


def opening(run_id: str = RUN_ID, plan: Plan = PLAN) -> list[Draft]:
    """Return the drafts every journal begins with."""
    return [Draft("opened", {"plan": to_json(plan)}), Draft("planned", {"limits": "tests", "problems": []})]


def first_lines(run_id: str = RUN_ID, plan: Plan = PLAN) -> list[Line]:
    """Return the lines every journal begins with."""
    return chained(run_id, 0, GENESIS, T0, ACTOR, opening(run_id, plan))


def after(run: Run | None, lines: Iterable[Line]) -> Run:
    """Return *run* after these lines."""
    for line in lines:
        run = apply(run, line)
    assert run is not None
    return run


def added(run: Run, *drafts: Draft, at: datetime | None = None) -> Run:
    """Return *run* after these drafts, an hour later."""
    return after(run, chained(run.run_id, run.seq, run.head, at or run.since + STEP, ACTOR, drafts))


def lines_to(state: str) -> list[Line]:
    """Return the journal of the good run up to its arrival in *state*."""
    return list(_told_to(state))


@cache  # lines and runs are values: every test may have the same ones
def _told_to(state: str) -> tuple[Line, ...]:
    lines = first_lines()
    run = fold(lines)
    now = T0
    while run.state != state:
        here = run.state
        for outcome in brought_in(run.state, run.since):
            now += STEP
            new = settle(run, outcome, now, ACTOR)
            lines += new
            run = after(run, new)
        assert run.state != here, f"the good run stays {here}: what it is brought there does not move it"
    return tuple(lines)


@cache
def run_in(state: str) -> Run:
    """Return the good run as it arrived in *state*; a run that is `cancelled` or `abandoned` was so from `ordered`."""
    if state in MILESTONES:
        return fold(lines_to(state))
    run = run_in("ordered")
    trigger = {"cancelled": "cancel", "abandoned": "abandon"}[state]
    return added(run, Draft("transition", {"trigger": trigger, "source": "ordered", "target": state, "reason": "x"}))


@cache
def ready_in(state: str) -> Run:
    """Return the good run in *state* with everything on record that its forward edge asks for, not yet moved."""
    run = run_in(state)
    facts = [fact for outcome in brought_in(state, run.since) for fact in outcome.evidence]
    return added(run, *(evidence(fact) for fact in facts))


def evidence(fact: Evidence, by: str = "tests") -> Draft:
    """Return the draft that puts *fact* on record."""
    return Draft("evidence", {"kind": KIND_OF[type(fact)], "by": by, "facts": to_json(fact)})


def condition(code: str, detail: str = "seen", by: str = "tests") -> Draft:
    """Return the draft that raises a condition."""
    return Draft("condition-raised", {"code": code, "detail": detail, "by": by})


def clearing(code: str) -> Draft:
    """Return the draft with which a person clears a condition."""
    return Draft("condition-cleared", {"code": code, "reason": "mended", "forgets": list(row_of(code).forgets)})
