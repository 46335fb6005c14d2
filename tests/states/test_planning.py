"""What may be ordered: the limits at, just under and just over each mark, by hand-checked numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.data import countries, limits
from states.plan import Item, Plan
from states.planning import JOB_NAME, RULES, choose_sku, job_name, problems
from states.run import Run

TB = 10**12
GOOD = Plan(
    office="perth",
    country="AU",
    mode="data-box",
    agent="dpm",
    sku="DataBoxDisk",
    job_name="perth0123",
    subscription_id="00000000-0000-4000-8000-000000000001",
    resource_group="seeding",
    location="australiaeast",
    storage_account="contososeed",
    vault="contoso-vault",
    server="PER-DPM01",
    items=(Item("files", 2 * TB, 10 * 10**9),),
    device_bytes=7 * TB,
)


def codes(**changes) -> list[str]:
    """Return the codes of the problems of the good plan with *changes*."""
    return [problem.code for problem in problems(replace(GOOD, **changes), limits())]


def sized(*sizes: int) -> tuple[Item, ...]:
    """Return items of these sizes, in bytes."""
    return tuple(Item(f"item-{n}", size) for n, size in enumerate(sizes))


def test_a_good_plan_has_no_problems():
    """Silence means that it may be ordered."""
    assert codes() == []


@pytest.mark.parametrize(
    "changes, expected",
    [
        (dict(items=sized(7 * TB)), []),
        (dict(items=sized(7 * TB + 1)), ["item-too-large"]),
        (dict(items=sized(80 * TB), sku="DataBox", device_bytes=80 * TB), []),
        (dict(items=sized(80 * TB + 1), sku="DataBox", device_bytes=80 * TB), ["item-too-large"]),
        (dict(items=sized(4 * TB, 3 * TB)), []),
        (dict(items=sized(4 * TB, 3 * TB + 1)), ["plan-too-large"]),
        (dict(items=sized(8 * TB, 1 * TB)), ["item-too-large"]),
        (dict(items=sized(8 * TB, 4 * TB, 4 * TB)), ["item-too-large", "plan-too-large"]),
        (dict(items=sized(0)), ["item-empty"]),
        (dict(items=()), ["no-items"]),
        (dict(items=(Item("a", 100, 100),)), ["daily-change-high"]),
        (dict(items=(Item("a", 100, 101),)), ["daily-change-absurd"]),
        (dict(items=(Item("a", 100, 20),)), []),
        (dict(items=(Item("a", 100, 21),)), ["daily-change-high"]),
        (dict(items=(Item("a", 100, -1),)), ["daily-change-absurd"]),
        (dict(items=(Item("a", 1), Item("A", 1))), ["item-twice"]),
        (dict(items=(Item("a", 1, vault_item="x"), Item("b", 1, vault_item="X"))), ["item-twice"]),
        (dict(items=(Item("a", 1, vault_item="x"), Item("b", 1, vault_item="y"))), []),
        (dict(country="NZ"), ["border"]),
        (dict(country="FR", location="westeurope"), []),
        (dict(country="FR", location="uksouth"), ["border"]),
        (dict(country="CH", location="switzerlandnorth"), []),
        (dict(country="CH", location="germanywestcentral"), ["border"]),
        (dict(country="GB", location="uksouth"), []),
        (dict(country="IE", location="uksouth"), ["border"]),
        (dict(country="US", location="usgovvirginia"), []),
        (dict(location="atlantis"), ["region-unknown"]),
        (dict(country="FR", location="francecentral", sku="DataBox", device_bytes=80 * TB), ["sku-retired"]),
        (dict(country="US", location="eastus", sku="DataBox", device_bytes=80 * TB), ["sku-retired"]),
        (dict(country="JP", location="japaneast", sku="DataBox", device_bytes=80 * TB), []),
        (dict(sku="DataBoxHeavy", device_bytes=770 * TB), ["sku-unknown"]),
        (dict(sku="DataBoxCustomerDisk"), ["sku-unknown"]),
        (dict(mode="own-disk", sku="DataBoxCustomerDisk", device_bytes=8 * TB), ["own-disk-incomplete"]),
        (dict(mode="own-disk", sku="DataBoxCustomerDisk", country="NZ"), ["own-disk-incomplete"]),
        (dict(agent="mars", sku="DataBox", device_bytes=80 * TB, items=sized(54_400 * 10**9)), []),
        (dict(agent="mars", restore_sample=True, items=(Item("a", TB),)), ["sample-without-source"]),
        (dict(agent="mars", restore_sample=True, items=(Item("a", TB, source="D:"),)), []),
        (dict(agent="mars", sku="DataBox", device_bytes=80 * TB, items=sized(54_400 * 10**9 + 1)), ["mars-volume"]),
        (dict(storage_account="ab"), ["storage-account-name"]),
        (dict(storage_account="abc"), []),
        (dict(storage_account="a" * 24), []),
        (dict(storage_account="a" * 25), ["storage-account-name"]),
        (dict(storage_account="Contoso"), ["storage-account-name"]),
        (dict(job_name="ab"), ["job-name"]),
        (dict(job_name="perth-1"), ["job-name"]),
    ],
)  # fmt: skip
def test_each_rule_at_its_mark(changes, expected):
    """At the limit is allowed, one beyond it is not; each case was worked out by hand."""
    assert codes(**changes) == expected


def test_a_device_of_no_known_name_is_called_as_the_plan_calls_it():
    """The other problems of such a plan are told all the same."""
    found = {one.code: one.message for one in problems(replace(GOOD, sku="Floppy", items=sized(8 * TB)), limits())}

    assert "sku-unknown" in found and "Floppy carries 7 TB" in found["item-too-large"]


def test_no_device_is_proposed_that_takes_no_orders_there_either():
    """Whoever follows the advice must not be refused again."""
    known = limits()
    nowhere = replace(known, devices=tuple(replace(one, retired_in=frozenset({"AU"})) for one in known.devices))
    (told,) = (one for one in problems(GOOD, nowhere) if one.code == "sku-retired")

    assert "sku:" not in told.next and "ask Microsoft" in told.next


def test_every_rule_has_been_seen_to_ring():
    """Each rule finds something in at least one spoilt plan; a rule that cannot refuse is no rule."""
    spoilt = [
        replace(GOOD, mode="own-disk"),
        replace(GOOD, sku="Floppy", job_name="", storage_account=""),
        replace(GOOD, country="NZ", items=()),
        replace(GOOD, country="US", sku="DataBox"),
        replace(GOOD, agent="dpm", restore_sample=True),
        replace(GOOD, agent="mars", items=(Item("a", 90 * TB, 90 * TB), Item("a", 5 * TB), Item("b", 5 * TB))),
    ]

    silent = [rule.__name__ for rule in RULES if not any(list(rule(plan, limits())) for plan in spoilt)]

    assert silent == []


def test_what_blocks_comes_first():
    """A person reads the top of the list."""
    found = problems(replace(GOOD, items=(Item("busy", 100, 50), Item("none", 0))), limits())

    assert [problem.severity for problem in found] == ["blocks", "warn"]


def test_an_item_too_large_names_the_ways_out():
    """Where a Data Box is sold it is offered; where it is not, the other ways are."""
    large = sized(20 * TB)
    in_australia = problems(replace(GOOD, items=large), limits())[0]
    in_france = problems(replace(GOOD, items=large, country="FR", location="francecentral"), limits())[0]

    assert "`sku: DataBox` (80 TB)" in in_australia.next
    assert "`sku: DataBox`" not in in_france.next
    assert "own-disk" in in_france.next and "Data Box 120" in in_france.next
    assert in_france.item == "item-0"


@given(st.lists(st.integers(1, 100 * TB), min_size=1, max_size=5), st.sampled_from(sorted(countries())))
def test_the_chosen_device_is_the_smallest_that_fits(sizes, country):
    """Never one too small while a larger one can be ordered, never a larger one than needed."""
    device = limits().device(choose_sku(country, sizes, limits()))

    assert device is not None and device.orderable_in(country)
    if sum(sizes) <= 7 * TB:
        assert device.sku == "DataBoxDisk"
    elif sum(sizes) <= 80 * TB and limits().device("DataBox").orderable_in(country):
        assert device.sku == "DataBox"


@given(st.text(max_size=60), st.integers(1, 99))
def test_any_run_has_a_name_that_azure_takes(run_id, attempt):
    """Whatever the run is called, Azure and our own rule accept the job's name, and it is always the same."""
    name = job_name(run_id, attempt)

    assert JOB_NAME.fullmatch(name)
    assert name == job_name(run_id, attempt)


