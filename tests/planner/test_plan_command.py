"""`seeding plan` from end to end: fifty offices, every refusal explained, data for programs, and what if."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.cli.envelope import Exit
from deploy.cli.opening import Opened
from deploy.cli.planning import Asked, plan
from deploy.cli.starting import open_run
from deploy.inventory import load
from tasks.errors import InvalidInput

OFFICES = Path(__file__).parents[2] / "deploy/offices"
FIFTY, THREE = OFFICES / "sample-50.yaml", OFFICES / "sample.yaml"
START = "2026-11-30"


@pytest.fixture(scope="module")
def fifty(tmp_path_factory):
    """The answer for the fifty offices, in a home without a journal."""
    return plan(tmp_path_factory.mktemp("home"), Asked(FIFTY, start=START))


@pytest.fixture(scope="module")
def offices(fifty):
    return {office["id"]: office for office in fifty.data["offices"]}


def ways(office) -> dict:
    return {way["key"]: way for way in office["ways"]}


def test_fifty_offices_in_twenty_countries_are_planned(fifty, offices):
    """Every office of the sample has an answer; only the one that is meant to have no way has none."""
    assert len(offices) == 50
    assert len({office["country"] for office in offices.values()}) == 20
    assert [id for id, office in offices.items() if office["chosen"] is None] == ["lagos"]
    assert fifty.exit is Exit.NEEDS_PERSON


def test_every_way_of_every_office_is_explained(offices):
    """A way that is refused says why and what would do; a possible one has both dates and speaks for or against."""
    for office in offices.values():
        for way in office["ways"]:
            assert way["said"], (office["id"], way["key"])
            if way["possible"]:
                assert way["p50"]["finished"] <= way["p90"]["finished"]
            elif way["table"]:
                assert [row["name"] for row in way["table"] if row["holds"] == "no" and row["why"] and row["next"]]


def test_the_sample_shows_each_kind_of_answer(offices):
    """Network, disk, box, own disks: the sample has them all, and refusals for size, border, country and budget."""
    chosen = {office["chosen"] for office in offices.values()}
    refused = {row["name"] for o in offices.values() for w in o["ways"] for row in w["table"] if row["holds"] == "no"}

    assert {"network", "DataBoxDisk", "DataBox", "DataBoxCustomerDisk"} <= chosen
    assert {"deployment", "capacity per source", "regions", "cross-country", "pricing"} <= refused


@pytest.mark.parametrize(
    "id, chosen",
    [
        ("hobart", "network"),                  # 600 GB at 100 Mbit/s: a day
        ("dunedin", "DataBoxCustomerDisk"),     # 9 TB over a border
        ("darwin", "DataBox"),                  # a byte too many for a disk
        ("perth", "DataBoxDisk"),               # exactly 7 TB
        ("houston", "DataBoxCustomerDisk"),     # 45 TB, and no new Data Box in the US
        ("abu-dhabi", "DataBox"),               # 78 TB
        ("munich", "network"),                  # 24 TB by own drives would exceed the budget
    ],
)  # fmt: skip
def test_offices_by_hand(offices, id, chosen):
    """The way a person would choose with the page of limits in hand."""
    assert offices[id]["chosen"] == chosen


def test_the_same_day_gives_the_same_plan(tmp_path, fifty):
    """A plan is a function of inventory, data files, journal and day."""
    assert plan(tmp_path, Asked(FIFTY, start=START)).data == fifty.data


def test_the_fleet_waits_for_slots_and_more_slots_help(tmp_path, fifty):
    """With five slots the EU's disks take several waves; with twenty, one; the answer tells both ends."""
    more = plan(tmp_path, Asked(FIFTY, start=START, slots=20)).data

    assert fifty.data["slots"] == 5
    assert fifty.data["fleet"]["waves"] > 1
    assert more["fleet"]["waves"] == 1
    assert more["usual"] == {key: fifty.data["fleet"][key] for key in ("p50", "p90")}


