"""Real file systems to copy to: made in memory or in a file, mounted for one test, taken away again."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def may_mount() -> bool:
    """Say whether this account may mount file systems here."""
    return os.name == "posix" and os.geteuid() == 0 and shutil.which("mount") is not None and _tried()


def _tried() -> bool:
    global _answer
    if _answer is None:
        where = Path(os.environ.get("TMPDIR", "/tmp"), f"may-mount-{os.getpid()}")
        where.mkdir()
        _answer = _run("mount", "-t", "tmpfs", "none", str(where))
        if _answer:
            _run("umount", str(where))
        where.rmdir()
    return _answer


_answer: bool | None = None
needs_mounts = pytest.mark.skipif("not __import__('media_devices').may_mount()", reason="needs the right to mount")


def _run(*words: str) -> bool:
    return subprocess.run(words, capture_output=True).returncode == 0


def must(*words: str) -> None:
    """Run a system command that has to work."""
    subprocess.run(words, check=True, capture_output=True)


@contextmanager
def in_memory(where: Path, options: str = "size=64m") -> Iterator[Path]:
    """A file system in memory."""
    where.mkdir(exist_ok=True)
    must("mount", "-t", "tmpfs", "-o", options, "none", str(where))
    try:
        yield where
    finally:
        _run("umount", "-l", str(where))


@contextmanager
def ext4(where: Path, image: Path, size: str = "256M") -> Iterator[Path]:
    """An ext4 file system in a file, on a loop device."""
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("needs mkfs.ext4")
    where.mkdir(exist_ok=True)
    must("truncate", "-s", size, str(image))
    must("mkfs.ext4", "-q", "-F", "-E", "nodiscard", str(image))
    if not _run("mount", "-o", "loop", str(image), str(where)):
        pytest.skip("needs loop devices")
    try:
        yield where
    finally:
        _run("umount", "-l", str(where))
