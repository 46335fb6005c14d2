"""Asking a backup agent: one command, one JSON document on its standard output.

On a real backup server the command is a PowerShell script; in a rehearsal it is a stand-in that prints the same
documents. Job texts are classified here and never taken at face value: "Waiting ..." is not success.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from states.codec import NotReadable, read_utc
from states.facts import AgentSeen, ItemInVault
from states.plan import AgentKind
from tasks.errors import NotYet, SeedingError

SCHEMA = "seeding.agent/1"
_ANSWER_LIMIT = 16 * 1024 * 1024  # bytes; a document larger than this is no answer
_WAITING = re.compile(r"waiting for azure (data ?box|import) job", re.IGNORECASE)


class AgentRefuses(SeedingError):
    """The agent answered that it cannot do what was asked."""

    code = "agent-refuses"


class AgentCommand:
    """A backup agent behind a command line. `command` is the program and its fixed arguments."""

    def __init__(self, command: Sequence[str], *, timeout_seconds: float = 120) -> None:
        self._command, self._timeout = list(command), timeout_seconds

    def ask(self, verb: str, *arguments: str, timeout_seconds: float | None = None) -> dict[str, Any]:
        """Return the agent's document. Raises NotYet (no answer, or nonsense) and AgentRefuses (a clear no)."""
        try:
            done = subprocess.run(
                [*self._command, verb, *arguments],
                capture_output=True,
                timeout=timeout_seconds or self._timeout,
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except FileNotFoundError:
            raise NotYet(f"the agent command {self._command[0]} does not exist here") from None
        except subprocess.TimeoutExpired:
            raise NotYet(f"the backup agent did not answer {verb} in {self._timeout:.0f} s") from None
        if not done.stdout.strip():
            text = done.stderr.decode("utf-8", "replace").strip().splitlines()
            reason = text[-1][:500] if text else f"exit code {done.returncode}"
            raise NotYet(f"the backup agent printed no answer to {verb}: {reason}")
        document = _document(done.stdout, verb)
        if error := document.get("error"):
            raise AgentRefuses(f"the backup agent refuses {verb}: {error.get('message', error)}")
        return document

    def seen(self, kind: AgentKind, items: Sequence[str], landed: datetime | None) -> AgentSeen:
        """Return the agent's view of these items. *landed* (UTC) is when the seed reached the storage account."""
        facts = self.ask("facts")
        try:
            return agent_seen(kind, facts, items, landed)
        except (KeyError, TypeError, NotReadable) as wrong:
            raise NotYet(f"the backup agent's answer cannot be understood: {wrong!r}") from None


def agent_seen(kind: AgentKind, facts: dict[str, Any], items: Sequence[str], landed: datetime | None) -> AgentSeen:
    """Return a `facts` document as evidence. Raises KeyError, TypeError or NotReadable on another shape."""
    jobs = sorted(facts["jobs"], key=lambda job: job["started"])
    last = jobs[-1] if jobs else None
    schedule = facts["schedule"]
    incremental = first_incremental(jobs, landed)
    return AgentSeen(
        kind=kind,
        version=facts["version"],
        offline_order=facts["offline_method"]["order"] or "",
        last_job=last["text"] if last else "",
        last_job_class=classify(last["status"], last["text"]) if last else "none",
        schedule_enabled=schedule["enabled"] is True,
        next_run=read_utc(schedule["next_run"]) if schedule["next_run"] else None,
        items=tuple(_item(name, facts["recovery_points"]) for name in items),
        incremental_at=read_utc(incremental["ended"]) if incremental else None,
        incremental_bytes=incremental["bytes"] if incremental else 0,
    )


def classify(status: str, text: str) -> str:
    """Return waiting, done, running or failed. The text wins over the status: a waiting job often "succeeds"."""
    if _WAITING.search(text):
        return "waiting"
    return {"completed": "done", "running": "running", "warning": "done"}.get(status, "failed")


def first_incremental(jobs: Sequence[dict[str, Any]], landed: datetime | None) -> dict[str, Any] | None:
    """Return the first job that ended well after the one that moved the seed; None while there is none."""
    if landed is None:
        return None
    done = [job for job in jobs if job["ended"] and classify(job["status"], job["text"]) == "done"]
    after = [job for job in done if read_utc(job["ended"]) > landed]
    return after[1] if len(after) > 1 else None


def _item(name: str, points: Sequence[dict[str, Any]]) -> ItemInVault:
    mine = [point for point in points if point["item"] == name]
    latest = max((read_utc(point["at"]) for point in mine), default=None)
    return ItemInVault(name, len(mine), latest, bool(mine), max((point["bytes"] for point in mine), default=0))


def _document(output: bytes, verb: str) -> dict[str, Any]:
    if len(output) > _ANSWER_LIMIT:
        raise NotYet(f"the backup agent answered {verb} with {len(output):,} bytes; that is no answer")
    try:
        document = json.loads(output)
    except ValueError:
        raise NotYet(f"the backup agent answered {verb} with something that is not JSON") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise NotYet(f"the backup agent answered {verb} in another format than {SCHEMA}")
    return document
