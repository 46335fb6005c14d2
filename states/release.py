"""What stands between a finished seed and its clean-up, as evidence: the sample restore, the papers, the approval.

Frozen values, as in states/facts.py. Sizes are bytes. No secret has a field here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SampleFile:
    """One file of a sample: its path within the item, and what its bytes must hash to (`blake3:` or `sha256:`)."""

    item: str
    path: str
    bytes: int
    digest: str

    @property
    def name(self) -> str:
        """How people call it: the item and the path in it, with forward slashes."""
        return f"{self.item}/{self.path}"


@dataclass(frozen=True)
class SampleDrawn:
    """Files drawn at random before the copy, to be restored from the vault later; out of how many."""

    files: tuple[SampleFile, ...]
    of_files: int


@dataclass(frozen=True)
class SampleRestored:
    """What came back from the vault, compared with what was drawn: names that are equal, and names that are not."""

    drawn: int
    of_files: int
    good: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True)
class PapersFiled:
    """The order's papers that lie in the archive, by file name, and those Azure has not shown (yet)."""

    names: tuple[str, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class CloseApproved:
    """A person agreed that the run's left-overs may be released."""

    by: str


@dataclass(frozen=True)
class Released:
    """What the clean-up removed or told a person to remove."""

    order_deleted: bool
    left: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()  # deleted ones
    staging: str = ""  # own disks: the staging place that was emptied
