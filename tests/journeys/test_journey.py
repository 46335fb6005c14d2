"""From order to incrementals, on real bytes and the real SDK clients. The ways it must stop are in deploy/scenarios."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from journey_host import Journey, begun
from rehearsal_host import Rehearsal as Azure

from states.facts import Copied, Reconciled, Sealed
from states.lifecycle import MILESTONES
from states.playbook import Ask
from states.run import Run
from tasks.layout import container_of


@dataclass(frozen=True)
class Played:
    """What is left of both offices' journeys at their goal."""

    runs: list[Run]
    stats: dict[str, dict[str, int]]
    arrived: dict[str, dict[str, bytes]]
    archive: list[str]


@pytest.fixture(scope="module")
def played(running_rehearsal: Azure, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Both offices from order to incrementals, played once; the chains of their journals checked."""
    running_rehearsal.control.reset()
    rehearsal = begun(running_rehearsal, tmp_path_factory.mktemp("played"), ("sydney", "lyon"))
    journey = Journey(rehearsal, running_rehearsal)
    runs = journey.play()
    assert all(rehearsal.journal.check(run.run_id) == run.seq for run in runs)
    arrived = {item.name: blobs_of(journey, item.name) for item in journey.run("lyon").plan.items}
    archive = sorted(path.name for path in rehearsal.where.archive.rglob("*"))
    rehearsal.journal.close()
    return Played(runs, running_rehearsal.control.stats(), arrived, archive)


def test_both_offices_reach_incrementals_through_every_milestone_in_order(played: Played) -> None:
    """No state is skipped, and no condition is left standing."""
    assert len(played.runs) == 2
    for run in played.runs:
        assert [passage.state for passage in run.history] == list(MILESTONES[:-1])
        assert run.conditions == {}


def test_every_byte_of_the_source_is_in_the_account_and_only_once_ordered(played: Played) -> None:
    """What left the office is what arrived, byte for byte, under the container of its item."""
    for item in run_of(played, "lyon").plan.items:
        assert played.arrived[item.name] == tree(Path(item.source))
    jobs = {run.job_name: 1 for run in played.runs}
    assert (played.stats["orders"], played.stats["pickups"]) == (jobs, jobs)


def test_an_agents_page_blobs_are_sealed_and_found_again(played: Played) -> None:
    """The backup agent writes its own format; the manifest covers it all the same."""
    run = run_of(played, "sydney")

    copied, sealed, reconciled = run.get(Copied), run.get(Sealed), run.get(Reconciled)
    assert copied and sealed and reconciled
    assert {item.name for item in copied.items} == {item.name for item in run.plan.items}
    assert sealed.bytes == sum(item.bytes for item in copied.items) and reconciled.same == sealed.files


@pytest.mark.parametrize("office", ["lyon", "sydney"])
def test_the_archive_keeps_the_manifest_and_the_datacenters_log(played: Played, office: str) -> None:
    """What proves the seed outlives device, order and account."""
    run = run_of(played, office)
    sealed = run.get(Sealed)

    assert sealed and sealed.manifest in played.archive and f"{run.job_name}-copylog-1.xml" in played.archive


def test_a_run_on_hold_does_nothing_and_goes_on_after_resume(lyon: Journey) -> None:
    """Hold is the operator's brake; time goes on, the run does not."""
    from tasks import answers

    book = lyon.world.book(lyon.run("lyon").run_id)
    answers.hold(book, "move of the server room")
    passed = lyon.sweep([book.run.run_id])[0]
    held = lyon.run("lyon")
    answers.resume(lyon.world.book(book.run.run_id))

    assert (held.state, held.conditions["held"].detail) == ("planned", "move of the server room")
    assert isinstance(passed.step, Ask) and lyon.rehearsal.control.stats()["orders"] == {}
    assert lyon.until("lyon", "ordered").conditions == {}


def test_nothing_is_ordered_twice_when_a_pass_follows_a_pass(journey: Journey) -> None:
    """A pass with nothing new leaves no line behind, however often it comes."""
    journey.sweep()
    before = {run.run_id: run.seq for run in journey.rehearsal.runs()}
    for _ in range(3):
        journey.sweep()

    assert {run.run_id: run.seq for run in journey.rehearsal.runs()} == before
    assert set(journey.rehearsal.control.stats()["orders"].values()) == {1}


def test_a_run_is_not_looked_at_before_its_time(journey: Journey) -> None:
    """The fleet pass costs nothing for a run that is not due."""
    from tasks.journal.store import due_ids

    journey.sweep()
    now = journey.rehearsal.clock.now()
    rows = journey.rehearsal.journal.rows(open_only=True)

    assert due_ids(rows, now) == []
    assert len(due_ids(rows, now + timedelta(hours=12))) == 2


def run_of(played: Played, office: str) -> Run:
    return next(run for run in played.runs if run.plan.office == office)


def blobs_of(journey: Journey, item: str) -> dict[str, bytes]:
    container = journey.azure.blobs.get_container_client(container_of("lyon", item))
    return {blob.name: container.download_blob(blob.name).readall() for blob in container.list_blobs()}


def tree(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
