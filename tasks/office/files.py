"""A folder that another backup tool fills (restic, Veeam, rsync): our own engine copies it to the device.

The folder itself says what is there and how large it is. It has no schedule and no recovery points: whoever backs it
up online speaks for those, through the command the inventory names. Without one nobody does, and that is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from states.facts import Copied, ItemOnDevice
from states.landing import AgentSeen
from tasks import media
from tasks.layout import item_folder
from tasks.media_errors import SourceNotReadable, on_media
from tasks.office.agent import Witness
from tasks.office.place import Place
from tasks.ports import OnSite


@dataclass(frozen=True)
class FilesAgent:
    """Copies with the media engine; *witness* is asked about the vault."""

    witness: Witness

    def copy(self, work: OnSite, place: Place) -> Copied:
        """Write every item to the device. Raises DeviceNotUsable and SourceNotReadable."""
        with on_media():
            return Copied(work.serial, tuple(_copy_item(work, place, item.name) for item in work.plan.items))

    def seen(self, work: OnSite) -> AgentSeen:
        """Return what the inventory's command says. Raises NotYet when there is none, or no answer."""
        return self.witness.seen(work)

    def stop(self, work: OnSite) -> AgentSeen:
        """Ask that command to stop the online job that runs. Raises NotYet and AgentRefuses."""
        return self.witness.seen(work, "stop-job")


def _copy_item(work: OnSite, place: Place, name: str) -> ItemOnDevice:
    item = next(item for item in work.plan.items if item.name == name)
    folder, source = item_folder(work.plan, name), Path(item.source)
    if not item.source or not source.is_dir():
        raise SourceNotReadable(f"item {name}: {item.source or 'no source'} is not a directory here")
    found = media.survey(source, media.BLOCK, container=folder.partition("/")[2])
    if found.problems:
        listed = "; ".join(f"{p.path}: {p.message}" for p in found.problems[:5])
        raise SourceNotReadable(f"item {name}: {len(found.problems)} problems: {listed}")
    copied = media.copy(source, place.root / folder, state=place.state, progress=place.tell)
    return ItemOnDevice(name, folder, copied.files, copied.bytes, copied.bytes, tuple(copied.skipped))
