"""One good seeding run in the own-disk mode, told step by step: the own-disk part of `stories`.

`run_in(state)` is the run as it arrived there, `lines_to(state)` its journal. Two drives carry the seed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import stories
from stories import ACTOR, DIGEST, PLAN, STEP, T0, after

from states.facts import (
    Copied,
    CopyLogRead,
    DriveCopy,
    DriveReady,
    DrivesPrepared,
    DrivesReserved,
    DrivesSeen,
    Evidence,
    FormatAllowed,
    HandedOver,
    JobFiled,
    JobSeen,
    Sealed,
    Stage,
    Verified,
)
from states.fold import fold
from states.lines import Line
from states.plan import Drive, OwnDisk, Plan
from states.run import Run
from states.settle import Outcome, settle
from states.stages import DRIVE_STAGE_ORDER

RUN_ID = "leeds-2026-11"
DRIVES = ("WD-1", "WD-2")
OWN_PLAN = replace(
    PLAN, restore_sample=False,
    office="leeds", country="GB", mode="own-disk", agent="mars", sku="DataBoxCustomerDisk", job_name="leeds0123",
    location="ukwest", server="LEE-BACKUP01", device_bytes=8 * 10**12,
    own_disk=OwnDisk(
        staging="/srv/seed", container="seed-leeds", drives=tuple(Drive(s, 8 * 10**12) for s in (*DRIVES, "WD-3")),
        copy_computer="LEE-BACKUP01", return_carrier="DHL",
    ),
)  # fmt: skip
COPIED = Copied("", tuple(stories.on_device(item.name, item.bytes) for item in OWN_PLAN.items))
SEALED = Sealed("", DIGEST, files=2, bytes=1_000, manifest="leeds0123-.manifest")
PREPARED = DrivesPrepared(
    DIGEST, tuple(DriveReady(serial, "\\DriveManifest.xml", "0" * 32, 500, 2) for serial in DRIVES)
)
HANDED = HandedOver("jo", "DHL", "JD0001")


def job(stage: str, copied: str = "", at: datetime = T0, states: tuple[str, ...] = (), **changes) -> JobSeen:
    """Return the import job at *stage*, every stage dated *at*; *copied* is its copy's status, *states* its drives'."""
    reached = DRIVE_STAGE_ORDER[: DRIVE_STAGE_ORDER.index(stage) + 1] if stage in DRIVE_STAGE_ORDER else (stage,)
    stages = tuple(Stage(name, copied if name == "DataCopy" else "Succeeded", at) for name in reached)
    drives = tuple(DriveCopy(serial, state) for serial, state in zip(DRIVES, states, strict=False))
    known = dict(
        job_name="leeds0123", job_id="/jobs/leeds0123", sku="DataBoxCustomerDisk", stages=stages, drives=drives
    )
    return JobSeen(**{**known, "stage": stage, **changes})


def brought_in(state: str, landed: datetime = T0) -> tuple[Outcome, ...]:
    """Return, in order, what a good run of this mode is brought while it is *state*."""
    done = job("Completed", "Succeeded", states=("Completed", "Completed"), deletable=True)
    by_state: dict[str, tuple[tuple[str, tuple[Evidence, ...]], ...]] = {
        "planned": (("reserve-drives", (DrivesReserved(DRIVES, "leeds0123", 10_000, 1_000),)),),
        "ordered": (("record", (FormatAllowed(DRIVES, "jo"),)), ("check-drives", (DrivesSeen(DRIVES),))),
        "delivered": (
            ("copy", (COPIED,)),
            ("seal", (SEALED,)),
            ("prepare-drives", (PREPARED, Verified(DIGEST, 2, 1_000))),
            ("create-import-job", (job("AwaitingShipmentDetails", cancellable=True),)),
        ),
        "copied": (("record", (HANDED,)), ("mark-shipped", (job("ShippedToAzureDC"),))),
        "shipped": (
            ("watch-ingestion", (done, JobFiled("leeds0123", "leeds0123-job-0.json", "0" * 64),
                                 CopyLogRead("Succeeded", 2, 0, 0))),
            ("reconcile", (stories.RECONCILED,)),
        ),
    }  # fmt: skip
    if state in by_state:
        return tuple(Outcome(verb, evidence) for verb, evidence in by_state[state])
    return stories.brought_in(state, landed)


def lines_to(state: str, plan: Plan = OWN_PLAN, run_id: str = RUN_ID) -> list[Line]:
    """Return the journal of the good run up to its arrival in *state*."""
    lines = stories.first_lines(run_id, plan)
    run, now = fold(lines), T0
    while run.state != state:
        here = run.state
        for outcome in brought_in(here, run.since):
            now += STEP
            new = settle(run, outcome, now, ACTOR)
            lines += new
            run = after(run, new)
        assert run.state != here, f"the good run stays {here}"
    return lines


def run_in(state: str, run_id: str = RUN_ID, own_disk: OwnDisk | None = None) -> Run:
    """Return the good run as it arrived in *state*, with another own-disk part where one is given."""
    plan = replace(OWN_PLAN, own_disk=own_disk) if own_disk else OWN_PLAN
    return fold(lines_to(state, plan, run_id))
