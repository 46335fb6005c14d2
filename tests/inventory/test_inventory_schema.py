"""The schema that editors use says what the reader does."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from inventories import SOUND, problems_of

from deploy.inventory.keys import keys_of
from deploy.inventory.offices import Office
from deploy.inventory.schema import schema, text

ROOT = Path(__file__).parents[2]
CHECK = jsonschema.Draft202012Validator(schema())


def test_the_published_schema_is_fresh():
    """`make docs` writes it; a stale one misleads every editor."""
    assert (ROOT / "docs/offices.schema.json").read_text("utf-8") == text()


def test_the_schema_takes_the_sample():
    """What the reader accepts, an editor does not underline."""
    CHECK.check_schema(schema())
    CHECK.validate(yaml.safe_load((ROOT / "deploy/offices/sample.yaml").read_text("utf-8")))


@pytest.mark.parametrize(
    "old, new",
    [
        ("mode: data-box", "mode: databox"),
        ("contacts:", "contact:"),
        ("PER-DPM01", "PER DPM01"),
        ("000000000001", "1"),
        ("backup@contoso.example", "backup"),
        (", daily_change: 1 %", ""),
        ("id: perth", "name: perth"),
    ],
)
def test_reader_and_schema_refuse_the_same(tmp_path, old, new):
    """Keys, words and shapes are declared once, so both say no."""
    wrong = SOUND.replace(old, new)
    assert wrong != SOUND

    assert problems_of(tmp_path, wrong)
    assert not CHECK.is_valid(yaml.safe_load(wrong))


def test_every_mapping_is_closed():
    """An editor underlines an unknown key at every depth."""
    open_ones = [
        node
        for node in walk(schema())
        if node.get("type") == "object" and node.get("additionalProperties") is not False
    ]

    assert open_ones == []


def walk(node: object):
    """Yield every mapping inside *node*."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from walk(inner)


def test_the_schema_is_plain_json():
    """No value of Python's own slips in."""
    assert json.loads(text()) == schema()


def test_the_page_for_operators_names_every_key():
    """A key that docs/inventory.md does not list is a key nobody uses."""
    page = (ROOT / "docs/inventory.md").read_text("utf-8")

    assert [key for key in keys_of(Office) if f"| `{key}` |" not in page] == []
