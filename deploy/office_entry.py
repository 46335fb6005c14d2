"""What an office's worker imports: its one flow, and the homes behind it ($SEEDING_HOME where none is named)."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from deploy.office import hands_by
from deploy.settings import Settings, settings
from flows.office_work import Bench, office_work, use_bench

__all__ = ["office_work", "use_homes"]


def use_homes(homes: Mapping[str, Settings]) -> None:
    """Have this process work for these offices, each in a home of its own."""
    use_bench(lambda office: _bench(homes[office]))


def _bench(where: Settings) -> Bench:
    command = (sys.executable, "-m", "deploy.at_work", "--home", str(where.home))
    return Bench(lambda page: hands_by(where, page, lambda _work, _at: None), where.work, command)


use_bench(lambda _office: _bench(settings()))
