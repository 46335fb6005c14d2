"""DPM, MABS and MARS: products with a console of their own, which write the seed in a format of their own.

The offline method is chosen in the product's wizard, by a person: no cmdlet can choose a Data Box order. After that the
first copy is an ordinary online backup, which a script can start. Whoever started it, its one good end is a job that
waits for the datacenter; nothing else is taken for a copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from states.facts import Copied, ItemOnDevice
from states.landing import AgentSeen
from states.plan import Item
from tasks.errors import NotYet
from tasks.office.agent import AgentRefuses, Witness
from tasks.office.answer import AgentAnswer
from tasks.office.job_texts import explained
from tasks.office.place import Place
from tasks.office.steps import wizard_steps
from tasks.office.witness import agent_seen, named
from tasks.ports import OnSite

COPY_SECONDS = 14 * 86400.0  # the longest an agent may write: 80 TB over 1 GbE take 8.4 days


@dataclass(frozen=True)
class ConsoleAgent:
    """A product with a console, behind its script."""

    witness: Witness

    def copy(self, work: OnSite, place: Place) -> Copied:
        """Start the first copy if it has not run, and return what it wrote once its job waits for the datacenter.

        Raises NotYet while it runs; AgentRefuses, with the steps for a person, when the product cannot start it.
        """
        own = work.plan.own_disk
        where = ["-Staging", own.staging] if own else ["-Device", str(place.root), "-Order", work.job_name]
        try:
            answer = self.witness.answer(work.plan, "start-copy", *where, *_items(work), timeout_seconds=COPY_SECONDS)
        except AgentRefuses as refused:
            raise AgentRefuses(refused.message, next=wizard_steps(work, place)) from None
        insist_on_waiting(agent_seen(answer, work.plan, None))
        return Copied(work.serial, tuple(_on_device(item, answer, place) for item in work.plan.items))

    def seen(self, work: OnSite) -> AgentSeen:
        """Return how things stand. Raises NotYet."""
        return self.witness.seen(work)

    def stop(self, work: OnSite) -> AgentSeen:
        """Stop the online job that runs. Raises NotYet and AgentRefuses."""
        return self.witness.seen(work, "stop-job", *_items(work))


def insist_on_waiting(seen: AgentSeen) -> None:
    """Take "Waiting for Azure ..." as the one good end of the agent's copy: it waits for the device to be ingested.

    Raises NotYet while the job runs, and AgentRefuses when it failed, or ended without waiting: then it did not go
    to the device.
    """
    if seen.running or seen.last_job_class in ("running", "none"):
        raise NotYet(f"the backup agent is still at work: {seen.last_job or seen.last_job_class}")
    if seen.last_job_class != "waiting":
        told = explained(seen.last_job) or seen.last_job_class
        raise AgentRefuses(f"the backup agent's copy ended as: {told}", next="look at its job in the console")


def _items(work: OnSite) -> tuple[str, str]:
    """A server may protect more than this run is about."""
    return "-Items", "|".join(item.vault_item or item.name for item in work.plan.items)


def _on_device(item: Item, answer: AgentAnswer, place: Place) -> ItemOnDevice:
    written = next((written for written in answer.items or () if named(item, written.name)), None)
    folders = {Path(image.path).parent for image in written.images} if written else set()
    if written is None or len(folders) != 1 or not folders.copy().pop().is_relative_to(place.root):
        listed = ", ".join(sorted(map(str, folders))) or "nowhere"
        raise NotYet(f"the agent wrote item {item.name} to {listed}; one folder of {place.root} is expected")
    return ItemOnDevice(
        name=item.name,
        folder=folders.pop().relative_to(place.root).as_posix(),
        files=len(written.images),
        bytes=sum(image.bytes for image in written.images),
        source_bytes=item.bytes if written.source_bytes is None else written.source_bytes,
        left_out=tuple(f"{failed.path}: {failed.reason}" for failed in written.failed_files),
    )
