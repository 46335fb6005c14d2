"""What showing a run costs in requests to Prefect, counted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prefect_host import Prefect
from stories import run_in

from flows.home_run import Home, News
from flows.prefect_api import prefect_api
from states.run import Run


def shown(runs: list[Run], log: pytest.LogCaptureFixture) -> int:
    """Show these runs as a fleet pass does; return the number of requests."""
    log.clear()
    with log.at_level("INFO", "httpx"), prefect_api() as api:
        home = Home(api)
        home.look_up(runs)
        for run in runs:
            page = home.project(run)
            home.show(f"timeline-{run.run_id}", page.id, "markdown", "where it stands", "Where it stands")
            home.announce([News(page, run.seq, page.asked, [])])
    sent = [record.message for record in log.records if "HTTP Request" in record.message]
    return sum("csrf-token" not in text for text in sent)


def test_runs_without_news_cost_two_requests_together(prefect: Prefect, caplog: pytest.LogCaptureFixture) -> None:
    """Home runs and pages are found by the hundred; a page that says the same is left as it is."""
    one = run_in("ordered")
    runs = [replace(one, run_id=f"office-{number}/2026-11") for number in range(12)]
    first = shown(runs, caplog)

    assert first > 4 * len(runs)
    assert (shown(runs, caplog), shown(runs[:3], caplog)) == (2, 2)
