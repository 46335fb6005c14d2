"""An office's ports, worked by its own worker: each call asks, and reads the answer once it is there.

Asking again while the office is at work changes nothing. An office that takes nothing for a day becomes a condition.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from states.explain import stamp
from states.facts import Copied, DeviceChecked, DrivesPrepared, DrivesSeen, Sealed, Verified
from states.landing import AgentSeen
from states.plan import Drive
from states.release import SampleDrawn, SampleRestored
from tasks.errors import NotYet, SeedingError
from tasks.office.afar.questions import Question, Reply, answer_of
from tasks.office.disks import KeyPlace
from tasks.office.local_disks import on_drives
from tasks.ports import DriveWork, OnSite, Staged

PATIENCE = timedelta(days=1)  # an office may sleep over the night; longer, somebody should look


@dataclass(frozen=True)
class Asked:
    """What came of asking: the answer, or since when (the hub's clock, UTC) the office has not given one."""

    since: datetime
    reply: Reply | None = None


class Desk(Protocol):
    """Where questions are laid down for an office and its answers are picked up."""

    def ask(self, question: Question) -> Asked:
        """Lay *question* down, or find it lying there. An answer is given out until the run's mark has changed.

        Raises Transient when the desk cannot be reached, SeedingError when it knows no such office.
        """


class OfficeSilent(SeedingError):
    """The office's worker has not taken its work for a day."""

    code = "office-silent"


@dataclass(frozen=True)
class RemoteOffice:
    """The Office port for one pass. *inventory* is the office's own page, which its worker builds its adapters from.

    A run asks one thing at a time, and laying another down takes the first back: once a question has no answer yet,
    every other of this pass is not asked, and has none either.
    """

    desk: Desk
    inventory: dict[str, Any]
    unanswered: set[str] = field(default_factory=set)  # keys of questions

    def check_device(self, work: OnSite) -> DeviceChecked | None:
        """Have the office look at the place where the device should be."""
        seen: DeviceChecked | None = self.ask("check-device", work)
        return seen

    def copy(self, work: OnSite) -> Copied | None:
        """Have the office write every item to the device."""
        copied: Copied | None = self.ask("copy", work)
        return copied

    def seal(self, work: OnSite, copied: Copied) -> Sealed | None:
        """Have the office close the manifest; what was left out is not part of it, and stays here."""
        items = tuple(replace(item, left_out=()) for item in copied.items)
        sealed: Sealed | None = self.ask("seal", work, replace(copied, items=items))
        return sealed

    def verify(self, work: OnSite, sealed: Sealed) -> Verified | None:
        """Have the office read the device again."""
        verified: Verified | None = self.ask("verify", work, sealed)
        return verified

    def manifest(self, work: OnSite, sealed: Sealed) -> bytes | None:
        """Fetch the sealed manifest's own bytes."""
        content: bytes | None = self.ask("manifest", work, sealed)
        return content

    def agent(self, work: OnSite) -> AgentSeen | None:
        """Have the office ask its backup agent. Raises NotYet when it does not answer, or the office does not."""
        return self._agent("agent", work)

    def stop_online_job(self, work: OnSite) -> AgentSeen | None:
        """Have the office stop the online job that runs now."""
        return self._agent("stop-online-job", work)

    def _agent(self, verb: str, work: OnSite) -> AgentSeen | None:
        try:
            seen: AgentSeen | None = self.ask(verb, work)
        except OfficeSilent as silent:
            raise NotYet(silent.message, next=silent.next) from None
        return seen

    def ask(self, verb: str, work: OnSite, given: Any = None) -> Any:
        """Return the office's answer to one question, None while there is none. Raises what the office raised."""
        question = Question(verb, work, self.inventory, given)
        if self.unanswered - {question.key}:
            return None
        asked = self.desk.ask(question)
        if asked.reply is not None:
            return answer_of(question, asked.reply)
        self.unanswered.add(question.key)
        if work.now - asked.since > PATIENCE:
            raise OfficeSilent(
                f"the office {question.office} has not answered {verb} since {stamp(asked.since)}",
                next=f"look at its worker; there, `seeding work {question.office}` starts it",
            )
        return None


@dataclass(frozen=True)
class RemoteDisks:
    """The DiskOffice port. Keys never travel: the hub finds its own copy of them in the place the inventory names."""

    office: RemoteOffice
    keys: KeyPlace
    listed: tuple[Drive, ...]

    def staging_free(self, work: OnSite) -> int | None:
        """Have the office measure its staging place (bytes)."""
        free: int | None = self.office.ask("staging-free", work)
        return free

    def known_drives(self) -> tuple[Drive, ...]:
        """Return the drives the inventory lists now."""
        return self.listed

    def check_drives(self, work: OnSite, serials: tuple[str, ...]) -> DrivesSeen | None:
        """Have the office look at these drives."""
        seen: DrivesSeen | None = self.office.ask("check-drives", work, serials)
        return seen

    def prepare_drives(
        self, work: OnSite, wanted: DriveWork, about_to_read: Callable[[str], None]
    ) -> DrivesPrepared | None:
        """Have the office format, write and re-read these drives. That it read its keys is told with its answer."""
        prepared: DrivesPrepared | None = self.office.ask("prepare-drives", work, wanted)
        for serial in wanted.serials if prepared else ():
            about_to_read(serial)
        return prepared

    def key(self, serial: str) -> str:
        """Return a drive's key from the hub's own place. Raises KeyMissing."""
        with on_drives():
            return self.keys.get(serial).reveal()

    def staged_bytes(self, work: OnSite, files: tuple[Staged, ...]) -> int | None:
        """Have the office measure what still lies in its staging place (bytes)."""
        size: int | None = self.office.ask("staged-bytes", work, files)
        return size

    def clear_staging(self, work: OnSite, files: tuple[Staged, ...]) -> tuple[str, ...] | None:
        """Have the office delete these files."""
        left: tuple[str, ...] | None = self.office.ask("clear-staging", work, files)
        return left


@dataclass(frozen=True)
class RemoteSamples:
    """The SampleOffice port."""

    office: RemoteOffice

    def draw(self, work: OnSite, count: int) -> SampleDrawn | None:
        """Have the office draw and hash files of its sources."""
        drawn: SampleDrawn | None = self.office.ask("draw-sample", work, count)
        return drawn

    def restore(self, work: OnSite, sample: SampleDrawn) -> SampleRestored | None:
        """Have the office restore these files and compare them."""
        restored: SampleRestored | None = self.office.ask("restore-sample", work, sample)
        return restored
