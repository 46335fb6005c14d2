"""Whatever is done to the file behind our back: the check finds it and names the line.

Every test here breaks a good journal first. A second reader, written from docs/journal-format.md alone, must agree.
"""

from __future__ import annotations

import hashlib
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kept_journals import OTHER
from stories import ACTOR, RUN_ID, T0, lines_to
from trials import tries

from states.lines import BrokenChain, Draft, canonical
from tasks.errors import JournalDamaged, NotFound, Overtaken
from tasks.journal import Journal, Logbook

LAST = len(lines_to("closed"))
COLUMNS = "run_id, seq, at_utc, actor, kind, payload, prev_hash, hash"
NEW = {
    "run_id": "'ghost'", "seq": "seq + 1000", "at_utc": "'2026-11-02T06:30:00Z'", "actor": "actor || 'x'",
    "kind": "'note'", "payload": """'{"text":"x"}'""", "prev_hash": "hash", "hash": "prev_hash",
}  # fmt: skip


def independent_verdict(hand: sqlite3.Connection, run_id: str) -> int:
    """Return the first line that is not as it was written, 0 when all are: docs/journal-format.md and nothing else."""
    seq, last = 0, "0" * 64
    rows = hand.execute(f"SELECT {COLUMNS} FROM lines WHERE run_id = ? ORDER BY seq", (run_id,))
    for run, number, at, actor, kind, payload, prev_hash, digest in rows:
        text = "\n".join((run, str(number), at, actor, kind, prev_hash, payload))
        if (number, prev_hash, digest) != (seq + 1, last, hashlib.sha256(text.encode("utf-8")).hexdigest()):
            return seq + 1
        seq, last = number, digest
    head = hand.execute("SELECT seq, hash FROM heads WHERE run_id = ?", (run_id,)).fetchone()
    return 0 if head == (seq, last) else seq + 1


def verdict(journal: Journal, run_id: str = RUN_ID) -> int:
    """Return the line our own check names, 0 when it is content."""
    try:
        return 0 if journal.check(run_id) else -1
    except BrokenChain as found:
        return found.seq
    except JournalDamaged as found:
        return next(int(word) for word in found.message.replace(":", "").split() if word.isdigit())


def restore(hand: sqlite3.Connection) -> None:
    """Put back what `keep` kept."""
    for table in ("lines", "heads"):
        hand.execute(f"DELETE FROM {table}")
        hand.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")


@pytest.fixture
def broken_by(told_in_a_file):
    """Return a function: do this to the file, tell what our check and the independent one say, and put it back."""
    journal, hand = told_in_a_file
    for table in ("lines", "heads"):
        hand.execute(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}")

    def damage(*statements: str, values: tuple = (), theirs: bool = True) -> int:
        hand.execute("BEGIN")
        for statement in statements:
            assert hand.execute(statement, values).rowcount != 0, f"nothing was broken by {statement}"
        hand.execute("COMMIT")
        ours = verdict(journal)
        assert not theirs or bool(independent_verdict(hand, RUN_ID)) == bool(ours)
        restore(hand)
        return ours

    assert (verdict(journal), independent_verdict(hand, RUN_ID)) == (0, 0)
    yield damage
    assert (verdict(journal), independent_verdict(hand, RUN_ID)) == (0, 0)


@pytest.mark.parametrize("column", NEW)
def test_an_edit_of_any_column_of_any_line_is_found_and_the_line_named(broken_by, column: str):
    """Through the database's own door, as anybody with the file could."""
    for seq in range(1, LAST + 1):
        where = f"WHERE run_id = '{RUN_ID}' AND seq = {seq}"
        if column == "kind" and lines_to("closed")[seq - 1].kind == "note":
            continue
        assert broken_by(f"UPDATE lines SET {column} = {NEW[column]} {where}") == seq, (column, seq)


def test_one_byte_of_any_payload_is_found_and_the_line_named(broken_by):
    """Flipped to whatever: other JSON, no JSON, no UTF-8."""
    payloads = [canonical(line.payload).encode() for line in lines_to("closed")]
    harm = f"UPDATE lines SET payload = CAST(? AS TEXT) WHERE run_id = '{RUN_ID}' AND seq = ?"

    @tries(80)
    @given(st.integers(1, len(payloads)), st.integers(0, 10_000), st.integers(1, 255))
    def is_found(seq: int, place: int, flip: int) -> None:
        payload = bytearray(payloads[seq - 1])
        payload[place % len(payload)] ^= flip
        assert broken_by(harm, values=(bytes(payload), seq), theirs=False) == seq

    is_found()
    for junk in (b"\xff", b"\x00", b"{", b"\xc3\x28"):
        assert broken_by(harm, values=(junk, 4), theirs=False) == 4


@pytest.mark.parametrize("payload", [
    "NaN", '{"a":NaN}', '{"a":1.5}', '{"a":1e9}', "[]", "5", "null", "", "{", '{"a":1,"a":2}', '{ "text":"x"}',
    "[" * 100_000, '{"a":' * 100_000, '{"a":' + "9" * 5_000 + "}",
])  # fmt: skip
def test_a_payload_that_is_no_canonical_object_is_named_and_never_a_crash(broken_by, payload: str):
    """Bounded and clear whatever stands there."""
    assert broken_by(f"UPDATE lines SET payload = ? WHERE run_id = '{RUN_ID}' AND seq = 7", values=(payload,)) == 7


@pytest.mark.parametrize(
    "at", ["", "yesterday", "2026-11-02T06:00:00", "2026-11-02 06:00:00Z", "0001-01-01T00:00:00+14:00"]
)
def test_a_time_that_is_no_time_is_named(broken_by, at: str):
    """Nor one in another spelling."""
    assert broken_by(f"UPDATE lines SET at_utc = ? WHERE run_id = '{RUN_ID}' AND seq = 7", values=(at,)) == 7


