"""Worker processes: batches come back, errors come back, and nobody outlives the one who started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tasks.media import DeviceFull
from tasks.media.crew import Crew, WorkerDied


@dataclass(frozen=True)
class Doubled:
    """Doubles numbers; has its moods."""

    def __call__(self, number: int) -> int:
        if number == 13:
            raise DeviceFull("full", paths=("a",))
        if number == 14:
            os._exit(3)
        return 2 * number


def _all(crew: Crew[int, int], numbers: range) -> set[int]:
    found: set[int] = set()
    for number in numbers:
        while not crew.idle:
            found.update(crew.answers(1.0))
        crew.give(number)
    while crew.busy:
        found.update(crew.answers(1.0))
    return found


def test_every_batch_comes_back_once():
    """More batches than workers, all answered."""
    crew = Crew(Doubled(), 3)
    try:
        assert _all(crew, range(12)) == {2 * n for n in range(12)}
    finally:
        crew.close()


def test_an_error_in_a_worker_arrives_whole():
    """A fault keeps its class, its words and its paths on the way between processes."""
    crew = Crew(Doubled(), 1)
    try:
        with pytest.raises(DeviceFull, match="full") as found:
            _all(crew, range(13, 14))
    finally:
        crew.close(at_once=True)
    assert found.value.paths == ("a",)


def test_a_worker_that_dies_is_noticed():
    """No endless wait for somebody who is gone."""
    crew = Crew(Doubled(), 1)
    try:
        with pytest.raises(WorkerDied):
            _all(crew, range(14, 15))
    finally:
        crew.close(at_once=True)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_workers_die_with_their_parent():
    """After SIGKILL of the parent its pipe closes, although nobody told the workers: none of them is left."""
    code = (
        "import os, sys; from test_media_crew import Crew, Doubled; c = Crew(Doubled(), 2);"
        "print('ready', flush=True); os.read(0, 1)"
    )
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2])])
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env={**os.environ, "PYTHONPATH": path})  # fmt: skip
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"ready\n"
    parent.kill()
    parent.wait()

    assert parent.stdout.read() == b""
