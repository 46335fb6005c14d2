"""Which way is chosen and what is said of the others: reasons, prices, mixes, and what a person must know."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from offices_to_plan import CLOCK, GB, MONDAY, PLAN, TB, advice, codes, office, way

from deploy.figures import figures
from deploy.inventory.planning_keys import PricesEntry
from states.plan import Drive, OwnDisk
from states.planner.advice import Advice, advise
from states.planning import problems

DISK, BOX, OWN, NETWORK = "DataBoxDisk", "DataBox", "DataBoxCustomerDisk", "network"
OWN_DISK = OwnDisk("S:", "seed", (Drive("A", 8 * TB), Drive("B", 4 * TB)), "PER-COPY01", "DHL")
EUR = {"currency": "EUR"}
POOR = {"prices": {"data_box_disk_order": Decimal(9)}, "budget": (Decimal(1), "EUR"), **EUR}


def with_drives(**changes):
    """Return an office with own drives, *changes* made to what it has for them."""
    return office(5 * TB, mode="own-disk", sku=OWN, own_disk=replace(OWN_DISK, **changes))


def said(found: Advice, key: str) -> str:
    return "\n".join(next(verdict.said for verdict in found.verdicts if verdict.way.key == key))


def known(found: Advice) -> list[str]:
    return [problem.code for problem in found.problems]


def test_a_fast_line_needs_no_device():
    """1 TB at 1 Gbit/s is there tomorrow; the inventory's device is not ordered, and the plan says so."""
    found = advice(office(TB, mbps=1000))

    assert found.chosen is not None
    assert found.chosen.key == NETWORK
    assert known(found) == ["no-device-needed"]


def test_the_inventorys_way_wins_among_equals():
    """Disk and Data Box end within a week of each other: what the inventory asks for is taken."""
    disk, box = advice(office(5 * TB)), advice(office(5 * TB, sku=BOX, device_bytes=80 * TB))

    assert disk.chosen is not None
    assert box.chosen is not None
    assert (disk.chosen.key, box.chosen.key) == (DISK, BOX)
    assert "other-way-is-better" not in known(disk) + known(box)


def test_a_way_that_is_ruled_out_names_the_rule_and_what_would_do():
    """The refused way keeps its reason; the inventory's wrong choice is told together with the way that works."""
    found = advice(office(9 * TB, mbps=20))

    assert "never split" in said(found, DISK)
    assert "use `mode: own-disk`" in said(found, DISK)
    assert next(p for p in found.problems if p.code == "other-way-is-better").message == (
        "perth: the inventory says Data Box Disk, which is ruled out (item-too-large); Data Box would do"
    )


def test_no_way_is_left_and_each_says_why():
    """Own copier, a border, and a line slower than the change: nothing is chosen, everything is explained."""
    found = advice(office(3 * TB, change=60 * GB, mbps=4, agent="files", country="NG", location="southafricanorth"))

    assert found.chosen is None
    assert known(found) == ["no-way"]
    assert all(verdict.said for verdict in found.verdicts)
    assert "may not travel" in said(found, DISK)
    assert "no staging place" in said(found, OWN)
    assert "never end" in said(found, NETWORK)


def test_the_planner_refuses_what_the_planning_rules_refuse():
    """Whatever `seeding start` would refuse about an order of the chosen way, the planner has refused before."""
    for needs in (office(6 * TB, 4 * TB, 3 * TB, TB), office(50 * TB, sku=BOX), office(9 * TB, country="NZ")):
        chosen = advice(needs).chosen
        assert chosen is not None
        for order in chosen.orders:
            if order.sku != OWN:
                device = needs.limits.device(order.sku)
                assert device is not None
                plan = replace(PLAN, sku=order.sku, items=order.items, device_bytes=device.usable_bytes)
                assert [p.code for p in problems(plan, needs.limits) if p.severity == "blocks"] == []


