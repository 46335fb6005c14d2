"""Processes to be killed, cheaply: `forks.py` imports the product once and forks a child for each job it is told.

A job is one line of JSON on stdin, its end one line on stdout: `signal` (0, or what killed the child) and what the
child said. The server itself holds no journal, no connection and no thread, so a child is as good as a new process.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any


class Forks:
    """The server from outside. Start it when the rehearsal's environment is complete: children inherit it."""

    def __init__(self) -> None:
        root = Path(__file__).parents[2]
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
        )

    def run(self, **job: Any) -> dict[str, Any]:
        """Return how a child with that job ended. Raises RuntimeError with its traceback when it failed."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        end: dict[str, Any] = json.loads(self._process.stdout.readline())
        if "failed" in end:
            raise RuntimeError(end["failed"])
        return end

    def stop(self) -> None:
        """End the server."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


def serve() -> None:
    """Fork a child for each job until stdin ends."""
    import msal_extensions  # noqa: F401 - what every child would import late is here for all of them
    import sqlalchemy.dialects.sqlite  # noqa: F401
    from jobs import work

    gc.freeze()
    for line in sys.stdin:
        print(json.dumps(_in_a_child(work, json.loads(line))), flush=True)


def _in_a_child(work: Any, job: dict[str, Any]) -> dict[str, Any]:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            told = work(job)
        except BaseException:
            told = {"failed": traceback.format_exc()}
        with open(writer, "w") as pipe:  # noqa: PTH123 - a pipe has no path
            pipe.write(json.dumps(told))
        os._exit(0)
    os.close(writer)
    with open(reader) as pipe:  # noqa: PTH123
        told_text = pipe.read()
    _, status = os.waitpid(child, 0)
    told = json.loads(told_text) if told_text else {}
    return {"signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, **told}


if __name__ == "__main__":
    serve()