@given(st.text(max_size=30), st.text(max_size=30), st.integers(1, 99), st.integers(1, 99))
def test_two_runs_or_attempts_never_share_a_name(one, other, first, second):
    """An order is found again by its name alone."""
    assert (job_name(one, first) == job_name(other, second)) == ((one, first) == (other, second))


def test_names_of_many_runs_do_not_collide():
    """Twenty thousand runs of offices with the same first letters have twenty thousand names."""
    assert len({job_name(f"melbourne-north/{n}") for n in range(20_000)}) == 20_000


def test_a_job_name_starts_with_the_office():
    """A person who looks at the portal sees whose order it is."""
    assert job_name("sydney/2026-11").startswith("sydney")
    assert job_name("new-york/2026-11").startswith("newyork")
    assert job_name("!!!/1").startswith("seed")


@pytest.mark.parametrize("attempt", [1, 2, 9, 99])
def test_a_run_and_the_rule_agree_on_the_name_of_an_attempt(attempt):
    """The run names its later orders itself; both must mean the same job."""
    from datetime import UTC, datetime

    plan = replace(GOOD, job_name=job_name("sydney/2026-11"))
    run = Run("sydney/2026-11", plan, datetime(2026, 11, 1, tzinfo=UTC), attempt=attempt)

    assert run.job_name == job_name("sydney/2026-11", attempt)
