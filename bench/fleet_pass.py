"""One fleet pass in a process of its own, as the hub's worker makes it: `python -m bench.fleet_pass HOME`.

Prints one JSON line: seconds of the whole process, its CPU seconds and peak MiB, how many requests it sent to Azure,
and the flow's last words.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import sys
import time
from pathlib import Path

BEGAN = time.perf_counter()


class Counter(logging.Handler):
    """Counts what the HTTP library says it sent: one record a request."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count requests to Resource Manager."""
        if isinstance(record.args, tuple) and any("/subscriptions/" in str(part) for part in record.args):
            self.count += 1


def main(home: Path) -> int:
    """Make the pass; 1 when it failed."""
    from deploy.prefect_env import prepare
    from deploy.settings import settings

    prepare(settings(home))
    from deploy.wiring import use_home
    from flows.advance import advance_fleet

    counter, log = Counter(), logging.getLogger("urllib3.connectionpool")
    log.addHandler(counter)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    use_home(home)
    state = asyncio.run(advance_fleet(return_state=True))
    told = {"seconds": time.perf_counter() - BEGAN, "cpu_seconds": time.process_time(), "requests": counter.count,
            "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "state": state.message}  # fmt: skip
    print(json.dumps(told))
    return 1 if state.is_failed() else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
