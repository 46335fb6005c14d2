"""The hub's own pulse: each pass leaves a mark in the home, and whoever looks compares it with the machine."""

from __future__ import annotations

import json
import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from states.codec import NotReadable, read_utc, utc_text
from states.health import Ailment, Mark, Vitals, ailments
from tasks.files import write_aside

MARK, PROBE = "last-pass.json", ".sync-probe"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # Linux names each start of the machine; elsewhere none is known


class Pulse:
    """The marks of one home. The times are the machine's, never a rehearsal's."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def beat(self) -> None:
        """Leave the mark of a pass that has ended. Raises OSError where nothing can be written."""
        here = _here()
        row = {"at": utc_text(here.at), "uptime_seconds": here.uptime_seconds, "boot": here.boot}
        write_aside(self._home / MARK, json.dumps(row).encode("ascii"))

    def look(self, open_runs: int) -> tuple[Ailment, ...]:
        """Return what is wrong with the hub. Writes one probe, which is gone afterwards."""
        room = shutil.disk_usage(self._home)
        return ailments(Vitals(_here(), self._last(), open_runs, room.free, room.total, self._sync()))

    def _last(self) -> Mark | None:
        """Return the last pass's mark; one that cannot be read is none."""
        try:
            row = json.loads((self._home / MARK).read_text("ascii"))
            return Mark(read_utc(row["at"]), float(row["uptime_seconds"]), str(row["boot"]))
        except (OSError, ValueError, KeyError, TypeError, NotReadable):
            return None

    def _sync(self) -> str:
        """Make a small file durable where the journal lies; return why that failed, "" when it did not."""
        probe = self._home / PROBE
        try:
            with probe.open("wb") as file:
                file.write(b"x")
                file.flush()
                os.fsync(file.fileno())
            probe.unlink()
        except OSError as error:
            return f"{self._home}: {error.strerror or error}"
        return ""


def _here() -> Mark:
    try:
        boot = BOOT_ID.read_text("ascii").strip()
    except OSError:
        boot = ""
    clock = getattr(time, "CLOCK_BOOTTIME", None)  # goes on while the machine sleeps
    uptime = time.clock_gettime(clock) if clock is not None else time.monotonic()
    return Mark(datetime.now(UTC), uptime, boot)
