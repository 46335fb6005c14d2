"""The site of a rehearsal's office as deploy/wiring.py makes it, but the stand-in agent answers in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from deploy import wiring
from deploy.inventory import load
from deploy.office import backup_agent
from deploy.rehearsal import agent as stand_in
from deploy.rehearsal.control import Control, Refused
from deploy.settings import settings
from states.plan import Plan
from tasks.errors import NotYet
from tasks.office.agent import AgentCommand, AgentRefuses
from tasks.ports import Site


class AgentHere(AgentCommand):
    """The stand-in of the backup agent, asked without a process of its own."""

    def __init__(self, command: Sequence[str]) -> None:
        super().__init__(command)
        self._fixed = list(command)[3:]  # without `python -m deploy.rehearsal.agent`

    def ask(self, verb: str, *arguments: str, timeout_seconds: float | None = None) -> dict[str, Any]:
        """Return its document. Raises as AgentCommand does."""
        asked = stand_in.arguments([verb, *self._fixed, *arguments])
        try:
            document = stand_in.answered(Control(asked.control, asked.ca), asked)
        except Refused as silent:
            raise NotYet(f"the backup agent printed no answer to {verb}: {silent}") from None
        if error := document.get("error"):
            raise AgentRefuses(f"the backup agent refuses {verb}: {error['message']}")
        return document


def site_of(home: Path, plan: Plan) -> Site:
    """Return the site of the plan's office, in the rehearsal's *home*."""
    inventory = load(settings(home).inventory_at_home)
    site, entry = wiring.site(settings(home), inventory, plan), inventory.office(plan.office)
    assert entry is not None
    here, agent = AgentHere(entry.agent.command or ()), backup_agent(entry)
    agent = replace(agent, witness=replace(agent.witness, command=here))  # type: ignore[type-var]
    office: Any = site.office
    samples: Any = site.samples
    return replace(site, office=replace(office, backup_agent=agent), samples=replace(samples, command=here))
