"""What the tests of own disks share."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def fast(tmp_path: Path) -> Iterator[Path]:
    """A scratch folder in memory where there is one: everything here syncs a lot."""
    memory = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(dir=memory)) if memory.is_dir() and os.access(memory, os.W_OK) else tmp_path
    yield place
    if place != tmp_path:
        shutil.rmtree(place)
