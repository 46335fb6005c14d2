"""The interlock and the clean-up: nothing goes before its time, everything of ours goes once, nothing else ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import pytest
from fakes import Crash, FakeOrders, FakeWorld
from stories import RUN_ID, added, agent, condition, job, points, run_in

from states.fold import forget
from states.interlock import READY, reasons_to_keep
from states.landing import AgentSeen, PointsSeen
from states.lifecycle import MILESTONES, STATES
from states.refused import Refused
from states.release import CloseApproved, PapersFiled, Released, SampleRestored
from states.run import Run
from states.settle import Outcome
from tasks import answers, media
from tasks.errors import NotAllowed, NotYet, Rejected
from tasks.left_overs import left_overs
from tasks.perform import perform
from tasks.ports import BlobSeen, Paper

SAMPLE = SampleRestored(2, 2, ("mail/a", "sql/b"))
PAPERS = PapersFiled(("perth0123-job-1.json",))
CONTAINERS = ("perth-mail", "perth-sql")
FOREIGN = BlobSeen("perth-sql", "holiday.jpg", 9, "block")


def world_in(tmp_path: Path, state: str = READY, **parts) -> FakeWorld:
    """Return a world whose account holds the sealed seed and something else, at the end of the good story."""
    orders = FakeOrders(jobs={"perth0123": job("Completed", deletable=True)})
    world = FakeWorld(tmp_path, state, **{"orders": orders, **parts})
    device = tmp_path / "device"
    for container in CONTAINERS:
        (device / "BlockBlob" / container).mkdir(parents=True)
        (device / "BlockBlob" / container / "a").write_bytes(b"seed")
    header = media.Header(RUN_ID, 1, {"mail": "BlockBlob"}, "DISK-0001", "tests", "2026-11-02T06:00:00Z")
    sealed = media.seal(device, ["BlockBlob"], tmp_path / "m", header=header, state=tmp_path / "state", reopen=True)
    world.site.archive.put(RUN_ID, "perth0123.manifest", (tmp_path / "m").read_bytes())
    seed = tuple(BlobSeen(container, "a", 4, "block") for container in CONTAINERS)
    world.account.seen = (*seed, BlobSeen("holiday-photos", "b", 4, "block"))
    assert sealed.files == 2
    return world


def proved(world: FakeWorld) -> FakeWorld:
    """Return the world with both witnesses there to be asked again, the sample restored and the papers filed."""
    landed = world.book().run.reached("ingested")
    world.vault.known, world.office = points(landed), world.office.with_agent(agent(landed))
    world.book().settle(Outcome("restore-sample", (SAMPLE,)))
    world.book().settle(Outcome("file-papers", (PAPERS,)))
    return world


def closing(world: FakeWorld) -> Run:
    """Return the run after one try of the clean-up."""
    book = world.book()
    return book.settle(perform("close", book, world.site))


def deletions(world: FakeWorld) -> int:
    """Return how many deletions the world was asked for."""
    calls = (*world.orders.trouble.calls, *world.left_overs.trouble.calls)
    return sum(call in ("delete", "delete_container") for call in calls)


EVERY_PROOF = ("recovery point", "incremental backup", "no sample", "not in the archive")
# What the interlock looks at, each with the evidence that makes it true.
PROOFS = {
    "agent-seen": AgentSeen,
    "points-seen": PointsSeen,
    "sample-restored": SampleRestored,
    "papers-filed": PapersFiled,
}


@pytest.mark.parametrize("state", [name for name in STATES if name != READY])
def test_in_every_other_state_it_refuses_with_every_reason(state: str):
    """The state itself, and every proof that is not there yet."""
    reasons = reasons_to_keep(run_in(state))

    assert any(reason.startswith(f"{RUN_ID} is {state}") for reason in reasons)
    told = "; ".join(reasons)
    unproved = {"vaulted": EVERY_PROOF[1:], "closed": ()}.get(state, EVERY_PROOF)
    assert [word for word in unproved if word not in told] == []


@pytest.mark.parametrize(
    "kinds", [kinds for n in range(1, 5) for kinds in combinations(sorted(PROOFS), n)], ids="+".join
)
@pytest.mark.parametrize("blocked", [False, True])
def test_whatever_is_missing_nothing_is_deleted_and_every_reason_is_named(tmp_path: Path, kinds, blocked: bool):
    """Each proof alone and all together, with and without a condition that blocks: the reasons add up."""
    run = proved(world_in(tmp_path)).book().run
    without = forget(run, kinds)
    if blocked:
        without = replace(without, conditions=dict(run_in("ordered").conditions) | {"held": _held(run)})
    single = {kind: set(reasons_to_keep(forget(run, (kind,)))) for kind in kinds}

    reasons = set(reasons_to_keep(without))

    assert all(single.values()) and not reasons_to_keep(run)
    assert len(reasons) >= len(set().union(*single.values())) > 0
    assert any("blocked by held" in reason for reason in reasons) == blocked


@pytest.mark.parametrize("state", [name for name in MILESTONES if name not in (READY, "closed")])
def test_the_verb_itself_refuses_in_every_state_and_calls_no_deletion(tmp_path: Path, state: str):
    """Even if something asked for it too early: it is the last door."""
    world = world_in(tmp_path, state)
    world.office = world.office.with_agent(agent(world.book().run.opened_at))

    run = closing(world)

    assert deletions(world) == 0 and run.state == state
    assert f"{RUN_ID} is {state}" in run.conditions["release-refused"].detail


@pytest.mark.parametrize("gone", ["points", "incremental", "sample", "papers"])
def test_a_proof_that_went_after_the_approval_stops_the_clean_up(tmp_path: Path, gone: str):
    """The witnesses are asked once more; an approval of yesterday deletes nothing today."""
    world = proved(world_in(tmp_path))
    answers.approve_close(world.book(), "ann")
    landed = world.book().run.reached("ingested")
    if gone == "points":
        world.vault.known = ()
        world.office = world.office.with_agent(agent(landed, items=()))
    elif gone == "incremental":
        world.office = world.office.with_agent(agent(landed, incremental_at=None))
    elif gone == "sample":
        world.book().settle(Outcome("restore-sample", (replace(SAMPLE, good=("mail/a",), wrong=("sql/b",)),)))
    else:
        world.book().settle(Outcome("file-papers", (replace(PAPERS, missing=("erasure-certificate",)),)))

    run = closing(world)

    assert deletions(world) == 0 and run.state == READY and run.get(Released) is None
    assert run.conditions["release-refused"].detail


def test_a_refused_clean_up_asks_the_witnesses_again_when_it_is_resumed(tmp_path: Path):
    """What they said a while ago must not stop it for ever: they may have been wrong, or mended since."""
    world = proved(world_in(tmp_path))
    answers.approve_close(world.book(), "ann")
    known, office = world.vault.known, world.office
    landed = world.book().run.reached("ingested")
    world.vault.known, world.office = (), world.office.with_agent(agent(landed, items=()))
    refused = closing(world)
    world.vault.known, world.office = known, office
    states = []
    for _ in range(2):
        world.time += timedelta(hours=1)
        answers.resume(world.book())
        states.append(closing(world).state)

    assert "release-refused" in refused.conditions and states == [READY, "closed"]


def test_an_approval_is_refused_with_every_reason(tmp_path: Path):
    """Exit code 20, and the whole list: an operator mends everything in one go."""
    world = world_in(tmp_path)

    with pytest.raises(Refused) as refusal:
        answers.approve_close(world.book(), "ann")

    text = str(refusal.value)
    assert "no sample of perth was restored" in text and "not in the archive" in text
    assert world.book().run.get(CloseApproved) is None


def test_a_silent_agent_postpones_the_clean_up(tmp_path: Path):
    """Nothing is deleted on what was said last week."""
    world = proved(world_in(tmp_path))
    answers.approve_close(world.book(), "ann")
    world.office.trouble.before["agent"] = [NotYet("the server is off")]

    assert (deletions(world), closing(world).state, deletions(world)) == (0, READY, 0)


def test_what_is_the_seeds_goes_in_order_and_nothing_else(tmp_path: Path):
    """Containers, then the order's record; a container of somebody else is never named."""
    world = proved(world_in(tmp_path))
    listed = [thing.text for thing in left_overs(world.book().run, world.site, world.now())]
    answers.approve_close(world.book(), "ann")

    run = closing(world)

    assert listed == [*(f"container {name}" for name in CONTAINERS), "order perth0123"]
    assert run.state == "closed" and run.intents == {}
    assert run.get(Released) == Released(order_deleted=True, containers=CONTAINERS)
    assert world.left_overs.deleted == list(CONTAINERS) and world.orders.deleted == 1
    assert {blob.container for blob in world.account.seen} == {"holiday-photos"}


