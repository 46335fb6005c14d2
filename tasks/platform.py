"""The few differences between the systems we run on: Linux and Windows. macOS goes the Linux way, without extras."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from typing import Any

PR_SET_PDEATHSIG = 1


def dies_with_parent() -> dict[str, Any]:
    """Return the subprocess options that end a child when its parent dies, as far as the system can do that.

    Linux: the kernel sends SIGTERM. Windows: a process group of its own; the child watches its standard input.
    """
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    if sys.platform == "linux":
        return {"preexec_fn": _ask_for_sigterm, "start_new_session": True}
    return {"start_new_session": True}


def _ask_for_sigterm() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
