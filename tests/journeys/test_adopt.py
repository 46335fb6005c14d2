"""Orders without a journal become runs again: the same Azure, the same bytes, nothing remembered by us."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from azure.mgmt.databox.models import JobResourceUpdateParameter
from journey_host import Journey
from typer.testing import CliRunner

from deploy.cli.app import app
from states.facts import Sealed
from tasks.journal import Journal
from tasks.media import Header, seal
from tasks.order import TAG_ATTEMPT, TAG_RUN


def forget(lyon: Journey, tmp_path: Path) -> tuple[Journey, str, Path | None]:
    """Untag the order as one made in the portal, and lose journal, archive and the office's memory of the copy.

    Returns the journey with an empty journal, the order's name, and the sealed manifest, which the office still has.
    """
    run, where = lyon.run("lyon"), lyon.rehearsal.where
    sealed = run.get(Sealed)
    manifest = tmp_path / "kept.manifest"
    if sealed:
        manifest.write_bytes(next(where.archive.rglob(sealed.manifest)).read_bytes())
    lyon.rehearsal.journal.close()
    for file in where.home.glob("journal.db*"):
        file.unlink()
    shutil.rmtree(where.archive, ignore_errors=True)
    tagged = JobResourceUpdateParameter(tags={"made": "by hand"})
    lyon.azure.databox.jobs.begin_update(lyon.azure.group, run.job_name, tagged, polling=False)
    anew = replace(lyon.rehearsal, journal=Journal(where.journal_url))
    return Journey(anew, lyon.azure), run.job_name, manifest if sealed else None


def adopt(lyon: Journey, *words: object) -> tuple[int, dict[str, Any]]:
    """Type `seeding adopt lyon ...`; return the exit code and the envelope."""
    home = str(lyon.rehearsal.where.home)
    done = CliRunner().invoke(app, ["adopt", "lyon", *map(str, words), "--home", home, "--json"])
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("state", ["ordered", "shipped", "ingested", "vaulted"])
def test_an_order_without_a_journal_comes_back_to_its_state_and_on_to_the_goal(
    lyon: Journey, tmp_path: Path, state: str
) -> None:
    """From evidence alone: the job, the manifest, the account, the vault; the order's own tags stay, ours come back."""
    lyon.until("lyon", state)
    lyon, name, manifest = forget(lyon, tmp_path)

    code, envelope = adopt(lyon, name, *(("--manifest", manifest) if manifest else ()))
    assert (code, envelope["problems"]) == (0, [])

    if state != "vaulted":  # whose first incremental is there already: one pass goes through it
        assert lyon.until("lyon", state, limit=4).job_name == name
    run = lyon.until("lyon", "incremental-scheduled")
    assert run.conditions == {} and run.job_name == name and run.reached(state)
    tags = lyon.azure.databox.jobs.get(lyon.azure.group, name).tags
    assert tags == {"made": "by hand", TAG_RUN: run.run_id, TAG_ATTEMPT: "1"}
    stats = lyon.rehearsal.control.stats()
    assert stats["orders"] == {name: 1} and set(stats["pickups"].values()) <= {1}


def test_what_cannot_be_adopted_is_refused_and_leaves_nothing_behind(lyon: Journey, tmp_path: Path) -> None:
    """A device on its way without a manifest, another seed's manifest, another run's order, an order nobody made."""
    lyon.until("lyon", "shipped")
    run_id = lyon.run("lyon").run_id
    code, envelope = adopt(lyon, lyon.run("lyon").job_name)
    assert (code, envelope["problems"][0]["next"]) == (1, f"seeding explain {run_id}")
    lyon, name, manifest = forget(lyon, tmp_path)
    assert manifest
    foreign = tmp_path / "foreign"
    (foreign / "other").mkdir(parents=True)
    header = Header("x/2026-11", 1, {"other": "other"}, "SN", "test 0", "2026-11-22T10:00:00Z")
    seal(foreign, ["other"], foreign / "m", header=header)

    refused = {
        "seeding explain": adopt(lyon, name),
        "correct the office's items": adopt(lyon, name, "--manifest", foreign / "m"),
        "read its name": adopt(lyon, "nobody-made-it"),
    }

    assert [code for code, _ in refused.values()] == [20, 2, 1]
    for words, (_, envelope) in refused.items():
        assert words in envelope["problems"][0]["next"], envelope
    assert lyon.rehearsal.journal.run_ids() == []
    assert "no manifest is given" in refused["seeding explain"][1]["problems"][0]["message"]


def test_an_adoption_that_was_cut_short_is_ended_by_the_next(lyon: Journey, tmp_path: Path) -> None:
    """Azure took the tags and the answer was lost: the same words again end it, in the same run and journal."""
    lyon.until("lyon", "ordered")
    lyon, name, _ = forget(lyon, tmp_path)
    lyon.azure.control.add_faults({"method": "PATCH", "path_regex": "/jobs/", "times": 1, "drop": "after-effect"})

    cut, again, twice = (adopt(lyon, name) for _ in range(3))

    assert [code for code, _ in (cut, again, twice)] == [5, 0, 0]
    (run_id,) = lyon.rehearsal.journal.run_ids()
    assert again[1]["data"]["run_id"] == twice[1]["data"]["run_id"] == run_id
    lines = lyon.rehearsal.journal.lines(run_id)
    assert [line.kind for line in lines].count("intent") == 1 and lyon.run("lyon").intents == {}
