"""Own disks: what of a seed lies in the staging place, and its removal when the run is over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tasks.ports import Staged

NAMED = 5


def staged_bytes(root: Path, files: tuple[Staged, ...]) -> int:
    """Return the bytes of these files that lie below *root* as they were sealed."""
    return sum(file.bytes for file in files if _is_ours(root / file.path, file))


def clear(root: Path, staging: Path, files: tuple[Staged, ...]) -> tuple[str, ...]:
    """Delete these files, and the folders of the staging place that are empty then; return what is left of others."""
    for file in files:
        path = root / file.path
        if path.resolve().is_relative_to(staging.resolve()) and _is_ours(path, file):
            path.unlink()
    for folder in sorted((path for path in staging.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
    return tuple(str(path) for path, _ in zip(_files(staging), range(NAMED), strict=False))


def _is_ours(path: Path, file: Staged) -> bool:
    return path.is_file() and not path.is_symlink() and path.stat().st_size == file.bytes


def _files(staging: Path) -> Iterator[Path]:
    return (path.relative_to(staging) for path in sorted(staging.rglob("*")) if path.is_file())
