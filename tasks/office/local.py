"""The work at an office, done by this very process: the office's worker runs it, and so does a one-machine set-up.

The device path and the agent's command come from the inventory. Nothing here knows Azure or Prefect.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile

from states.codec import utc_text
from states.facts import Copied, DeviceChecked, Sealed, Verified
from states.landing import AgentSeen
from tasks import media
from tasks.layout import FORMAT_OF_AGENT, format_folder
from tasks.media_errors import on_media
from tasks.office.agent import BackupAgent
from tasks.office.place import Place, place_of
from tasks.ports import OnSite

VENDOR_FOLDERS = ("DataBoxDiskImport", "System Volume Information", "$RECYCLE.BIN", "lost+found")
_PROBE = ".seeding-probe-"


@dataclass(frozen=True)
class LocalOffice:
    """The Office port on this machine.

    *device_path* may contain {serial}; *home* keeps checkpoints and manifests; *tell* is told how far long work is.
    """

    device_path: str
    home: Path
    backup_agent: BackupAgent
    tell: Callable[[OnSite, media.Progress], None] | None = None

    def check_device(self, work: OnSite) -> DeviceChecked | None:
        """Look at the device: there, writable, how much room, anything foreign on it."""
        place = self._place(work)
        root = place.root
        if not root.is_dir():
            return DeviceChecked(work.serial, str(root), writable=False, free_bytes=0)
        return DeviceChecked(
            serial=work.serial,
            path=str(root),
            writable=_can_write(root / format_folder(work.plan, FORMAT_OF_AGENT[work.plan.agent])),
            free_bytes=shutil.disk_usage(root).free,
            foreign_files=() if place.state.exists() else tuple(islice(_files(root), 3)),
        )

    def copy(self, work: OnSite) -> Copied | None:
        """Write every item to the device. Raises DeviceNotUsable, SourceNotReadable, AgentRefuses, NotYet."""
        place = self._place(work)
        place.state.mkdir(parents=True, exist_ok=True)
        return self.backup_agent.copy(work, place)

    def seal(self, work: OnSite, copied: Copied) -> Sealed | None:
        """Close the manifest over everything that was copied."""
        name, place = f"{work.job_name}-{work.serial}.manifest", self._place(work)
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
                place.root,
                folders,
                place.state / name,
                header=header,
                state=place.state,
                reopen=True,
                progress=place.tell,
            )
        return Sealed(work.serial, sealed.digest, sealed.files, sealed.bytes, name)

    def verify(self, work: OnSite, sealed: Sealed) -> Verified | None:
        """Read the device again and compare it with the sealed manifest."""
        place = self._place(work)
        with on_media():
            seen = media.verify(place.root, place.state / sealed.manifest, progress=place.tell)
        faults = tuple(f"{fault.path}: {fault.message}" for fault in seen.faults)
        return Verified(sealed.digest, seen.files, seen.bytes, faults)

    def manifest(self, work: OnSite, sealed: Sealed) -> bytes | None:
        """Return the sealed manifest's own bytes."""
        return (self._place(work).state / sealed.manifest).read_bytes()

    def agent(self, work: OnSite) -> AgentSeen | None:
        """Ask the backup agent. Raises NotYet when it does not answer."""
        return self.backup_agent.seen(work)

    def stop_online_job(self, work: OnSite) -> AgentSeen | None:
        """Stop the online job that runs now. Raises AgentRefuses, and NotYet when the agent does not answer."""
        return self.backup_agent.stop(work)

    def _place(self, work: OnSite) -> Place:
        tell = partial(self.tell, work) if self.tell else None
        return replace(place_of(work, self.device_path, self.home), tell=tell)


def _can_write(folder: Path) -> bool:
    """Write a file of its own name and take it away again: another hub may be looking at the same moment."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(prefix=_PROBE, dir=folder):
            pass
    except OSError:
        return False
    return True


def _files(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in VENDOR_FOLDERS)
        foreign = sorted(name for name in names if not name.startswith(_PROBE))
        yield from (str((Path(folder) / name).relative_to(root)) for name in foreign)
