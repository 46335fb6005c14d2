"""What an office's worker imports: the one flow it runs, with the home of this process behind it ($SEEDING_HOME)."""

from __future__ import annotations

import sys

from deploy.office import hands_by
from deploy.settings import settings
from flows.office_work import Bench, office_work, use_bench

__all__ = ["office_work"]


def _bench() -> Bench:
    where = settings()
    command = (sys.executable, "-m", "deploy.at_work", "--home", str(where.home))
    return Bench(lambda page: hands_by(where, page, lambda _work, _at: None), where.work, command)


use_bench(_bench)
