"""A run as data for envelopes: the same shape wherever a run appears."""

from __future__ import annotations

from typing import Any

from states.codec import utc_text
from states.conditions import row_of
from states.facts import Copied, Delivered, DrivesPrepared
from states.landing import AgentSeen, VaultSeen
from states.run import Run


def run_data(run: Run) -> dict[str, Any]:
    """Return run_id, office, mode, state, attempt, history, items and conditions. Sizes are bytes, times UTC."""
    return {
        "run_id": run.run_id,
        "office": run.plan.office,
        "mode": run.plan.mode,
        "agent": run.plan.agent,
        "sku": run.plan.sku,
        "order": run.job_name,
        "state": run.state,
        "attempt": run.attempt,
        "history": [
            {"state": p.state, "at": utc_text(p.at), "attempt": p.attempt, "evidence": list(p.evidence)}
            for p in run.history
        ],
        "items": [_item(run, item.name, item.bytes) for item in run.plan.items],
        "conditions": [
            {
                "code": raised.code,
                "severity": row_of(raised.code).severity,
                "whose": row_of(raised.code).whose,
                "since": utc_text(raised.at),
                "detail": raised.detail,
                "remedy": row_of(raised.code).remedy.format(run=run.run_id),
                "waived": raised.code in run.waivers,
            }
            for raised in run.conditions.values()
        ],
    }


def _item(run: Run, name: str, planned: int) -> dict[str, Any]:
    copied = run.get(Copied)
    on_device = next((item for item in copied.items if item.name == name), None) if copied else None
    witnesses = [seen for seen in (run.get(VaultSeen), run.get(AgentSeen)) if seen]
    points = [item.points for seen in witnesses for item in seen.items if item.name == name]
    return {
        "name": name,
        "bytes": on_device.source_bytes if on_device else planned,
        "device_bytes": on_device.bytes if on_device else 0,
        "device": _device(run),
        "folder": on_device.folder if on_device else "",
        "recovery_points": max(points, default=0),
    }


def _device(run: Run) -> str:
    """Return the serial number of the device, or of every drive of the present attempt."""
    drives, copied, delivered = run.get(DrivesPrepared), run.get(Copied), run.get(Delivered)
    if run.plan.mode == "own-disk":
        return " ".join(drive.serial for drive in drives.drives) if drives else ""
    return copied.serial if copied else (delivered.serial if delivered else "")
