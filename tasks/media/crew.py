"""A few worker processes that each do one batch at a time, and die with the process that started them.

Small files are bound by the interpreter, so threads do not help. Forks where that is safe, spawns elsewhere.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar, cast

from tasks.media import platform_io
from tasks.media.faults import MediaError

Batch = TypeVar("Batch")
Answer = TypeVar("Answer")


class WorkerDied(MediaError):
    """A worker process ended in the middle of a batch."""

    code = "worker-died"
    remedy = "start the same command again: it goes on where it stopped"


class Crew(Generic[Batch, Answer]):
    """*count* processes that apply *work*, a picklable callable, to batches. `give` only while `idle`."""

    def __init__(self, work: Callable[[Batch], Answer], count: int) -> None:
        context = multiprocessing.get_context("fork" if platform_io.may_fork() else "spawn")
        self._idle: list[Connection] = []
        self._busy: list[Connection] = []
        self._processes: list[BaseProcess] = []
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, ours, work), daemon=True)  # type: ignore[attr-defined]
            process.start()
            theirs.close()
            self._processes.append(process)
            self._idle.append(ours)

    @property
    def idle(self) -> bool:
        """Say whether a worker is free."""
        return bool(self._idle)

    @property
    def busy(self) -> bool:
        """Say whether a batch is being worked on."""
        return bool(self._busy)

    def give(self, batch: Batch) -> None:
        """Hand a batch to a free worker."""
        worker = self._idle.pop()
        worker.send(batch)
        self._busy.append(worker)

    def answers(self, timeout_seconds: float) -> list[Answer]:
        """Return what has been finished, after waiting at most so long; raise WorkerDied, or what *work* raised."""
        found = []
        for worker in wait(self._busy, timeout_seconds) if self._busy else ():
            mine = cast("Connection", worker)
            self._busy.remove(mine)
            found.append(self._answer(mine))
            self._idle.append(mine)
        return found

    def _answer(self, worker: Connection) -> Answer:
        try:
            answer: Answer | BaseException = worker.recv()
        except (EOFError, OSError) as error:
            raise WorkerDied("a worker process died") from error
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def close(self, *, at_once: bool = False) -> None:
        """End the workers; *at_once* without letting them finish what they are at."""
        for worker in (*self._idle, *self._busy):
            with suppress(OSError):
                worker.send(None)
            worker.close()
        for process in self._processes:
            if at_once:
                process.terminate()
            process.join()


def _serve(ours: Connection, theirs: Connection, work: Callable[[Any], Any]) -> None:
    """Do batches until the pipe closes."""
    platform_io.die_with_parent()
    theirs.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # batches are small and hold no cycles; looking for some costs a twentieth of the time
    while True:
        try:
            batch = ours.recv()
        except (EOFError, OSError):
            return
        if batch is None:
            return
        try:
            answer = work(batch)
        except Exception as error:
            answer = error
        try:
            ours.send(answer)
        except OSError:
            return
