"""What the tests of this folder share: one bench a process, below a folder that costs no disk where there is one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import Bench, bench_in

IN_MEMORY = Path("/dev/shm")  # a thousand journals are not worth a disk's time


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    """The office, the product and its hostile Azure."""
    with (
        tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder,
        bench_in(Path(folder)) as started,
    ):
        yield started