def test_a_faster_line_for_all_is_a_what_if(tmp_path):
    """With 10 Gbit/s nothing has to travel."""
    found = plan(tmp_path, Asked(FIFTY, start=START, mbps=10_000)).data

    assert {office["chosen"] for office in found["offices"]} == {"network"}


def test_an_earlier_plan_keeps_sources_where_they_were(tmp_path, fifty):
    """Paris was on two devices; with that plan at hand the new one puts every source where it was."""
    before = tmp_path / "plan.json"
    before.write_text(json.dumps({"data": fifty.data}), "utf-8")

    found = plan(tmp_path, Asked(FIFTY, start=START, before=before)).data

    assert found["offices"] == fifty.data["offices"]


def test_what_is_no_earlier_plan_is_refused(tmp_path):
    """A wrong file is named, with the command that makes a right one."""
    (tmp_path / "x.json").write_text("[]", "utf-8")

    with pytest.raises(InvalidInput, match="no earlier plan"):
        plan(tmp_path, Asked(THREE, before=tmp_path / "x.json"))


@pytest.mark.parametrize("asked", [Asked(THREE, office="nowhere"), Asked(THREE, start="tomorrow")])
def test_wrong_input_is_named(tmp_path, asked):
    """An office that is not there and a day that is none are usage errors."""
    with pytest.raises(InvalidInput):
        plan(tmp_path, asked)


def test_what_is_in_a_run_is_not_planned_again(tmp_path, monkeypatch):
    """Lyon has a run: its sources are told as being in it."""
    monkeypatch.setenv("SEEDING_INVENTORY", str(THREE))
    run = open_run(Opened(tmp_path, make=True), "lyon", "2026-11", {})

    found = plan(tmp_path, Asked(THREE, start=START)).data

    assert [office["id"] for office in found["offices"]] == ["sydney", "nairobi"]
    assert found["seeded"]["lyon"] == {name: f"{run.run_id} (planned)" for name in ("projects", "archive")}


def test_the_envelope_is_one_line_of_json(tmp_path):
    """`--json` prints data, problems with their next step, and nothing else; the exit code is in docs/exit-codes.md."""
    done = _seeding("plan", str(THREE), "--json", "--home", str(tmp_path), "--start", START)

    answer = json.loads(done.stdout)

    assert done.returncode == Exit.WITH_GAPS
    assert (answer["ok"], answer["command"]) == (True, "plan")
    assert {"code", "message", "next"} == set(answer["problems"][0])
    assert list(answer["data"]["versions"]) == ["limits", "lead_times", "prices", "support"]


def test_people_get_tables(tmp_path):
    """One office in full: the chosen way marked, refused ones with reasons, the support summary, the schedule."""
    done = _seeding("plan", str(THREE), "--office", "sydney", "--home", str(tmp_path), "--start", START)

    assert "\n* Data Box: P50 2026-" in done.stdout
    assert "Data Box Disk: ruled out" in done.stdout
    assert "never split" in done.stdout
    assert "cross-country" in done.stdout
    assert "The fleet is seeded on " in done.stdout


def test_a_plan_needs_neither_prefect_nor_azure(tmp_path):
    """It answers quickly because it loads neither; only `--azure` would."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from deploy.cli.planning import Asked, plan\n"
        "from deploy.cli.app import app\n"
        f"plan(Path({str(tmp_path)!r}), Asked(Path({str(THREE)!r})))\n"
        "heavy = [m for m in sys.modules if m.split('.')[0] in ('prefect', 'azure', 'sqlalchemy')]\n"
        "print(heavy)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_the_sample_inventory_is_sound_in_form():
    """The fifty offices are read without a problem; what is wrong with them is for the plan to say."""
    assert len(load(FIFTY).offices) == 50


def _seeding(*words: str) -> subprocess.CompletedProcess[str]:
    program = "from deploy.cli import main; main()"
    return subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)
