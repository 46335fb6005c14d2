"""A site whose backup agent is the stand-in, asked in this process: a new Python for each look would be slow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from deploy.inventory import Office
from deploy.office import backup_agent
from deploy.rehearsal import agent as stand_in
from deploy.rehearsal.control import Control, Refused
from tasks.errors import NotYet
from tasks.office.agent import AgentCommand, AgentRefuses
from tasks.ports import Site

PROGRAM = ("python", "-m", "deploy.rehearsal.agent")  # what a rehearsal's inventory begins its command with


class AgentHere(AgentCommand):
    """The stand-in's answers without its process. *fixed* are the arguments that the inventory's command gives it."""

    def __init__(self, fixed: Sequence[str], control: Control | None = None) -> None:
        """Nothing is asked yet. *control* is the world's own door, where that is not on the wire."""
        super().__init__(())
        self._fixed, self._control = list(fixed), control

    def ask(self, verb: str, *arguments: str, timeout_seconds: float | None = None) -> dict[str, Any]:
        """Return its document. Raises as AgentCommand does."""
        asked = stand_in.arguments([verb, *self._fixed, *arguments])
        try:
            document = stand_in.answered(self._control or Control(asked.control, asked.ca), asked)
        except Refused as silent:
            raise NotYet(f"the backup agent printed no answer to {verb}: {silent}") from None
        if error := document.get("error"):
            raise AgentRefuses(f"the backup agent refuses {verb}: {error['message']}")
        return document


def asked_here(site: Site, entry: Office) -> Site:
    """Return *site* with the agent of *entry* asked in this process."""
    here, agent = AgentHere((entry.agent.command or ())[len(PROGRAM) :]), backup_agent(entry)
    agent = replace(agent, witness=replace(agent.witness, command=here))  # type: ignore[type-var]
    office: Any = site.office
    samples: Any = site.samples
    return replace(site, office=replace(office, backup_agent=agent), samples=replace(samples, command=here))
