"""What the looks at the vault remember of one item's recovery point, from one look to the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from stories import agent, points, run_in

from states.facts import Copied
from states.landing import AgentSeen, ItemInVault, PointsSeen, Sighting, VaultSeen
from states.run import Run
from states.vaulting import BETWEEN_LOOKS, Reckoned, every_point_was_seen_again, reckon, sighted
from states.witnesses import LAG

LANDED = run_in("ingested")
AT = LANDED.since  # when it was ingested
POINT = AT + timedelta(hours=1)
LOOK = AT + timedelta(hours=2)
SECOND = timedelta(seconds=1)


def shown(
    before: tuple[Sighting, ...] = (), vault: tuple[ItemInVault, ...] | None = None,
    said: tuple[ItemInVault, ...] | None = None,
) -> Run:  # fmt: skip
    """Return the run in which both witnesses show these items, both with the good points unless told otherwise."""
    office: AgentSeen = agent(AT) if said is None else agent(AT, items=said)
    told = {"vault-seen": VaultSeen(points(AT) if vault is None else vault), "agent-seen": office}
    if before:
        told["points-seen"] = PointsSeen(before)
    return replace(
        LANDED, evidence={**LANDED.evidence, **told}, evidence_at={**LANDED.evidence_at, **dict.fromkeys(told, LOOK)}
    )


def mail(run: Run, now: datetime = LOOK) -> Sighting | None:
    """Return what is remembered of the first item after a look at *now*."""
    return next((one for one in sighted(run, now).sightings if one.item == "mail"), None)


def test_the_first_look_remembers_point_count_and_time():
    """Of every item of the plan that both show."""
    assert sighted(shown(), LOOK) == PointsSeen(
        (Sighting("mail", POINT, 1, first=LOOK), Sighting("sql", POINT, 1, first=LOOK))
    )


def test_an_item_that_nobody_shows_is_not_remembered():
    """No point, no sighting."""
    assert sighted(shown(vault=(), said=()), LOOK) == PointsSeen(())


@pytest.mark.parametrize("apart, again", [(BETWEEN_LOOKS, True), (BETWEEN_LOOKS - SECOND, False)])
def test_a_second_look_counts_when_it_is_far_enough_from_the_first(apart: timedelta, again: bool):
    """Two looks in one pass are one."""
    before = Sighting("mail", POINT, 1, first=LOOK)

    assert mail(shown((before,)), LOOK + apart) == replace(before, again=LOOK + apart if again else None)


def test_a_third_look_changes_nothing():
    """`again` stays the time of the second look."""
    before = Sighting("mail", POINT, 1, first=LOOK, again=LOOK + BETWEEN_LOOKS)

    assert mail(shown((before,)), LOOK + timedelta(days=9)) == before


@pytest.mark.parametrize("kept", [
    Sighting("mail", POINT + SECOND, 1, first=LOOK, again=LOOK),   # what both show is older than what was seen
    Sighting("mail", POINT, 2, first=LOOK, again=LOOK),            # fewer points than there were
])  # fmt: skip
def test_a_point_that_went_is_forgotten_and_its_date_kept(kept: Sighting):
    """The date is what a person asks about; looks count from the beginning once it is there again."""
    assert mail(shown((kept,))) == replace(kept, first=None, again=None)


def test_a_point_that_nobody_shows_any_more_has_gone():
    """Both witnesses list the item without a point."""
    before = Sighting("mail", POINT, 1, first=LOOK, again=LOOK)
    none = (ItemInVault("mail", 0, None, protected=True),)

    assert mail(shown((before,), vault=none, said=none)) == replace(before, first=None, again=None)


def test_a_point_that_comes_back_is_seen_for_the_first_time():
    """And needs a second look again."""
    gone = Sighting("mail", POINT, 1, first=None)

    assert mail(shown((gone,)), LOOK) == replace(gone, first=LOOK)


def test_newer_points_do_not_replace_the_one_that_was_seen():
    """The oldest proof is the one that is watched."""
    before = Sighting("mail", POINT - SECOND, 1, first=LOOK - BETWEEN_LOOKS)

    assert mail(shown((before,))) == replace(before, again=LOOK)


def test_witnesses_that_contradict_each_other_change_nothing():
    """Both show a point, of days too far apart: that is a condition of its own, and no point has gone."""
    before = Sighting("mail", POINT, 1, first=LOOK, again=LOOK + BETWEEN_LOOKS)
    far = tuple(replace(item, latest=POINT + timedelta(days=3)) for item in points(AT, sizes=True))
    run = shown((before,), said=far)
    late = replace(run, evidence_at={**run.evidence_at, "agent-seen": POINT + timedelta(days=4)})

    assert mail(late, POINT + timedelta(days=4)) == before


def test_the_vault_alone_is_no_sighting():
    """One witness shows it, the other does not yet."""
    assert mail(shown(said=())) is None


def test_every_point_that_went_is_named_with_its_date():
    """A person looks for who deleted them."""
    gone = tuple(Sighting(name, POINT, 1, first=None) for name in ("mail", "sql"))
    told = [f"{name}: its point of 2026-11-02 20:00 UTC was there and no longer is; find out who deleted it"
            for name in ("mail", "sql")]  # fmt: skip

    assert every_point_was_seen_again(shown(gone)) == "; ".join(told)


def test_the_table_of_vault_against_manifest_is_told_whole():
    """What was sealed, what landed, and how many points each witness shows."""
    more = tuple(replace(item, points=3) for item in points(AT, sizes=True))

    assert reckon(shown(said=more)) == tuple(
        Reckoned(name, size, size, 1, 3, "seen-once", f"{name}: not seen in two looks yet")
        for name, size in (("mail", 600), ("sql", 400))
    )
    assert [(one.vault_points, one.agent_points, one.landed_bytes) for one in reckon(LANDED)] == [(0, 0, None)] * 2


@pytest.mark.parametrize("percent, verdict", [
    (74, "size-implausible"), (75, "seen-once"), (150, "seen-once"), (151, "size-implausible"),
])  # fmt: skip
def test_what_landed_fits_from_three_quarters_to_half_as_much_again(percent: int, verdict: str):
    """At the marks and beside them: agents compress, blobs are padded."""
    said = tuple(replace(item, bytes=item.bytes * percent // 100) for item in points(AT, sizes=True))

    assert [row.verdict for row in reckon(shown(said=said))] == [verdict] * 2


def test_an_item_that_was_never_copied_is_not_vaulted_by_a_point():
    """Nothing of it was sealed, so whatever landed is not the seed."""
    run = shown()
    mail_only = replace(run.get(Copied), items=tuple(one for one in run.get(Copied).items if one.name == "mail"))
    mail, sql = reckon(replace(run, evidence={**run.evidence, "copied": mail_only}))

    assert (mail.verdict, sql.verdict, sql.sealed_bytes) == ("seen-once", "size-implausible", 0)
    assert sql.why == "sql: 400 bytes landed in the vault, more than fits the 0 that were sealed; find out why"


@pytest.mark.parametrize("state, verdict", [
    ("IRPending", "witness-missing"), ("Invalid", "witness-missing"), ("", "witness-missing"),
    ("ProtectionStopped", "witnesses-disagree"),
])  # fmt: skip
def test_a_vault_that_has_no_first_copy_yet_is_waited_for(state: str, verdict: str):
    """It is no second witness, and no contradiction; any other word of its is one."""
    pending = tuple(replace(item, protected=False, state=state) for item in points(AT))

    assert [row.verdict for row in reckon(shown(vault=pending), LOOK)] == [verdict] * 2


def test_a_witness_that_is_late_contradicts_and_a_person_may_let_the_other_do():
    """Until its time is over it is only missing; a guard has no clock, so to it nobody is late."""
    run, late = shown(vault=()), POINT + LAG + SECOND
    waived = replace(run, waivers={"witnesses-disagree": "the vault lists none here"})

    assert [row.verdict for row in reckon(run, POINT + LAG)] == ["witness-missing"] * 2
    assert [row.verdict for row in reckon(run, late)] == ["witnesses-disagree"] * 2
    assert [row.verdict for row in reckon(run)] == ["witness-missing"] * 2
    for rows in (reckon(waived), reckon(waived, late)):
        assert {(row.verdict, row.why) for row in rows} == {("accepted", "waived: the vault lists none here")}
