"""The work at an office, done by this very process: the office's worker runs it, and so does a one-machine set-up.

The device path and the agent's command come from the inventory. Nothing here knows Azure or Prefect.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from states.codec import utc_text
from states.facts import AgentSeen, Copied, DeviceChecked, ItemOnDevice, Sealed, Verified
from states.plan import AgentKind
from tasks import media
from tasks.errors import NotYet
from tasks.layout import FORMAT_OF_AGENT, format_folder, item_folder
from tasks.media_errors import SourceNotReadable, on_media
from tasks.office.agent import AgentCommand, AgentRefuses, agent_seen
from tasks.ports import OnSite

COPY_SECONDS = 14 * 86400.0  # the longest an agent may write: 80 TB over 1 GbE take 8.4 days
VENDOR_FOLDERS = ("DataBoxDiskImport", "System Volume Information", "$RECYCLE.BIN", "lost+found")


@dataclass(frozen=True)
class LocalOffice:
    """The Office port on this machine.

    *device_path* may contain {serial}; *home* keeps checkpoints and manifests (never on a Data Box, whose shares are
    uploaded as they are). *agent* is None for an office without an agent command.
    """

    device_path: str
    home: Path
    agent_command: AgentCommand | None

    def check_device(self, work: OnSite) -> DeviceChecked | None:
        """Look at the device: there, writable, how much room, anything foreign on it."""
        root = self._root(work)
        if not root.is_dir():
            return DeviceChecked(work.serial, str(root), writable=False, free_bytes=0)
        return DeviceChecked(
            serial=work.serial,
            path=str(root),
            writable=_can_write(root / format_folder(work.plan, FORMAT_OF_AGENT[work.plan.agent])),
            free_bytes=shutil.disk_usage(root).free,
            foreign_files=() if self._state(work).exists() else tuple(islice(_files(root), 3)),
        )

    def copy(self, work: OnSite) -> Copied | None:
        """Write every item to the device. Raises DeviceNotUsable, SourceNotReadable, AgentRefuses, NotYet."""
        self._state(work).mkdir(parents=True, exist_ok=True)
        if work.plan.agent == "files":
            with on_media():
                return Copied(work.serial, tuple(self._copy_item(work, item.name) for item in work.plan.items))
        return self._agent_copies(work)

    def seal(self, work: OnSite, copied: Copied) -> Sealed | None:
        """Close the manifest over everything that was copied."""
        name = f"{work.job_name}-{work.serial}.manifest"
        header = media.Header(
            run=work.run_id,
            attempt=work.attempt,
            items={item.name: item.folder for item in copied.items},
            serial=work.serial,
            tool=f"offline-seeding {version('offline-seeding')}",
            at=utc_text(work.now),
        )
        folders = [item.folder for item in copied.items]
        with on_media():
            sealed = media.seal(
                self._root(work),
                folders,
                self._state(work) / name,
                header=header,
                state=self._state(work),
                reopen=True,
            )
        return Sealed(work.serial, sealed.digest, sealed.files, sealed.bytes, name)

    def verify(self, work: OnSite, sealed: Sealed) -> Verified | None:
        """Read the device again and compare it with the sealed manifest."""
        with on_media():
            seen = media.verify(self._root(work), self._state(work) / sealed.manifest)
        faults = tuple(f"{fault.path}: {fault.message}" for fault in seen.faults)
        return Verified(sealed.digest, seen.files, seen.bytes, faults)

    def manifest(self, work: OnSite, sealed: Sealed) -> bytes | None:
        """Return the sealed manifest's own bytes."""
        return (self._state(work) / sealed.manifest).read_bytes()

    def agent(self, work: OnSite) -> AgentSeen | None:
        """Ask the backup agent. Raises NotYet when it does not answer."""
        if self.agent_command is None:
            raise NotYet(f"no command is set to ask the backup agent of {work.plan.office}")
        return self.agent_command.seen(work.plan.agent, [item.name for item in work.plan.items], work.landed)

    def _copy_item(self, work: OnSite, name: str) -> ItemOnDevice:
        item = next(item for item in work.plan.items if item.name == name)
        folder, source = item_folder(work.plan, name), Path(item.source)
        if not item.source or not source.is_dir():
            raise SourceNotReadable(f"item {name}: {item.source or 'no source'} is not a directory here")
        found = media.survey(source, media.BLOCK, container=folder.partition("/")[2])
        if found.problems:
            listed = "; ".join(f"{p.path}: {p.message}" for p in found.problems[:5])
            raise SourceNotReadable(f"item {name}: {len(found.problems)} problems: {listed}")
        copied = media.copy(source, self._root(work) / folder, state=self._state(work))
        return ItemOnDevice(name, folder, copied.files, copied.bytes, copied.bytes, tuple(copied.skipped))

    def _agent_copies(self, work: OnSite) -> Copied:
        if self.agent_command is None:
            raise NotYet(f"no command is set to ask the backup agent of {work.plan.office}")
        own = work.plan.own_disk
        where = ["--staging", own.staging] if own else ["--device", str(self._root(work)), "--order", work.job_name]
        answer = self.agent_command.ask("start-copy", *where, timeout_seconds=COPY_SECONDS)
        insist_on_waiting(work.plan.agent, answer)
        items = tuple(_item_on_device(item, self._root(work)) for item in answer["items"])
        return Copied(work.serial, items)

    def _root(self, work: OnSite) -> Path:
        """Return what the manifest's paths are relative to: the device, or the folder that holds the staging place."""
        if work.plan.own_disk is not None:
            return Path(work.plan.own_disk.staging).parent
        return Path(self.device_path.format(serial=work.serial))

    def _state(self, work: OnSite) -> Path:
        return self.home / work.job_name / work.serial


def insist_on_waiting(kind: AgentKind, answer: dict[str, Any]) -> None:
    """Take "Waiting for Azure ..." as the one good end of the agent's copy: it waits for the device to be ingested.

    Raises NotYet while the job runs, and AgentRefuses when it failed, or ended without waiting: then it did not go
    to the device.
    """
    seen = agent_seen(kind, answer, (), None)
    if seen.last_job_class in ("running", "none"):
        raise NotYet(f"the backup agent is still at work: {seen.last_job or 'no job yet'}")
    if seen.last_job_class != "waiting":
        raise AgentRefuses(f"the backup agent's copy ended as: {seen.last_job}", next="look at its job in the console")


def _item_on_device(item: dict[str, Any], root: Path) -> ItemOnDevice:
    images = item["images"]
    folders = {Path(image["path"]).parent for image in images}
    if len(folders) != 1 or not folders.copy().pop().is_relative_to(root):
        named = ", ".join(sorted(map(str, folders))) or "nowhere"
        raise NotYet(f"the agent wrote item {item['name']} to {named}; one folder of {root} is expected")
    return ItemOnDevice(
        name=item["name"],
        folder=folders.pop().relative_to(root).as_posix(),
        files=len(images),
        bytes=sum(image["bytes"] for image in images),
        source_bytes=item["source_bytes"],
        left_out=tuple(f"{failed['path']}: {failed['reason']}" for failed in item["failed_files"]),
    )


def _can_write(folder: Path) -> bool:
    probe = folder / ".seeding-probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError:
        return False
    return True


def _files(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in VENDOR_FOLDERS)
        yield from (str((Path(folder) / name).relative_to(root)) for name in sorted(names))
