"""What Prefect's workers import: every flow of the product, with the home of this process behind it.

A deployment's entrypoint names one of these. The home is $SEEDING_HOME of the worker.
"""

from __future__ import annotations

from deploy.wiring import use_home, use_office
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
    resume,
    waive,
)
from flows.office_work import office_work

__all__ = [
    "advance",
    "advance_fleet",
    "attached",
    "cancel",
    "close",
    "delivered",
    "handed_over",
    "hold",
    "office_work",
    "prepared",
    "reopen",
    "reorder",
    "resume",
    "waive",
]

use_home()
use_office()
