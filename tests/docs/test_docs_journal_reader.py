"""The reader printed in docs/journal-format.md: it knows our journals, and finds what was done to them."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.docs import DOCS
from states.codec import to_json
from states.lines import Draft
from states.plan import Item, Plan
from tasks.journal import Journal, Logbook

NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)
LYON, SYDNEY = "lyon/2026-11", "sydney/2026-11"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A journal of two runs, written by the product."""
    path = tmp_path / "journal.db"
    journal = Journal(f"sqlite:///{path}")
    for run_id in (LYON, SYDNEY):
        office = run_id.split("/")[0]
        items = (Item("naïve, “quoted”\n", 10**13, source="D:\\Projets\udcff"),)
        names = ("sub", "rg", "loc", "account", "vault", "SRV")
        plan = Plan(office, "FR", "data-box", "files", "DataBox", office, *names, items, 8 * 10**13)
        opened = [Draft("opened", {"plan": to_json(plan)}), Draft("planned", {"limits": 1, "problems": []})]
        journal.open(run_id, opened, NOW, "hub@test")
        book = Logbook(journal, run_id, lambda: NOW.replace(microsecond=250), "hub@test")
        book.intend("order/1", "order", {"job": office})
        book.write(Draft("outcome", {"key": "order/1", "result": "exists"}), Draft("note", {"text": "a"}))
    journal.close()
    return path


def read(database: Path) -> tuple[int, list[str]]:
    """Run the page's own text on a journal, with nothing of ours to import."""
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "journal-format.md").read_text("utf-8"), re.S)
    assert len(blocks) == 1 and len(blocks[0].splitlines()) <= 20
    command = [sys.executable, "-I", "-c", blocks[0], str(database)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)
    return done.returncode, done.stdout.splitlines()


def test_the_reader_finds_our_journals_whole(database):
    """Whatever we write, text of any kind included, somebody without our code can check."""
    assert read(database) == (0, [f"{LYON} whole, 5 lines", f"{SYDNEY} whole, 5 lines"])


NTH, END = "line {} is not as it was written", "the chain does not end where its head says"
SYDNEY_S = f"WHERE run_id = '{SYDNEY}'"
LINE = f"{SYDNEY_S} AND seq = "
SWAP = f"""
    UPDATE lines SET seq = -seq {SYDNEY_S} AND seq IN (3, 4);
    UPDATE lines SET seq = 7 + seq {SYDNEY_S} AND seq < 0;
"""
TWICE = f"""
    INSERT INTO lines SELECT run_id, 6, at_utc, actor, kind, payload, prev_hash, hash FROM lines {LINE} 5
"""
# fmt: off
DAMAGES = {
    "a byte of a payload":   (f"UPDATE lines SET payload = replace(payload, 'job', 'jOb') {LINE} 3", NTH.format(3)),
    "a time":                (f"UPDATE lines SET at_utc = '2026-11-02T06:00:00Z' {LINE} 3",          NTH.format(3)),
    "an actor":              (f"UPDATE lines SET actor = 'me' {LINE} 1",                             NTH.format(1)),
    "two lines swapped":     (SWAP,                                                                  NTH.format(3)),
    "a line twice":          (TWICE,                                                                 NTH.format(6)),
    "a line dropped":        (f"DELETE FROM lines {LINE} 2",                                         NTH.format(2)),
    "the last line dropped": (f"DELETE FROM lines {LINE} 5",                                         END),
    "a run dropped":         (f"DELETE FROM lines {SYDNEY_S}",                                       END),
    "a head dropped":        (f"DELETE FROM heads {SYDNEY_S}",                                       END),
}
# fmt: on


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_reader_names_what_was_done_to_a_journal(database, damage):
    """Edited, dropped, swapped or doubled: the run is named, and the other run stays whole."""
    script, verdict = DAMAGES[damage]
    with sqlite3.connect(database) as connection:
        connection.executescript(script)

    assert read(database) == (1, [f"{LYON} whole, 5 lines", f"{SYDNEY} {verdict}"])


def test_the_reader_does_not_catch_a_chain_made_anew(database):
    """Who may write every hash may write a story; only a head kept elsewhere shows it. The page says so."""
    journal = Journal(f"sqlite:///{database}")
    honest = journal.run(SYDNEY).head
    with sqlite3.connect(database) as connection:
        connection.executescript("".join(f"DELETE FROM {table} {SYDNEY_S};" for table in ("lines", "heads", "runs")))
    lines = [Draft("opened", {"plan": to_json(journal.run(LYON).plan)})]
    forged = journal.open(SYDNEY, lines, NOW, "hub@test").head
    journal.close()

    assert read(database) == (0, [f"{LYON} whole, 5 lines", f"{SYDNEY} whole, 1 lines"])
    assert forged != honest
