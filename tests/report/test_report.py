"""Reports: what stands in them is what the journal says, and the file needs nothing and nobody beside it."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
import segno
from fakes import journal_file
from stories import PLAN, RUN_ID, added, condition, lines_to, run_in
from typer.testing import CliRunner

from deploy.calendars import Holidays
from deploy.cli.app import app
from deploy.cli.reporting import _csv
from deploy.data import limits
from deploy.figures import figures
from deploy.report.facts import FleetReport, FleetRow, RunReport, run_report, stretches
from deploy.report.kit import DEVICES, kit, kit_page
from deploy.report.pages import fleet_page, prose, run_page
from states.exposure import exposure
from states.lifecycle import MILESTONES
from states.planner.needs import Needs
from states.planner.timing import Clockwork
from states.playbook import next_step
from states.run import Run
from tasks.ports import Address, Contact

CLOCK = Clockwork(figures(), Holidays())
CONTACT = Contact("Backup team", "+61 8 5550 1234", ("backup@example.com",))
ADDRESS = Address("12 Hay Street", "Perth", "6000", "AU", "WA", "Contoso")
OPEN = MILESTONES[:-1]


def reported(run: Run, *, whole: bool = True) -> RunReport:
    """The report of *run*, six days after its last milestone."""
    now = run.since + timedelta(days=6)
    needs = Needs(run.plan, limits())
    return run_report(run, lines_to(run.state), next_step(run, now, {}), now, needs, CLOCK, whole=whole)


@cache
def page(state: str) -> str:
    return run_page(reported(run_in(state)))


def fleet() -> str:
    runs = [replace(run_in(state), run_id=f"{state}/2026-11") for state in OPEN]
    now = runs[-1].since
    rows = tuple(
        FleetRow(run, "due", stretches(run, now, Needs(run.plan, limits()), CLOCK), False, exposure(run, now))
        for run in runs
    )
    return fleet_page(FleetReport(now, rows, ()))


@pytest.mark.parametrize("make", [lambda: page("shipped"), fleet, lambda: kit_page(a_kit())],
                         ids=["run", "fleet", "kit"])  # fmt: skip
def test_a_page_asks_nobody_for_anything(make) -> None:
    """No script, no link to a style, a font or a picture elsewhere; and a policy that would forbid it."""
    text = make()
    assert "default-src 'none'" in text
    assert not re.search(r"<script|<link|<iframe|<img|@import|url\((?!#)|\bsrc=|\shref=", text)
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("state", OPEN)
def test_the_present_state_is_lit_and_those_behind_are_filled(state: str) -> None:
    """One is lit, as many are filled as lie behind."""
    text = page(state)
    lit = re.findall(r'<g class="(here|passed|ahead)"><title>([a-z-]+):', text)
    assert [name for kind, name in lit if kind == "here"] == [state]
    assert [name for kind, name in lit if kind == "passed"] == list(MILESTONES[: MILESTONES.index(state)])


def test_an_ending_is_lit_beside_the_milestones() -> None:
    """A cancelled run stands in no milestone."""
    run = replace(run_in("ordered"), state="cancelled")
    now = run.since
    told = run_report(run, [], next_step(run, now, {}), now, Needs(run.plan, limits()), CLOCK, whole=True)
    assert re.findall(r'<g class="here"><title>([a-z-]+):', run_page(told)) == ["cancelled"]


def test_plan_and_reality_stand_in_one_row_and_what_goes_on_is_marked() -> None:
    """Planned at both chances from the day of the order; real from line to line; one stretch goes on."""
    run = run_in("shipped")
    rows = {row.target: row for row in reported(run).stretches}
    assert rows["delivered"].planned and rows["delivered"].planned[0] == run.reached("ordered").date()
    assert rows["delivered"].actual == (run.reached("ordered"), run.reached("delivered"))
    assert [target for target, row in rows.items() if row.goes_on] == ["ingested"]
    assert rows["vaulted"].actual is None
    assert all(p50 <= p90 for row in rows.values() if row.planned for _, p50, p90 in [row.planned])


def test_what_people_and_azure_wrote_cannot_become_markup() -> None:
    """Names, details and journal lines are text, whatever they contain."""
    evil = "<script>alert(1)</script>"
    run = added(run_in("shipped"), condition("copy-halted", evil))
    run = replace(run, plan=replace(run.plan, vault=evil, office=evil, server=evil))
    text = run_page(reported(run)) + kit_page(kit(run, Contact(evil, evil, (evil,)), ADDRESS, limits()))
    assert "<script" not in text and "&lt;script&gt;" in text
    assert str(prose(f"run `{evil}`")) == "run <code>&lt;script&gt;alert(1)&lt;/script&gt;</code>"


def test_a_broken_chain_is_told_in_red() -> None:
    """A report must not look like a proof when there is none."""
    assert "BROKEN" in run_page(reported(run_in("shipped"), whole=False)) and "BROKEN" not in page("shipped")


def test_a_price_nobody_named_is_unknown_and_one_that_was_is_counted() -> None:
    """Days are counted as they were; no amount is invented."""
    from decimal import Decimal

    run = run_in("incremental-scheduled")
    bare = reported(run)
    assert bare.bill.lines and not bare.bill.known and "unknown" in run_page(bare)
    key = bare.bill.lines[0].key
    needs = Needs(run.plan, limits(), prices={key: Decimal("12.50")}, currency="EUR")
    now = run.since
    priced = run_report(run, [], next_step(run, now, {}), now, needs, CLOCK, whole=True)
    assert priced.bill.known == Decimal("12.50") * priced.bill.lines[0].quantity and "12.50" in run_page(priced)


# -- the office's kit


def a_kit(sku: str = "DataBoxDisk", state: str = "delivered"):
    run = run_in(state)
    return kit(replace(run, plan=replace(run.plan, sku=sku)), CONTACT, ADDRESS, limits())


@pytest.mark.parametrize("sku", sorted({device.sku for device in limits().devices}))
def test_every_device_that_can_be_planned_has_its_words(sku: str) -> None:
    """Whoever adds a device to limits.yaml tells the office what it looks like."""
    text = kit_page(a_kit(sku))
    assert sku in DEVICES and DEVICES[sku].arrives[1:] in text


def test_the_kit_says_whom_to_call_and_until_when() -> None:
    """Phone, reference, serial, and the day from which it costs."""
    text = kit_page(a_kit())
    due = next(one.due for one in reported(run_in("delivered")).clocks if one.clock == "free-use")
    for words in (CONTACT.phone, CONTACT.name, RUN_ID, "DISK-0001", f"Send it back by {due:%Y-%m-%d}", PLAN.server):
        assert words in text
    assert "within 10 days of its arrival" in kit_page(a_kit(state="ordered"))


def test_the_code_leads_to_the_link_or_to_a_mail() -> None:
    """The picture is the code of exactly that text."""
    page = a_kit()
    assert page.link == f"mailto:backup@example.com?subject={RUN_ID}"
    given = kit(run_in("delivered"), CONTACT, ADDRESS, limits(), "https://prefect.example.com/form")
    assert given.link == "https://prefect.example.com/form" != page.link
    for one in (page, given):
        out = io.BytesIO()
        segno.make(one.link, error="m").save(out, kind="svg", border=2, scale=4, xmldecl=False, svgns=True, nl=False)
        assert one.code == out.getvalue().decode() and one.code in kit_page(one)


@pytest.mark.slow
@pytest.mark.parametrize("sku", sorted(DEVICES))
def test_the_kit_is_one_sheet_of_paper(sku: str, tmp_path: Path) -> None:
    """Printed by a real browser on A4."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("needs chromium")
    source, sheet = tmp_path / "kit.html", tmp_path / "kit.pdf"
    source.write_text(kit_page(a_kit(sku)), "utf-8")
    subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", f"--print-to-pdf={sheet}", source.as_uri()],
                   check=True, capture_output=True, timeout=120)  # fmt: skip
    assert len(re.findall(rb"/Type\s*/Page\b", sheet.read_bytes())) == 1


