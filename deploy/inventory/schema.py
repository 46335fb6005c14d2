"""The JSON Schema of `offices.yaml` for editors, written to docs/offices.schema.json by `make docs`.

It knows the keys, their kinds and shapes. What takes more than one key, or a calendar, only `seeding validate` knows.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from deploy.inventory.keys import form_schema
from deploy.inventory.offices import Office, OperatorsEntry

PUBLISHED = Path("docs/offices.schema.json")


def schema() -> dict[str, Any]:
    """Return the schema. An office's keys may come from `defaults`, so only its id is required of it."""
    office = form_schema(Office, whole=False)
    defaults = {**office, "properties": {key: value for key, value in office["properties"].items() if key != "id"}}
    defaults["description"] = "What every office says unless it says otherwise."
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Offline Seeding: inventory of offices",
        "type": "object",
        "additionalProperties": False,
        "required": ["offices"],
        "properties": {
            "version": {"const": 1},
            "operators": {"anyOf": [form_schema(OperatorsEntry, whole=True), {"type": "null"}]},
            "defaults": {"anyOf": [defaults, {"type": "null"}]},
            "offices": {"type": "array", "minItems": 1, "items": {**office, "required": ["id"]}},
        },
    }


def text() -> str:
    """Return the schema as it is published, ending in a line feed."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Write the schema; with --check only compare, and return 1 when the published one is stale."""
    parser = argparse.ArgumentParser(prog="python -m deploy.inventory.schema", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when the file is stale")
    if not parser.parse_args(arguments).check:
        PUBLISHED.write_text(text(), encoding="utf-8", newline="\n")
    elif not PUBLISHED.is_file() or PUBLISHED.read_text("utf-8") != text():
        print(f"{PUBLISHED} is stale: run `make docs`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