@pytest.mark.parametrize("refusal, word", [
    (None, "no part of the seed (holiday.jpg)"),
    (NotAllowed("no role", next="ask the owner"), "ask the owner"),
    (Rejected("ScopeLocked: keep", next="remove the lock"), "remove the lock"),
])  # fmt: skip
def test_what_cannot_go_is_left_with_the_reason_until_it_is_gone_or_let_be(tmp_path: Path, refusal, word: str):
    """A blob that is not ours, a missing role, a lock: a person is told what to do, and may also leave it."""
    world = proved(world_in(tmp_path))
    if refusal is None:
        world.account.seen = (*world.account.seen, FOREIGN)
    else:
        world.left_overs.refused["perth-sql"] = refusal
    answers.approve_close(world.book(), "ann")
    stopped = closing(world)
    answers.waive(world.book(), "clean-up-left", "kept for the auditors")

    run = closing(world)

    assert stopped.state == READY and word in stopped.conditions["clean-up-left"].detail
    assert world.left_overs.deleted == ["perth-mail"]
    released = run.get(Released)
    assert run.state == "closed" and len(released.left) == 1 and released.containers == ("perth-mail",)


def test_what_was_left_goes_after_a_resume_once_the_hindrance_is_gone(tmp_path: Path):
    """The mended way: no waiver, and nothing is deleted twice."""
    world = proved(world_in(tmp_path))
    world.left_overs.refused["perth-sql"] = Rejected("ScopeLocked")
    answers.approve_close(world.book(), "ann")
    closing(world)
    world.left_overs.refused.clear()
    answers.resume(world.book())

    assert closing(world).get(Released).containers == CONTAINERS and world.left_overs.deleted == list(CONTAINERS)


