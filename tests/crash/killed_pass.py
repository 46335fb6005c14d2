"""A pass that kills itself with SIGKILL at a named moment: `killed_pass.py HOME RUN PORT.METHOD before|after`.

The ports are the real ones; only the call that is to be interrupted is wrapped.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from deploy.settings import settings
from deploy.wiring import world
from flows.passing import run_pass
from states.plan import Plan
from tasks.ports import Site


class KilledAt:
    """A port of the site, but the process dies before or after one method's effect."""

    def __init__(self, port: Any, method: str, moment: str) -> None:
        self._port, self._method, self._moment = port, method, moment

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._port, name)
        if name != self._method:
            return real

        def fatal(*arguments: Any) -> Any:
            if self._moment == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            real(*arguments)
            os.kill(os.getpid(), signal.SIGKILL)

        return fatal


def main(home: str, run_id: str, call: str, moment: str) -> None:
    """Run one pass that will not come to its end."""
    whole = world(settings(Path(home)))
    port, method = call.split(".")

    def site_of(plan: Plan) -> Site:
        site = whole.site_of(plan)
        return replace(site, **{port: KilledAt(getattr(site, port), method, moment)})

    run_pass(replace(whole, site_of=site_of), run_id, look_now=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
