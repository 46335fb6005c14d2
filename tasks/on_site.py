"""What the office is told when it is asked to work on a run's device.

Each answer of the office may be None: it is still at work, and the run asks again later. Asking twice is safe.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from states.facts import Delivered, DevicesNamed
from states.lines import canonical
from states.run import Run
from tasks.ports import OnSite


def work_for(run: Run, now: datetime) -> OnSite:
    """Return what the office must know to work on this run's device at *now* (UTC)."""
    delivered, named = run.get(Delivered), run.get(DevicesNamed)
    serial = delivered.serial if delivered else (named.serials[0] if named else "")
    return OnSite(run.run_id, run.attempt, run.plan, run.job_name, serial, now, run.reached("ingested"), _mark(run))


def _mark(run: Run) -> str:
    """Return what stays the same as long as the run has learnt nothing that matters at the office."""
    known = {kind: at for kind, at in run.evidence_at.items() if kind != "job-seen"}
    standing = {code: raised.at for code, raised in run.conditions.items()}
    text = canonical([run.state, run.attempt, known, standing])
    return hashlib.sha256(text.encode()).hexdigest()[:12]
