"""The stage of the own-disk scenarios on the tests' rehearsal Azure."""

from __future__ import annotations

from pathlib import Path

from rehearsal_host import Rehearsal as Azure

from deploy.scenarios.own_disk_stage import IMAGE_BYTES, PAGE_BYTES, PERSON
from deploy.scenarios.own_disk_stage import Bench as Stage

__all__ = ["IMAGE_BYTES", "PAGE_BYTES", "PERSON", "Bench"]


class Bench(Stage):
    """That stage, with the SDK's clients at hand in `azure`."""

    def __init__(self, azure: Azure, home: Path) -> None:
        super().__init__(azure.known, home)
        self.azure = azure
