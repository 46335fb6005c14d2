"""Vaulted, item by item: the table of vault against manifest, and the guards that read it.

An item is vaulted when both witnesses agree on a recovery point, what landed is of the size that was sealed, and a
later look saw the point still. What a person accepts instead, the waiver of a condition's code says.

The vault gives no size of a point; the agent does. Agents compress by 10 to 20 percent and page blobs are padded, so a
size fits between LEAST_PERCENT of the smaller and MOST_PERCENT of the larger of sealed and source bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from states.facts import KIND_OF, Copied, ItemOnDevice
from states.landing import AgentSeen, ItemInVault, PointsSeen, Sighting, VaultSeen
from states.run import Run
from states.witnesses import Testimony, hear, servers_differ

LEAST_PERCENT, MOST_PERCENT = 75, 150
BETWEEN_LOOKS = timedelta(minutes=10)  # two looks that are nearer to each other are one

Verdict = Literal[
    "vaulted", "accepted", "seen-once", "point-vanished", "size-implausible",
    "witnesses-disagree", "witness-missing", "not-yet",
]  # fmt: skip
CONDITIONS = ("witness-missing", "witnesses-disagree", "size-implausible", "point-vanished")  # verdicts that are, too


@dataclass(frozen=True)
class Reckoned:
    """One item: what was sealed, what landed, what both witnesses show, and what that amounts to.

    `landed_bytes` is what the agent says; None while it says nothing. `why` tells what the verdict rests on.
    """

    item: str
    sealed_bytes: int
    landed_bytes: int | None
    vault_points: int
    agent_points: int
    verdict: Verdict
    why: str = ""


def reckon(run: Run, now: datetime | None = None) -> tuple[Reckoned, ...]:
    """Return the table of vault against manifest, a row an item of the plan.

    *now* (UTC) tells a witness that is late from one that may still speak; a guard asks without it.
    """
    return tuple(_reckon(run, item.name, now) for item in run.plan.items)


def every_item_has_a_recovery_point(run: Run) -> str | None:
    """Agent and vault both show an online recovery point dated after ingestion for each item, and agree about it."""
    rows = reckon(run)
    told = [row.why for row in rows if row.verdict in ("witness-missing", "witnesses-disagree")]
    if none := items_without_a_point(run):
        told.insert(0, f"no recovery point after ingestion for {', '.join(none)}: {_why_none(run)}")
    return "; ".join(told) or None


def what_landed_is_whole(run: Run) -> str | None:
    """The size that the agent says it moved into the vault fits what was sealed, item by item."""
    rows = reckon(run)
    if none := [row.item for row in rows if row.verdict == "not-yet"]:
        return f"{', '.join(none)}: nothing has landed yet; wait for the next scheduled backup"
    return "; ".join(row.why for row in rows if row.verdict == "size-implausible") or None


def every_point_was_seen_again(run: Run) -> str | None:
    """A later look still shows each item's recovery point: a single one may be a slip."""
    rows = reckon(run)
    if gone := "; ".join(row.why for row in rows if row.verdict == "point-vanished"):
        return gone
    once = [row.item for row in rows if row.verdict not in ("vaulted", "accepted")]
    return f"{', '.join(once)}: not seen in two looks yet; wait for the next one" if once else None


def items_without_a_point(run: Run) -> list[str]:
    """Return the names of items for which no witness shows a recovery point dated after ingestion."""
    return [row.item for row in reckon(run) if row.verdict == "not-yet"]


def sighted(run: Run, now: datetime) -> PointsSeen:
    """Return what the looks so far, and the one at *now* (UTC) that is on record in *run*, saw of each item's point.

    For a look in which both witnesses answered.
    """
    before = {seen.item: seen for seen in _sightings(run)}
    found = (_sight(before.get(i.name), i.name, hear(run, i.name, now), now) for i in run.plan.items)
    return PointsSeen(tuple(one for one in found if one))


def _sight(before: Sighting | None, name: str, heard: Testimony, now: datetime) -> Sighting | None:
    if before is None:
        return Sighting(name, heard.point, heard.points, now) if heard.point else None
    if heard.shown and heard.point is None:
        return before  # they contradict each other about it, but it is there
    if heard.point is None or heard.point < before.point or heard.points < before.points:
        return replace(before, first=None, again=None)
    if before.first is None:
        return replace(before, first=now)
    if before.again is None and now - before.first >= BETWEEN_LOOKS:
        return replace(before, again=now)
    return before


