"""Facts to JSON and back: every class by its own type hints, and nothing loose gets in."""

from __future__ import annotations

import dataclasses
import json
import types
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import PLAN, T0
from trials import tries

from states.codec import NotReadable, from_json, read_utc, to_json, utc_text
from states.facts import EVIDENCE, KIND_OF, Evidence
from states.lines import canonical
from states.plan import Item, Plan

CLASSES = [*EVIDENCE.values(), Plan]
TIMES = st.datetimes(min_value=datetime(1980, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))
BYTES_OF_NAMES = st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF, categories=["Cs"])  # names that are no UTF-8
TEXTS = st.text(st.characters(codec="utf-8") | BYTES_OF_NAMES, max_size=8)


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Return values of a type hint: the generator reads the same hints as the codec."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return st.none() | st.one_of([values_of(arg) for arg in get_args(kind) if arg is not type(None)])
    if origin is tuple:
        return st.lists(values_of(get_args(kind)[0]), max_size=3).map(tuple)
    if origin is Literal:
        return st.sampled_from(get_args(kind))
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        return st.builds(kind, **{field.name: values_of(hints[field.name]) for field in dataclasses.fields(kind)})
    return {str: TEXTS, int: st.integers(-(2**63), 2**63), bool: st.booleans(), datetime: TIMES}[kind]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_fact_comes_back_as_it_went(kind: type):
    """Through JSON text and back, field by field, whatever it holds."""

    @tries(25)
    @given(values_of(kind))
    def comes_back(fact: Any) -> None:
        text = canonical(to_json(fact))

        assert from_json(kind, json.loads(text)) == fact
        assert canonical(json.loads(text)) == text
        text.encode("utf-8")

    comes_back()


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_unknown_a_missing_or_a_wrong_field_is_named(kind: type):
    """Never skipped, never guessed: the error says which class and which field."""
    hints = get_type_hints(kind)

    @tries(5)
    @given(values_of(kind))
    def is_named(fact: Any) -> None:
        data = to_json(fact)
        with pytest.raises(NotReadable, match=f"{kind.__name__} has no field 'colour'"):
            from_json(kind, {**data, "colour": 1})
        for field in dataclasses.fields(kind):
            for wrong in ({"a": 1}, 1.5):
                with pytest.raises(NotReadable, match=f"^{kind.__name__}.{field.name}: "):
                    from_json(kind, {**data, field.name: wrong})
            if field.default is dataclasses.MISSING:
                with pytest.raises(NotReadable, match=field.name):
                    from_json(kind, {key: value for key, value in data.items() if key != field.name})
        assert set(hints) == set(data)

    is_named()


def test_true_is_no_number_and_one_is_not_true():
    """Python would let both pass."""
    with pytest.raises(NotReadable, match=r"Item.bytes: True is not a int"):
        from_json(Item, {"name": "a", "bytes": True})
    with pytest.raises(NotReadable, match="is not a bool"):
        from_json(bool, 1)


def test_floats_bytes_sets_and_naive_times_are_refused_on_the_way_in():
    """Two programs may print the same float differently; a hash chain must not care."""
    for loose in (1.5, float("nan"), b"x", {1}, object()):
        with pytest.raises(TypeError, match="a journal takes no"):
            to_json({"a": [loose]})
        with pytest.raises(TypeError, match="a journal takes no"):
            canonical({"a": loose})
    with pytest.raises(TypeError, match="no time zone"):
        to_json(datetime(2026, 1, 1))


@tries(50)
@given(TIMES, st.integers(-14 * 60, 14 * 60))
def test_a_time_is_the_same_moment_in_utc_whatever_its_zone(at: datetime, minutes: int):
    """Offices have zones, the journal has one."""
    elsewhere = at.astimezone(timezone(timedelta(minutes=minutes)))

    assert utc_text(elsewhere) == utc_text(at)
    assert read_utc(utc_text(elsewhere)) == at
    assert utc_text(at).endswith("Z")


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-11-02T06:00:00", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00"]
)
def test_what_is_no_time_is_not_readable(text: str):
    """Without a zone, outside the calendar, or before the first day once it is UTC."""
    with pytest.raises(NotReadable, match=r"is not a time|has no time zone"):
        read_utc(text)


def test_every_kind_of_evidence_has_one_class_and_back():
    """A class left out of the table could be seen and never written."""
    assert set(get_args(Evidence)) == set(EVIDENCE.values()) == set(KIND_OF)
    assert all(KIND_OF[EVIDENCE[kind]] == kind for kind in EVIDENCE)


def test_no_fact_has_a_field_for_a_secret():
    """What has no field cannot be written."""
    names = {field.name for kind in (*CLASSES, Item) for field in dataclasses.fields(kind)}

    assert not [name for name in names for word in ("key", "pass", "secret", "sas", "token") if word in name]


def test_a_plan_reads_as_people_would_write_it():
    """The text is an interface: auditors read it."""
    data = to_json(PLAN)

    assert (data["office"], data["items"][0]["bytes"], utc_text(T0)) == ("perth", 600, "2026-11-02T06:00:00Z")
