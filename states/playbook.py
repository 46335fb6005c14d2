"""What to do in each state, in order: the rows a pass walks, and `next_step`, which picks one.

A row is either work of ours (act), a look at the world (look), or a question to a person (ask). The first row whose
guard still refuses is what the run is waiting for. Looks go on while a run is blocked; acts do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from states import clean_up as c
from states import guards as g
from states import incremental as i
from states import vaulting as v
from states.conditions import blocking, row_of
from states.facts import DevicesNamed, PickupBooked
from states.lifecycle import STATES, Turn, forward_from
from states.machine import reasons_against
from states.own_disk import OWN_DISK_PLAYBOOK, on_the_parcel
from states.run import Run
from states.steps import Ask, Do, Move, Over, Row, Step, Wait, hours, minutes

__all__ = ["BESIDE", "PLAYBOOK", "VERBS", "Ask", "Do", "Move", "Over", "Row", "Step", "Wait", "next_step", "rows_of"]


def the_device_is_at_the_office(run: Run) -> str | None:
    """Azure says Delivered, and it has named the devices' serial numbers."""
    if reason := g.the_carrier_delivered(run):
        return reason
    if run.get(DevicesNamed):
        return None
    return f"Azure has not named the devices of order {run.job_name} yet; wait, it does so soon after the delivery"


def a_pickup_is_booked(run: Run) -> str | None:
    """The carrier was asked to come."""
    if run.get(PickupBooked):
        return None
    return f"no pick-up of {run.job_name} is booked yet; run `seeding advance {run.run_id}`"


def no_device_of_azures_is_here(run: Run) -> str | None:
    """Nothing of Azure's lies at the office or comes there: its days are counted, and its order may end any day."""
    if run.plan.mode == "own-disk":
        return None
    return f"the device of {run.job_name} is at the office or comes there, and its order may end; wait"


def the_run_is_over(run: Run) -> str | None:
    """Nothing more will happen."""
    return None if STATES[run.state].turn is Turn.OVER else f"{run.run_id} is {run.state}; wait"


# fmt: off
PLAYBOOK: dict[str, tuple[Row, ...]] = {
    "planned": (
        Row("act",  "order",          g.the_order_exists,             minutes(5), "Azure"),
    ),
    "ordered": (
        Row("look", "watch-delivery", the_device_is_at_the_office,    hours(12),  "Azure and the carrier"),
        Row("ask",  "watch-delivery", g.the_office_confirmed_the_planned_device, hours(24), "the office",
            "The device is delivered. Is it intact, and which serial number is on its label?",
            "seeding record {run} delivered --serial SERIAL"),
        Row("act",  "check-device",   g.the_device_is_empty_and_writable, minutes(15), "the office's server"),
    ),
    "delivered": (
        Row("act",  "draw-sample",    c.a_sample_is_drawn,            minutes(15), "the office's server"),
        Row("act",  "copy",           g.every_item_is_on_the_device,  minutes(5), "the copy"),
        Row("act",  "seal",           g.the_manifest_is_sealed,       minutes(5), "the seal"),
        Row("act",  "verify",         g.every_byte_was_read_again,    minutes(5), "the second reading"),
        Row("ask",  "watch-return",   g.the_device_is_prepared_to_ship, hours(24), "the office",
            "The seed is on the device and was read again. Run Prepare to ship in the device's local web page "
            "(Data Box), or remove the disks safely (Data Box Disk). Did it end without errors?",
            "seeding record {run} prepared --reference NUMBER"),
    ),
    "copied": (
        Row("act",  "book-pickup",    a_pickup_is_booked,             minutes(15), "the carrier"),
        Row("ask",  "watch-return",   g.the_office_handed_it_over,    hours(24),  "the office",
            "The pick-up is booked. Has the carrier taken the device?",
            "seeding record {run} handed-over --carrier NAME --tracking NUMBER"),
        Row("look", "watch-return",   g.the_carrier_has_it,           hours(12),  "the carrier"),
    ),
    "shipped": (
        Row("look", "watch-ingestion", g.the_job_completed_cleanly,   hours(12),  "the carrier and the datacenter"),
        Row("look", "watch-ingestion", g.the_copy_log_is_clean,       hours(2),   "the datacenter"),
        Row("act",  "reconcile",      g.the_account_equals_the_manifest, hours(2), "the comparison"),
    ),
    "ingested": (
        Row("look", "watch-vault",    v.every_item_has_a_recovery_point, hours(1), "the next scheduled backup"),
        Row("look", "watch-vault",    v.what_landed_is_whole,         hours(1),   "the backup agent"),
        Row("look", "watch-vault",    v.every_point_was_seen_again,   minutes(30), "a second look"),
    ),
    "vaulted": (
        # A full upload must be seen while little of it has gone: 15 minutes of a 1 Gbps line are 0.1 TB.
        Row("look", "schedule-incrementals", i.the_schedule_runs_ahead, minutes(15), "the backup agent"),
        Row("look", "schedule-incrementals", i.a_first_incremental_succeeded, minutes(15), "the first incremental"),
    ),
    "incremental-scheduled": (
        Row("act",  "restore-sample", c.a_sample_was_restored,        hours(6),   "the sample restore"),
        Row("look", "file-papers",    c.the_papers_are_filed,         hours(24),  "the order's papers"),
        Row("ask",  "schedule-incrementals", c.somebody_approved_the_close, hours(168), "the operator",
            "Every item is vaulted and incrementals run. May the seed's containers, staging and order be deleted?",
            "seeding close {run}"),
        Row("act",  "close",          c.the_left_overs_are_released,  hours(1),   "the clean-up"),
    ),
}

