"""What a sound inventory gives: offices, plans, and the ports' own types."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from inventories import SOUND, found, problems_of, spoilt

from deploy.cli.envelope import Exit
from deploy.cli.validate import answer, validate
from deploy.inventory import InventoryInvalid, load
from tasks.ports import Address, Contact

SAMPLE = Path(__file__).parents[2] / "deploy/offices/sample.yaml"


def loaded(folder: Path, text: str):
    path = folder / "offices.yaml"
    path.write_text(text, "utf-8")
    return load(path)


def test_the_sample_is_sound():
    """The inventory that ships with the product passes its own check without a warning, and tells of the border."""
    data, problems = validate(SAMPLE)

    assert [(problem.code, problem.severity) for problem in problems] == [("border-crossed", "info")]
    assert answer(None, SAMPLE).exit is Exit.DONE
    assert [(row["id"], row["sku"], row["agent"]) for row in data["offices"]] == [
        ("sydney", "DataBox", "dpm"),
        ("lyon", "DataBoxDisk", "files"),
        ("nairobi", "DataBoxCustomerDisk", "mars"),
    ]


def test_a_plan_carries_what_the_inventory_says():
    """Sizes come out in bytes, a percentage as its share of the item, the device by the limits in force."""
    office = load(SAMPLE).office("lyon")
    assert office is not None

    plan = office.plan("lyon0abc")

    assert (plan.office, plan.country, plan.sku, plan.job_name) == ("lyon", "FR", "DataBoxDisk", "lyon0abc")
    assert (plan.location, plan.server, plan.time_zone) == ("francecentral", "LYO-FS01", "Europe/Paris")
    assert plan.device_bytes == 7_000_000_000_000
    assert plan.items[0].bytes == 24 * 2**40 // 10 + 1
    assert plan.items[0].source == r"D:\Projects"
    assert plan.items[1].daily_change_bytes == 1_209_462_791


def test_contact_and_address_are_the_ports_own():
    """An order takes them as they are; what a default does not say, the office does."""
    office = load(SAMPLE).office("lyon")
    assert office is not None

    assert office.contact == Contact("Backup operations", "+33 4 55 50 01 00", ("backup-operations@contoso.example",))
    assert office.address == Address("12 rue de la République", "Lyon", "69002", "FR", company="Contoso SARL")


@pytest.mark.parametrize("size, sku", [("7.0 TB", "DataBoxDisk"), ("7000000000001", "DataBox"), ("80 TB", "DataBox")])
def test_the_smallest_device_that_fits_is_chosen(tmp_path, size, sku):
    """An inventory without `sku` gets the smallest device that carries everything."""
    text = spoilt("    sku: DataBoxDisk\n", "").replace("2 TiB", size)

    assert loaded(tmp_path, text).offices[0].chosen_sku == sku


def test_defaults_lie_under_each_office(tmp_path):
    """An office's own key wins, a mapping is joined key by key, and `null` takes a default back."""
    text = SOUND.replace(
        "offices:", "defaults:\n  sku: DataBox\n  bandwidth: {mbps: 10, hours: '20:00-06:00'}\noffices:"
    ).replace("    sku: DataBoxDisk\n", "    sku: null\n    bandwidth: {mbps: 50}\n")

    office = loaded(tmp_path, text).offices[0]

    assert office.sku is None
    assert office.bandwidth is not None
    assert (office.bandwidth.mbps, office.bandwidth.hours) == (50.0, "20:00-06:00")


def test_scalars_mean_what_was_written(tmp_path):
    """Norway is no truth value, and a postal code keeps its zero."""
    text = SOUND.replace("AU\n", "NO\n").replace('"6000"', "0800").replace("australiaeast", "norwayeast")

    office = loaded(tmp_path, text).offices[0]

    assert (office.country, office.address.postal_code) == ("NO", "0800")


def test_load_refuses_with_every_problem(tmp_path):
    """Loading never gives half an inventory; the error carries all problems and the exit code of wrong input."""
    text = SOUND.replace("AU\n", "UK\n").replace("Australia/Perth", "Perth")

    with pytest.raises(InventoryInvalid) as refused:
        loaded(tmp_path, text)

    assert found(refused.value.problems) == [("bad-value", 4), ("bad-value", 5)]
    assert refused.value.exit_code == 2
    assert "offices.yaml:4:5" in refused.value.message


def test_a_windows_file_reads_the_same(tmp_path):
    """A byte order mark and CRLF line ends, as Notepad writes them, change nothing, lines included."""
    text = "\ufeff" + spoilt("AU\n", "UK\n").replace("\n", "\r\n")

    assert found(problems_of(tmp_path, text.encode())) == [("bad-value", 4)]


def test_validating_imports_nothing_slow():
    """`seeding validate` must answer in under half a second, so it may not drag in what takes longer."""
    slow = ("prefect", "azure", "sqlalchemy", "pydantic", "fastapi", "httpx", "cryptography")
    code = (
        f"import sys, deploy.cli.validate as v, pathlib; v.validate(pathlib.Path({str(SAMPLE)!r})); print(*sys.modules)"
    )

    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert [name for name in slow if name in modules] == []