def test_devices_that_no_page_names_are_never_planned():
    """Data Box 120 and 525 are shown as what they are: unverified, whatever their size."""
    found = way(office(100 * TB), "DataBox-AzureDataBox120")

    assert codes(found) == ["sku-unverified"]


def test_a_source_that_exceeds_an_import_job_is_told_with_both_sizes():
    """Ten drives of 8 TB are the most that own disks carry at a time."""
    assert way(office(81 * TB), OWN).blocks[0].message == (
        "perth: `item-0` is 81 TB, the drives of one import job carry 80 TB, and a source is not split over jobs"
    )


def test_a_protection_group_for_each_device_is_told_and_stops_nobody():
    """DPM divides its sources by hand: that is to be known before the second device is ordered."""
    found = way(office(6 * TB, 4 * TB), DISK)

    assert [(p.code, p.severity) for p in found.problems] == [("group-for-each-device", "info")]
    assert found.possible


# ---- Mixes ----------------------------------------------------------------------------------------------------------


def test_the_largest_goes_by_disk_and_the_rest_online():
    """6 TB by disk take 50 days (P90); 1 TB at 50 Mbit/s takes three. One disk instead of two."""
    found = way(office(7 * TB, TB, mbps=50), f"hybrid-{DISK}")

    assert [[item.name for item in order.items] for order in found.orders] == [["item-0"]]
    assert [item.name for item in found.online] == ["item-1"]
    assert found.possible


def test_as_few_as_possible_go_by_device():
    """Of four sources the one largest is enough when the line carries the other three in time."""
    found = way(office(6 * TB, 300 * GB, 200 * GB, 100 * GB, mbps=50), f"hybrid-{DISK}")

    assert len(found.online) == 3


def test_a_mars_server_is_not_divided():
    """Its one policy has one way for its first backup, so no mix is offered."""
    found = advice(office(6 * TB, TB, mbps=50, agent="mars"))

    assert [verdict.way.key for verdict in found.verdicts if verdict.way.key.startswith("hybrid")] == []


def test_what_is_too_large_for_the_disk_goes_online_when_the_line_carries_it():
    """7.1 TB do not fit one disk, but at 300 Mbit/s they are there before the disk with the others is."""
    found = way(office(7_100 * GB, 6 * TB, mbps=300), f"hybrid-{DISK}")

    assert [item.name for item in found.online] == ["item-0"]
    assert found.possible


# ---- Money ----------------------------------------------------------------------------------------------------------


def test_unknown_prices_stay_unknown():
    """No price page was read: nothing is added up, and each fee that is due is named."""
    found = way(office(5 * TB), DISK).bill

    assert found.known == 0
    assert [line.key for line in found.unknown] == [
        "data_box_disk_order", "data_box_disk_day", "device_shipping", "storage_tb_month"
    ]  # fmt: skip
    assert found.at_stake == "2,500 USD for each lost device"


def test_the_bill_of_a_disk_by_hand():
    """50 for the order, 10 a day for 13 days at the office at P90 (12 to 24 March), 30 shipping, storage unknown."""
    prices = {"data_box_disk_order": Decimal(50), "data_box_disk_day": Decimal(10), "device_shipping": Decimal(30)}
    found = way(office(TB, prices=prices, **EUR), DISK).bill

    assert found.known == 50 + 13 * 10 + 30
    assert [line.key for line in found.unknown] == ["storage_tb_month"]


def test_a_data_box_is_paid_by_the_day_from_the_eleventh_on():
    """At P90 it is at the office from 9 to 23 March: fifteen days, of which five cost."""
    prices = {"data_box_order": Decimal(250), "data_box_day": Decimal(15)}
    found = way(office(10 * TB, agent="files", prices=prices, **EUR), BOX).bill

    assert found.known == 250 + 5 * 15


