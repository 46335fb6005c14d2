"""The lifecycle of one seeding run: every state, every edge, and whose turn it is.

Rule 1. Everything that decides where a run may go lives in this file or in a guard named here.
Rule 2. This file knows nothing of Azure's clients, disks, clocks or Prefect. It cannot cheat.
Rule 3. What goes wrong is a condition beside the state (conditions.py), never another state.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from states import clean_up as c
from states import guards as g
from states import incremental as i
from states import own_disk as d
from states import vaulting as v


class Turn(Enum):
    """Whose move it is; deadlines, forms and the diagram all read this one field."""

    OURS = "we act now"
    THEIRS = "someone else acts while a clock runs"
    PERSON = "a person decides or acts"
    OVER = "nothing more happens"


@dataclass(frozen=True)
class State:
    """One row of the lifecycle."""

    name: str
    turn: Turn
    means: str


@dataclass(frozen=True)
class Edge:
    """One way from a state to another, and what must be true before it may be taken."""

    trigger: str
    source: str
    target: str
    needs: tuple[g.Guard, ...] = ()
    own_disk: tuple[g.Guard, ...] | None = None  # what the own-disk mode needs, where it differs

    def needs_in(self, mode: str) -> tuple[g.Guard, ...]:
        """Return the guards of this edge in that mode."""
        return self.own_disk if mode == "own-disk" and self.own_disk is not None else self.needs


# fmt: off
STATES = {s.name: s for s in (
    State("planned",               Turn.OURS,   "the plan passed every rule, or each breach has a recorded waiver"),
    State("ordered",               Turn.THEIRS, "the device order exists in Azure; the device is on its way"),
    State("delivered",             Turn.OURS,   "the planned device is at the office, writable and empty enough"),
    State("copied",                Turn.PERSON, "the seed is on the device, read again, sealed and ready to ship"),
    State("shipped",               Turn.THEIRS, "the carrier has the device"),
    State("ingested",              Turn.THEIRS, "the storage account holds every sealed byte"),
    State("vaulted",               Turn.THEIRS, "agent and vault agree: every item has a recovery point of its size"),
    State("incremental-scheduled", Turn.OURS,   "the schedule is enabled and a first small incremental succeeded"),
    State("closed",                Turn.OVER,   "the left-overs are released and the run is filed"),
    State("cancelled",             Turn.OVER,   "nothing more will happen; the journal says why"),
    State("abandoned",             Turn.OVER,   "given up; the journal says why and which run takes over"),
)}

MILESTONES = ("planned", "ordered", "delivered", "copied", "shipped",
              "ingested", "vaulted", "incremental-scheduled", "closed")
FIRST = MILESTONES[0]

FORWARD = (
    Edge("order",    "planned",   "ordered",   (g.nothing_blocks, g.the_order_exists),
                                               (g.nothing_blocks, d.the_drives_are_reserved)),
    Edge("deliver",  "ordered",   "delivered", (g.nothing_blocks, g.the_carrier_delivered,
                                                g.the_office_confirmed_the_planned_device,
                                                g.the_device_is_empty_and_writable),
                                               (g.nothing_blocks, d.somebody_allowed_formatting,
                                                d.the_drives_are_fit)),
    Edge("seal",     "delivered", "copied",    (g.nothing_blocks, c.a_sample_is_drawn, g.every_item_is_on_the_device,
                                                g.the_manifest_is_sealed, g.every_byte_was_read_again,
                                                g.the_device_is_prepared_to_ship),
                                               (g.nothing_blocks, c.a_sample_is_drawn, g.every_item_is_on_the_device,
                                                g.the_manifest_is_sealed, d.every_sealed_byte_is_on_a_drive,
                                                g.every_byte_was_read_again, d.the_import_job_exists)),
    Edge("hand-over", "copied",   "shipped",   (g.nothing_blocks, g.every_byte_was_read_again,
                                                g.the_office_handed_it_over, g.the_carrier_has_it),
                                               (g.nothing_blocks, g.every_byte_was_read_again,
                                                d.the_parcel_has_a_number, d.azure_knows_the_parcel)),
    Edge("ingest",   "shipped",   "ingested",  (g.nothing_blocks, g.the_job_completed_cleanly,
                                                g.the_copy_log_is_clean, g.the_account_equals_the_manifest),
                                               (g.nothing_blocks, g.the_job_completed_cleanly,
                                                d.every_drive_was_copied, g.the_copy_log_is_clean,
                                                g.the_account_equals_the_manifest)),
    Edge("vault",    "ingested",  "vaulted",   (g.nothing_blocks, v.every_item_has_a_recovery_point,
                                                v.what_landed_is_whole, v.every_point_was_seen_again)),
    Edge("schedule", "vaulted",   "incremental-scheduled",
                                               (g.nothing_blocks, v.every_item_has_a_recovery_point,
                                                v.what_landed_is_whole, v.every_point_was_seen_again,
                                                i.the_schedule_runs_ahead, i.a_first_incremental_succeeded)),
    Edge("close",    "incremental-scheduled", "closed",
                                               (g.nothing_blocks, c.a_sample_was_restored, c.the_papers_are_filed,
                                                c.somebody_approved_the_close, c.the_left_overs_are_released)),
)
BACKWARD = (
    Edge("reopen",  "copied",    "delivered",  (), (d.the_import_job_is_gone,)),
    Edge("reorder", "ordered",   "planned"),
    Edge("reorder", "delivered", "planned"),
    Edge("reorder", "copied",    "planned"),
    Edge("reorder", "shipped",   "planned",    (), (d.the_datacenter_is_done_with_the_drives,)),
    Edge("reorder", "ingested",  "planned"),
)
# An order made by hand whose device has left the office; what is on it its manifest says.
ADOPTION = (
    Edge("adopt",   "ordered",   "shipped",   (g.nothing_blocks, g.the_order_exists, g.the_manifest_is_sealed,
                                               g.the_carrier_has_it),
                                              (d.no_import_job_is_adopted,)),
)
# fmt: on
ENDINGS = (
    *(Edge("cancel", s, "cancelled", (g.the_order_can_be_cancelled,)) for s in ("planned", "ordered")),
    *(Edge("abandon", s.name, "abandoned") for s in STATES.values() if s.turn is not Turn.OVER),
)
EDGES = (*FORWARD, *BACKWARD, *ADOPTION, *ENDINGS)


def forward_from(state: str) -> Edge | None:
    """Return the one edge that leads on from *state*, or None where a run is over."""
    return next((edge for edge in FORWARD if edge.source == state), None)


def is_later(state: str, than: str) -> bool:
    """Say whether *state* is a milestone that comes after the milestone *than*."""
    return state in MILESTONES and than in MILESTONES and MILESTONES.index(state) > MILESTONES.index(than)


def check(states: dict[str, State], edges: tuple[Edge, ...]) -> None:
    """Refuse a table that `transitions` would accept and a run would trip over weeks later. Raises ValueError."""
    for edge in edges:
        for end in (edge.source, edge.target):
            if end not in states:
                raise ValueError(f"edge {edge.trigger} joins {end!r}, which is no state")
    seen: set[tuple[str, str]] = set()
    for edge in edges:
        if (edge.trigger, edge.source) in seen:
            raise ValueError(f"trigger {edge.trigger} leaves {edge.source} twice")
        seen.add((edge.trigger, edge.source))
    stuck = set(states) - {edge.source for edge in edges}
    over = {state.name for state in states.values() if state.turn is Turn.OVER}
    if stuck != over:
        raise ValueError(f"without a way out but not OVER, or OVER with one: {', '.join(sorted(stuck ^ over))}")


check(STATES, EDGES)
