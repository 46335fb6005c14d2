"""Journals of earlier releases: today's code must read them and mean the same, for ever.

`golden/NAME.jsonl` holds the rows as they were written, `golden/NAME.run.json` what they meant then. Never edit one;
a release that writes something new adds a pair.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from states.codec import to_json
from states.facts import EVIDENCE
from states.lines import KINDS
from tasks.journal import Journal

# Not released yet: the release that has it keeps a golden journal of it and empties this.
NOT_RELEASED = {"freeze-seen", "sample-drawn", "sample-restored", "papers-filed", "points-seen", "job-stopped"}
GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.jsonl"))


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a golden journal."""
    return [json.loads(text) for text in path.read_text("utf-8").splitlines()]


def as_database(rows: list[dict[str, Any]], path: Path) -> Journal:
    """Return a journal that holds these rows, put there without our code."""
    Journal(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as hand, hand:
        hand.executemany(f"INSERT INTO lines VALUES ({', '.join('?' * 8)})", [tuple(row.values()) for row in rows])
        last = rows[-1]
        hand.execute("INSERT INTO heads VALUES (?, ?, ?)", (last["run_id"], last["seq"], last["hash"]))
    return Journal(f"sqlite:///{path}")


def still_means(then: Any, now: Any) -> bool:
    """Say whether all that was known then is the same now; a new field beside it changes no meaning."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(key in now and still_means(value, now[key]) for key, value in then.items())
    if isinstance(then, list):
        return isinstance(now, list) and len(then) == len(now) and all(map(still_means, then, now))
    return then == now and type(then) is type(now)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_journal_of_an_earlier_release_means_what_it_meant(path: Path, tmp_path: Path):
    """Its chain is whole and its fold is the run it was, evidence, history, waivers and all."""
    rows = rows_of(path)
    journal = as_database(rows, tmp_path / "j.db")
    meant = json.loads(path.with_suffix(".run.json").read_text("utf-8"))

    run = journal.run(rows[0]["run_id"])

    assert journal.check(run.run_id) == len(rows)
    assert still_means(meant, to_json(run))
    assert journal.rebuild() == 1 and journal.rows()[0].state == meant["state"]
    journal.close()


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_the_comparison_with_what_it_meant_rings(path: Path):
    """Another value, a missing field or a missing entry is noticed; a new field is not."""
    meant = json.loads(path.with_suffix(".run.json").read_text("utf-8"))

    assert still_means(meant, {**meant, "colour": "new"})
    for other in ({"attempt": 3}, {"history": meant["history"][1:]}, {"waivers": {}}, {"evidence": {}}):
        assert not still_means(meant, {**meant, **other})


def test_the_golden_journals_hold_every_kind_of_line_and_of_evidence():
    """What is not kept here may be forgotten how to read."""
    rows = [row for path in GOLDEN for row in rows_of(path)]

    assert {row["kind"] for row in rows} == set(KINDS)
    kept = {json.loads(row["payload"])["kind"] for row in rows if row["kind"] == "evidence"}
    assert kept == set(EVIDENCE) - NOT_RELEASED
