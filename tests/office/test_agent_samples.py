"""Documents of the shapes a server prints: each fits the published schema and means what is written next to it."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from jsonschema import Draft202012Validator
from office_plans import SAMPLES, plan_of, printing, work_of

from deploy.data import oldest_versions
from states.codec import NotReadable, to_json
from tasks.errors import SeedingError
from tasks.office import answer as answers
from tasks.office.agent import Witness
from tasks.office.answer import read_answer
from tasks.office.witness import agent_seen

SCHEMA = json.loads((Path(__file__).parents[2] / "deploy/agents/agent.schema.json").read_text("utf-8"))
GOOD = sorted(path for kind in ("dpm", "mars", "files") for path in (SAMPLES / kind).glob("*.json"))
BROKEN = sorted((SAMPLES / "broken").glob("*.json"))


@cache
def sample(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


def name_of(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


def schema_says(document: Any) -> list[str]:
    """Return what the schema has against *document*."""
    chosen = {**SCHEMA, "oneOf": [{"$ref": "#/$defs/answer"}]}
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(chosen).iter_errors(document)]


def asked_of(told: Any, expected: Any) -> Any:
    """Return what *told* says of the fields that *expected* names, at any depth."""
    if isinstance(expected, dict):
        return {field: asked_of(told[field], wanted) for field, wanted in expected.items()}
    if isinstance(expected, list) and len(expected) == len(told):
        return [asked_of(*pair) for pair in zip(told, expected, strict=True)]
    return told


@pytest.mark.parametrize("path", GOOD, ids=name_of)
def test_a_sample_fits_the_schema_and_means_what_stands_next_to_it(path):
    """The typed evidence equals the sample's `expect`, field by field; what is not named there is not asked."""
    given = sample(path)
    kind = path.parent.name
    landed = datetime.fromisoformat(given["landed"]) if "landed" in given else None

    assert schema_says(given["document"]) == []
    seen = agent_seen(
        read_answer(given["document"]), plan_of(kind, given.get("mode", "data-box")), landed, oldest_versions()
    )
    told = to_json(seen)
    assert asked_of(told, given["expect"]) == given["expect"]
    assert told["kind"] == kind


def test_there_are_twenty_different_samples_of_each_kind():
    """Different in what they show, not only in their names."""
    for kind in ("dpm", "mars", "files"):
        shown = {json.dumps(sample(path)["document"], sort_keys=True) for path in GOOD if path.parent.name == kind}
        assert len(shown) >= 20


@pytest.mark.parametrize("path", BROKEN, ids=name_of)
def test_a_broken_answer_is_refused_and_says_what_is_wrong(path, tmp_path):
    """Through the process boundary: never evidence, and the message names the field or the fault."""
    given = sample(path)
    plan = plan_of("dpm")
    command = printing(given["printed"], tmp_path, code=1 if path.stem == "refusal" else 0)

    with pytest.raises(SeedingError) as refused:
        Witness(command, ("dpm",)).seen(work_of(plan))
    assert given["says"] in refused.value.message
    assert refused.value.code == ("agent-refuses" if path.stem == "refusal" else "not-yet")


@pytest.mark.parametrize("path", BROKEN, ids=name_of)
def test_the_schema_and_the_program_refuse_the_same_documents(path):
    """What the schema lets pass is understood, but for a job without a start and another office's product."""
    try:
        document = json.loads(sample(path)["printed"])
    except ValueError:
        return
    program = ""
    if isinstance(document, dict):
        try:
            read_answer(document)
        except NotReadable as wrong:
            program = str(wrong)
    if path.stem in ("no-start", "other-product"):
        assert not schema_says(document)
    else:
        assert schema_says(document) and (program or not isinstance(document, dict))


def test_the_schema_lists_exactly_the_fields_the_program_reads():
    """Break it: a field added to one of both is found, and so is a required one that has a default."""
    named = {
        "answer": answers.AgentAnswer, "product": answers.Product, "account": answers.Account,
        "protected": answers.Protected, "offline_method": answers.OfflineMethod, "schedule": answers.Schedule,
        "job": answers.Job, "recovery_point": answers.RecoveryPoint, "failed_file": answers.FailedFile,
        "device": answers.DevicePath, "image": answers.Image, "written_item": answers.WrittenItem,
    }  # fmt: skip
    for part, kind in named.items():
        fields = dataclasses.fields(kind)
        published = SCHEMA["$defs"][part]
        assert list(published["properties"]) == [field.name for field in fields]
        needed = [field.name for field in fields if field.default is dataclasses.MISSING]
        assert published["required"] == needed
        for field in fields:
            empty = type(None) in get_args(get_type_hints(kind)[field.name])
            assert ("anyOf" in published["properties"][field.name]) == empty, f"{part}.{field.name}"


def test_a_refusal_fits_the_schema():
    """What a script prints instead of an answer."""
    refusal = json.loads(sample(SAMPLES / "broken" / "refusal.json")["printed"])

    assert not list(Draft202012Validator(SCHEMA).iter_errors(refusal))
    assert list(Draft202012Validator(SCHEMA).iter_errors({**refusal, "error": "no"}))