def test_own_disks_cost_what_is_handled_bought_and_carried():
    """13 TB on two drives at hand (8 + 4) and one to be bought: 3 handled, 1 bought, 2 parcels."""
    prices = {"import_drive": Decimal(80), "drive": Decimal(200), "parcel": Decimal(60)}
    needs = office(13 * TB, mode="own-disk", sku=OWN, own_disk=OWN_DISK, prices=prices, **EUR)
    found = way(needs, OWN)

    assert found.orders[0].drives == ("A", "B")
    assert found.orders[0].missing == 1
    assert found.bill.known == 3 * 80 + 200 + 2 * 60


def test_small_drives_give_way_where_ten_would_not_be_enough():
    """70 TB and nine drives of 1 TB at hand: with all nine, eight more of 8 TB would be seventeen; ten take it.

    With one small drive nine more are needed (69 / 8), which is ten; with two, still nine (68 / 8), which is eleven.
    """
    small = tuple(Drive(f"S{number}", TB) for number in range(9))
    found = way(office(70 * TB, mode="own-disk", sku=OWN, own_disk=replace(OWN_DISK, drives=small)), OWN)

    assert (found.orders[0].devices, found.orders[0].missing, found.orders[0].drives) == (10, 9, ("S0",))
    assert found.possible


@pytest.mark.parametrize("amount, refused", [(80, []), (79, ["over-budget"])])
def test_the_budget_rules_out_what_exceeds_it(amount, refused):
    """80 known: a budget of 80 allows it, one of 79 does not. What is unknown is not guessed into it."""
    prices = {"data_box_disk_order": Decimal(50), "device_shipping": Decimal(30)}
    found = way(office(TB, prices=prices, budget=(Decimal(amount), "EUR"), **EUR), DISK)

    assert codes(found) == refused


def test_another_currency_is_not_compared():
    """A budget in dollars says nothing about prices in euros."""
    prices = {"data_box_disk_order": Decimal(5000)}
    found = way(office(TB, prices=prices, budget=(Decimal(1), "USD"), **EUR), DISK)

    assert codes(found) == []


def test_every_fee_of_the_price_file_has_its_key_in_the_inventory():
    """What a plan calls unknown can be told to it."""
    assert {fee.key for fee in figures().fees} == set(
        PricesEntry(currency="EUR", **dict.fromkeys(_amounts(), 1.0)).amounts()
    )


def _amounts() -> list[str]:
    return [name for name in PricesEntry.__dataclass_fields__ if name != "currency"]


# ---- The support summary --------------------------------------------------------------------------------------------


def test_every_row_of_the_support_summary_is_answered():
    """Capacity, security, staging, regions, borders, logistics, pricing: each says what holds here."""
    found = way(office(5 * TB), DISK)

    assert [row.name for row in found.table] == [
        "deployment", "capacity per source", "capacity per device", "security", "staging", "regions", "cross-country",
        "logistics", "pricing",
    ]  # fmt: skip
    assert {row.holds for row in found.table} == {"yes"}


@pytest.mark.parametrize(
    "needs, key, row",
    [
        (office(8 * TB), DISK, "capacity per source"),
        (office(5 * TB, 5 * TB, agent="mars"), DISK, "capacity per source"),
        (office(5 * TB, country="NZ"), DISK, "cross-country"),
        (office(5 * TB, country="US", location="eastus"), BOX, "regions"),
        (office(5 * TB, location="atlantis"), DISK, "regions"),
        (office(5 * TB, agent="files"), OWN, "deployment"),
        (office(100 * TB), "DataBox-AzureDataBox120", "regions"),
        (office(5 * TB, **POOR), DISK, "pricing"),
        (with_drives(copy_computer=""), OWN, "staging"),
        (with_drives(return_carrier="Pigeon"), OWN, "logistics"),
        (with_drives(container="--"), OWN, "security"),
        (with_drives(drives=(Drive("A", 8 * TB, 4096),)), OWN, "capacity per device"),
    ],
)  # fmt: skip
def test_what_rules_a_way_out_stands_in_its_row(needs, key, row):
    """Each row can say no, with the rule's own words and what helps."""
    found = next(one for one in way(needs, key).table if one.name == row)

    assert found.holds == "no"
    assert (
        found.says
        == next(one for one in figures().table if one.name == row).says["own-disk" if key == OWN else "data-box"]
    )
    assert found.why
    assert found.next


