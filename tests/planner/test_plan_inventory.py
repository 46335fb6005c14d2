"""The inventory's keys for planning: read, refused with what to write, and honoured by every command that judges."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from deploy.cli.validate import validate
from deploy.inventory import load
from states.planner.needs import Line

SOUND = """\
version: 1
offices:
  - id: perth
    country: AU
    time_zone: Australia/Perth
    mode: data-box
    sku: DataBoxDisk
    address: {street: 1 Quay, city: Perth, postal_code: "6000", state: WA}
    contacts: {name: Backup, phone: "+61 8 5550 0100", emails: [backup@contoso.example]}
    agent: {kind: dpm, server: PER-DPM01}
    azure:
      subscription_id: 00000000-0000-4000-8000-000000000001
      tenant_id: 00000000-0000-4000-8000-000000000002
      resource_group: seeding
      location: australiaeast
      storage_account: contososeed
      vault: contoso-vault
    items: [{name: files, size: 7.2 TB, daily_change: 1 %}]
"""


def written(folder: Path, *lines: str) -> Path:
    path = folder / "offices.yaml"
    path.write_text(SOUND + "".join(f"    {line}\n" for line in lines), "utf-8")
    return path


def needs_of(folder: Path, *lines: str):
    return load(written(folder, *lines)).offices[0].needs()


def codes(folder: Path, *lines: str) -> list[str]:
    return [problem.code for problem in validate(written(folder, *lines))[1]]


def test_the_smaller_reading_holds_unless_the_office_says_otherwise(tmp_path):
    """7.2 TB on a Data Box Disk is refused by default, and accepted where the office reads the backup pages."""
    assert codes(tmp_path) == ["item-too-large"]
    assert codes(tmp_path, "readings: {disk_usable: 7.2 TB}") == []


def test_a_reading_nobody_offers_is_refused(tmp_path):
    """Only the figures that a page of Microsoft's names may be chosen."""
    assert codes(tmp_path, "readings: {disk_usable: 7.9 TB}") == ["bad-value"]


@pytest.mark.parametrize(
    "bandwidth, line",
    [
        ("{mbps: 50}", Line(50, 24)),
        ('{mbps: 50, hours: "20:00-06:00"}', Line(50, 10)),  # over midnight
        ('{mbps: 50, hours: "08:30-12:00"}', Line(50, 3.5)),
        ('{mbps: 50, hours: "07:00-07:00"}', Line(50, 24)),  # the same time twice is the whole day
        ("{mbps: 50, measured_mbps: 31}", Line(31, 24, measured=True)),
    ],
)
def test_a_line_has_hours_and_perhaps_a_measurement(tmp_path, bandwidth, line):
    """What was measured is believed more than what was sold."""
    assert needs_of(tmp_path, f"bandwidth: {bandwidth}").line == line


def test_what_only_planning_reads(tmp_path):
    """Prices as decimals, a price of nothing included, staff days as weekdays, customs, budget and the state."""
    needs = needs_of(
        tmp_path,
        "prices: {currency: EUR, data_box_disk_day: 9.5, device_shipping: 0}",
        "budget: {amount: 500, currency: EUR}",
        "staff_days: [mon, Fri]",
        "customs_days: 4",
    )

    assert needs.prices == {"data_box_disk_day": Decimal("9.5"), "device_shipping": Decimal("0.0")}
    assert needs.budget == (Decimal("500.0"), "EUR")
    assert needs.staff_days == {0, 4}
    assert needs.customs_days == 4
    assert needs.subdivision == "WA"


@pytest.mark.parametrize(
    "line",
    [
        "staff_days: [someday]",
        "customs_days: soon",
        "customs_days: 91",
        "prices: {currency: EUR, drive: -1}",
        "prices: {currency: euros}",
        "bandwidth: {mbps: 5, measured_mbps: 0}",
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, line):
    """Each is one problem, at its place."""
    assert "bad-value" in codes(tmp_path, line)
