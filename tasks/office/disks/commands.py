"""Running one Windows command (or its stand-in) to its end. Output is bytes in memory; nothing is logged.

What goes in on standard input may be a secret: it is neither kept nor repeated in an error.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tasks.errors import NotYet

_LIMIT = 16 << 20


@dataclass(frozen=True)
class Ran:
    """How a command ended: its exit code and what it printed."""

    code: int
    out: str = ""
    err: str = ""


Run = Callable[[Sequence[str], str], Ran]
"""Runs a command line with a text on its standard input."""

POWERSHELL = ("powershell.exe", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass")


def run_command(command: Sequence[str], given: str = "", *, timeout_seconds: float = 300.0) -> Ran:
    """Run *command*, with *given* on its standard input, and wait for its end. Raises NotYet when it does not run."""
    name = command[0]
    try:
        done = subprocess.run(
            list(command), input=given.encode(), capture_output=True, timeout=timeout_seconds, check=False
        )
    except OSError as error:
        raise NotYet(f"the command {name} cannot be started here: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise NotYet(f"the command {name} did not end within {timeout_seconds:.0f} s") from None
    if len(done.stdout) > _LIMIT:
        raise NotYet(f"the command {name} printed {len(done.stdout):,} bytes; that is no answer")
    return Ran(done.returncode, done.stdout.decode("utf-8-sig", "replace"), done.stderr.decode("utf-8", "replace"))
