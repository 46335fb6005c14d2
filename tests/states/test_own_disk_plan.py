"""Plans of the own-disk mode: each rule at its mark, and what the office is told about the parcel."""

from __future__ import annotations

from dataclasses import replace

import pytest
from own_stories import OWN_PLAN, run_in

from deploy.data import limits
from states.plan import Drive, Item, Plan
from states.planner.needs import Needs
from states.planner.orders import own_disk_with
from states.planning import problems
from states.playbook import VERBS, Ask, next_step

TB = 10**12
GATE = "an Inbound ID, from Azure Data Box operations"


def plan(**changes) -> Plan:
    """Return the good plan with changes to it, or to its own-disk part."""
    own = {key: changes.pop(key) for key in list(changes) if hasattr(OWN_PLAN.own_disk, key)}
    return replace(OWN_PLAN, **changes, own_disk=replace(OWN_PLAN.own_disk, **own))


def found(**changes) -> list[tuple[str, str]]:
    """Return (severity, code) of every problem of the good plan with changes."""
    return [(problem.severity, problem.code) for problem in problems(plan(**changes), limits())]


def test_a_good_plan_has_no_problems():
    """Silence means that it may be started."""
    assert found() == []


# fmt: off
CASES = {
    "the copy computer is virtual":  (dict(copy_computer=""), [("blocks", "copy-computer-virtual")]),
    "a 4Kn drive":                   (dict(drives=(Drive("A", 8 * TB, 4096),)), [("blocks", "drive-4kn")]),
    "a drive in its casing":         (dict(drives=(Drive("A", 8 * TB, bus="USB"),)), [("blocks", "drive-bus")]),
    "a drive listed twice":          (dict(drives=(Drive("A", 8 * TB),) * 2), [("blocks", "drive-twice")]),
    "8 TB of a drive of 10 count":   (dict(drives=(Drive("A", 10 * TB),), items=(Item("a", 8 * TB),)), []),
    "a byte more than 8 TB":         (dict(drives=(Drive("A", 10 * TB),), items=(Item("a", 8 * TB + 1),)),
                                      [("blocks", "drives-too-few")]),
    "more than ten drives of 8 TB":  (dict(drives=tuple(Drive(f"D{n}", 8 * TB) for n in range(12)),
                                           items=(Item("a", 80 * TB + 1),), agent="dpm"),
                                      [("blocks", "plan-too-large")]),
    "to Germany without a border":   (dict(country="DE", location="germanywestcentral"), [("info", "gate-code")]),
    "inside the EU":                 (dict(country="FR", location="germanywestcentral"), [("info", "gate-code")]),
    "into the EU":                   (dict(country="CH", location="westeurope"), [("info", "border-crossed")]),
    "to UK South":                   (dict(country="GB", location="uksouth"), [("info", "gate-code")]),
    "to UK West":                    (dict(country="GB", location="ukwest"), []),
    "to Australia":                  (dict(country="AU", location="australiaeast", return_carrier="DHL"),
                                      [("info", "gate-code")]),
    "to India":                      (dict(country="IN", location="centralindia", return_carrier="DHL"),
                                      [("info", "gate-code")]),
    "a carrier nobody knows":        (dict(country="NL", location="westeurope", return_carrier="Oxcart"),
                                      [("blocks", "return-carrier")]),
    "spelled in small letters":      (dict(country="NL", location="westeurope", return_carrier=" dhl "), []),
    "another than the preferred":    (dict(country="JP", location="japaneast", return_carrier="UPS"),
                                      [("warn", "return-carrier-other")]),
    "no rule for the way back":      (dict(country="ZA", location="southafricanorth", return_carrier="Oxcart"), []),
    "an agent without an import":    (dict(agent="files"), [("blocks", "agent-without-import")]),
    "a container with capitals":     (dict(container="Seed"), [("blocks", "container-name")]),
    "a container that begins so":    (dict(container="-seed"), [("blocks", "container-name")]),
    "a container that ends so":      (dict(container="seed-"), [("blocks", "container-name")]),
    "a hyphen after one letter":     (dict(container="s-eed"), []),
}
# fmt: on


@pytest.mark.parametrize("changes, expected", CASES.values(), ids=CASES)
def test_each_rule_at_its_mark(changes, expected):
    """What is allowed is allowed, and one step beyond it is refused, warned of or told."""
    assert found(**changes) == expected


def test_a_border_is_crossed_by_own_drives_and_refused_to_microsofts_devices_and_both_say_why():
    """The same office and region, in the two modes."""
    (own,) = problems(plan(country="KE", location="southafricanorth"), limits())
    (box,) = problems(
        replace(OWN_PLAN, country="KE", location="southafricanorth", mode="data-box", sku="DataBoxDisk",
                device_bytes=7 * TB, own_disk=None),
        limits(),
    )  # fmt: skip

    assert (own.code, own.severity) == ("border-crossed", "info") and "customer's goods" in own.message
    assert (box.code, box.severity) == ("border", "blocks") and "stay inside one country or the EU" in box.message
    assert "mode: own-disk" in box.next


def test_the_office_is_told_what_must_be_on_the_parcel():
    """The gate's code and the customs papers, in the question itself; nothing where nothing is wanted."""
    run = run_in("copied", own_disk=replace(OWN_PLAN.own_disk, gate=GATE, papers=("a commercial invoice",)))
    plain = run_in("copied")
    asked, nothing = (next_step(one, one.since, dict.fromkeys(VERBS, one.since)) for one in (run, plain))

    assert isinstance(asked, Ask) and f"On it must be: {GATE}; a commercial invoice." in asked.question
    assert isinstance(nothing, Ask) and "On it" not in nothing.question


@pytest.mark.parametrize(
    "country, location, carrier, gate, papers",
    [
        ("GB", "uksouth", "", "an Inbound ID, from Azure Data Box operations", False),
        ("GB", "ukwest", "", "", False),  # the same country, another gate
        ("CH", "westeurope", "FedEx", "", True),
        ("JP", "japaneast", "DHL", "", False),
        ("ZA", "southafricanorth", "", "", False),  # nobody says by whom drives come back
    ],
)
def test_an_office_without_own_disks_is_planned_with_what_it_would_have_to_write(
    country, location, carrier, gate, papers
):
    """The preferred carrier or the first, what the gate wants, the papers of a border; the rest is to be named."""
    drives = (Drive("to be bought 1", 8 * TB),)
    needs = Needs(replace(OWN_PLAN, country=country, location=location, own_disk=None), limits())
    own = own_disk_with(needs, drives)

    assert (own.staging, own.container, own.copy_computer) == ("to be named", "seed-leeds", OWN_PLAN.server)
    assert (own.drives, own.return_carrier, bool(own.papers)) == (drives, carrier, papers)
    assert own.gate.startswith(gate) and bool(own.gate) == bool(gate)
    mine = Needs(OWN_PLAN, limits())
    assert own_disk_with(mine, drives) == replace(OWN_PLAN.own_disk, drives=drives)