# Looks that go on beside the rows of a state, whatever the run waits for: what must not change, and what soon expires.
_FREEZE = Row("look", "watch-freeze", the_run_is_over,        hours(24), "Azure and the backup server")
_PAPERS = Row("look", "file-papers",  c.the_papers_are_filed, hours(24), "Azure")
BESIDE: dict[str, tuple[Row, ...]] = {
    "ordered":               (Row("look", "watch-delivery", no_device_of_azures_is_here, hours(24), "Azure"),),
    "delivered":             (Row("look", "watch-return", no_device_of_azures_is_here, hours(24), "Azure"),),
    "copied":                (_FREEZE,),
    "shipped":               (_FREEZE,),
    "ingested":              (_FREEZE, _PAPERS),
    "vaulted":               (_FREEZE, _PAPERS),
    "incremental-scheduled": (_FREEZE,),
}
# fmt: on


def rows_of(run: Run) -> tuple[Row, ...]:
    """Return the rows of the run's state in its mode."""
    if run.plan.mode == "own-disk" and run.state in OWN_DISK_PLAYBOOK:
        return OWN_DISK_PLAYBOOK[run.state]
    return PLAYBOOK[run.state]


def next_step(run: Run, now: datetime, looked: Mapping[str, datetime]) -> Step:
    """Return what to do for *run* at *now* (UTC). *looked* says when each verb was last performed.

    *looked* is a cache that may be lost: a missing entry means "look now", which is always harmless.
    """
    if STATES[run.state].turn is Turn.OVER:
        return Over(run.state)
    stopped = blocking(run)
    row = next((row for row in rows_of(run) if row.until(run) is not None), None)
    edge = forward_from(run.state)
    if row is None and edge and not reasons_against(edge, run):
        return Move(edge.trigger)
    if row is not None and _due(row, now, looked) <= now and not (stopped and row.kind == "act"):
        return Do(row.verb)
    beside = {one.verb: _due(one, now, looked) for one in BESIDE.get(run.state, ()) if one.until(run) is not None}
    late = next((verb for verb, due in beside.items() if due <= now), None)
    if late:
        return Do(late)
    if row is None:
        return _stopped(run, stopped, now, min([now + timedelta(hours=24), *beside.values()]))
    due = min([_due(row, now, looked), *beside.values()])
    if stopped:
        return _stopped(run, stopped, now, due)
    if row.kind == "ask":
        until = max(due, now + timedelta(minutes=1))
        question = row.question.format(on_the_parcel=on_the_parcel(run))
        return Ask(row.on, question, row.command.format(run=run.run_id), _since(run), until)
    return Wait(row.on, row.until(run) or "", _since(run), due)


def _due(row: Row, now: datetime, looked: Mapping[str, datetime]) -> datetime:
    return looked[row.verb] + row.every if row.verb in looked else now


def _stopped(run: Run, codes: tuple[str, ...], now: datetime, until: datetime) -> Step:
    """What a blocked run asks for: its first blocking condition's remedy; a refused edge's reasons otherwise."""
    until = max(until, now + timedelta(minutes=1))
    if not codes:
        edge = forward_from(run.state)
        reasons = "; ".join(reasons_against(edge, run)) if edge else ""
        return Ask("the operator", reasons, f"seeding explain {run.run_id}", _since(run), until)
    raised, row = run.conditions[codes[0]], row_of(codes[0])
    question = f"{row.means}: {raised.detail}" if raised.detail else row.means
    who = row.whose if row.whose == "Azure" else f"the {row.whose}"
    return Ask(who, question, row.remedy.format(run=run.run_id), raised.at, until, raised.code)


def _since(run: Run) -> datetime:
    times = [at for kind, at in run.evidence_at.items() if kind != "job-seen"]
    return max([run.since, *times])


_ALL_ROWS = (*PLAYBOOK.values(), *OWN_DISK_PLAYBOOK.values(), *BESIDE.values())
VERBS = tuple(dict.fromkeys(row.verb for rows in _ALL_ROWS for row in rows))
