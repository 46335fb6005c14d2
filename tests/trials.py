"""How hard Hypothesis tries in this suite: enough to find what it found before, few enough for every commit."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
IN_CI = bool(os.environ.get("CI"))
HARDER = int(os.environ.get("TRIES", "1"))  # so many times as often: `make fuzz`


def tries(count: int, steps: int = 30) -> settings:
    """Return settings for *count* examples (of *steps* steps each, for a state machine); CI always tries the same."""
    return settings(
        max_examples=count * HARDER,
        stateful_step_count=steps,
        deadline=None,
        derandomize=IN_CI and HARDER == 1,
        suppress_health_check=_QUIET,
    )
