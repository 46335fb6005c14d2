"""Where an office's seed lies, and where we keep what we know of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tasks.media.progress import Tell
from tasks.ports import OnSite


@dataclass(frozen=True)
class Place:
    """`root` is what the manifest's paths are relative to, the device or the folder that holds the staging place;
    `state` holds checkpoints and manifests (never on a Data Box, whose shares are uploaded as they are). `tell` is
    told how far long work there is.
    """

    root: Path
    state: Path
    tell: Tell | None = None


def place_of(work: OnSite, device_path: str, home: Path) -> Place:
    """Return the place of a run's seed. *device_path* may contain {serial}."""
    state = home / work.job_name / work.serial
    if work.plan.own_disk is not None:
        return Place(Path(work.plan.own_disk.staging).parent, state)
    return Place(Path(device_path.format(serial=work.serial)), state)
