"""The chain of lines: what is edited, dropped, swapped or doubled shows, and what a chain alone cannot show."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import ACTOR, RUN_ID, T0, lines_to
from trials import tries

from states.lines import GENESIS, BrokenChain, Draft, canonical, chained, check_chain

LINES = lines_to("closed")
HEAD = (len(LINES), LINES[-1].hash)
PLACES = range(len(LINES))
EDITS = {
    "run": lambda line: replace(line, run_id="perth-2026-12"),
    "number": lambda line: replace(line, seq=line.seq + 1),
    "time": lambda line: replace(line, at=line.at + timedelta(microseconds=1)),
    "actor": lambda line: replace(line, actor=line.actor + " "),
    "kind": lambda line: replace(line, kind="note" if line.kind != "note" else "waiver"),
    "payload": lambda line: replace(line, payload={**line.payload, "by": "somebody"}),
    "previous hash": lambda line: replace(line, prev_hash=line.prev_hash[::-1] if line.seq > 1 else "1" * 64),
    "hash": lambda line: replace(line, hash=line.hash[::-1]),
}


def broken(lines) -> BrokenChain:
    """Return what the check says of these lines. Fails where it says nothing."""
    with pytest.raises(BrokenChain) as found:
        check_chain(RUN_ID, lines, head=HEAD)
    return found.value


def test_a_whole_chain_passes_from_either_end():
    """An alarm that always rings is none."""
    assert check_chain(RUN_ID, LINES, head=HEAD) == len(LINES)
    assert check_chain(RUN_ID, LINES[5:], after=(5, LINES[4].hash), head=HEAD) == len(LINES)
    assert check_chain(RUN_ID, [], head=None) == 0
    assert LINES[0].prev_hash == GENESIS


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_of_any_field_of_any_line_is_found_and_the_line_is_named(edit):
    """The hash covers every other field; a hash that was changed no longer fits its line."""
    for place in PLACES:
        found = broken([*LINES[:place], edit(LINES[place]), *LINES[place + 1 :]])
        assert found.seq == place + 1
        assert f"journal of {RUN_ID}, line {place + 1}: " in str(found)


def test_a_dropped_line_is_found_the_last_one_by_the_head_kept_beside():
    """First, middle and last."""
    for place in PLACES:
        assert broken([*LINES[:place], *LINES[place + 1 :]]).seq == place + 1
    assert broken([]).seq == 1


def test_lines_that_changed_places_or_came_twice_are_found():
    """Whatever two lines, the first that is out of place is named."""
    for place in PLACES[:-1]:
        swapped = [*LINES[:place], LINES[place + 1], LINES[place], *LINES[place + 2 :]]
        assert broken(swapped).seq == place + 1
        doubled = [*LINES[: place + 1], *LINES[place:]]
        assert broken(doubled).seq == place + 2
    assert broken([*LINES, LINES[-1]]).seq == len(LINES) + 1


def test_lines_added_behind_the_head_are_found():
    """A chain can be continued by anybody; the head says where it ended."""
    forged = chained(RUN_ID, *HEAD, T0, ACTOR, [Draft("note", {"text": "forged"})])

    assert broken([*LINES, *forged]).seq == len(LINES) + 1


def test_a_chain_that_was_written_anew_from_some_line_on_is_found_by_its_head_only():
    """What this check does not catch: whoever rewrites lines *and* head. An export kept elsewhere does."""
    anew = chained(RUN_ID, 5, LINES[4].hash, T0, "forger", [Draft(line.kind, line.payload) for line in LINES[5:]])

    assert broken([*LINES[:5], *anew]).seq == len(LINES) + 1
    assert check_chain(RUN_ID, [*LINES[:5], *anew], head=(anew[-1].seq, anew[-1].hash)) == len(LINES)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@tries(80)
@given(JSON)
def test_canonical_text_is_one_text_for_one_value(value):
    """Whatever order its keys were given in, and again after a journey through JSON."""
    text = canonical(value)

    assert canonical(json.loads(text)) == text
    assert json.loads(text) == value
    assert "\n" not in text and text.encode("utf-8")


def test_a_file_name_that_is_no_utf8_can_be_written_and_read_back():
    """Linux file names are bytes; one of them must not stop a run for ever."""
    text = canonical({"left_out": ["caf\udce9.txt", "😀"]})

    assert text == '{"left_out":["caf\\udce9.txt","😀"]}'
    assert json.loads(text) == {"left_out": ["caf\udce9.txt", "😀"]}
    assert canonical(json.loads(canonical({"halves": "\ud83d\ude00"}))) == '{"halves":"😀"}'


def test_hashes_differ_where_any_field_does_and_nowhere_else():
    """The same draft at the same place is the same line; a letter moved from one field to the next is not."""
    draft = Draft("note", {"text": "x"})
    line = chained("ab", 0, GENESIS, T0, "c", [draft])[0]

    assert chained("ab", 0, GENESIS, T0, "c", [draft])[0] == line
    assert chained("a", 0, GENESIS, T0, "bc", [draft])[0].hash != line.hash
    assert chained("ab", 0, line.hash, T0, "c", [draft])[0].hash != line.hash


def test_each_break_says_what_it_shows():
    """In words that a person can compare with the lines."""
    said = {name: broken([*LINES[:2], edit(LINES[2]), *LINES[3:]]).fact for name, edit in EDITS.items()}

    changed = "was changed after it was written"
    assert said == {
        "run": "belongs to perth-2026-12",
        "number": "is missing; line 4 stands in its place",
        "previous hash": "does not follow the line before it",
        **dict.fromkeys(("time", "actor", "kind", "payload", "hash"), changed),
    }
    assert broken(LINES[:-1]).fact == f"the journal ended at line {len(LINES)}, {len(LINES) - 1} lines are there"
