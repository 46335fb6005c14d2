"""The refusal of a guard or of a trigger. Apart from the machine, so that a command line can name it cheaply."""

from __future__ import annotations


class Refused(Exception):
    """A trigger the run may not take now. `reasons` holds every reason, not only the first."""

    def __init__(self, run_id: str, state: str, trigger: str, reasons: tuple[str, ...]) -> None:
        super().__init__(f"cannot {trigger} {run_id} while {state}: {'; '.join(reasons)}")
        self.run_id, self.state, self.trigger, self.reasons = run_id, state, trigger, reasons
