"""The drill as a scheduled flow: once a month in a process of its own, so that its Azure never becomes the hub's."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from deploy.settings import settings
from flows.desk import collapse_late
from flows.home_run import Home
from flows.prefect_api import prefect_api

KEY, SHOWN = "drill", 12
COMMAND = [sys.executable, "-c", "from deploy.cli import main; main()", "drill", "--json"]


@flow(name="drill", flow_run_name="drill", log_prints=False, persist_result=False)
async def drill() -> State:
    """Lose a device in a rehearsal, and tell how long it took to see it and to make it good."""
    await asyncio.to_thread(collapse_late, runtime.deployment.id)
    return await asyncio.to_thread(drill_and_tell, settings().home)


def drill_and_tell(home: Path, command: Sequence[str] = COMMAND) -> State:
    """Make the drill, put the table of the last ones on its page, and return how it went."""
    done = subprocess.run([*command, "--home", str(home)], capture_output=True, text=True, check=False)
    try:
        envelope: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        return Failed(message=f"the drill broke off: {last[:300]}")
    if not envelope["ok"]:
        return Failed(message="; ".join(problem["message"] for problem in envelope["problems"])[:500])
    row, before = envelope["data"]["drill"], envelope["data"]["before"]
    with prefect_api() as api:
        Home(api).show(KEY, None, "markdown", page([*before, row]), f"{row['code']} after {row['hours_to_detect']} h")
    return Completed(name="drilled", message=f"{row['code']} was seen after {row['hours_to_detect']} h")


def page(rows: list[dict[str, Any]]) -> str:
    """Return the last drills as a Markdown table, the newest first."""
    cells = [
        f"| {row['lost_at'][:10]} | {row['code']} | {row['asked']} | {row['hours_to_detect']:g} "
        f"| {row['hours_to_recover']:g} |"
        for row in reversed(rows[-SHOWN:])
    ]
    heads = "| simulated day of the loss | seen as | asked | hours until it was seen | hours until it was made good |"
    return "\n".join(["# Drills: a device is lost on its way back", "", heads, "|---|---|---|---:|---:|", *cells])