def test_an_order_is_deleted_only_when_its_papers_are_in_the_archive(tmp_path: Path):
    """Of the certificate there is no second copy."""
    world = proved(world_in(tmp_path))
    world.left_overs.filed = (Paper("perth0123-erasure-certificate", None),)
    answers.approve_close(world.book(), "ann")
    refused = closing(world)
    world.left_overs.filed = (Paper("perth0123-erasure-certificate.txt", b"erased"),)
    answers.resume(world.book())
    world.book().settle(perform("file-papers", world.book(), world.site))

    run = closing(world)

    assert "erasure-certificate" in refused.conditions["clean-up-left"].detail
    assert world.orders.deleted == 1 and run.state == "closed"
    assert world.site.archive.open(RUN_ID, "perth0123-erasure-certificate.txt").read_bytes() == b"erased"


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("service, call, gone", [
    ("left_overs", "delete_container", ()), ("left_overs", "delete_container", ("perth-mail",)),
    ("orders", "delete", ()),
])  # fmt: skip
def test_a_clean_up_killed_at_any_deletion_is_ended_by_the_next_pass(
    tmp_path: Path, moment: str, service: str, call: str, gone: tuple[str, ...]
):
    """Each thing goes exactly once, whatever died when; what is gone already counts as deleted."""
    world = proved(world_in(tmp_path))
    world.account.seen = tuple(blob for blob in world.account.seen if blob.container not in gone)
    answers.approve_close(world.book(), "ann")
    getattr(getattr(world, service).trouble, moment)[call] = [Crash()]
    with pytest.raises(Crash):
        closing(world)

    run = closing(world)

    assert (run.state, run.intents, world.orders.deleted) == ("closed", {}, 1)
    assert len(set(world.left_overs.deleted)) == len(world.left_overs.deleted)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("commit", range(1, 12))
def test_a_clean_up_that_dies_at_any_line_of_the_journal_is_ended_by_the_next_pass(
    tmp_path: Path, commit: int, after: bool
):
    """Before or after each commit: intents, outcomes, the end."""
    world = proved(world_in(tmp_path))
    answers.approve_close(world.book(), "ann")
    try:
        book = world.book(commit, after=after)
        book.settle(perform("close", book, world.site))
    except Crash:
        closing(world)

    run = world.book().run
    assert (run.state, run.intents, world.orders.deleted) == ("closed", {}, 1)
    assert sorted(world.left_overs.deleted) == sorted(CONTAINERS)


def _held(run: Run):
    return added(run, condition("held")).conditions["held"]
