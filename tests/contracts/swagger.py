"""Checks a JSON answer against the vendor's swagger: known fields only, right types, right subtype, listed words.

Explicit nulls are tolerated everywhere: real answers have them although the schemas do not allow them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, FormatChecker

HOME = Path(os.environ.get("SEEDING_SPECS", Path(__file__).resolve().parents[3] / "shared" / "specs"))
DATABOX = "Microsoft.DataBox/2023-12-01/databox.json"
BACKUP = "Microsoft.RecoveryServices.backup/2024-04-01/bms.json"
VAULTS = "Microsoft.RecoveryServices.vaults/2024-04-01/vaults.json"
USAGES = "Microsoft.RecoveryServices.vaults/2024-04-01/vaultusages.json"

# Fields that newer api-versions than the stored schemas have.
NEWER = {"model", "allDevicesLost", "secureErasureCertificateSasKey", "individualSkuUsable", "protectedItemsCount"}
LEAF = ("type", "format", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum")


def available() -> bool:
    """Tell whether the schemas are on this machine."""
    return (HOME / DATABOX).is_file()


@cache
def document(name: str) -> dict[str, Any]:
    """Return one swagger file."""
    read: dict[str, Any] = json.loads((HOME / name).read_text("utf-8"))
    return read


def answer_schema(name: str, method: str, path: str, status: int) -> dict[str, Any] | None:
    """Return the schema of an answer, or None when it has no body. Raises KeyError for what the swagger lacks."""
    paths = {key.casefold(): value for key, value in document(name)["paths"].items()}
    answer = paths[path.casefold()][method.lower()]["responses"][str(status)]
    found: dict[str, Any] | None = answer.get("schema")
    return found


def problems(name: str, schema: dict[str, Any], value: Any, where: str = "$") -> Iterator[str]:
    """Yield every way in which *value* is not what *schema* of the file *name* says."""
    if value is None:
        return
    name, schema = _resolved(name, schema)
    if schema.get("type") == "array":
        if not isinstance(value, list):
            yield f"{where}: not a list"
            return
        for at, entry in enumerate(value):
            yield from problems(name, schema.get("items", {}), entry, f"{where}[{at}]")
    elif isinstance(value, dict):
        yield from _object(name, schema, value, where)
    else:
        leaf = {key: schema[key] for key in LEAF if key in schema}
        for error in Draft4Validator(leaf, format_checker=FormatChecker()).iter_errors(value):
            yield f"{where}: {error.message}"
        if schema.get("format") == "date-time" and not _is_time(value):
            yield f"{where}: {value!r} is not a time"


def _is_time(value: Any) -> bool:
    try:
        return bool(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _object(name: str, schema: dict[str, Any], value: dict[str, Any], where: str) -> Iterator[str]:
    name, schema = _subtype(name, schema, value)
    fields, required = _fields(name, schema)
    extra = _inherited(name, schema, "additionalProperties")
    free = not fields and extra is None
    for key, entry in value.items():
        if key in fields:
            yield from problems(*fields[key], entry, f"{where}.{key}")
        elif isinstance(extra, dict):
            yield from problems(name, extra, entry, f"{where}.{key}")
        elif key not in NEWER and not free:
            yield f"{where}.{key}: a field the schema does not know"
    for key in required - set(value):
        yield f"{where}.{key}: missing"


def _resolved(name: str, schema: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    while "$ref" in schema:
        target, _, pointer = schema["$ref"].partition("#")
        if target:
            name = _file(name, target)
        schema = document(name)
        for part in pointer.strip("/").split("/"):
            schema = schema[part]
    return name, schema


def _file(name: str, target: str) -> str:
    shared = re.search(r"common-types/.*", target)
    return shared.group(0) if shared else str(Path(name).parent / Path(target).name)


def _subtype(name: str, schema: dict[str, Any], value: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Follow the discriminator down to the schema of the value's own kind."""
    discriminator = schema.get("discriminator")
    wanted = value.get(discriminator) if discriminator else None
    for title, candidate in document(name).get("definitions", {}).items():
        if wanted and wanted in (candidate.get("x-ms-discriminator-value"), title) and candidate is not schema:
            bases = [_resolved(name, base)[1] for base in _bases(name, candidate)]
            if any(base is schema for base in bases):
                return name, candidate
    return name, schema


def _bases(name: str, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for base in schema.get("allOf", []):
        yield base
        yield from _bases(*_resolved(name, base))


def _fields(name: str, schema: dict[str, Any]) -> tuple[dict[str, tuple[str, dict[str, Any]]], set[str]]:
    fields: dict[str, tuple[str, dict[str, Any]]] = {}
    required = set(schema.get("required", []))
    for base in schema.get("allOf", []):
        inherited, needed = _fields(*_resolved(name, base))
        fields |= inherited
        required |= needed
    fields |= {key: (name, entry) for key, entry in schema.get("properties", {}).items()}
    return fields, required


def _inherited(name: str, schema: dict[str, Any], key: str) -> Any:
    if key in schema:
        return schema[key]
    found = [_inherited(*_resolved(name, base), key) for base in schema.get("allOf", [])]
    return next((entry for entry in found if entry is not None), None)
