"""The sample restore at the office: drawing files at the source, and comparing what the agent brings back.

Restored files go to a folder of our own below the home, and are deleted once they are compared.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from states.release import SampleDrawn, SampleFile, SampleRestored
from tasks.media.hashing import BlockHash, strong_hash
from tasks.media_errors import SourceNotReadable
from tasks.office.agent import AgentCommand, AgentRefuses
from tasks.ports import OnSite
from tasks.sample import drawn

RESTORE_SECONDS = 6 * 3600.0
PIECE_BYTES = 1024 * 1024  # a block of the manifest is a whole number of them


@dataclass(frozen=True)
class LocalSamples:
    """The SampleOffice port on this machine."""

    home: Path
    command: AgentCommand | None

    def draw(self, work: OnSite, count: int) -> SampleDrawn | None:
        """Draw files of the items' sources and hash them as `Get-FileHash` does. Raises SourceNotReadable."""
        found = list(_sources(work))
        chosen = drawn(
            work.run_id, work.attempt, ((f"{item}/{p}", size, (item, p, at)) for item, p, size, at in found), count
        )
        files = tuple(
            SampleFile(item, path, at.stat().st_size, f"sha256:{digest(at, 'sha256')}") for item, path, at in chosen
        )
        return SampleDrawn(files, len(found))

    def restore(self, work: OnSite, sample: SampleDrawn) -> SampleRestored | None:
        """Have the agent restore the sample from its oldest recovery point. Raises AgentRefuses, NotYet."""
        if self.command is None:
            reason = f"no command is set that restores at {work.plan.office}"
            raise AgentRefuses(reason, next="set `agent: command:` in the inventory")
        to = self.home / work.job_name / "restored"
        shutil.rmtree(to, ignore_errors=True)
        to.mkdir(parents=True)
        wanted = json.dumps([{"item": file.item, "path": file.path} for file in sample.files])
        try:
            self.command.ask("restore", "--to", str(to), "--files", wanted, timeout_seconds=RESTORE_SECONDS)
            good = tuple(file.name for file in sample.files if _equal(to, file))
        finally:
            shutil.rmtree(to, ignore_errors=True)
        wrong = tuple(file.name for file in sample.files if file.name not in set(good))
        return SampleRestored(len(sample.files), sample.of_files, good, wrong, by=f"the agent of {work.plan.server}")


def digest(path: Path, kind: str) -> str:
    """Return the hexadecimal hash of a file: `sha256`, or `blake3` as the manifest has it, by blocks when large."""
    whole, blocks = hashlib.sha256(), BlockHash()
    total = blocks if kind == "blake3" else whole
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            total.update(piece)
    return strong_hash(blocks.finish()).hex() if kind == "blake3" else whole.hexdigest()


def _equal(root: Path, file: SampleFile) -> bool:
    kind, _, wanted = file.digest.partition(":")
    path = root / file.item / file.path
    return path.is_file() and path.stat().st_size == file.bytes and digest(path, kind) == wanted


def _sources(work: OnSite) -> Iterator[tuple[str, str, int, Path]]:
    for item in work.plan.items:
        root = Path(item.source)
        if not item.source or not root.is_dir():
            reason = f"item {item.name}: {item.source or 'no source'} is no directory here, so no sample can be drawn"
            raise SourceNotReadable(reason, next="give its `source`, or set `restore_sample: false`")
        for folder, _folders, names in os.walk(root):
            for path in (Path(folder) / name for name in sorted(names)):
                if path.is_file() and not path.is_symlink():
                    yield item.name, path.relative_to(root).as_posix(), path.stat().st_size, path