def _reckon(run: Run, name: str, now: datetime | None) -> Reckoned:
    sealed, agent, vault = _on_device(run, name), _shown(run.get(AgentSeen), name), _shown(run.get(VaultSeen), name)
    heard = hear(run, name, now)
    verdict, why = _verdict(run, name, heard, agent, sealed)
    return Reckoned(
        item=name,
        sealed_bytes=sealed.bytes if sealed else 0,
        landed_bytes=agent.bytes if agent and agent.points and heard.verdict != "not-yet" else None,
        vault_points=vault.points if vault else 0,
        agent_points=agent.points if agent else 0,
        verdict=verdict,
        why=why,
    )


def _verdict(
    run: Run, name: str, heard: Testimony, agent: ItemInVault | None, sealed: ItemOnDevice | None
) -> tuple[Verdict, str]:
    seen = next((one for one in _sightings(run) if one.item == name), None)
    if seen and seen.first is None:
        told = f"{name}: its point of {seen.point:%Y-%m-%d %H:%M} UTC was there and no longer is"
        return "point-vanished", f"{told}; find out who deleted it"
    if heard.verdict != "agree":
        accepted = _accepted(run, heard.verdict)
        return ("accepted", f"waived: {accepted}") if accepted else (heard.verdict, heard.why)
    landed = agent.bytes if agent else 0
    if "size-implausible" not in run.waivers and (why := _does_not_fit(landed, sealed)):
        return "size-implausible", f"{name}: {why}"
    return ("vaulted", "") if seen and seen.again else ("seen-once", f"{name}: not seen in two looks yet")


def _accepted(run: Run, verdict: str) -> str | None:
    """Return why a person lets one witness's word do. To a guard, which has no clock, late silence is silence."""
    if verdict == "not-yet":
        return None
    missing = run.waivers.get("witness-missing") if verdict == "witness-missing" else None
    return missing or run.waivers.get("witnesses-disagree")


def _does_not_fit(landed: int, sealed: ItemOnDevice | None) -> str | None:
    sizes = [size for size in (sealed.bytes, sealed.source_bytes) if size] if sealed else []
    sizes = sizes or [0]
    if min(sizes) * LEAST_PERCENT <= landed * 100 <= max(sizes) * MOST_PERCENT:
        return None
    if not landed:
        return f"the agent names no size of its recovery point, and {sizes[0]:,} bytes were sealed; find out its size"
    least = "less" if landed < sizes[0] else "more"
    return f"{landed:,} bytes landed in the vault, {least} than fits the {sizes[0]:,} that were sealed; find out why"


def _why_none(run: Run) -> str:
    """Return the exact reason why there is no recovery point yet: the nearest one that the evidence shows."""
    agent, server = run.get(AgentSeen), run.plan.server
    if "agent-silent" in run.conditions:
        return f"the backup server {server} is silent; look whether it is up and its worker runs"
    if agent is None:
        return f"the backup agent of {server} has not answered yet; run `seeding advance {run.run_id}`"
    if reason := servers_differ(run):
        return f"{reason}; find out whether it was renamed"
    if agent.cannot_authenticate:
        return f"the agent of {server} cannot sign in to read the order's state; sign in again in the backup console"
    if not agent.schedule_enabled:
        return f"the online schedule of {server} is paused; enable it in the backup console"
    if agent.next_run is None:
        return f"the agent of {server} names no next backup; set its schedule in the backup console"
    asked_at = run.evidence_at.get(KIND_OF[AgentSeen])
    due = f"{agent.next_run:%Y-%m-%d %H:%M} UTC"
    if asked_at is not None and agent.next_run <= asked_at:
        return f"the backup of {server} was due {due} and has not run; enable its task in the Task Scheduler"
    return f"the agent moves the seed at its next scheduled backup, {due}; wait for it"


def _shown(seen: VaultSeen | AgentSeen | None, name: str) -> ItemInVault | None:
    return next((item for item in seen.items if item.name == name), None) if seen else None


def _on_device(run: Run, name: str) -> ItemOnDevice | None:
    copied = run.get(Copied)
    return next((item for item in copied.items if item.name == name), None) if copied else None


def _sightings(run: Run) -> tuple[Sighting, ...]:
    seen = run.get(PointsSeen)
    return seen.sightings if seen else ()
