"""The hub's machine without containers: `python -m deploy.local` runs until Ctrl-C, then ends all it has started."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from deploy.inventory import load
from deploy.local.stack import Ports, Stack
from deploy.settings import settings
from tasks.errors import SeedingError

LOOK_SECONDS = 1.0


def main(arguments: list[str] | None = None) -> int:
    """Start PostgreSQL, Prefect and the hub and watch over them; 1 when one of them ends by itself, 0 when stopped."""
    usual = Ports()
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=main.__doc__)
    parser.add_argument("--home", type=Path, help="where everything lies (default $SEEDING_HOME or ./.seeding)")
    parser.add_argument("--postgresql-port", type=int, default=usual.postgresql)
    parser.add_argument("--prefect-port", type=int, default=usual.prefect)
    given = parser.parse_args(arguments)
    where = settings(given.home)
    signal.signal(signal.SIGTERM, _stop)
    try:
        load(where.inventory)  # wrong input is told before anything is started
        stack = Stack(where, Ports(given.postgresql_port, given.prefect_port))
        stack.start()
    except SeedingError as wrong:
        print(f"{wrong.code}: {wrong.message}\n  next: {wrong.next}", file=sys.stderr)
        return wrong.exit_code
    except KeyboardInterrupt:
        return 0
    print(
        f"Prefect: {stack.ui}\nIn another shell: source {stack.exports}; seeding status\nCtrl-C ends all.", flush=True
    )
    return _watch(stack)


def _watch(stack: Stack) -> int:
    try:
        while not (fallen := stack.fallen()):
            time.sleep(LOOK_SECONDS)
        print(f"{fallen}; the others are stopped. Start again: nothing is lost.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        stack.stop()


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
