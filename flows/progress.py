"""How far a long copy is, on the run's page in Prefect: one progress artifact, updated in place every few seconds."""

from __future__ import annotations

import time
from threading import Thread

from prefect.settings import PREFECT_API_URL

from flows.home_run import Home, home_of
from flows.prefect_api import prefect_api
from tasks.errors import SeedingError
from tasks.media import Progress
from tasks.media.progress import progress_line
from tasks.ports import OnSite

SECONDS = 3.0


class ProgressPage:
    """Shows how far the work of this process is. It neither slows the work down nor stops it, whatever Prefect does."""

    def __init__(self) -> None:
        self._last, self._showing = float("-inf"), Thread()

    def __call__(self, work: OnSite, at: Progress) -> None:
        """Show one moment when it is time to; the last one always."""
        now, done = time.monotonic(), at.bytes >= at.bytes_total
        if done and self._showing.is_alive():
            self._showing.join(SECONDS)
        if self._showing.is_alive() or not (done or now - self._last >= SECONDS):
            return
        self._last = now
        self._showing = Thread(target=show, args=(work.run_id, at), daemon=True)
        self._showing.start()


def show(run_id: str, at: Progress) -> None:
    """Put one moment on the run's page. The work matters, not its picture: a server that is away is none of it.

    Nor is one started for it: without an address Prefect's client would.
    """
    if not PREFECT_API_URL.value():
        return
    try:
        with prefect_api() as api:
            text = f"{run_id}: {progress_line(at.phase, at)}"
            Home(api).show(f"progress-{run_id}", home_of(api, run_id), "progress", round(100 * at.share, 1), text)
    except SeedingError:
        return