def test_every_code_of_the_table_exists_in_the_rules():
    """A row that waits for a code nobody raises enforces nothing."""
    import inspect

    from states import planning, planning_own_disk
    from states.planner import ways

    sources = "".join(inspect.getsource(module) for module in (planning, planning_own_disk, ways))

    assert [code for row in figures().table for code in row.codes if f'"{code}"' not in sources] == []


# ---- What a person must know ----------------------------------------------------------------------------------------


def test_a_line_that_never_catches_up_is_told_before_anything_is_ordered():
    """A seed helps once; with 500 GB of change a day at 20 Mbit/s the incrementals fall behind for ever."""
    assert "incrementals-never-catch-up" in known(advice(office(5 * TB, change=500 * GB, mbps=20)))


def test_customs_nobody_knows_are_told():
    """A parcel from Switzerland to Germany: the dates are without customs, and the plan says so."""
    abroad = office(5 * TB, country="CH", location="germanywestcentral", mbps=5)

    assert "customs-unknown" in known(advice(abroad))
    assert "customs-unknown" not in known(advice(replace(abroad, customs_days=3)))


def test_drives_to_be_bought_must_be_worth_three_weeks():
    """Own disks end earlier than a Data Box Disk, not by three weeks: once they are at hand they are taken."""
    without = advice(office(5 * TB))
    at_hand = advice(office(5 * TB, mode="own-disk", sku=OWN, own_disk=OWN_DISK))

    assert without.chosen is not None
    assert at_hand.chosen is not None
    assert (without.chosen.key, at_hand.chosen.key) == (DISK, OWN)
    assert without.why.endswith("but need things to be bought first")


def test_a_way_that_ends_on_the_same_day_is_told_as_such():
    """A few gigabytes more on the disk move no date: sent online instead, they would gain nothing."""
    found = advice(office(5 * TB, 10 * GB, mbps=5, agent="files", country="FR", location="francecentral"))

    assert found.why == "it ends on the same day as Data Box Disk, the rest online (P90) and is the simpler way"
    assert "ends on the same day" in said(found, f"hybrid-{DISK}")


def test_what_a_packing_may_have_too_many_is_told():
    """Fifteen sources on six disks, and nothing proves that five cannot take them."""
    percent = [51, *[40] * 3, *[35] * 5, *[25] * 6]  # of a disk of 7 TB
    found = advice(office(*(part * 70 * GB for part in percent)))

    told = said(found, DISK).splitlines()
    assert "1 more than the 5 devices that are proven to be needed" in told


def test_a_later_start_moves_every_date():
    """Four weeks later everything is four weeks later: no date is absolute."""
    needs = office(5 * TB)
    now, later = advice(needs), advice(needs, MONDAY + timedelta(28), CLOCK)

    assert now.chosen is not None
    assert later.chosen is not None
    assert now.chosen.p90 is not None
    assert later.chosen.p90 is not None
    assert later.chosen.p90.finished - now.chosen.p90.finished == timedelta(28)


@pytest.mark.parametrize("key, size", [(DISK, 3 * TB), (OWN, 30 * TB)])
def test_sources_stay_on_the_devices_of_an_earlier_plan(key: str, size: int):
    """Two on each device, and the plan made again pairs them as before, not as it would by itself."""
    needs = office(size, size, size, size)
    before = {"item-0": 0, "item-3": 0, "item-1": 1, "item-2": 1}

    def pairs(earlier: dict[str, int] | None) -> list[set[str]]:
        found = advise(needs, MONDAY, CLOCK, earlier)
        orders = next(verdict.way for verdict in found.verdicts if verdict.way.key == key).orders
        return [{item.name for item in order.items} for order in orders]

    assert pairs(before) == [{"item-0", "item-3"}, {"item-1", "item-2"}] != pairs(None)