# -- the command


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "journal.db").write_bytes(journal_file("shipped"))
    return tmp_path


def wrote(home: Path, *words: object) -> str:
    """Type `seeding report ...` and return what the file holds."""
    out = home / words[-1]
    told = CliRunner().invoke(app, ["report", *map(str, words[:-1]), "--out", str(out), "--home", str(home)])
    assert told.exit_code == 0, told.output
    return out.read_text("utf-8")


def test_json_and_csv_say_what_the_page_says(home: Path) -> None:
    """State, custody with every line and hash, costs; the fleet as a row a run."""
    data = json.loads(wrote(home, RUN_ID, "run.json"))
    assert (data["state"], data["custody"]) == (
        "shipped", {"whole": True, "head": data["custody"]["head"], "lines": len(lines_to("shipped"))})  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(wrote(home, RUN_ID, "run.csv"))))
    assert [int(row["line"]) for row in rows] == list(range(1, len(rows) + 1)) and rows[-1]["hash"] == data["custody"][
        "head"
    ]
    runs = list(csv.DictReader(io.StringIO(wrote(home, "fleet.csv"))))
    assert [(row["run_id"], row["state"]) for row in runs] == [(RUN_ID, "shipped")]
    assert json.loads(wrote(home, "fleet.json"))["runs"][0]["state"] == "shipped"
    assert f"<h1>{RUN_ID}</h1>" in wrote(home, RUN_ID, "run.html") and "1 open run," in wrote(home, "fleet.html")


def test_a_form_that_is_none_is_refused_with_the_forms_there_are(home: Path) -> None:
    """And a kit is one office's, as a page."""
    for words in ((RUN_ID, "--out", home / "x.pdf"), (RUN_ID, "--kit", "--out", home / "x.csv"), ("--kit",)):
        told = CliRunner().invoke(app, ["report", *map(str, words), "--home", str(home), "--json"])
        assert told.exit_code == 2, told.output


def test_a_cell_is_never_a_formula() -> None:
    """A spreadsheet runs what begins with these; a name must not."""
    assert list(csv.reader(io.StringIO(_csv([{"run_id": "=cmd|x"}]))))[1] == ["'=cmd|x"]
