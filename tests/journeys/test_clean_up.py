"""What must not change on the way, and the clean-up at the end, on the wire: real clients, real blobs.

That it is done once whatever dies when is in the crash matrix, tests/crash.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from journey_host import Journey, begun
from rehearsal_host import Rehearsal as Azure

from deploy.cli.closing import dry_run
from states.fold import fold
from states.interlock import READY
from states.refused import Refused
from states.release import PapersFiled, Released, SampleRestored
from states.run import Run
from tasks import answers
from tasks.layout import container_of
from tasks.perform import perform

pytestmark = pytest.mark.slow
ANN = "ann@example.com"


@pytest.fixture
def journey(rehearsal: Azure, tmp_path: Path) -> Iterator[Journey]:
    """One office alone: the one whose agent restores a sample."""
    started = begun(rehearsal, tmp_path / "home", ("lyon",))
    yield Journey(started, rehearsal)
    started.journal.close()


def test_what_somebody_changes_on_the_way_stops_the_run_by_name_until_it_is_changed_back(journey: Journey) -> None:
    """Firewall, rule, key, lock, a renamed server: what breaks blocks, what does not warns, and Azure says who."""
    control, run = journey.rehearsal.control, journey.until("lyon", "shipped")
    look(journey)
    control.add_faults({"world": "firewall", "action": "Deny", "bypass": "None", "by": ANN})
    control.add_faults({"world": "lifecycle-rule", "name": "tidy", "prefixes": ["lyon"], "by": "bob"})
    control.add_faults({"world": "keys-rotated", "by": ANN})
    control.add_faults({"world": "lock", "level": "CanNotDelete", "by": ANN})
    control.add_faults({"world": "server-renamed", "office": "lyon", "server": "LYO-NEW"})
    broken = look(journey)
    control.add_faults({"world": "firewall", "action": "Allow", "bypass": "AzureServices", "by": ANN})
    control.add_faults({"world": "lifecycle-rule", "name": "tidy", "removed": True, "by": "bob"})
    control.add_faults({"world": "unlock", "by": ANN})
    control.add_faults({"world": "server-renamed", "office": "lyon", "server": run.plan.server})
    mended = look(journey)
    again = look(journey)

    assert run.conditions == {}
    assert set(broken.conditions) == {"account-walled-off", "lifecycle-rule", "server-renamed", "frozen-changed"}
    assert ANN in broken.conditions["account-walled-off"].detail and "bob" in broken.conditions["lifecycle-rule"].detail
    assert set(mended.conditions) == {"frozen-changed"} and again.seq == mended.seq
    told = mended.conditions["frozen-changed"].detail
    assert all(what in told for what in ("key 1", "locks", "network rules", "lifecycle rules")) and ANN in told


def test_a_finished_run_is_cleaned_up_once_behind_the_interlock(journey: Journey) -> None:
    """Refused while a proof is missing; then its own containers and its order, each once, and nothing else's."""
    control = journey.rehearsal.control
    for state in ("delivered", "copied", "shipped", "vaulted"):
        journey.until("lyon", state)
        book = journey.world.book(journey.run("lyon").run_id)
        ((code, told),) = perform("close", book, journey.world.site_of(book.run.plan)).raised
        assert code == "release-refused" and f"is {state}, not {READY}" in told
    lyon = journey.run("lyon")
    early = refused(journey)
    listed = dry_run(journey.rehearsal.where.home, lyon.run_id, yes=False)
    journey.until("lyon", READY)
    untouched = control.stats()
    journey.azure.blobs.create_container("holiday-photos")
    others = {c.name for c in journey.azure.blobs.list_containers()} - set(containers(lyon))
    answers.approve_close(journey.world.book(lyon.run_id), "ann")
    closed = look(journey)

    assert all(word in early for word in ("is vaulted, not", "incremental", "sample"))
    assert listed.data["goes"] == [*(f"container {name}" for name in containers(lyon)), f"order {lyon.job_name}"]
    assert (listed.exit, listed.data["stays"]) == (20, []) and listed.data["refused"]
    assert untouched["container_deletes"] == {} and untouched["deletes"] == {}
    assert closed.state == "closed" and closed.intents == {}
    released = closed.get(Released)
    assert released == Released(order_deleted=True, containers=containers(lyon))
    stats = control.stats()
    assert stats["container_deletes"] == dict.fromkeys(containers(lyon), 1)
    assert stats["deletes"] == {lyon.job_name: 1}
    assert {c.name for c in journey.azure.blobs.list_containers()} == others
    restored = closed.get(SampleRestored)
    assert restored and len(restored.good) == restored.drawn == restored.of_files and not restored.wrong
    filed = closed.get(PapersFiled)
    assert filed and not filed.missing and all(kept(journey, lyon, name) for name in filed.names)
    assert b"NIST SP 800-88" in kept(journey, lyon, f"{lyon.job_name}-erasure-certificate.txt")
    journal = journey.rehearsal.journal
    assert fold(journal.lines(lyon.run_id)) == closed and journal.check(lyon.run_id) == closed.seq


def test_a_restored_file_that_differs_keeps_everything(journey: Journey) -> None:
    """One blob is not what was sealed: the sample says so, and the clean-up is refused."""
    lyon = journey.until("lyon", "vaulted")
    container = journey.azure.blobs.get_container_client(containers(lyon)[0])
    blob = next(iter(container.list_blobs()))
    container.upload_blob(blob.name, b"x" * blob.size, overwrite=True)

    run = journey.until("lyon", READY)

    assert blob.name in run.conditions["restore-differs"].detail
    assert "restored files differ" in refused(journey)
    assert journey.rehearsal.control.stats()["container_deletes"] == {}


def look(journey: Journey) -> Run:
    """Return lyon's run after one pass."""
    journey.sweep([journey.run("lyon").run_id])
    return journey.run("lyon")


def refused(journey: Journey) -> str:
    """Return every reason for which an approval is refused."""
    with pytest.raises(Refused) as refusal:
        answers.approve_close(journey.world.book(journey.run("lyon").run_id), "ann")
    return str(refusal.value)


def containers(run: Run) -> tuple[str, ...]:
    """Return the names of the run's own containers."""
    return tuple(sorted(container_of(run.plan.office, item.name) for item in run.plan.items))


def kept(journey: Journey, run: Run, name: str) -> bytes:
    """Return a file of the run's archive."""
    found = [path for path in Path(journey.rehearsal.where.archive).rglob(name)]
    assert len(found) == 1, (run.run_id, name, found)
    return found[0].read_bytes()
