"""The two witnesses of a seed's landing, the office's agent and the vault: what each says of an item, and together.

Both must show an online recovery point dated after ingestion. One alone is waited for as long as a vault may lag
behind a server; then its silence is a contradiction, like dates, counts or servers that do not fit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from states.facts import KIND_OF
from states.landing import AgentSeen, ItemInVault, VaultSeen
from states.run import Run

LAG = timedelta(hours=26)  # the vault hears of a server's points within a day
POINTS_A_DAY = 3  # as many as a server's schedule may make meanwhile
SKEW = timedelta(hours=1)  # a server's clock may be ahead of ours by this
_PENDING = ("irpending", "invalid", "")  # how the vault words an item that has no first copy yet

Word = Literal["yes", "not-yet", "no"]


@dataclass(frozen=True)
class Testimony:
    """What both say of one item; *point* and *points* are the older date and the smaller count where they agree.

    *shown*: both show a point after ingestion, whatever else they say of it.
    """

    verdict: Literal["agree", "not-yet", "witness-missing", "witnesses-disagree"]
    why: str = ""
    point: datetime | None = None
    points: int = 0
    shown: bool = False


@dataclass(frozen=True)
class _Said:
    """One witness's word on one item."""

    who: str
    word: Word
    item: ItemInVault | None
    why: str = ""

    @property
    def point(self) -> str:
        """The newest point it shows, in words."""
        return f"a point of {self.item.latest:%Y-%m-%d %H:%M} UTC" if self.item and self.item.latest else "no point"


def hear(run: Run, name: str, now: datetime | None = None) -> Testimony:
    """Return what both witnesses say of the item *name*.

    *now* (UTC) tells a witness that is late from one that may still speak; without it nobody is late.
    """
    vault, agent = _of_vault(run, name), _of_agent(run, name)
    words = (vault.word, agent.word)
    if "yes" not in words:
        return Testimony("not-yet")
    shown = "not-yet" not in words
    if reason := servers_differ(run):
        return _disagree(f"{name}: {reason}", shown)
    if "no" in words:
        denier, other = (vault, agent) if vault.word == "no" else (agent, vault)
        return _disagree(f"{name}: {denier.who} {denier.why}, while {other.who} shows {other.point}", shown)
    if not shown:
        silent, speaker = (vault, agent) if agent.word == "yes" else (agent, vault)
        return _one_alone(name, silent, speaker, run.reached("ingested") or run.since, now)
    return _compare(name, vault.item, agent.item)


def servers_differ(run: Run) -> str | None:
    """Return why the witnesses do not speak of the plan's server, or None."""
    agent, wanted = run.get(AgentSeen), run.plan.server
    if agent and agent.server and not same_host(wanted, [agent.server]):
        return f"the agent answers for the server {agent.server}, the plan and the vault know it as {wanted}"
    return None


def same_host(server: str, names: Iterable[str]) -> bool:
    """Say whether one of *names* is this host: equal without case; without a domain on one side, the first label."""
    wanted = server.casefold()
    for name in (name.casefold() for name in names if name):
        short = "." not in name or "." not in wanted
        if name == wanted or (short and name.split(".")[0] == wanted.split(".")[0]):
            return True
    return False


def _of_vault(run: Run, name: str) -> _Said:
    seen, heard_at = run.get(VaultSeen), run.evidence_at.get(KIND_OF[VaultSeen])
    said = _said("the vault", _named(seen.items if seen else (), name), run.reached("ingested"), heard_at)
    item = said.item
    if said.word == "yes" and item and item.counted and abs(item.counted - item.points) > POINTS_A_DAY:
        why = f"counts {item.counted} points in its summary and lists {item.points}"
        return _Said(said.who, "no", item, why)
    return said


def _of_agent(run: Run, name: str) -> _Said:
    seen, heard_at = run.get(AgentSeen), run.evidence_at.get(KIND_OF[AgentSeen])
    return _said("the agent", _named(seen.items if seen else (), name), run.reached("ingested"), heard_at)


def _said(who: str, item: ItemInVault | None, landed: datetime | None, heard_at: datetime | None) -> _Said:
    if item is None or landed is None or not item.points or item.latest is None or item.latest <= landed:
        return _Said(who, "not-yet", item)
    if heard_at is not None and item.latest > heard_at + SKEW:
        return _Said(who, "no", item, f"dates a point {item.latest:%Y-%m-%d %H:%M} UTC, in the future")
    if item.protected:
        return _Said(who, "yes", item)
    if item.state.casefold() in _PENDING:
        return _Said(who, "not-yet", item)
    return _Said(who, "no", item, f"calls it {item.state}")


def _one_alone(name: str, silent: _Said, speaker: _Said, landed: datetime, now: datetime | None) -> Testimony:
    assert speaker.item is not None and speaker.item.latest is not None
    due = max(speaker.item.oldest or speaker.item.latest, landed) + LAG  # newer points must not put it off
    told = f"{name}: {speaker.who} shows {speaker.point}, {silent.who} shows none"
    if now is not None and now > due:
        return _disagree(f"{told}, though it was due by {due:%Y-%m-%d %H:%M} UTC")
    return Testimony("witness-missing", f"{told} yet; wait, it is expected by {due:%Y-%m-%d %H:%M} UTC")


def _compare(name: str, vault: ItemInVault | None, agent: ItemInVault | None) -> Testimony:
    assert vault and agent and vault.latest and agent.latest
    if abs(vault.latest - agent.latest) > LAG:
        dates = f"{vault.latest:%Y-%m-%d %H:%M} UTC in the vault, {agent.latest:%Y-%m-%d %H:%M} UTC by the agent"
        return _disagree(f"{name}: its newest point is of {dates}", shown=True)
    if abs(vault.points - agent.points) > POINTS_A_DAY:
        return _disagree(f"{name}: the vault lists {vault.points} points, the agent {agent.points}", shown=True)
    return Testimony("agree", "", min(vault.latest, agent.latest), min(vault.points, agent.points), shown=True)


def _disagree(why: str, shown: bool = False) -> Testimony:
    return Testimony("witnesses-disagree", f"{why}; find out which of them is wrong", shown=shown)


def _named(items: Iterable[ItemInVault], name: str) -> ItemInVault | None:
    return next((item for item in items if item.name == name), None)
