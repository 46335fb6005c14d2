"""Long work at an office, in a process of its own: it outlives the worker that asked for it, and runs once at a time.

A piece of work is a folder: `question.json`, `lock` (held by the process at work), `progress.json`, `answer.json`.
Whoever asks for the same work finds the folder and waits. A process that was killed left its checkpoints beside the
device; the next one goes on from there.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tasks.files import write_aside
from tasks.media import Progress
from tasks.media.platform_io import Lock
from tasks.office.afar.questions import Question, Reply, failed, read_question, to_text

TELL_SECONDS = 2.0
LOOK_SECONDS = 0.2
MOST_STARTS = 3
START_SECONDS = 60.0

Tell = Callable[[Progress], None]


@dataclass(frozen=True)
class Job:
    """One piece of long work below *home*, the office's folder for them."""

    home: Path
    question: Question

    @property
    def folder(self) -> Path:
        """Where it lies: the same for the same question."""
        return self.home / re.sub(r"[^A-Za-z0-9._-]", "_", self.question.key)

    def wait(self, command: Sequence[str], tell: Tell, seconds: float) -> Reply | None:
        """Return the answer, None when there is none after *seconds*. *command* plus the folder starts the process.

        A process that dies is started again, up to MOST_STARTS times in one call; after that its last words are the
        answer, as an error.
        """
        until, starts = time.monotonic() + seconds, 0
        while True:
            if reply := self.answer():
                return reply
            if not is_held(self.folder / "lock") and not self.answer():
                if starts == MOST_STARTS:
                    return self._died()
                self._start(command)
                starts += 1
            if progress := self.progress():
                tell(progress)
            if time.monotonic() > until:
                return None
            time.sleep(LOOK_SECONDS)

    def answer(self) -> Reply | None:
        """Return the answer if it is there."""
        found = _read(self.folder / "answer.json")
        return Reply(found) if found else None

    def progress(self) -> Progress | None:
        """Return how far it is, if it says so."""
        found = _read(self.folder / "progress.json")
        return Progress(**found) if found else None

    def take_away(self) -> None:
        """The answer has been delivered: the same question asked again is new work."""
        for name in ("answer.json", "progress.json"):
            (self.folder / name).unlink(missing_ok=True)

    def _start(self, command: Sequence[str]) -> None:
        """Start the process and return once it is at work; whoever wants to start it at the same moment waits here."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with held(self.folder / "start.lock", START_SECONDS):
            if is_held(self.folder / "lock") or self.answer():
                return
            write_aside(self.folder / "question.json", to_text(self.question).encode())
            with (self.folder / "log").open("ab") as log:
                child = subprocess.Popen(
                    [*command, str(self.folder)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, **_outlives_us()
                )
            until = time.monotonic() + START_SECONDS
            while child.poll() is None and not is_held(self.folder / "lock") and time.monotonic() < until:
                time.sleep(0.05)

    def _died(self) -> Reply:
        log = self.folder / "log"
        lines = log.read_text("utf-8", "replace").strip().splitlines() if log.exists() else []
        last = lines[-1][:300] if lines else "it said nothing"
        fact = f"the process of {self.question.verb} died {MOST_STARTS} times: {last}"
        return failed(fact, f"read {log}")


def serve(folder: Path, work: Callable[[Question, Tell], Reply | None]) -> bool:
    """Be the process of the piece of work in *folder*, one at a time at an office; False when another one is."""
    with held(folder / "lock", patience_seconds=5.0) as mine:  # whoever only asks whether it is held lets go at once
        if not mine:
            return False
        with held(folder.parent / "office.lock", patience_seconds=float("inf")):
            question = read_question((folder / "question.json").read_text("utf-8"))
            reply = work(question, _Teller(folder / "progress.json"))
        if reply:
            write_aside(folder / "answer.json", json.dumps(reply.data).encode())
    return True


@contextmanager
def held(path: Path, patience_seconds: float = 0.0) -> Iterator[bool]:
    """Hold the lock at *path* while the block runs; False is given when another process holds it for too long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = Lock(path)
    try:
        yield lock.take(patience_seconds, dying_seconds=max(60.0, patience_seconds))
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Say whether a process holds the lock at *path* now."""
    if not path.exists():
        return False
    lock = Lock(path)
    try:
        return not lock.take(dying_seconds=0.0)
    finally:
        lock.release()


class _Teller:
    """Writes how far it is into a file, every two seconds at most."""

    def __init__(self, path: Path) -> None:
        self._path, self._last = path, 0.0

    def __call__(self, at: Progress) -> None:
        now = time.monotonic()
        if now - self._last >= TELL_SECONDS or at.bytes >= at.bytes_total:
            self._last = now
            write_aside(self._path, json.dumps(asdict(at)).encode())


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None


def _outlives_us() -> dict[str, Any]:
    """Return the options of a child that stays when its parent, its terminal or its service goes."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}
    return {"start_new_session": True}
