"""`seeding drill`: lose a device in a rehearsal, and say how long it took to see it and to make it good."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from deploy.cli.envelope import Answer, Exit
from deploy.drill import Drilled, drill
from deploy.processes import rehearsal_azure
from deploy.rehearse import fresh_home
from deploy.settings import settings
from states.codec import to_json
from states.explain import ago, stamp

KEPT = "drills.jsonl"  # in the home: a line a drill, the newest last


def drilled(home: Path | None, *, quiet: bool) -> Answer:
    """Make one drill and keep what it measured in the home. Raises SeedingError when the rehearsal does not start."""
    Console(stderr=True, quiet=quiet).print("starting the rehearsal Azure and losing a device in it ...")
    root = settings(home).home
    child = rehearsal_azure(fresh_home(root / "drill").home / "azure")
    try:
        found = drill(child.first_line(), root / "drill" / "rehearsal" / "home")
    finally:
        child.stop()
    row = as_data(found)
    with (root / KEPT).open("a", encoding="utf-8") as kept:
        kept.write(json.dumps(row) + "\n")
    return Answer({"drill": row, "before": past(root)[:-1]}, lambda: _show(found), exit=Exit.DONE)


def past(home: Path) -> list[dict[str, Any]]:
    """Return what earlier drills measured, the newest last."""
    kept = home / KEPT
    return [json.loads(line) for line in kept.read_text("utf-8").splitlines()] if kept.exists() else []


def as_data(found: Drilled) -> dict[str, Any]:
    """Return a drill as JSON values; times are UTC, spans are hours."""
    hours = {"hours_to_detect": found.to_detect, "hours_to_recover": found.to_recover}
    return {**to_json(found), **{name: round(span / timedelta(hours=1), 1) for name, span in hours.items()}}


def _show(found: Drilled) -> None:
    out = sys.stdout
    print(f"{stamp(found.lost_at)}  the device of {found.run_id} is lost on its way back", file=out)
    print(
        f"{stamp(found.detected_at)}  {found.code}: {found.asked} is asked, and told to type `{found.command}`",
        file=out,
    )
    print(f"{stamp(found.recovered_at)}  every item is in the vault, by another device", file=out)
    print(f"seen after {ago(found.to_detect)}, made good after {ago(found.to_recover)} more", file=out)
