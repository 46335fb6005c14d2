"""The trade's catalogue of faults: 107 ways in which an offline seeding goes wrong, and what the product makes of it.

A row says what is seen, why, and which codes of ours show it. Severity, whose turn it is, the clock and what to type
are the code's own row and stand nowhere else. What no program at the hub or the office can see says why.
"""

from __future__ import annotations

from states.faults.before import BEFORE
from states.faults.copying import COPYING
from states.faults.fault import Fault, Phase, Reaction
from states.faults.landing import LANDING
from states.faults.travelling import TRAVELLING

__all__ = ["FAULTS", "Fault", "Phase", "Reaction", "showing"]

FAULTS: tuple[Fault, ...] = tuple(sorted((*BEFORE, *COPYING, *TRAVELLING, *LANDING), key=lambda fault: fault.number))


def showing(code: str) -> tuple[Fault, ...]:
    """Return the faults that *code* shows, the row that names it first in front."""
    shown = [fault for fault in FAULTS if code in fault.codes]
    return tuple(sorted(shown, key=lambda fault: fault.codes.index(code)))