def test_the_same_moment_and_the_same_value_in_other_words_are_found(broken_by):
    """The record is the text, not what it means."""
    spaced = "replace(payload, '\":', '\" :')"

    assert broken_by(f"UPDATE lines SET payload = {spaced} WHERE run_id = '{RUN_ID}' AND seq = 5") == 5
    longer = "replace(at_utc, 'Z', '+00:00')"
    assert broken_by(f"UPDATE lines SET at_utc = {longer} WHERE run_id = '{RUN_ID}' AND seq = 5") == 5


def test_a_dropped_line_is_found_first_middle_and_last(broken_by):
    """The last one by the head that is kept beside the lines."""
    for seq in range(1, LAST + 1):
        assert broken_by(f"DELETE FROM lines WHERE run_id = '{RUN_ID}' AND seq = {seq}") == seq
    assert broken_by(f"DELETE FROM lines WHERE run_id = '{RUN_ID}' AND seq > 3") == 4
    assert broken_by(f"DELETE FROM lines WHERE run_id = '{RUN_ID}'") == 1


def test_swapped_lines_are_found(broken_by):
    """Two neighbours, and the first with the last."""
    mine = f"WHERE run_id = '{RUN_ID}' AND seq ="
    for low, high in ((1, 2), (4, 5), (LAST - 1, LAST), (1, LAST)):
        statements = [f"UPDATE lines SET seq = {to} {mine} {at}" for at, to in ((low, 999), (high, low), (999, high))]
        assert broken_by(*statements) == low


def test_a_doubled_line_is_found(broken_by):
    """In its place with the rest moved up, or at the end."""
    for seq in (1, 4, LAST):
        move = [f"UPDATE lines SET seq = seq + 1000 WHERE run_id = '{RUN_ID}' AND seq > {seq}"] if seq < LAST else []
        back = [f"UPDATE lines SET seq = seq - 999 WHERE run_id = '{RUN_ID}' AND seq > 1000"] if seq < LAST else []
        rest = COLUMNS.replace("seq", f"{seq + 1}")
        copy = f"INSERT INTO lines SELECT {rest} FROM lines WHERE run_id = '{RUN_ID}' AND seq = {seq}"
        assert broken_by(*move, copy, *back) == seq + 1


@pytest.mark.parametrize("harm", ["DELETE FROM heads", "UPDATE heads SET seq = seq - 1", "UPDATE heads SET hash = 'x'"])
def test_a_head_that_was_touched_is_found(broken_by, harm: str):
    """The guard of the guard."""
    assert broken_by(f"{harm} WHERE run_id = '{RUN_ID}'") >= LAST


def test_a_run_that_was_dropped_leaves_a_trace_until_all_its_traces_are_dropped(told_in_a_file):
    """What the check does not catch: a run deleted from every table. Only an export kept elsewhere shows that."""
    journal, hand = told_in_a_file
    mine, other = RUN_ID, OTHER

    hand.execute("DELETE FROM lines WHERE run_id = ?", (mine,))
    assert journal.run_ids() == [other] and journal.known_ids() == [other, mine]
    assert verdict(journal, mine) == 1
    for table in ("heads", "runs"):
        hand.execute(f"DELETE FROM {table} WHERE run_id = ?", (mine,))
    assert journal.known_ids() == [other]
    with pytest.raises(NotFound):
        journal.check(mine)


def test_a_journal_that_lost_its_end_takes_no_new_line_that_would_hide_the_loss(told_in_a_file):
    """A run folded from what is left may not be written on: the head still says where the journal ended."""
    journal, hand = told_in_a_file
    hand.execute("DELETE FROM lines WHERE run_id = ? AND seq > 10", (RUN_ID,))
    book = Logbook(journal, RUN_ID, lambda: T0, ACTOR)

    with pytest.raises(Overtaken):
        book.write(Draft("note", {"text": "as if nothing had happened"}))
    assert verdict(journal) == 11


def test_damage_of_one_run_is_no_damage_of_another(told_in_a_file):
    """One run's trouble never ends another run's pass."""
    journal, hand = told_in_a_file
    mine, other = RUN_ID, OTHER
    hand.execute("UPDATE lines SET payload = '{}' WHERE run_id = ? AND seq = 4", (mine,))

    assert journal.check(other) == 2 and journal.run(other).seq == 2
    with pytest.raises(JournalDamaged, match=f"{mine}, line 4: was changed") as damaged:
        journal.run(mine)
    assert damaged.value.next == f"seeding custody {mine} --check"


def test_a_journal_rewritten_with_all_its_hashes_passes(told_in_a_file):
    """What the check does not catch, said aloud: a forger with the file and our code. A copy of the heads does."""
    journal, hand = told_in_a_file
    rows = hand.execute(f"SELECT {COLUMNS} FROM lines WHERE run_id = ? ORDER BY seq", (RUN_ID,)).fetchall()
    last = "0" * 64
    for run, seq, at, _, kind, payload, _, _ in rows:
        prev, text = last, "\n".join((run, str(seq), at, "forger", kind, last, payload))
        last = hashlib.sha256(text.encode()).hexdigest()
        values = ("forger", prev, last, run, seq)
        hand.execute("UPDATE lines SET actor = ?, prev_hash = ?, hash = ? WHERE run_id = ? AND seq = ?", values)
    kept = hand.execute("SELECT hash FROM heads WHERE run_id = ?", (RUN_ID,)).fetchone()[0]
    hand.execute("UPDATE heads SET hash = ? WHERE run_id = ?", (last, RUN_ID))

    assert verdict(journal) == 0
    assert kept != last
