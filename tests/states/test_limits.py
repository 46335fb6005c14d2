"""The data files of limits: complete, consistent, and each number with its source."""

from __future__ import annotations

from datetime import date

from deploy.data import countries, country_mistakes, limits
from states.conditions import row_of
from states.import_clocks import RECORD_KEPT


def test_every_entry_says_where_and_when_it_was_read():
    """A number without a source cannot be checked again."""
    kept = limits()
    origins = [row.origin for row in (*kept.devices, *kept.boundaries, *kept.clocks, kept.planning, kept.orders)]

    assert all(origin.source and date(2026, 1, 1) <= origin.checked_on <= date(2100, 1, 1) for origin in origins)


def test_every_parcel_rule_says_where_it_was_read_and_names_places_that_exist():
    """A misspelt country or region would let a parcel be turned away unseen."""
    rules, kept = limits().parcels, limits()
    rows = [*rules.gates, *rules.ways_back]
    named = set().union(*(row.countries for row in rows))
    regions = set().union(*(gate.regions for gate in rules.gates))

    assert all(row.origin.source and row.origin.checked_on.year >= 2026 for row in (*rows, rules.customs))
    assert named <= set(countries()) and regions <= set(kept.regions)
    assert all(way.carriers and way.preferred in ("", *way.carriers) for way in rules.ways_back)


def test_the_clocks_of_conditions_are_those_of_the_data_file():
    """Azure's three clocks of an import job stand in the catalogue, too: they must not drift apart."""
    kept = limits()

    assert row_of("parcel-not-announced").clock == kept.clock("import-without-tracking").length
    assert row_of("parcel-overdue").clock == kept.clock("import-shipped").length
    assert kept.clock("import-record").length == RECORD_KEPT


def test_every_country_is_one():
    """A misspelt country in a list would open or close a border unseen."""
    kept = limits()
    named = set(kept.regions.values()).union(
        *(d.retired_in for d in kept.devices), *(b.countries for b in kept.boundaries)
    )

    assert named <= set(countries())
    assert set(country_mistakes().values()) <= set(countries())
    assert not set(country_mistakes()) & set(countries())
    assert len(countries()) == 249


def test_the_documented_numbers_stand():
    """The numbers the planning page quotes; a change here is a change of version."""
    kept = limits()
    usable = {(device.sku, device.model): device.usable_bytes for device in kept.devices}

    assert usable == {
        ("DataBoxDisk", ""): 7 * 10**12,
        ("DataBox", ""): 80 * 10**12,
        ("DataBox", "AzureDataBox120"): 120 * 10**12,
        ("DataBox", "AzureDataBox525"): 525 * 10**12,
        ("DataBoxCustomerDisk", ""): 8 * 10**12,
    }
    assert kept.device("DataBoxDisk").files == 100_000
    assert kept.version == 1


def test_a_retired_device_is_retired_where_it_says():
    """The EU's members count one by one; where nobody says, it can be ordered."""
    box = limits().device("DataBox")

    assert box.retired_on == date(2025, 5, 31)
    assert not any(box.orderable_in(country) for country in ("US", "CA", "GB", "FR", "DE", "PL"))
    assert all(box.orderable_in(country) for country in ("AU", "JP", "IN", "CH", "NO"))


def test_devices_travel_inside_a_border_only():
    """Same country, or both in the EU; the newer text about the United Kingdom is not relied on."""
    may_travel = limits().may_travel

    assert may_travel("AU", "AU") and may_travel("FR", "NL") and may_travel("NL", "FR")
    assert not may_travel("FR", "GB") and not may_travel("AU", "NZ") and not may_travel("US", "CA")


def test_clocks_have_names_of_their_own_and_run():
    """A clock is looked up by its name."""
    names = [clock.name for clock in limits().clocks]

    assert len(set(names)) == len(names)
    assert all(clock.length.total_seconds() > 0 and clock.started_by and clock.consequence for clock in limits().clocks)
    assert limits().clock("errors-unanswered").length.days == 14
