"""What the hub's worker imports: its flows, with the home of this process ($SEEDING_HOME) behind them."""

from __future__ import annotations

from deploy.drill_flow import drill
from deploy.wiring import use_home
from flows.advance import advance, advance_fleet
from flows.answering import (
    attached,
    cancel,
    close,
    delivered,
    handed_over,
    hold,
    prepared,
    reopen,
    reorder,
    restored,
    resume,
    stop_job,
    waive,
)
from flows.digest import digest

__all__ = [
    "advance",
    "advance_fleet",
    "attached",
    "cancel",
    "close",
    "delivered",
    "digest",
    "drill",
    "handed_over",
    "hold",
    "prepared",
    "reopen",
    "reorder",
    "restored",
    "resume",
    "stop_job",
    "waive",
]

use_home()
