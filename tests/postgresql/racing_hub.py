"""A hub in a process of its own: `racing_hub.py HOME`. Passes over each run it reads a line of, and prints the end."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from deploy.settings import settings
from deploy.wiring import world
from flows.passing import run_pass
from tasks.errors import SeedingError


def main(home: str, name: str) -> None:
    """Work until the input ends."""
    mine = world(settings(Path(home)), actor=name, retry_delays=())
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        try:
            ended = run_pass(mine, line.strip(), look_now=True).run.state
        except SeedingError as wrong:
            ended = wrong.code
        print(json.dumps(ended), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
