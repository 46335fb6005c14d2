"""Asking a backup agent: one command, one JSON document on its standard output.

On a real backup server the command is a PowerShell script; in a rehearsal it is a stand-in that prints the same
documents. Verbs: facts, start-copy, stop-job, backup-now, restore.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from states.agents import OldestVersion
from states.codec import NotReadable
from states.facts import Copied
from states.landing import AgentSeen
from states.plan import Plan
from tasks.errors import NotYet, SeedingError
from tasks.office.answer import SCHEMA, AgentAnswer, read_answer
from tasks.office.place import Place
from tasks.office.witness import agent_seen
from tasks.ports import OnSite

_ANSWER_LIMIT = 16 * 1024 * 1024  # bytes; a document larger than this is no answer


class AgentRefuses(SeedingError):
    """The agent answered that it cannot do what was asked."""

    code = "agent-refuses"


class CommandMissing(NotYet):
    """The agent's command is no program of this machine: ask on another."""


class BackupAgent(Protocol):
    """One office's backup software: DPM and MABS, MARS, or a folder that another tool fills."""

    @property
    def witness(self) -> Witness:
        """Whom to ask about the vault."""

    def copy(self, work: OnSite, place: Place) -> Copied:
        """Bring the seed to its place, or say how a person does. Raises NotYet and AgentRefuses."""

    def seen(self, work: OnSite) -> AgentSeen:
        """Return how things stand with the run's items. Raises NotYet when nobody can say."""

    def stop(self, work: OnSite) -> AgentSeen:
        """Stop the online job that runs, if one does, and look again. Raises NotYet and AgentRefuses."""


class AgentCommand:
    """A backup agent behind a command line. `command` is the program and its fixed arguments."""

    def __init__(self, command: Sequence[str], *, timeout_seconds: float = 300) -> None:
        self._command, self._timeout = list(command), timeout_seconds

    def ask(self, verb: str, *arguments: str, timeout_seconds: float | None = None) -> dict[str, Any]:
        """Return the agent's document. Raises NotYet (no answer, or nonsense) and AgentRefuses (a clear no)."""
        seconds = timeout_seconds or self._timeout
        try:
            done = subprocess.run(
                [*self._command, verb, *arguments],
                capture_output=True,
                timeout=seconds,
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except FileNotFoundError:
            raise CommandMissing(f"the agent command {self._command[0]} does not exist here") from None
        except OSError as wrong:
            raise NotYet(f"the agent command {self._command[0]} cannot be run: {wrong.strerror}") from None
        except subprocess.TimeoutExpired:
            raise NotYet(f"the backup agent did not answer {verb} in {seconds:.0f} s") from None
        if not done.stdout.strip():
            text = done.stderr.decode("utf-8", "replace").strip().splitlines()
            reason = text[-1][:500] if text else f"exit code {done.returncode}"
            raise NotYet(f"the backup agent printed no answer to {verb}: {reason}")
        document = document_of(done.stdout, verb)
        if error := document.get("error"):
            told = error if isinstance(error, dict) else {"message": error}
            raise AgentRefuses(f"the backup agent refuses {verb}: {told.get('message', told)}")
        return document

    def answer(self, verb: str, *arguments: str, timeout_seconds: float | None = None) -> AgentAnswer:
        """Return the agent's document as values. Raises as `ask` does; what cannot be understood is no answer."""
        document = self.ask(verb, *arguments, timeout_seconds=timeout_seconds)
        try:
            return read_answer(document)
        except NotReadable as wrong:
            raise NotYet(f"the backup agent's answer cannot be understood: {wrong}") from None


@dataclass(frozen=True)
class Witness:
    """What speaks for the items of a run: a command whose answers are of one of *kinds*, and the versions it needs."""

    command: AgentCommand | None
    kinds: tuple[str, ...]
    rules: tuple[OldestVersion, ...] = ()

    def seen(self, work: OnSite, verb: str = "facts", *arguments: str) -> AgentSeen:
        """Return the answer to *verb* as evidence."""
        return agent_seen(self.answer(work.plan, verb, *arguments), work.plan, work.landed, self.rules)

    def answer(self, plan: Plan, verb: str, *arguments: str, timeout_seconds: float | None = None) -> AgentAnswer:
        """Return the answer to *verb*. Raises NotYet when it speaks for another product."""
        if self.command is None:
            raise CommandMissing(f"no command is set to ask the backup agent of {plan.office}")
        answer = self.command.answer(verb, *arguments, timeout_seconds=timeout_seconds)
        if answer.kind not in self.kinds:
            raise NotYet(
                f"the agent command of {plan.office} answers for {answer.kind}; the inventory says {plan.agent}"
            )
        return answer


def document_of(output: bytes, verb: str) -> dict[str, Any]:
    """Return what an agent printed as a JSON object of our schema. Raises NotYet for anything else."""
    if len(output) > _ANSWER_LIMIT:
        raise NotYet(f"the backup agent answered {verb} with {len(output):,} bytes; that is no answer")
    try:
        document = json.loads(output)
    except (ValueError, RecursionError):
        raise NotYet(f"the backup agent answered {verb} with something that is not JSON") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise NotYet(f"the backup agent answered {verb} in another format than {SCHEMA}")
    return document
