"""What all tests may share: one rehearsal Azure per test process, as good as new for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from journey_host import Journey
    from postgresql_host import Server
    from prefect_host import Prefect
    from rehearsal_host import Rehearsal

if "MUTANT_UNDER_TEST" in os.environ:  # to notice a mutant takes one example; to make it small takes most of the time
    from hypothesis import Phase, settings

    settings.register_profile("mutants", phases=(Phase.explicit, Phase.generate), deadline=None, database=None)
    settings.load_profile("mutants")


@pytest.fixture(scope="session")
def running_rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """A rehearsal Azure that serves all tests of this process. Ask for `rehearsal` to have it reset first."""
    from rehearsal_host import running

    yield from running(tmp_path_factory.mktemp("rehearsal"))


@pytest.fixture
def rehearsal(running_rehearsal: Rehearsal) -> Rehearsal:
    """A rehearsal Azure as on its first day: `known`, `control`, the SDK's clients, and short cuts."""
    running_rehearsal.control.reset()
    return running_rehearsal


@pytest.fixture
def journey(rehearsal: Rehearsal, tmp_path: Path) -> Iterator[Journey]:
    """The two offices of the Data Box mode, planned, with little data, in a home of their own; without Prefect."""
    from journey_host import Journey, begun

    started = begun(rehearsal, tmp_path / "home", ("sydney", "lyon"))
    yield Journey(started, rehearsal)
    started.journal.close()


@pytest.fixture(scope="session")
def running_postgresql() -> Iterator[Server]:
    """A PostgreSQL server that serves all tests of this process; skips where none is installed."""
    from postgresql_host import running

    yield from running()


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Prefect]:
    """A Prefect server for one file, and this process's client pointed at it. What others told of a run would count."""
    from prefect_host import running, settings_for

    for server in running(tmp_path_factory.mktemp("prefect"), pytestconfig.cache.mkdir("prefect")):
        with settings_for(server):
            yield server


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever needs Prefect's server is slow: it takes seconds to start, and its answers are slow as well."""
    for item in items:
        if "prefect" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a test after the function it is given, not after its address: every worker must find the same names."""
    return getattr(val, "__name__", None) if callable(val) else None
