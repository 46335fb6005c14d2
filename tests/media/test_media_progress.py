"""Progress: a rate and a time left that is a range, told not too often."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tasks.media.progress import Meter, Progress


@given(st.lists(st.integers(0, 1 << 30), max_size=50))
def test_it_counts_exactly_and_always_tells_the_end(sizes):
    """Whatever comes in whatever portions: the last word is the whole."""
    told: list[Progress] = []
    meter = Meter("copy", len(sizes), sum(sizes), told.append)
    for size in sizes:
        meter.add(1, size)
    meter.beat(final=True)

    assert (told[-1].files, told[-1].bytes) == (len(sizes), sum(sizes))
    assert told[-1].share == 1.0
    assert len(told) < len(sizes) + 2


def test_the_time_left_spans_slow_and_fast_stretches():
    """Measured at two speeds, the range holds both."""
    meter = Meter("copy", 1, 1000, lambda at: None)
    meter._seen.extend((meter._seen[0][0] + t, b) for t, b in ((1.0, 100), (2.0, 300)))
    meter.bytes = 300

    at = meter._snapshot(meter._seen[-1][0])

    assert (at.rate, at.left_low, at.left_high) == (150.0, 3.5, 7.0)
